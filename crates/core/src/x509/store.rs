//! Stores of trusted certificates.
//!
//! A store has a lock of its own in C, for its certificates. Its parameters (flags, time) and its directories have
//! none: changes to them are made under one lock of ours, and our own verification reads the parameters under it too. A
//! TLS handshake that begins at the same moment may see the change or not. The list of directories must not grow while
//! it is gone through; OpenSSL moves it for the fifth one, so whoever has so many names them before the first
//! handshake. No lock can keep OpenSSL's readers out.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ironssl_sys as ffi;

#[cfg(ossl_3_3)]
use super::stack::Stack;
use super::{X509, X509Crl};
use crate::callback::fork;
use crate::check;
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;
use crate::terminated;

/// Guards the parameters and directories of all stores, which several objects of ours may hold.
static PARAMETERS: Mutex<()> = Mutex::new(());

/// The flags of [`X509Store::set_flags`] (`X509_V_FLAG_*`).
#[derive(Debug)]
pub struct StoreFlags;

impl StoreFlags {
    /// Check the leaf certificate against a CRL.
    pub const CRL_CHECK: u64 = ffi::X509_V_FLAG_CRL_CHECK;
    /// Check the whole chain against CRLs; only where the leaf is checked, too.
    pub const CRL_CHECK_ALL: u64 = ffi::X509_V_FLAG_CRL_CHECK_ALL;
    /// Accept critical extensions that OpenSSL does not know.
    pub const IGNORE_CRITICAL: u64 = ffi::X509_V_FLAG_IGNORE_CRITICAL;
    /// Refuse what breaks RFC 5280, also where it is commonly let pass.
    pub const X509_STRICT: u64 = ffi::X509_V_FLAG_X509_STRICT;
    /// Allow proxy certificates.
    pub const ALLOW_PROXY_CERTS: u64 = ffi::X509_V_FLAG_ALLOW_PROXY_CERTS;
    /// Check policies.
    pub const POLICY_CHECK: u64 = ffi::X509_V_FLAG_POLICY_CHECK;
    /// Require an explicit policy (RFC 5280, 6.1.1).
    pub const EXPLICIT_POLICY: u64 = ffi::X509_V_FLAG_EXPLICIT_POLICY;
    /// Inhibit policy mapping (RFC 5280, 6.1.1).
    pub const INHIBIT_MAP: u64 = ffi::X509_V_FLAG_INHIBIT_MAP;
    /// Tell the verification callback that the policies are in order.
    pub const NOTIFY_POLICY: u64 = ffi::X509_V_FLAG_NOTIFY_POLICY;
    /// Check the signature of self-signed roots too.
    pub const CHECK_SS_SIGNATURE: u64 = ffi::X509_V_FLAG_CHECK_SS_SIGNATURE;
    /// Trust any certificate of the store, not only roots.
    pub const PARTIAL_CHAIN: u64 = ffi::X509_V_FLAG_PARTIAL_CHAIN;
    /// Without effect; kept for programs that name it.
    pub const CB_ISSUER_CHECK: u64 = ffi::X509_V_FLAG_CB_ISSUER_CHECK;
}

/// A set of trusted certificates and how to verify against it. Cloning shares it.
///
/// ```no_run
/// use ironssl::x509::{Verdict, X509, X509Store, verify};
/// let store = X509Store::new()?;
/// store.load_locations(Some("/etc/ssl/certs/ca-certificates.crt".as_ref()), None)?;
/// let certificate = X509::from_pem(&std::fs::read("server.pem")?)?;
/// match verify(&store, &certificate, &[])? {
///     Verdict::Trusted(chain) => println!("{} certificates", chain.len()),
///     Verdict::Refused(refusal) => println!("{refusal}"),
/// }
/// # Ok::<(), ironssl::Error>(())
/// ```
#[derive(Clone)]
pub struct X509Store(Handle<ffi::X509_STORE>);

// SAFETY: OpenSSL locks the certificates of a store; its parameters and directories are only changed under
// `PARAMETERS`, and there are all kinds of lookups from the beginning.
unsafe impl Sync for X509Store {}

impl X509Store {
    /// An empty store (`X509_STORE_new`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    pub fn new() -> Result<Self> {
        queue::clear();
        // SAFETY: no preconditions.
        let store = unsafe { check::owned(ffi::X509_STORE_new(), "X509_STORE_new")? };
        // SAFETY: the store is valid and ours alone.
        unsafe { Self::add_lookups(store.as_ptr())? };
        Ok(Self(store))
    }

    /// Gives a new store its lookups, for files, directories and what a URI names. OpenSSL adds them when they are
    /// first needed, but without the store's lock, while another thread may be going through them.
    ///
    /// # Safety
    /// The store is valid, and no other thread has it.
    pub(crate) unsafe fn add_lookups(store: *mut ffi::X509_STORE) -> Result<()> {
        // SAFETY: no preconditions; the methods are constants of the library.
        let methods = unsafe { [ffi::X509_LOOKUP_file(), ffi::X509_LOOKUP_hash_dir(), ffi::X509_LOOKUP_store()] };
        for method in methods {
            // SAFETY: passed on from this function's own contract; the store keeps the lookup.
            check::borrowed(unsafe { ffi::X509_STORE_add_lookup(store, method) }, "X509_STORE_add_lookup")?;
        }
        Ok(())
    }

    /// A store of C, which may go on holding it.
    pub(crate) fn from_handle(handle: Handle<ffi::X509_STORE>) -> Self {
        Self(handle)
    }

    /// The store for C to share.
    pub(crate) fn handle(&self) -> &Handle<ffi::X509_STORE> {
        &self.0
    }

    /// Keeps the parameters and directories of all stores as they are until dropped.
    pub(crate) fn lock_parameters() -> MutexGuard<'static, ()> {
        fork::watch();
        PARAMETERS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many certificates and lists of revoked ones it holds; those in a directory only once they were needed
    /// (`X509_STORE_get1_objects`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there is no memory.
    #[cfg(ossl_3_3)]
    pub fn count(&self) -> Result<usize> {
        queue::clear();
        // SAFETY: the store is valid, and locks itself; the list and its elements are ours.
        let objects = unsafe { ffi::X509_STORE_get1_objects(self.0.as_ptr()) };
        check::borrowed(objects, "X509_STORE_get1_objects")?;
        // SAFETY: as above.
        Ok(unsafe { Stack::<ffi::X509_OBJECT>::from_raw(objects) }.take().len())
    }

    /// How many certificates and lists of revoked ones it holds; those in a directory only once they were needed
    /// (`X509_STORE_get0_objects`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the store cannot be locked.
    #[cfg(not(ossl_3_3))]
    pub fn count(&self) -> Result<usize> {
        queue::clear();
        // SAFETY: the store is valid.
        check::one(unsafe { ffi::X509_STORE_lock(self.0.as_ptr()) }, "X509_STORE_lock")?;
        // SAFETY: the store is valid and its lock held, so the list does not change; null has -1 elements.
        let count = unsafe { ffi::OPENSSL_sk_num(ffi::X509_STORE_get0_objects(self.0.as_ptr()).cast()) };
        // SAFETY: the lock was taken just now.
        unsafe { ffi::X509_STORE_unlock(self.0.as_ptr()) };
        Ok(usize::try_from(count).unwrap_or(0))
    }

    /// Trusts a certificate (`X509_STORE_add_cert`). One that is there already is no error.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the certificate is not complete enough to be encoded.
    pub fn add_cert(&self, certificate: &X509) -> Result<()> {
        let shared = certificate.share()?;
        // SAFETY: both are valid; the store takes a reference of its own.
        let added = unsafe { ffi::X509_STORE_add_cert(self.0.as_ptr(), shared.as_ptr()) };
        check::one(added, "X509_STORE_add_cert")?;
        queue::clear();
        Ok(())
    }

    /// Adds a copy of a revocation list, for verifications with [`StoreFlags::CRL_CHECK`] (`X509_STORE_add_crl`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the list is not complete enough to be encoded.
    pub fn add_crl(&self, list: &X509Crl) -> Result<()> {
        let copy = list.to_handle()?;
        // SAFETY: both are valid; the store takes a reference of its own.
        let added = unsafe { ffi::X509_STORE_add_crl(self.0.as_ptr(), copy.as_ptr()) };
        check::one(added, "X509_STORE_add_crl")?;
        queue::clear();
        Ok(())
    }

    /// Adds flags of [`StoreFlags`] to those that are set (`X509_STORE_set_flags`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where the library refuses.
    pub fn set_flags(&self, flags: u64) -> Result<()> {
        queue::clear();
        let _parameters = Self::lock_parameters();
        // SAFETY: the store is valid, its parameters are locked.
        check::one(unsafe { ffi::X509_STORE_set_flags(self.0.as_ptr(), flags) }, "X509_STORE_set_flags")
    }

    /// Verifies as if it were `seconds` after 1970, in UTC (`X509_VERIFY_PARAM_set_time`).
    ///
    /// # Errors
    /// None so far.
    pub fn set_time(&self, seconds: i64) -> Result<()> {
        queue::clear();
        let _parameters = Self::lock_parameters();
        // SAFETY: the store is valid; the parameters are its own, and locked.
        let parameters =
            check::borrowed(unsafe { ffi::X509_STORE_get0_param(self.0.as_ptr()) }, "X509_STORE_get0_param")?;
        // SAFETY: as above.
        unsafe { ffi::X509_VERIFY_PARAM_set_time(parameters.as_ptr(), seconds) };
        Ok(())
    }

    /// Trusts the certificates of a file of PEM blocks, and those of a directory whose files are named by the hash of
    /// the subject (`X509_STORE_load_file`, `X509_STORE_load_path`); the latter are read when they are needed.
    ///
    /// Directories from the fifth on are to be named before the first verification: OpenSSL moves its list for them,
    /// also while another thread goes through it.
    ///
    /// # Errors
    /// [`crate::Error::Value`] for a NUL in a path; [`crate::Error::OpenSsl`] where the file cannot be read or holds no
    /// certificate, and where neither is given.
    pub fn load_locations(&self, file: Option<&Path>, directory: Option<&Path>) -> Result<()> {
        queue::clear();
        let (file, directory) = (file.map(terminated::path).transpose()?, directory.map(terminated::path).transpose()?);
        if file.is_none() && directory.is_none() {
            return Err(check::failure("X509_STORE_load_locations"));
        }
        if let Some(file) = file {
            // SAFETY: the store is valid and the path terminated.
            let loaded = unsafe { ffi::X509_STORE_load_file(self.0.as_ptr(), file.as_ptr()) };
            check::one(loaded, "X509_STORE_load_file")?;
        }
        if let Some(directory) = directory {
            let _parameters = Self::lock_parameters();
            // SAFETY: the store is valid and the path terminated; the directories are locked.
            let loaded = unsafe { ffi::X509_STORE_load_path(self.0.as_ptr(), directory.as_ptr()) };
            check::one(loaded, "X509_STORE_load_path")?;
        }
        queue::clear();
        Ok(())
    }
}

impl fmt::Debug for X509Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("X509Store").finish_non_exhaustive()
    }
}
