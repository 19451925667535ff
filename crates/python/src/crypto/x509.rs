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
/// (X509_new, RFC 5280)
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

    /// The certificate as one of the package cryptography, which must be installed: a Certificate.
    ///
    /// Raises ImportError where it is not installed, Error where the certificate is not complete. (i2d_X509)
    fn to_cryptography<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        cryptography::certificate(py, &self.0.to_der().or_raise::<Crypto>()?)
    }

    /// Make an X509 from a Certificate of the package cryptography, crypto_cert.
    ///
    /// Raises TypeError for anything else. (d2i_X509)
    #[classmethod]
    fn from_cryptography(_cls: &Bound<'_, PyType>, crypto_cert: &Bound<'_, PyAny>) -> PyResult<Self> {
        let der = cryptography::certificate_der(crypto_cert)?;
        core::X509::from_der(der.as_slice()).or_raise::<Crypto>().map(Self)
    }

    /// The version as it is encoded: 2 stands for X.509 v3; -1 where C has no room for the number. (X509_get_version)
    fn get_version(&self) -> i64 {
        self.0.version()
    }

    /// Set the version as it is encoded: 2 for X.509 v3.
    ///
    /// version: any int of 64 bits; what it means is not looked at. Raises TypeError for another type, OverflowError
    /// for more bits. (X509_set_version)
    fn set_version(&self, version: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_version(argument::integer(version, "version")?).or_raise::<Crypto>()
    }

    /// The serial number, an int of any size. (X509_get0_serialNumber)
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

    /// Set the serial number: an int, or any object with `__index__`, of any size.
    ///
    /// Raises ValueError for a negative one, TypeError for another type, what `__index__` raises. (X509_set_serialNumber)
    fn set_serial_number(&self, serial: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = serial.py();
        let serial = if serial.is_instance_of::<PyInt>() {
            serial.clone()
        } else if serial.get_type().hasattr(intern!(py, "__index__"))? {
            py.import(intern!(py, "operator"))?.call_method1(intern!(py, "index"), (serial,))?
        } else {
            return Err(PyTypeError::new_err("serial must be an integer"));
        };
        if let Ok(small) = serial.extract::<i64>() {
            return self.0.set_serial_number(&small.to_be_bytes()).or_raise::<Crypto>();
        }
        let bits: usize = serial.call_method0(intern!(py, "bit_length"))?.extract()?;
        let signed = PyDict::new(py);
        signed.set_item(intern!(py, "signed"), true)?;
        let arguments = (bits / 8 + 1, intern!(py, "big"));
        let bytes = serial.call_method(intern!(py, "to_bytes"), arguments, Some(&signed))?;
        self.0.set_serial_number(Data::from_buffer(&bytes)?.as_slice()).or_raise::<Crypto>()
    }

    /// The start of the validity as ASN.1 GENERALIZEDTIME: bytes of the form YYYYMMDDhhmmssZ, YYYYMMDDhhmmss+hhmm or
    /// YYYYMMDDhhmmss-hhmm, where a fraction may follow the seconds; or None where it is not set. A UTCTIME, whose
    /// years have two digits, is given as YYYYMMDDhhmmssZ.
    ///
    /// Raises Error for a UTCTIME that is no time. (X509_get0_notBefore)
    #[pyo3(name = "get_notBefore")]
    fn not_before<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.not_before().or_raise::<Crypto>()?.map(|when| PyBytes::new(py, &when)))
    }

    /// The end of the validity, in the form of `get_notBefore`.
    ///
    /// Raises Error for a UTCTIME that is no time. (X509_get0_notAfter)
    #[pyo3(name = "get_notAfter")]
    fn not_after<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyBytes>>> {
        Ok(self.0.not_after().or_raise::<Crypto>()?.map(|when| PyBytes::new(py, &when)))
    }

    /// Set the start of the validity.
    ///
    /// when: bytes, or another object with the buffer protocol, or ASCII str, of the form YYYYMMDDhhmmssZ,
    /// YYYYMMDDhhmmss+hhmm or YYYYMMDDhhmmss-hhmm, where a fraction may follow the seconds, as in 20300101000000.5Z;
    /// or, for the years 1950 to 2049, with two digits of the year and no fraction, as in 300101000000Z, which is a
    /// UTCTIME, and read back with four. It is kept as it is. Raises ValueError for anything else in them, and for
    /// dates that do not exist, TypeError for other types. (X509_set1_notBefore)
    #[pyo3(name = "set_notBefore", signature = (when))]
    fn set_not_before(&self, when: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_before(self::when(when)?.as_slice()).or_raise::<Crypto>()
    }

    /// Set the end of the validity.
    ///
    /// when: a time, and the exceptions for it, as in `set_notBefore`. (X509_set1_notAfter)
    #[pyo3(name = "set_notAfter", signature = (when))]
    fn set_not_after(&self, when: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_after(self::when(when)?.as_slice()).or_raise::<Crypto>()
    }

    /// Set the start of the validity to a number of seconds from now, before now where negative.
    ///
    /// amount: an int. Raises ValueError for what leads out of the years 0 to 9999, OverflowError for more than 64
    /// bits, TypeError for another type. (X509_set1_notBefore)
    #[pyo3(name = "gmtime_adj_notBefore", signature = (amount))]
    fn adjust_not_before(&self, amount: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_before_from_now(argument::integer(amount, "amount")?).or_raise::<Crypto>()
    }

    /// Set the end of the validity to a number of seconds from now, before now where negative.
    ///
    /// amount: an int. Raises ValueError for what leads out of the years 0 to 9999, OverflowError for more than 64
    /// bits, TypeError for another type. (X509_set1_notAfter)
    #[pyo3(name = "gmtime_adj_notAfter", signature = (amount))]
    fn adjust_not_after(&self, amount: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_not_after_from_now(argument::integer(amount, "amount")?).or_raise::<Crypto>()
    }

    /// Whether the end of the validity is past, its offset taken into account.
    ///
    /// Raises ValueError where it is not set. (X509_get0_notAfter)
    fn has_expired(&self) -> PyResult<bool> {
        self.0.has_expired().or_raise::<Crypto>()
    }

    /// The subject as an X509Name: a live view, whose changes change the certificate.
    ///
    /// `set_subject` ends it: a view taken before then raises AttributeError. (X509_get_subject_name)
    fn get_subject(&self) -> X509Name {
        X509Name::from_core(self.0.subject())
    }

    /// Make the subject a copy of an X509Name.
    ///
    /// Raises TypeError for anything else, AttributeError for a view that has ended. (X509_set_subject_name)
    fn set_subject(&self, subject: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_subject(name(subject)?.get().core()).or_raise::<Crypto>()
    }

    /// The issuer as an X509Name: a live view, whose changes change the certificate.
    ///
    /// `set_issuer` ends it: a view taken before then raises AttributeError. (X509_get_issuer_name)
    fn get_issuer(&self) -> X509Name {
        X509Name::from_core(self.0.issuer())
    }

    /// Make the issuer a copy of an X509Name.
    ///
    /// Raises TypeError for anything else, AttributeError for a view that has ended. (X509_set_issuer_name)
    fn set_issuer(&self, issuer: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.set_issuer(name(issuer)?.get().core()).or_raise::<Crypto>()
    }

    /// The public key, as a PKey that has no private part.
    ///
    /// Raises Error where there is none, or one of a kind that OpenSSL does not know. (X509_get_pubkey)
    fn get_pubkey(&self) -> PyResult<PKey> {
        self.0.public_key().or_raise::<Crypto>().map(PKey::from_core)
    }

    /// Set the public key to the public part of pkey. The private part, if any, stays out.
    ///
    /// Raises Error for a PKey that is empty, TypeError for anything else. (X509_set_pubkey)
    #[pyo3(signature = (pkey))]
    fn set_pubkey(&self, pkey: &Bound<'_, PyAny>) -> PyResult<()> {
        let key = PKey::of(pkey, "pkey")?.require("X509.set_pubkey")?;
        self.0.set_public_key(&key).or_raise::<Crypto>()
    }

    /// Sign the certificate with a private key. Other threads run meanwhile.
    ///
    /// pkey: a PKey. digest: the name of a message digest, such as "sha256", str or bytes. Keys that hash what they
    /// sign themselves (Ed25519, Ed448, ML-DSA, SLH-DSA) take none: the one given, which may then be None, is not used.
    ///
    /// Raises ValueError for a key without private part and for an unknown digest, Error where the certificate is not
    /// complete, or the key cannot sign such a digest, TypeError for other types. (X509_sign)
    #[pyo3(signature = (pkey, digest))]
    fn sign(&self, py: Python<'_>, pkey: &Bound<'_, PyAny>, digest: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let key = PKey::of(pkey, "pkey")?.require_to_sign()?;
        let digest = sign::digest(&key, digest)?;
        py.detach(|| self.0.sign(&key, digest)).or_raise::<Crypto>()
    }

    /// The name of the algorithm that the certificate is signed with, such as b"sha256WithRSAEncryption".
    ///
    /// Raises ValueError where there is none, or none that OpenSSL knows. (X509_get0_tbs_sigalg)
    fn get_signature_algorithm<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.0.signature_algorithm().or_raise::<Crypto>()?.long_name()))
    }

    /// The digest of the encoded certificate, as bytes of upper-case hexadecimal pairs with colons between.
    ///
    /// digest_name: the name of a message digest, such as "sha256", str or bytes. Raises ValueError for an unknown one,
    /// TypeError for other types, Error where the certificate is not complete. (EVP_Digest)
    fn digest<'py>(&self, py: Python<'py>, digest_name: &Bound<'_, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let digest = Digest::by_name(&argument::name(digest_name, "digest_name")?).or_raise::<Crypto>()?;
        let value = self.0.digest(digest).or_raise::<Crypto>()?;
        PyBytes::new_with(py, value.text_len(), |text| {
            value.write_text(text);
            Ok(())
        })
    }

    /// The hash of the subject, an int; see `X509Name.hash`. (X509_NAME_hash_ex)
    fn subject_name_hash(&self) -> PyResult<u32> {
        self.0.subject_name_hash().or_raise::<Crypto>()
    }

    /// The number of extensions. (X509_get_ext_count)
    fn get_extension_count(&self) -> usize {
        self.0.extension_count()
    }

    /// A copy of the extension at index, which counts from 0, as an X509Extension.
    ///
    /// Raises IndexError where there is none, TypeError for anything but an int, OverflowError for more than 64 bits.
    /// (X509_get_ext)
    fn get_extension(&self, index: &Bound<'_, PyAny>) -> PyResult<X509Extension> {
        let index: i64 = argument::integer(index, "index")?;
        let found = match usize::try_from(index) {
            Ok(index) => self.0.extension(index).or_raise::<Crypto>()?,
            Err(_) => None,
        };
        found.map(X509Extension::from_core).ok_or_else(|| PyIndexError::new_err("extension index out of bounds"))
    }

    /// Add extensions, also where there are some of their kind already.
    ///
    /// extensions: an iterable of X509Extension. Raises ValueError for an element that is none; nothing is added then.
    /// Raises TypeError for what is not iterable. (X509_add_ext)
    fn add_extensions(&self, extensions: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.add_extensions(&X509Extension::list(extensions)?).or_raise::<Crypto>()
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
