//! `Connection`: the host or the address that the peer's certificate has to be for.

use std::net::IpAddr;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use super::Connection;
use crate::argument::integer;
use crate::error::{OrRaise, Ssl};

#[pymethods]
impl Connection {
    /// Accept the peer's certificate only if it is for this host: the verification of its chain, which `set_verify`
    /// asks for, fails otherwise. Before the handshake; a session that is resumed is not looked at again.
    ///
    /// host: a DNS name, str or bytes in ASCII (encode others with IDNA); None for any. To ask the server for it, give
    /// it to `set_tlsext_host_name` as well. An IP address goes to `set_verify_ip`.
    /// A name that begins with a dot stands for every host below it. OpenSSL takes no name of one letter.
    ///
    /// Raises ValueError for what is no host name; the earlier one stays in force then. TypeError for another type.
    /// (X509_VERIFY_PARAM_set1_host)
    fn set_verify_host(&self, py: Python<'_>, host: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let host = host.map(ascii).transpose()?;
        let host = host.as_ref().map(PyBytesMethods::as_bytes);
        self.held(py, |core| core.set_verify_host(host))?.or_raise::<Ssl>()
    }

    /// The host given to `set_verify_host`, or None. (X509_VERIFY_PARAM_get0_host)
    fn get_verify_host(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.held(py, ironssl::ssl::Connection::verify_host)
    }

    /// Set how names in certificates are compared with the host given to `set_verify_host`.
    ///
    /// flags: the X509_CHECK_FLAG_* numbers of OpenSSL, or-ed; 0 unless set. 2: no wildcards. 4: none for a part of a
    /// label, as in f*.example.org. 8: a wildcard may stand for several labels. 16: a host that begins with a dot
    /// stands for names one label longer. 1: look at the subject's commonName even if there are alternative names; 32:
    /// never look at it.
    ///
    /// Raises TypeError for anything but an int, OverflowError for one that is negative or has more than 32 bits.
    /// (X509_VERIFY_PARAM_set_hostflags)
    fn set_verify_host_flags(&self, py: Python<'_>, flags: &Bound<'_, PyAny>) -> PyResult<()> {
        let flags = integer(flags, "flags")?;
        self.held(py, |core| core.set_verify_host_flags(flags))
    }

    /// Accept the peer's certificate only if it is for this IP address, as `set_verify_host` does for names.
    ///
    /// address: str, its 4 or 16 bytes, or an address of the module ipaddress; None for any.
    ///
    /// Raises ValueError for what is no address, TypeError for another type. (X509_VERIFY_PARAM_set1_ip)
    fn set_verify_ip(&self, py: Python<'_>, address: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let address = address.map(ip_address).transpose()?;
        self.held(py, |core| core.set_verify_ip(address))?.or_raise::<Ssl>()
    }
}

/// Text in ASCII, as bytes.
fn ascii<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    if object.is_instance_of::<PyString>() {
        return Ok(object
            .call_method1(intern!(object.py(), "encode"), (intern!(object.py(), "ascii"),))?
            .cast_into()?);
    }
    match object.cast::<PyBytes>() {
        Ok(bytes) => Ok(bytes.clone()),
        Err(_) => Err(PyTypeError::new_err("host must be str, bytes or None")),
    }
}

/// An IP address as programs have it.
fn ip_address(object: &Bound<'_, PyAny>) -> PyResult<IpAddr> {
    if let Ok(text) = object.cast::<PyString>() {
        return text.to_cow()?.parse().map_err(|_| PyValueError::new_err("this is no IP address"));
    }
    let packed = object.getattr_opt(intern!(object.py(), "packed"))?.unwrap_or_else(|| object.clone());
    let packed = packed
        .cast_into::<PyBytes>()
        .map_err(|_| PyTypeError::new_err("address must be str, bytes, None or an address of the module ipaddress"))?;
    let bytes = packed.as_bytes();
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Ok(bytes.into());
    }
    let bytes: [u8; 16] = bytes.try_into().map_err(|_| PyValueError::new_err("an IP address has 4 bytes, or 16"))?;
    Ok(bytes.into())
}
