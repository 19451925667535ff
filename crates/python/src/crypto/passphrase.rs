//! The passphrase argument of functions that read and write private keys.
//!
//! A callable is asked by OpenSSL, in the middle of its work, and only where a passphrase is needed. What it raises
//! comes out of the function that asked.

use ironssl::pkey::{MAX_PASSPHRASE_LEN, Passphrase, Purpose};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use zeroize::Zeroizing;

use super::file_type::FileType;
use crate::argument::Data;
use crate::attached::{self, attached};
use crate::error::{Crypto, OrRaise};

/// A passphrase argument, checked.
pub(crate) enum Given<'py> {
    /// None.
    Nothing,
    /// Bytes, or `str` as UTF-8.
    Data(Data<'py>),
    /// A callable.
    Callable(Bound<'py, PyAny>),
}

impl<'py> Given<'py> {
    /// Reads the argument; None is none.
    pub(crate) fn from_argument(object: Option<&Bound<'py, PyAny>>, file_type: FileType) -> PyResult<Self> {
        let Some(object) = object else { return Ok(Self::Nothing) };
        if file_type != FileType::Pem {
            return Err(PyValueError::new_err("only FILETYPE_PEM key format supports encryption"));
        }
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(Self::Data(Data::Bytes(utf8(text)?)));
        }
        if object.is_callable() {
            return Ok(Self::Callable(object.clone()));
        }
        Data::from_buffer(object)
            .map(|data| Self::Data(data.secret()))
            .map_err(|_| PyTypeError::new_err("Last argument must be a byte string or a callable."))
    }

    /// Calls `work` with the passphrase in the form that the core takes. Where there is one that is without the GIL: how
    /// long it takes to make a key of a passphrase is said by the file.
    pub(crate) fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(Passphrase<'_>) -> ironssl::Result<T> + Send,
    ) -> PyResult<T> {
        let done = match self {
            Self::Nothing => work(Passphrase::None),
            Self::Data(data) => {
                let data = data.as_slice();
                py.detach(|| work(Passphrase::Given(data)))
            }
            Self::Callable(callable) => {
                let callable = callable.as_unbound();
                py.detach(|| {
                    let mut ask = |purpose| {
                        attached(attached::Purpose::Answer, |py| call(callable.bind(py), purpose))
                            .map_err(|error| Box::new(error) as ironssl::Parked)
                    };
                    work(Passphrase::Ask(&mut ask))
                })
            }
        };
        done.or_raise::<Crypto>()
    }
}

/// A passphrase in UTF-8. What Python raises where that cannot be (for a surrogate) shows the text.
pub(crate) fn utf8<'py>(text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    text.encode_utf8().map_err(|_| PyValueError::new_err("the passphrase cannot be encoded in UTF-8"))
}

/// Asks a callable: one argument, true where the passphrase is to encrypt.
fn call(callable: &Bound<'_, PyAny>, purpose: Purpose) -> PyResult<Zeroizing<Vec<u8>>> {
    let answer = callable.call1((purpose == Purpose::Encrypt,))?;
    let bytes = answer.cast_into::<PyBytes>().map_err(|_| PyValueError::new_err("Bytes expected"))?;
    if bytes.as_bytes().len() > MAX_PASSPHRASE_LEN {
        return Err(PyValueError::new_err("passphrase returned by callback is too long"));
    }
    Ok(bytes.as_bytes().to_vec().into())
}
