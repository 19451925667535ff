//! `Context`: whom to trust, and how peers are verified.

use pyo3::prelude::*;

use super::Context;
use crate::argument::{integer, path};
use crate::crypto::X509Store;
use crate::error::{OrRaise, Ssl};
use crate::ssl::callbacks::{Callback, callable};

#[pymethods]
impl Context {
    /// Set how peers are verified, and who has the last word.
    ///
    /// mode: VERIFY_NONE or VERIFY_PEER; VERIFY_PEER may be or-ed with VERIFY_FAIL_IF_NO_PEER_CERT and
    /// VERIFY_CLIENT_ONCE. callback, if given, is called for each certificate of the peer's chain with the Connection,
    /// the X509, OpenSSL's error number (0 for none), the depth in the chain (0 is the peer's own), and 1 if OpenSSL
    /// accepts it, else 0; it returns true to accept it. What the callback raises fails the handshake and comes out of
    /// the method that drove it. Without a callback OpenSSL's verdict stands.
    ///
    /// Raises TypeError for a mode that is no int and a callback that cannot be called. (SSL_CTX_set_verify)
    #[pyo3(signature = (mode, callback = None))]
    fn set_verify(&self, py: Python<'_>, mode: &Bound<'_, PyAny>, callback: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let mode = integer(mode, "mode")?;
        let callback = callback.map_or(Ok(None), callable)?;
        self.core()?.set_verify_mode(mode).or_raise::<Ssl>()?;
        self.callbacks.change(py, &[(Callback::Verify, callback)])
    }

    /// How peers are verified, as given to `set_verify`. (SSL_CTX_get_verify_mode)
    fn get_verify_mode(&self) -> PyResult<i32> {
        Ok(self.core()?.verify_mode())
    }

    /// Set how many certificates may stand between the peer's and a trusted one. (SSL_CTX_set_verify_depth)
    fn set_verify_depth(&self, depth: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.set_verify_depth(integer(depth, "depth")?).or_raise::<Ssl>()
    }

    /// How many certificates may stand between the peer's and a trusted one; -1 where nothing was set.
    /// (SSL_CTX_get_verify_depth)
    fn get_verify_depth(&self) -> PyResult<i32> {
        Ok(self.core()?.verify_depth())
    }

    /// Trust the certificates of a PEM file, and those of a directory prepared with `openssl rehash`.
    ///
    /// cafile, capath: str, bytes or os.PathLike; either may be None, not both. Raises Error where the file cannot be
    /// read or holds no certificate, or both are None. (SSL_CTX_load_verify_file, SSL_CTX_load_verify_dir)
    #[pyo3(signature = (cafile, capath = None))]
    fn load_verify_locations(
        &self,
        cafile: Option<&Bound<'_, PyAny>>,
        capath: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let file = cafile.map(path).transpose()?;
        let directory = capath.map(path).transpose()?;
        self.core()?.load_verify_locations(file.as_deref(), directory.as_deref()).or_raise::<Ssl>()
    }

    /// Trust what the environment variables SSL_CERT_FILE and SSL_CERT_DIR name, or what the library was built to trust,
    /// or else what the distribution keeps in one of the usual places. (SSL_CTX_set_default_verify_paths)
    fn set_default_verify_paths(&self) -> PyResult<()> {
        self.core()?.set_default_verify_paths().or_raise::<Ssl>()
    }

    /// Name the subjects of a PEM file's certificates to clients that are asked for a certificate. That does not trust
    /// them: see `load_verify_locations`.
    ///
    /// cafile: str, bytes or os.PathLike. Raises Error where the file cannot be read or holds no certificate,
    /// ValueError for a path with a NUL. (SSL_CTX_set_client_CA_list)
    fn load_client_ca(&self, cafile: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.load_client_ca(&path(cafile)?).or_raise::<Ssl>()
    }

    /// The store of trusted certificates that the Context uses; what is added to it counts at once.
    /// (SSL_CTX_get_cert_store)
    fn get_cert_store(&self) -> PyResult<X509Store> {
        self.core()?.cert_store().or_raise::<Ssl>().map(X509Store::from_core)
    }
}
