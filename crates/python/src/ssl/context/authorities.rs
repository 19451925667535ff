//! `Context`: the authorities that a server names to its clients when it asks them for a certificate.

use pyo3::prelude::*;

use super::Context;
use crate::argument::path;
use crate::error::{OrRaise, Ssl};
use crate::ssl::credentials::{authority, certificate};

#[pymethods]
impl Context {
    /// Name the subjects of a PEM file's certificates, each once, to clients that are asked for a certificate, instead
    /// of those named so far. That does not trust them: see `load_verify_locations`.
    ///
    /// cafile: str, bytes or os.PathLike. Raises Error where the file cannot be read, holds no certificate, or one that
    /// is damaged, ValueError for a path with a NUL. (SSL_CTX_set_client_CA_list)
    fn load_client_ca(&self, cafile: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.load_client_ca(&path(cafile)?).or_raise::<Ssl>()
    }

    /// Name these authorities to clients that are asked for a certificate, instead of those named so far.
    ///
    /// certificate_authorities: an iterable of X509Name, or of names of the cryptography package; they are copied.
    /// Raises TypeError for anything else. (SSL_CTX_set_client_CA_list)
    fn set_client_ca_list(&self, certificate_authorities: &Bound<'_, PyAny>) -> PyResult<()> {
        let names = certificate_authorities.try_iter()?.map(|element| authority(&element?));
        let names = names.collect::<PyResult<Vec<_>>>()?;
        self.core()?.set_client_ca_names(&names).or_raise::<Ssl>()
    }

    /// Name one more authority to clients that are asked for a certificate: the subject of this one.
    ///
    /// certificate_authority: an X509, or a certificate of the cryptography package. Raises TypeError for anything else.
    /// (SSL_CTX_add_client_CA)
    fn add_client_ca(&self, certificate_authority: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.add_client_ca(&certificate(certificate_authority)?).or_raise::<Ssl>()
    }
}
