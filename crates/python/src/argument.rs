//! Arguments that many functions take: bytes of any kind, paths, integers.
//!
//! Lives here: what a kind of argument accepts, said once. Must not live here: what a particular function does with it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyDeprecationWarning, PyTypeError, PyUnicodeEncodeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySlice, PyString};
use zeroize::Zeroizing;

/// Bytes read from a caller's object: borrowed from a `bytes`, copied from anything else with a buffer.
pub(crate) enum Data<'py> {
    /// A `bytes` object, which cannot change.
    Bytes(Bound<'py, PyBytes>),
    /// A copy of a buffer that could change under us.
    Copied(Vec<u8>),
    /// The same, of what must not stay in memory.
    Secret(Zeroizing<Vec<u8>>),
}

impl Data<'_> {
    /// The bytes.
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes.as_bytes(),
            Self::Copied(vec) => vec,
            Self::Secret(vec) => vec,
        }
    }

    /// The same, zeroed when it goes, as far as it is ours.
    pub(crate) fn secret(self) -> Self {
        match self {
            Self::Copied(vec) => Self::Secret(vec.into()),
            other => other,
        }
    }
}

impl<'py> Data<'py> {
    /// Any contiguous object with the buffer protocol, else TypeError.
    pub(crate) fn from_buffer(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Bytes(bytes.clone()));
        }
        Ok(Self::Copied(copy_buffer(object, usize::MAX)?.0))
    }

    /// As [`Data::from_buffer_or_deprecated_str`], but of what would have to be copied only the first `limit` bytes;
    /// with it the length of the whole.
    pub(crate) fn start_of(object: &Bound<'py, PyAny>, label: &str, limit: usize) -> PyResult<(Self, usize)> {
        if object.is_instance_of::<PyBytes>() || object.is_instance_of::<PyString>() {
            let data = Self::from_buffer_or_deprecated_str(object, label)?;
            let length = data.as_slice().len();
            return Ok((data, length));
        }
        let (copy, length) = copy_buffer(object, limit)?;
        Ok((Self::Copied(copy), length))
    }

    /// As [`Data::from_buffer`], and `str` as ASCII (what `load_certificate` and its kind take).
    ///
    /// # Errors
    /// UnicodeEncodeError where the text is not ASCII. It does not hold the text, which may be a private key.
    pub(crate) fn from_buffer_or_ascii(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if object.is_instance_of::<PyString>() {
            let encoded = object.call_method1("encode", ("ascii",)).map_err(|error| masked(object.py(), error))?;
            return Ok(Self::Bytes(encoded.cast_into::<PyBytes>()?));
        }
        Self::from_buffer(object)
    }

    /// As [`Data::from_buffer`], and `str` as UTF-8 with a DeprecationWarning that names the parameter `label`.
    pub(crate) fn from_buffer_or_deprecated_str(object: &Bound<'py, PyAny>, label: &str) -> PyResult<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            let message = format!("str for {label} is no longer accepted, use bytes\0");
            if let Ok(message) = std::ffi::CStr::from_bytes_with_nul(message.as_bytes()) {
                PyErr::warn(object.py(), &object.py().get_type::<PyDeprecationWarning>(), message, 1)?;
            }
            return Ok(Self::Bytes(PyBytes::new(object.py(), text.to_cow()?.as_bytes())));
        }
        Self::from_buffer(object)
    }
}

/// A UnicodeEncodeError with the same places, whose text is of question marks and, where it could not be encoded, U+FFFD.
fn masked(py: Python<'_>, error: PyErr) -> PyErr {
    let place = |name| error.value(py).getattr(name).and_then(|place| place.extract::<usize>());
    let (true, Ok(start), Ok(end)) = (error.is_instance_of::<PyUnicodeEncodeError>(py), place("start"), place("end"))
    else {
        return error;
    };
    let text = "?".repeat(start) + &"\u{fffd}".repeat(end.saturating_sub(start));
    PyUnicodeEncodeError::new_err(("ascii", text, start, end, "ordinal not in range(128)"))
}

/// A copy of the first `limit` bytes of a contiguous buffer, and the length of the whole in bytes.
fn copy_buffer(object: &Bound<'_, PyAny>, limit: usize) -> PyResult<(Vec<u8>, usize)> {
    let py = object.py();
    let view = pyo3::types::PyMemoryView::from(object).map_err(|error| {
        if error.is_instance_of::<PyTypeError>(py) {
            let name = object.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
            PyTypeError::new_err(format!("a bytes-like object is required, not '{name}'"))
        } else {
            error
        }
    })?;
    // `cast` refuses what is not C-contiguous, with TypeError; upstream says BufferError there.
    if !view.getattr("c_contiguous")?.is_truthy()? {
        return Err(pyo3::exceptions::PyBufferError::new_err("the buffer is not C-contiguous"));
    }
    let mut bytes = view.call_method1("cast", ("B",))?;
    let length = bytes.len()?;
    if length > limit {
        bytes = bytes.get_item(PySlice::new(py, 0, isize::try_from(limit)?, 1))?;
    }
    Ok((PyBuffer::<u8>::get(&bytes)?.to_vec(py)?, length))
}

/// A file system path: `str`, `bytes` or `os.PathLike`; TypeError for others.
pub(crate) fn path(object: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let py = object.py();
    let os = py.import(pyo3::intern!(py, "os"))?;
    let encoded = os.call_method1(pyo3::intern!(py, "fsencode"), (object,))?;
    let bytes = encoded.cast_into::<PyBytes>()?;
    Ok(PathBuf::from(OsString::from_vec(bytes.as_bytes().to_vec())))
}

/// An integer (anything with `__index__`) that fits `T`, else TypeError with the parameter's name, or OverflowError.
pub(crate) fn integer<'py, T>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    object.extract::<T>().map_err(|error| {
        if error.is_instance_of::<PyTypeError>(object.py()) {
            PyTypeError::new_err(format!("{name} must be an integer"))
        } else {
            error
        }
    })
}

/// An argument that may be left out. To give None is not to leave it out.
pub(crate) struct Given<'py>(pub(crate) Option<Bound<'py, PyAny>>);

impl<'py> Given<'py> {
    /// What `read` makes of it, or the default.
    pub(crate) fn or<T>(self, default: T, read: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<T>) -> PyResult<T> {
        self.0.map_or(Ok(default), |object| read(&object))
    }
}

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.to_owned())))
    }
}

/// A truth value: any object.
#[derive(Clone, Copy)]
pub(crate) struct Truth(pub(crate) bool);

impl<'py> FromPyObject<'_, 'py> for Truth {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        object.is_truthy().map(Self)
    }
}

/// The name of an algorithm: `str`, or `bytes` in ASCII; TypeError for others, naming the parameter `label`.
pub(crate) fn name<'a>(object: &'a Bound<'_, PyAny>, label: &str) -> PyResult<std::borrow::Cow<'a, str>> {
    if let Ok(text) = object.cast::<PyString>() {
        return text.to_cow();
    }
    match object.cast::<PyBytes>() {
        Ok(bytes) => Ok(String::from_utf8_lossy(bytes.as_bytes())),
        Err(_) => Err(PyTypeError::new_err(format!("{label} must be a str or bytes"))),
    }
}

/// What `__reduce_ex__` of the classes that cannot be pickled, nor copied through it, raises.
pub(crate) fn not_picklable(object: &Bound<'_, PyAny>) -> PyErr {
    match object.get_type().name() {
        Ok(name) => PyTypeError::new_err(format!("{name} objects can be neither pickled nor copied")),
        Err(error) => error,
    }
}
