//! `Connection`: what it shows to its peer, and options of its own.

use pyo3::prelude::*;

use super::Connection;
use super::info::certificate;
use crate::argument::{Truth, integer};
use crate::error::{OrRaise, Ssl};
use crate::ssl::credentials;

#[pymethods]
impl Connection {
    /// Show this certificate to the peer, instead of the one of the Context. Call it before `use_privatekey`.
    ///
    /// cert: an X509, or a certificate of the cryptography package.
    ///
    /// Raises TypeError for another type, Error for one that cannot be used. (SSL_use_certificate)
    fn use_certificate(&self, py: Python<'_>, cert: &Bound<'_, PyAny>) -> PyResult<()> {
        let certificate = credentials::certificate(cert)?;
        self.held(py, |core| core.use_certificate(&certificate))?.or_raise::<Ssl>()
    }

    /// Use this private key, instead of the one of the Context.
    ///
    /// pkey: a PKey, or a private key of the cryptography package.
    ///
    /// Raises TypeError for another type, Error where it does not match the certificate. (SSL_use_PrivateKey)
    fn use_privatekey(&self, py: Python<'_>, pkey: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = credentials::private_key(pkey)?;
        self.held(py, |core| core.use_private_key(&key))?.or_raise::<Ssl>()
    }

    /// The certificate that this side shows to its peer, or None: an X509, or with as_cryptography=True a certificate
    /// of the cryptography package, which must be installed then. (SSL_get_certificate)
    #[pyo3(signature = (*, as_cryptography = Truth(false)), text_signature = "($self, *, as_cryptography=False)")]
    fn get_certificate<'py>(&self, py: Python<'py>, as_cryptography: Truth) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.held(py, ironssl::ssl::Connection::certificate)?;
        found.map(|found| certificate(py, found, as_cryptography.0)).transpose()
    }

    /// Add options for this connection: the OP_* constants, or-ed. Options that were set before stay set.
    ///
    /// Returns all options that are set now. Raises TypeError for anything but an int, OverflowError for one that is
    /// negative or has more than 64 bits. (SSL_set_options)
    fn set_options(&self, py: Python<'_>, options: &Bound<'_, PyAny>) -> PyResult<u64> {
        let options = integer(options, "options")?;
        self.held(py, |core| core.set_options(options))
    }
}
