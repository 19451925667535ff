//! `Context`: whom to trust, and how peers are verified.

use std::path::{Path, PathBuf};

use ironssl::ssl::LibraryPaths;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

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

    /// Set how many certificates may stand between the peer's and a trusted one.
    ///
    /// depth: that number. Raises TypeError for anything but an int, OverflowError for one of more than 32 bits.
    /// (SSL_CTX_set_verify_depth)
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
    /// Directories from the fifth on are to be named before the first handshake: OpenSSL moves its list for them, also
    /// while another thread goes through it.
    ///
    /// cafile, capath: str, bytes or os.PathLike; either may be None, not both. A directory is not looked at before it
    /// is needed: one that does not exist raises nothing, and trusts nobody.
    ///
    /// Raises Error where the file cannot be read or holds no certificate, or both are None, ValueError for a path with
    /// a NUL, TypeError for other types. (SSL_CTX_load_verify_file, SSL_CTX_load_verify_dir)
    #[pyo3(signature = (cafile, capath = None))]
    fn load_verify_locations(
        &self,
        py: Python<'_>,
        cafile: Option<&Bound<'_, PyAny>>,
        capath: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let file = cafile.map(path).transpose()?;
        let directory = capath.map(path).transpose()?;
        let core = self.core()?;
        py.detach(|| core.load_verify_locations(file.as_deref(), directory.as_deref())).or_raise::<Ssl>()
    }

    /// Trust what the environment variables SSL_CERT_FILE and SSL_CERT_DIR name, or what the library was built to trust,
    /// or else what the distribution keeps in one of the usual places. (SSL_CTX_set_default_verify_paths)
    fn set_default_verify_paths(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let core = slf.get().core()?;
        py.detach(|| core.set_library_verify_paths()).or_raise::<Ssl>()?;
        // Programs and tests put something else in the place of these methods and constants.
        let library = LibraryPaths::get();
        let variables = (library.directory_variable, library.file_variable);
        if slf.call_method1(intern!(py, "_check_env_vars_set"), variables)?.is_truthy()? {
            return Ok(());
        }
        let module = py.import(intern!(py, "OpenSSL.SSL"))?;
        let is = |path: &str, name: &Bound<'_, PyString>| module.getattr(name)?.eq(PyBytes::new(py, path.as_bytes()));
        let elsewhere = is(library.directory, intern!(py, "_CRYPTOGRAPHY_MANYLINUX_CA_DIR"))?
            && is(library.file, intern!(py, "_CRYPTOGRAPHY_MANYLINUX_CA_FILE"))?;
        if elsewhere || !library.exist() {
            let files = module.getattr(intern!(py, "_CERTIFICATE_FILE_LOCATIONS"))?;
            let directories = module.getattr(intern!(py, "_CERTIFICATE_PATH_LOCATIONS"))?;
            slf.call_method1(intern!(py, "_fallback_default_verify_paths"), (files, directories))?;
        }
        Ok(())
    }

    /// Whether one of two variables of the environment is set.
    fn _check_env_vars_set(&self, py: Python<'_>, dir_env_var: &str, file_env_var: &str) -> PyResult<bool> {
        let environment = py.import(intern!(py, "os"))?.getattr(intern!(py, "environ"))?;
        Ok(environment.contains(file_env_var)? || environment.contains(dir_env_var)?)
    }

    /// Trust the first file of a list that is there, and the first directory of another.
    fn _fallback_default_verify_paths(
        &self,
        file_path: &Bound<'_, PyAny>,
        dir_path: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let file = first(file_path, Path::is_file)?;
        let directory = first(dir_path, Path::is_dir)?;
        if file.is_none() && directory.is_none() {
            return Ok(());
        }
        let core = self.core()?;
        file_path.py().detach(|| core.load_verify_locations(file.as_deref(), directory.as_deref())).or_raise::<Ssl>()
    }

    /// The store of trusted certificates that the Context uses; what is added to it counts at once.
    /// (SSL_CTX_get_cert_store)
    fn get_cert_store(&self) -> PyResult<X509Store> {
        self.core()?.cert_store().or_raise::<Ssl>().map(X509Store::from_core)
    }
}

/// The first path of an iterable that is what is looked for.
fn first(paths: &Bound<'_, PyAny>, is_it: fn(&Path) -> bool) -> PyResult<Option<PathBuf>> {
    for place in paths.try_iter()? {
        let place = path(&place?)?;
        if is_it(&place) {
            return Ok(Some(place));
        }
    }
    Ok(None)
}
