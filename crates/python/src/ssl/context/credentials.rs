//! `Context`: the certificate to show and the key to it.

use ironssl::Parked;
use ironssl::pkey::Passphrase;
use ironssl::ssl::Format;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use zeroize::Zeroizing;

use super::Context;
use crate::argument::{integer, path};
use crate::attached::{Purpose, attached};
use crate::crypto::passphrase::utf8;
use crate::error::{OrRaise, Ssl};
use crate::ssl::credentials::{certificate, private_key};

#[pymethods]
impl Context {
    /// Show this certificate to peers: an X509, or a certificate of the cryptography package.
    ///
    /// Raises TypeError for another type, Error for one that cannot be used. (SSL_CTX_use_certificate)
    fn use_certificate(&self, cert: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.use_certificate(&certificate(cert)?).or_raise::<Ssl>()
    }

    /// Send one more certificate after the own one: an X509, or a certificate of the cryptography package.
    ///
    /// Raises TypeError for another type. (SSL_CTX_add_extra_chain_cert)
    fn add_extra_chain_cert(&self, certobj: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.add_extra_chain_certificate(&certificate(certobj)?).or_raise::<Ssl>()
    }

    /// Use this private key: a PKey, or a private key of the cryptography package.
    ///
    /// Raises TypeError for another type, Error where it does not match the certificate. (SSL_CTX_use_PrivateKey)
    fn use_privatekey(&self, pkey: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.use_private_key(&private_key(pkey)?).or_raise::<Ssl>()
    }

    /// Show the first certificate of a file to peers.
    ///
    /// certfile: str, bytes or os.PathLike. filetype: FILETYPE_PEM or FILETYPE_ASN1. Raises Error where the file cannot
    /// be read or holds no certificate, ValueError for a path with a NUL. (SSL_CTX_use_certificate_file)
    #[pyo3(signature = (certfile, filetype = FileType(1)), text_signature = "($self, certfile, filetype=1)")]
    fn use_certificate_file(&self, certfile: &Bound<'_, PyAny>, filetype: FileType) -> PyResult<()> {
        let path = path(certfile)?;
        self.core()?.use_certificate_file(&path, format(filetype)?).or_raise::<Ssl>()
    }

    /// Show the certificates of a PEM file to peers: the own one first, then those that lead to a root.
    ///
    /// certfile: str, bytes or os.PathLike. Raises Error where the file cannot be read or holds no certificate,
    /// ValueError for a path with a NUL. (SSL_CTX_use_certificate_chain_file)
    fn use_certificate_chain_file(&self, certfile: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.use_certificate_chain_file(&path(certfile)?).or_raise::<Ssl>()
    }

    /// Use the first private key of a file. If it is encrypted, the callback given to `set_passwd_cb` is asked for the
    /// passphrase; without one that is an Error (nothing ever asks on a terminal).
    ///
    /// keyfile: str, bytes or os.PathLike. filetype: FILETYPE_PEM or FILETYPE_ASN1. Raises Error where the file cannot
    /// be read, holds no key, or one that does not match the certificate, ValueError for a path with a NUL, and what
    /// the callback raises. (SSL_CTX_use_PrivateKey_file)
    #[pyo3(signature = (keyfile, filetype = FileType(1)), text_signature = "($self, keyfile, filetype=1)")]
    fn use_privatekey_file(&self, py: Python<'_>, keyfile: &Bound<'_, PyAny>, filetype: FileType) -> PyResult<()> {
        let (path, format) = (path(keyfile)?, format(filetype)?);
        let core = self.core()?;
        match self.passphrase_callback.get(py) {
            None => core.use_private_key_file(&path, format, Passphrase::None),
            Some(callback) => {
                let userdata = self.passphrase_data.get(py).unwrap_or_else(|| py.None());
                // How long it takes to make a key of a passphrase is said by the file.
                py.detach(|| {
                    let mut ask = |_purpose| {
                        attached(Purpose::Answer, |py| ask_passphrase(callback.bind(py), &userdata))
                            .map_err(|error| Box::new(error) as Parked)
                    };
                    core.use_private_key_file(&path, format, Passphrase::Ask(&mut ask))
                })
            }
        }
        .or_raise::<Ssl>()
    }

    /// Set whom `use_privatekey_file` asks for a passphrase.
    ///
    /// callback: called with the greatest length in bytes, whether to ask twice (always false: keys are only read here)
    /// and userdata; or, if it takes exactly two arguments, with the last two only. It returns the passphrase as bytes
    /// or as str (UTF-8 then), or something false if it has none, which makes loading fail with Error. What is
    /// longer than the greatest length is cut off, as programs have been told. What it raises comes out of
    /// use_privatekey_file.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_default_passwd_cb)
    #[pyo3(signature = (callback, userdata = None))]
    fn set_passwd_cb(&self, callback: &Bound<'_, PyAny>, userdata: Option<Py<PyAny>>) -> PyResult<()> {
        if !callback.is_callable() {
            return Err(PyTypeError::new_err("callback must be callable"));
        }
        self.passphrase_callback.set(Some(callback.clone().unbind()));
        self.passphrase_data.set(userdata);
        Ok(())
    }

    /// Check that the private key matches the certificate. Raises Error where it does not, or one is missing.
    /// (SSL_CTX_check_private_key)
    fn check_privatekey(&self) -> PyResult<()> {
        self.core()?.check_private_key().or_raise::<Ssl>()
    }
}

/// A filetype argument: FILETYPE_PEM or FILETYPE_ASN1.
#[derive(Clone, Copy)]
struct FileType(i64);

impl<'py> FromPyObject<'_, 'py> for FileType {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        integer(&object, "filetype").map(Self)
    }
}

/// The format that a filetype names.
fn format(filetype: FileType) -> PyResult<Format> {
    Format::from_number(filetype.0).or_raise::<Ssl>()
}

/// The longest passphrase in bytes that OpenSSL's PEM code takes.
const MAX_PASSPHRASE: usize = ironssl::pkey::MAX_PASSPHRASE_LEN;

/// Asks the callback, and reads its answer.
fn ask_passphrase(callback: &Bound<'_, PyAny>, userdata: &Py<PyAny>) -> PyResult<Zeroizing<Vec<u8>>> {
    let answer = if takes_two_arguments(callback)? {
        callback.call1((false, userdata))?
    } else {
        callback.call1((MAX_PASSPHRASE, false, userdata))?
    };
    let bytes = if let Ok(text) = answer.cast::<PyString>() {
        utf8(text)?
    } else if let Ok(bytes) = answer.cast::<PyBytes>() {
        bytes.clone()
    } else if answer.is_truthy()? {
        return Err(PyValueError::new_err("the passphrase callback must return bytes or str"));
    } else {
        return Ok(Zeroizing::default());
    };
    Ok(bytes.as_bytes().iter().take(MAX_PASSPHRASE).copied().collect::<Vec<_>>().into())
}

/// Whether a callable takes exactly two positional arguments, as the manual has it; three as all releases do otherwise.
fn takes_two_arguments(callback: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = callback.py();
    let inspect = py.import(pyo3::intern!(py, "inspect"))?;
    let Ok(signature) = inspect.call_method1(pyo3::intern!(py, "signature"), (callback,)) else { return Ok(false) };
    let none = py.None();
    let binds = |arguments: Bound<'_, pyo3::types::PyTuple>| signature.call_method1("bind", arguments).is_ok();
    let two = pyo3::types::PyTuple::new(py, [&none, &none])?;
    let three = pyo3::types::PyTuple::new(py, [&none, &none, &none])?;
    Ok(binds(two) && !binds(three))
}
