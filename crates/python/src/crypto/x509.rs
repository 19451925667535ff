//! `X509`.

use ironssl::digest::Digest;
use ironssl::x509 as core;
use pyo3::exceptions::{PyIndexError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple, PyType};

use super::{PKey, X509Extension, X509Name, cryptography, sign};
use crate::argument::{self, Data};
use crate::error::{Crypto, OrRaise};

/// An X.509 certificate.
///
/// `X509()` is empty: fill it with the methods that begin with `set_`, then `sign` it. `load_certificate` reads one.
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct X509(core::X509);

impl X509 {
    /// Wraps a certificate of the core.
    pub(crate) fn from_core(certificate: core::X509) -> Self {
        Self(certificate)
    }

    /// The certificate of the core.
    pub(crate) fn core(&self) -> &core::X509 {
        &self.0
    }
}

/// An X509Name argument; TypeError for anything else.
fn name<'a, 'py>(object: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, X509Name>> {
    object.cast::<X509Name>().map_err(|_| PyTypeError::new_err("name must be an X509Name"))
}

/// A time argument: bytes or ASCII text.
pub(super) fn when<'py>(object: &Bound<'py, PyAny>) -> PyResult<Data<'py>> {
    if object.is_instance_of::<PyString>() {
        return Data::from_buffer_or_ascii(object);
    }
    Data::from_buffer(object).map_err(|_| PyTypeError::new_err("when must be a byte string"))
}

#[pymethods]
impl X509 {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "()")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        core::X509::new().or_raise::<Crypto>().map(Self)
    }

    #[expect(clippy::unused_self, reason = "Python's protocol")]
    fn __init__(&self) {}

    /// The certificate as one of the package cryptography, which must be installed.
    fn to_cryptography<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        cryptography::certificate(py, &self.0.to_der().or_raise::<Crypto>()?)
    }

    /// An X509 from a certificate of the package cryptography, which must be installed.
    ///
    /// Raises TypeError for anything else.
    #[classmethod]
    fn from_cryptography(_cls: &Bound<'_, PyType>, crypto_cert: &Bound<'_, PyAny>) -> PyResult<Self> {
        let der = cryptography::certificate_der(crypto_cert)?;
        core::X509::from_der(der.as_slice()).or_raise::<Crypto>().map(Self)
    }

    /// The version as it is encoded: 2 stands for X.509 v3.
    fn get_version(&self) -> i64 {
        self.0.version()
    }

    /// Sets the version as it is encoded: 2 for X.509 v3. No value is refused.
    fn set_version(&self, version: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_version(argument::integer(version, "version")?).or_raise::<Crypto>()
    }

    /// The serial number, an int of any size.
    fn get_serial_number<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        const SMALL: usize = 8;
        let read = self.0.serial_number_with(|negative, magnitude| match magnitude.len() {
            0..=SMALL => {
                let mut bytes = [0; SMALL];
                bytes[SMALL - magnitude.len()..].copy_from_slice(magnitude);
                (negative, Ok(u64::from_be_bytes(bytes)))
            }
            _ => (negative, Err(PyBytes::new(py, magnitude))),
        });
        let (negative, magnitude) = read;
        let magnitude = match magnitude {
            Ok(small) => small.into_pyobject(py)?.into_any(),
            Err(large) => {
                py.get_type::<PyInt>().call_method1(intern!(py, "from_bytes"), (large, intern!(py, "big")))?
            }
        };
        if negative { magnitude.neg() } else { Ok(magnitude) }
    }

    /// Sets the serial number, an int of any size; ValueError for a negative one.
    fn set_serial_number(&self, serial: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = serial.py();
        if let Ok(small) = serial.extract::<i64>() {
            return self.0.set_serial_number(&small.to_be_bytes()).or_raise::<Crypto>();
        }
        let Ok(serial) = serial.cast::<PyInt>() else {
            return Err(PyTypeError::new_err("serial must be an integer"));
        };
        let bits: usize = serial.call_method0(intern!(py, "bit_length"))?.extract()?;
        let signed = PyDict::new(py);
        signed.set_item(intern!(py, "signed"), true)?;
        let arguments = (bits / 8 + 1, intern!(py, "big"));
        let bytes = serial.call_method(intern!(py, "to_bytes"), arguments, Some(&signed))?;
        self.0.set_serial_number(Data::from_buffer(&bytes)?.as_slice()).or_raise::<Crypto>()
    }

    /// The start of the validity as ASN.1 GENERALIZEDTIME: bytes of the form YYYYMMDDhhmmssZ, YYYYMMDDhhmmss+hhmm or
    /// YYYYMMDDhhmmss-hhmm, or None where it is not set.
    #[pyo3(name = "get_notBefore")]
    fn not_before<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.not_before().or_raise::<Crypto>()?.map(|when| PyBytes::new(py, &when)))
    }

    /// The end of the validity, in the form of get_notBefore.
    #[pyo3(name = "get_notAfter")]
    fn not_after<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.not_after().or_raise::<Crypto>()?.map(|when| PyBytes::new(py, &when)))
    }

    /// Sets the start of the validity.
    ///
    /// when has the form YYYYMMDDhhmmssZ, YYYYMMDDhhmmss+hhmm or YYYYMMDDhhmmss-hhmm and is kept as it is. ValueError for
    /// anything else, and for dates that do not exist.
    #[pyo3(name = "set_notBefore", signature = (when))]
    fn set_not_before(&self, when: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_before(self::when(when)?.as_slice()).or_raise::<Crypto>()
    }

    /// Sets the end of the validity; see set_notBefore.
    #[pyo3(name = "set_notAfter", signature = (when))]
    fn set_not_after(&self, when: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_after(self::when(when)?.as_slice()).or_raise::<Crypto>()
    }

    /// Sets the start of the validity to amount seconds from now, before now where negative.
    #[pyo3(name = "gmtime_adj_notBefore", signature = (amount))]
    fn adjust_not_before(&self, amount: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_before_from_now(argument::integer(amount, "amount")?).or_raise::<Crypto>()
    }

    /// Sets the end of the validity to amount seconds from now, before now where negative.
    #[pyo3(name = "gmtime_adj_notAfter", signature = (amount))]
    fn adjust_not_after(&self, amount: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_after_from_now(argument::integer(amount, "amount")?).or_raise::<Crypto>()
    }

    /// Whether the end of the validity is past, its offset taken into account. ValueError where it is not set.
    fn has_expired(&self) -> PyResult<bool> {
        self.0.has_expired().or_raise::<Crypto>()
    }

    /// The subject as an X509Name: a live view, whose changes change the certificate.
    ///
    /// set_subject ends it: a view taken before then raises AttributeError.
    fn get_subject(&self) -> X509Name {
        X509Name::from_core(self.0.subject())
    }

    /// Makes the subject a copy of the X509Name given.
    fn set_subject(&self, subject: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_subject(name(subject)?.get().core()).or_raise::<Crypto>()
    }

    /// The issuer as an X509Name: a live view, whose changes change the certificate.
    ///
    /// set_issuer ends it: a view taken before then raises AttributeError.
    fn get_issuer(&self) -> X509Name {
        X509Name::from_core(self.0.issuer())
    }

    /// Makes the issuer a copy of the X509Name given.
    fn set_issuer(&self, issuer: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_issuer(name(issuer)?.get().core()).or_raise::<Crypto>()
    }

    /// The public key, as a PKey that has no private part.
    fn get_pubkey(&self) -> PyResult<PKey> {
        self.0.public_key().or_raise::<Crypto>().map(PKey::from_core)
    }

    /// Sets the public key to the public part of pkey. The private part, if any, stays out.
    #[pyo3(signature = (pkey))]
    fn set_pubkey(&self, pkey: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = PKey::of(pkey)?.require("X509.set_pubkey")?;
        self.0.set_public_key(&key).or_raise::<Crypto>()
    }

    /// Signs the certificate with pkey and the message digest of the name given, such as "sha256".
    ///
    /// Keys that hash what they sign themselves (Ed25519, Ed448, ML-DSA, SLH-DSA) take no digest: the one given, which
    /// may then be None, is not used. Raises ValueError for a key without private part and for an unknown digest. Other
    /// threads run meanwhile.
    #[pyo3(signature = (pkey, digest))]
    fn sign(&self, py: Python<'_>, pkey: &Bound<'_, PyAny>, digest: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let key = PKey::of(pkey)?.require_to_sign()?;
        let digest = sign::digest(&key, digest)?;
        py.detach(|| self.0.sign(&key, digest)).or_raise::<Crypto>()
    }

    /// The name of the algorithm that the certificate is signed with, such as b"sha256WithRSAEncryption".
    ///
    /// Raises ValueError where there is none, or none that OpenSSL knows.
    fn get_signature_algorithm<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.0.signature_algorithm().or_raise::<Crypto>()?.long_name()))
    }

    /// The digest of the encoded certificate, as bytes of upper-case hexadecimal pairs with colons between.
    ///
    /// digest_name is the name of a message digest, such as "sha256"; ValueError for an unknown one.
    fn digest<'py>(&self, py: Python<'py>, digest_name: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let digest = Digest::by_name(&argument::name(digest_name, "digest_name")?).or_raise::<Crypto>()?;
        let value = self.0.digest(digest).or_raise::<Crypto>()?;
        PyBytes::new_with(py, value.text_len(), |text| {
            value.write_text(text);
            Ok(())
        })
    }

    /// The hash of the subject; see X509Name.hash.
    fn subject_name_hash(&self) -> PyResult<u32> {
        self.0.subject_name_hash().or_raise::<Crypto>()
    }

    /// The number of extensions.
    fn get_extension_count(&self) -> usize {
        self.0.extension_count()
    }

    /// A copy of the extension at index, which counts from 0; IndexError where there is none.
    fn get_extension(&self, index: &Bound<'_, PyAny>) -> PyResult<X509Extension> {
        let index: i64 = argument::integer(index, "index")?;
        let found = match usize::try_from(index) {
            Ok(index) => self.0.extension(index).or_raise::<Crypto>()?,
            Err(_) => None,
        };
        found.map(X509Extension::from_core).ok_or_else(|| PyIndexError::new_err("extension index out of bounds"))
    }

    /// Adds each X509Extension of an iterable, also where there is one of its kind already.
    ///
    /// Raises ValueError for an element that is no X509Extension; nothing is added then.
    fn add_extensions(&self, extensions: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.add_extensions(&X509Extension::list(extensions)?).or_raise::<Crypto>()
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
