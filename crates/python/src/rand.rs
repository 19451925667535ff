//! `OpenSSL.rand`: the random number generator.
//!
//! `egd`, `load_file` and `write_file` answer with a count or -1, as OpenSSL's own functions do: programs call them
//! when they start, before there is a daemon or a file.

use std::time::Duration;

use ironssl::Parked;
use ironssl::rand as core;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::argument::{Data, Given, integer, path};
use crate::attached::{Purpose, attached};
use crate::error::{OrRaise, Rand, unless_refused};

/// More bytes than this are made without the GIL.
const LONG: usize = 4096;

/// The native half of `OpenSSL.rand`.
#[pymodule(submodule)]
pub(crate) mod rand {
    use super::*;
    use crate::exceptions::rand as exceptions;

    #[pymodule_export]
    use super::{add, bytes, cleanup, egd, load_file, seed, status, write_file};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::publish(module, "OpenSSL.rand")?;
        module.add("Error", module.py().get_type::<exceptions::Error>())
    }
}

/// Mix bytes into the state of the generator. It seeds itself; this adds to it, and cannot make it worse.
///
/// buffer: bytes, or any object with a contiguous buffer of bytes. entropy: int or float, the least number of bytes of
/// it that nobody can guess, by the caller's estimate (see RFC 4086); more than the buffer has counts as that many.
///
/// Raises TypeError for other types, ValueError for an entropy that is negative or no number, OverflowError for one that
/// no float can hold. (RAND_add)
#[pyfunction]
fn add(py: Python<'_>, buffer: &Bound<'_, PyAny>, entropy: &Bound<'_, PyAny>) -> PyResult<()> {
    let data = Data::from_buffer(buffer)?;
    let entropy = entropy.extract::<f64>().map_err(|error| {
        if error.is_instance_of::<PyTypeError>(entropy.py()) {
            PyTypeError::new_err("entropy must be an int or a float")
        } else {
            error
        }
    })?;
    let data = data.as_slice();
    py.detach(|| core::add(data, entropy)).or_raise::<Rand>()
}

/// Mix bytes into the state of the generator: the same as `add` with the length of buffer as its entropy.
///
/// buffer: bytes, or any object with a contiguous buffer of bytes. Raises TypeError for others. (RAND_seed)
#[pyfunction]
fn seed(py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<()> {
    let data = Data::from_buffer(buffer)?;
    let data = data.as_slice();
    py.detach(|| core::seed(data)).or_raise::<Rand>()
}

/// Whether the generator has been seeded with enough entropy. It seeds itself, so this is True where the operating
/// system has any to give. (RAND_status)
#[pyfunction]
fn status() -> bool {
    core::is_seeded()
}

/// Random bytes of cryptographic quality.
///
/// num_bytes: how many. Raises TypeError for anything but an int, ValueError for a negative one, MemoryError for more
/// than fit, OverflowError for an int of more than 64 bits, Error where the generator cannot be seeded. (RAND_bytes)
#[pyfunction]
fn bytes<'py>(py: Python<'py>, num_bytes: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let number: i64 = integer(num_bytes, "num_bytes")?;
    let length = usize::try_from(number).map_err(|_| PyValueError::new_err("num_bytes must not be negative"))?;
    PyBytes::new_with(py, length, |out| {
        if length > LONG { py.detach(|| core::fill(out)) } else { core::fill(out) }.or_raise::<Rand>()
    })
}

/// Ask an Entropy Gathering Daemon for random bytes, and add them to the state of the generator.
///
/// path: of the Unix socket it listens at: str, bytes or os.PathLike. bytes: how many to ask for. timeout: how many
/// seconds it may take for all of it.
///
/// Returns how many bytes came: fewer than asked for where the daemon has no more, or fails later. Returns -1 where
/// there is no daemon, or it fails before it has given any: says nothing in time, hangs up, or does not keep to the
/// protocol.
///
/// Raises TypeError for other types, ValueError for numbers that are negative and a path with a NUL, OverflowError for
/// bytes of more than 64 bits.
#[pyfunction]
#[pyo3(
    signature = (path, bytes = Given(None), *, timeout = 5.0),
    text_signature = "(path, bytes=255, *, timeout=5.0)"
)]
fn egd(py: Python<'_>, path: &Bound<'_, PyAny>, bytes: Given<'_>, timeout: f64) -> PyResult<i64> {
    let count: i64 = bytes.or(255, |bytes| integer(bytes, "bytes"))?;
    let count = usize::try_from(count).map_err(|_| PyValueError::new_err("bytes must not be negative"))?;
    let path = file_path(path)?;
    let timeout = Duration::try_from_secs_f64(timeout)
        .map_err(|_| PyValueError::new_err("timeout must be a finite number of seconds, and not negative"))?;
    let daemon = core::Daemon::new(&path).timeout(timeout);
    let got = py.detach(|| daemon.query(count, handle_signals)).or_raise::<Rand>()?;
    Ok(count_or_minus_one(got))
}

/// Add what a file holds to the state of the generator, counted as bytes that nobody can guess.
///
/// filename: str, bytes or os.PathLike. maxbytes: how many bytes to read at most; all if negative, or, of what is no
/// regular file (a device, say), 256.
///
/// Returns how many bytes were read, -1 where the file cannot be. Raises TypeError for other types, ValueError for a
/// path with a NUL, OverflowError for a maxbytes of more than 64 bits. (RAND_load_file)
#[pyfunction]
#[pyo3(signature = (filename, maxbytes = Given(None)), text_signature = "(filename, maxbytes=-1)")]
fn load_file(py: Python<'_>, filename: &Bound<'_, PyAny>, maxbytes: Given<'_>) -> PyResult<i64> {
    let path = file_path(filename)?;
    let limit: i64 = maxbytes.or(-1, |maxbytes| integer(maxbytes, "maxbytes"))?;
    let read = py.detach(|| core::load_file(&path, u64::try_from(limit).ok()));
    Ok(count_or_minus_one(unless_refused::<Rand, _>(read)?))
}

/// Write 1024 random bytes to a file, for `load_file` to seed the generator with another time.
///
/// filename: str, bytes or os.PathLike. Only the owner can read the file (mode 0600). It is a new one, which takes the
/// place of a file or a symbolic link that is there; the directory must be writable.
///
/// Returns how many bytes were written, -1 where that cannot be done, as when there is something else than a file at
/// the path. Raises TypeError for other types, ValueError for a path with a NUL, Error where the generator cannot be
/// seeded. (RAND_write_file)
#[pyfunction]
fn write_file(py: Python<'_>, filename: &Bound<'_, PyAny>) -> PyResult<i64> {
    let path = file_path(filename)?;
    let written = py.detach(|| core::write_file(&path));
    Ok(count_or_minus_one(unless_refused::<Rand, _>(written)?))
}

/// Does nothing: the library looks after its memory itself.
#[pyfunction]
fn cleanup() {}

/// Runs Python's handlers of the signals that have come.
fn handle_signals() -> Result<(), Parked> {
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method alone has too narrow a lifetime")]
    let handled = attached(Purpose::Answer, |py| py.check_signals());
    handled.map_err(|error| Box::new(error) as Parked)
}

/// A count for Python, -1 for none.
fn count_or_minus_one<T: TryInto<i64>>(count: Option<T>) -> i64 {
    count.and_then(|count| count.try_into().ok()).unwrap_or(-1)
}

/// A path, which no system takes with a NUL in it.
fn file_path(object: &Bound<'_, PyAny>) -> PyResult<std::path::PathBuf> {
    let path = path(object)?;
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(PyValueError::new_err("the path contains a NUL byte"));
    }
    Ok(path)
}
