//! `SSL._asFileDescriptor`.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;

/// The descriptor that an object stands for: an int itself, or what its fileno() returns.
///
/// Raises TypeError for an object that is neither, ValueError for a negative number.
#[pyfunction]
#[pyo3(name = "_asFileDescriptor")]
pub(crate) fn as_file_descriptor(obj: &Bound<'_, PyAny>) -> PyResult<i32> {
    let number = match obj.getattr_opt(intern!(obj.py(), "fileno"))? {
        Some(fileno) => fileno.call0()?,
        None => obj.clone(),
    };
    let wrong = |_| PyTypeError::new_err("argument must be an int, or have a fileno() method.");
    let number: i32 = number.extract().map_err(wrong)?;
    if number < 0 {
        return Err(PyValueError::new_err(format!("file descriptor cannot be a negative integer ({number})")));
    }
    Ok(number)
}
