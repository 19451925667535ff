//! `Revoked`.

use ironssl::x509::{self as core, Reason};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use super::x509::when;
use crate::argument;
use crate::error::{Crypto, OrRaise};

/// An entry of a CRL: which certificate is revoked, since when, and why. (X509_REVOKED_new, RFC 5280)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct Revoked(core::Revoked);

impl Revoked {
    /// Wraps an entry of the core.
    pub(crate) fn from_core(entry: core::Revoked) -> Self {
        Self(entry)
    }

    /// The entry of the core.
    pub(crate) fn core(&self) -> &core::Revoked {
        &self.0
    }
}

/// The magnitude that hexadecimal digits stand for.
fn magnitude(digits: &str) -> PyResult<Vec<u8>> {
    if digits.starts_with('-') {
        return Err(PyValueError::new_err("the serial number must not be negative"));
    }
    let digit = |at: char| at.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let digits: Option<Vec<u8>> = digits.chars().map(digit).collect();
    let digits = digits.filter(|digits| !digits.is_empty()).ok_or_else(|| PyValueError::new_err("bad hex string"))?;
    // From the end: an odd number of digits has half a byte in front.
    Ok(digits.rchunks(2).rev().map(|pair| pair.iter().fold(0, |value, digit| value << 4 | digit)).collect())
}

#[pymethods]
impl Revoked {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        core::Revoked::new().or_raise::<Crypto>().map(Self)
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __init__(&self) {}

    /// The serial number of the certificate: upper-case hexadecimal digits in bytes, two for each byte.
    /// (X509_REVOKED_get0_serialNumber)
    fn get_serial<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let serial = self.0.serial_number();
        let sign = if serial.is_negative() { "-" } else { "" };
        let digits = match serial.magnitude() {
            [] => "00".to_owned(),
            bytes => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        };
        PyBytes::new(py, format!("{sign}{digits}").as_bytes())
    }

    /// Set the serial number of the certificate.
    ///
    /// hex_str: hexadecimal digits in bytes or str. Raises ValueError for anything else in them, and for a negative
    /// number, TypeError for other types. (X509_REVOKED_set_serialNumber)
    fn set_serial(&self, hex_str: &Bound<'_, PyAny>) -> PyResult<()> {
        let magnitude = magnitude(&argument::name(hex_str, "hex_str")?)?;
        self.0.set_serial_number(&magnitude).or_raise::<Crypto>()
    }

    /// Since when the certificate is revoked, in the form of `X509.get_notBefore`, or None where it is not set.
    ///
    /// Raises Error for a UTCTIME that is no time. (X509_REVOKED_get0_revocationDate)
    fn get_rev_date<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.date().or_raise::<Crypto>()?.map(|when| PyBytes::new(py, &when)))
    }

    /// Set since when the certificate is revoked.
    ///
    /// when: a time, and the exceptions for it, as in `X509.set_notBefore`. (X509_REVOKED_set_revocationDate)
    fn set_rev_date(&self, when: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_date(self::when(when)?.as_slice()).or_raise::<Crypto>()
    }

    /// Why the certificate was revoked, such as b"Key Compromise", or None where nobody says.
    ///
    /// Raises Error where the reason cannot be decoded. (X509_REVOKED_get_ext)
    fn get_reason<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.reason().or_raise::<Crypto>()?.map(|text| PyBytes::new(py, text.as_bytes())))
    }

    /// Say why the certificate was revoked, or with None take the reason away.
    ///
    /// reason: one of `all_reasons`, or what `get_reason` returns for it, in bytes; case and spaces do not count.
    /// Raises ValueError for other bytes, TypeError for other types. (X509_REVOKED_add_ext)
    #[pyo3(signature = (reason))]
    fn set_reason(&self, reason: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let reason = match reason {
            Some(reason) => {
                let bytes =
                    reason.cast::<PyBytes>().map_err(|_| PyTypeError::new_err("reason must be None or bytes"))?;
                let name = String::from_utf8_lossy(bytes.as_bytes());
                Some(
                    Reason::by_name(&name)
                        .ok_or_else(|| PyValueError::new_err(format!("bad reason string: {name}")))?,
                )
            }
            None => None,
        };
        self.0.set_reason(reason).or_raise::<Crypto>()
    }

    /// A new list of the names that `set_reason` takes, in bytes. It also takes b"removeFromCRL", which is not in the
    /// list: that reason is for lists of changes only. (RFC 5280)
    #[expect(clippy::unused_self, reason = "it is a method upstream")]
    fn all_reasons<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let listed = Reason::ALL.iter().filter(|reason| **reason != Reason::REMOVE_FROM_CRL);
        PyList::new(py, listed.map(|reason| PyBytes::new(py, reason.name().as_bytes())).collect::<Vec<_>>())
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}

/// A Revoked argument; TypeError for anything else.
pub(super) fn entry<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a core::Revoked> {
    let entry = object.cast::<Revoked>().map_err(|_| PyTypeError::new_err("revoked must be a Revoked instance"))?;
    Ok(entry.get().core())
}
