//! `Context`: how keys are agreed on.

use ironssl::curve::Curve;
use pyo3::exceptions::{PyRuntimeWarning, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;

use super::Context;
use crate::argument::path;
use crate::crypto::EllipticCurve;
use crate::error::{OrRaise, Ssl};

#[pymethods]
impl Context {
    /// Load the parameters with which a server makes its ephemeral Diffie-Hellman keys, for the DHE ciphers of TLS 1.2
    /// and older: the first in a PEM file, as `openssl dhparam` writes them.
    ///
    /// From 4.0 on OpenSSL uses them only where the client offers none of the groups of RFC 7919, which need no file.
    ///
    /// dhfile: str, bytes or os.PathLike. Raises Error where the file cannot be read, holds no parameters, or a prime
    /// that is too short for the security level, ValueError for a path with a NUL. (SSL_CTX_set0_tmp_dh_pkey)
    fn load_tmp_dh(&self, dhfile: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.load_tmp_dh(&path(dhfile)?).or_raise::<Ssl>()
    }

    /// Limit the key exchange to one elliptic curve, in all versions of TLS. Without this call OpenSSL's groups are
    /// used, the best ones first, which is nearly always what is wanted.
    ///
    /// curve: of `crypto.get_elliptic_curve`, or a curve of the cryptography package. One that TLS has no group for
    /// changes nothing, with a RuntimeWarning; with one that TLS had a group for once (RFC 8422, 5.1.1), no curve is left.
    /// Raises AttributeError for an object that is no curve, Error for a curve that the library does not have.
    /// (SSL_CTX_set1_groups)
    fn set_tmp_ecdh(&self, py: Python<'_>, curve: &Bound<'_, PyAny>) -> PyResult<()> {
        match self.core()?.set_curve(curve_of(curve)?).or_raise::<Ssl>() {
            Err(error) if error.is_instance_of::<PyValueError>(py) => {
                let text = std::ffi::CString::new(error.value(py).to_string())?;
                PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &text, 1)
            }
            other => other,
        }
    }
}

/// The curve that an object is, or has the name of.
fn curve_of(object: &Bound<'_, PyAny>) -> PyResult<Curve> {
    let ours = object.cast::<EllipticCurve>().ok().and_then(|ours| ours.get().core());
    match ours {
        Some(curve) => Ok(curve),
        None => Curve::by_any_name(object.getattr(intern!(object.py(), "name"))?.extract()?).or_raise::<Ssl>(),
    }
}
