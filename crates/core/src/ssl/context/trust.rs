//! Whom a context trusts: its store of certificates.
//!
//! The store is shared by every `SSL_CTX` that the context ever makes, and has a lock of its own: nothing here is a
//! setting to be replayed.

use std::ffi::{CStr, c_char, c_int};
use std::path::Path;
use std::ptr::NonNull;

use ironssl_sys as ffi;

use super::Context;
use crate::check;
use crate::error::Result;
use crate::handle::{Counted, Handle};
use crate::queue;
use crate::terminated;
use crate::x509::X509Store;

/// Where distributions keep the certificates that they trust, as one file.
pub const CERTIFICATE_FILES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// Where distributions keep the certificates that they trust, as a directory of hashed names.
pub const CERTIFICATE_DIRECTORIES: &[&str] = &["/etc/ssl/certs"];

impl Context {
    /// The store of trusted certificates, shared with the context: what is added to it counts at once.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is none.
    pub fn cert_store(&self) -> Result<X509Store> {
        self.look(|ctx| {
            // SAFETY: the `SSL_CTX` is valid; the store stays its own.
            let store = NonNull::new(unsafe { ffi::SSL_CTX_get_cert_store(ctx) });
            let store = store.ok_or_else(|| check::failure("SSL_CTX_get_cert_store"))?;
            // SAFETY: the store is valid; the handle gets a reference of its own.
            let handle = unsafe {
                ffi::X509_STORE::retain(store.as_ptr());
                Handle::from_raw(store)
            };
            Ok(X509Store::from_handle(handle))
        })
    }

    /// Trusts the certificates of a file, and those of a directory made by `openssl rehash` as they are needed.
    ///
    /// Directories from the fifth on are to be named before the first handshake: OpenSSL moves its list for them, also
    /// while another thread goes through it.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where a file cannot be read or holds none, or both are missing; [`crate::Error::Value`] for a path
    /// with a NUL.
    pub fn load_verify_locations(&self, file: Option<&Path>, directory: Option<&Path>) -> Result<()> {
        let file = file.map(terminated::path).transpose()?;
        let directory = directory.map(terminated::path).transpose()?;
        queue::clear();
        if file.is_none() && directory.is_none() {
            return Err(check::failure("SSL_CTX_load_verify_locations"));
        }
        self.look(|ctx| {
            if let Some(file) = file {
                // SAFETY: the `SSL_CTX` is valid, the string terminated. The store that is changed has its own lock.
                check::one(unsafe { ffi::SSL_CTX_load_verify_file(ctx, file.as_ptr()) }, "SSL_CTX_load_verify_file")?;
            }
            if let Some(directory) = directory {
                let _parameters = X509Store::lock_parameters();
                // SAFETY: as above; the directories are locked.
                let loaded: c_int = unsafe { ffi::SSL_CTX_load_verify_dir(ctx, directory.as_ptr()) };
                check::one(loaded, "SSL_CTX_load_verify_dir")?;
            }
            Ok(())
        })
    }

    /// Trusts what `SSL_CERT_FILE` and `SSL_CERT_DIR` name, or what the library was built to trust
    /// (`SSL_CTX_set_default_verify_paths`); where neither is there, what the distribution keeps in one of
    /// [`CERTIFICATE_FILES`], and [`CERTIFICATE_DIRECTORIES`].
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`].
    pub fn set_default_verify_paths(&self) -> Result<()> {
        self.set_library_verify_paths()?;
        let library = LibraryPaths::get();
        let set = |variable: &str| std::env::var_os(variable).is_some();
        if set(library.file_variable) || set(library.directory_variable) || library.exist() {
            return Ok(());
        }
        let file = CERTIFICATE_FILES.iter().map(Path::new).find(|file| file.is_file());
        let directory = CERTIFICATE_DIRECTORIES.iter().map(Path::new).find(|directory| directory.is_dir());
        match (file, directory) {
            (None, None) => Ok(()),
            (file, directory) => self.load_verify_locations(file, directory),
        }
    }

    /// As [`Context::set_default_verify_paths`], but without a look at what the distribution has.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`].
    pub fn set_library_verify_paths(&self) -> Result<()> {
        queue::clear();
        self.look(|ctx| {
            // SAFETY: the `SSL_CTX` is valid. The store that is changed has its own lock.
            check::one(unsafe { ffi::SSL_CTX_set_default_verify_file(ctx) }, "SSL_CTX_set_default_verify_file")?;
            let _parameters = X509Store::lock_parameters();
            // SAFETY: as above; the directories are locked.
            check::one(unsafe { ffi::SSL_CTX_set_default_verify_dir(ctx) }, "SSL_CTX_set_default_verify_dir")?;
            // SAFETY: as above.
            check::one(unsafe { ffi::SSL_CTX_set_default_verify_store(ctx) }, "SSL_CTX_set_default_verify_store")
        })?;
        // Files that are not there are no failure, but leave entries.
        queue::clear();
        Ok(())
    }
}

/// Where the library was built to look for trusted certificates, and the variables of the environment that say
/// otherwise.
#[derive(Clone, Copy, Debug)]
pub struct LibraryPaths {
    /// The file (`X509_get_default_cert_file`).
    pub file: &'static str,
    /// The directory of hashed names (`X509_get_default_cert_dir`).
    pub directory: &'static str,
    /// The variable that names another file: `SSL_CERT_FILE` (`X509_get_default_cert_file_env`).
    pub file_variable: &'static str,
    /// The variable that names another directory: `SSL_CERT_DIR` (`X509_get_default_cert_dir_env`).
    pub directory_variable: &'static str,
}

impl LibraryPaths {
    /// Those of the linked library.
    #[must_use]
    pub fn get() -> Self {
        // SAFETY: no preconditions; the functions return literals.
        unsafe {
            Self {
                file: literal(ffi::X509_get_default_cert_file()),
                directory: literal(ffi::X509_get_default_cert_dir()),
                file_variable: literal(ffi::X509_get_default_cert_file_env()),
                directory_variable: literal(ffi::X509_get_default_cert_dir_env()),
            }
        }
    }

    /// Whether there is a file or a directory to look at.
    #[must_use]
    pub fn exist(&self) -> bool {
        Path::new(self.file).exists() || Path::new(self.directory).exists()
    }
}

/// A literal of the library.
///
/// # Safety
/// `string` is a terminated string that is never freed.
unsafe fn literal(string: *const c_char) -> &'static str {
    // SAFETY: passed on from this function's own contract.
    unsafe { CStr::from_ptr(string) }.to_str().unwrap_or_default()
}
