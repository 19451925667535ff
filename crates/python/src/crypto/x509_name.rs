//! `X509Name`.
//!
//! The components that the manual names are properties, which is the fastest way for Python to find them; all others
//! that OpenSSL knows are found by `__getattr__`. All are set through `__setattr__`.

use std::cmp::Ordering;

use ironssl::asn1::object::Nid;
use ironssl::x509 as core;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple, PyType};

use super::cryptography;
use crate::argument;
use crate::error::{Crypto, OrRaise};

/// A distinguished name, a list of components such as commonName: the subject or the issuer of a certificate, or a
/// copy.
///
/// X509Name(name) is a copy of another one. The components are attributes: n.CN and n.commonName read the first
/// commonName, as str, or None where there is none; setting one takes the first of its kind away and adds the new
/// value, str or UTF-8 in bytes, at the end. Any short or long name that OpenSSL knows will do.
///
/// Raises AttributeError for an unknown name, and for a view that has ended; Error for a value that the component
/// cannot have, such as a country that is longer than two letters; TypeError for other types.
///
/// Two names are equal where they differ only in case and in repeated spaces. Names cannot be hashed, because they
/// change. (X509_NAME_dup, X509_NAME_get_index_by_NID, X509_NAME_ENTRY_create_by_NID, X509_NAME_cmp)
#[pyclass(frozen, subclass, dict, weakref, module = "OpenSSL.crypto")]
pub(crate) struct X509Name(core::X509Name);

impl X509Name {
    /// Lets the class find all other components, when it is imported. PyO3 would give it a `__getattr__` that neither
    /// programs nor derived classes can call.
    pub(super) fn install_components(class: &Bound<'_, PyType>) -> PyResult<()> {
        class.setattr("__getattr__", class.getattr("_component")?)
    }

    /// Wraps a name of the core.
    pub(crate) fn from_core(name: core::X509Name) -> Self {
        Self(name)
    }

    /// The name that an object of the cryptography package is; TypeError for anything else.
    pub(crate) fn from_cryptography(object: &Bound<'_, PyAny>) -> PyResult<core::X509Name> {
        core::X509Name::from_der(cryptography::name_der(object)?.as_slice()).or_raise::<Crypto>()
    }

    /// The name of the core.
    pub(crate) fn core(&self) -> &core::X509Name {
        &self.0
    }

    /// The first component of a kind.
    fn first<'py>(&self, py: Python<'py>, nid: Nid) -> PyResult<Option<Bound<'py, PyString>>> {
        self.0.get_with(nid, |text| PyString::new(py, text)).or_raise::<Crypto>()
    }
}

/// The kind of component that an attribute stands for.
fn component(name: &Bound<'_, PyString>) -> PyResult<Nid> {
    Nid::by_name(&name.to_cow()?).ok_or_else(|| PyAttributeError::new_err("No such attribute"))
}

/// What a class, or one of its bases, has under a name, if it is a descriptor that can be set.
fn settable<'py>(object: &Bound<'py, PyAny>, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    for class in object.get_type().mro() {
        if let Ok(found) = class.getattr(intern!(class.py(), "__dict__"))?.get_item(name) {
            return Ok(found.get_type().hasattr(intern!(class.py(), "__set__"))?.then_some(found));
        }
    }
    Ok(None)
}

#[pymethods]
impl X509Name {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs), text_signature = "(name)")]
    fn __new__(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        core::X509Name::new().or_raise::<Crypto>().map(Self)
    }

    fn __init__(&self, name: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = name.cast::<Self>().map_err(|_| PyTypeError::new_err("name must be an X509Name"))?;
        self.0.assign(&name.get().0).or_raise::<Crypto>()
    }

    /// The country, two letters.
    #[getter(countryName)]
    fn country_name<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::COUNTRY_NAME)
    }

    /// countryName.
    #[getter(C)]
    fn c<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::COUNTRY_NAME)
    }

    /// The state or province.
    #[getter(stateOrProvinceName)]
    fn state_or_province_name<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::STATE_OR_PROVINCE_NAME)
    }

    /// stateOrProvinceName.
    #[getter(ST)]
    fn st<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::STATE_OR_PROVINCE_NAME)
    }

    /// The locality.
    #[getter(localityName)]
    fn locality_name<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::LOCALITY_NAME)
    }

    /// localityName.
    #[getter(L)]
    fn l<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::LOCALITY_NAME)
    }

    /// The organization.
    #[getter(organizationName)]
    fn organization_name<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::ORGANIZATION_NAME)
    }

    /// organizationName.
    #[getter(O)]
    fn o<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::ORGANIZATION_NAME)
    }

    /// The organizational unit.
    #[getter(organizationalUnitName)]
    fn organizational_unit_name<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::ORGANIZATIONAL_UNIT_NAME)
    }

    /// organizationalUnitName.
    #[getter(OU)]
    fn ou<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::ORGANIZATIONAL_UNIT_NAME)
    }

    /// The common name.
    #[getter(commonName)]
    fn common_name<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::COMMON_NAME)
    }

    /// commonName.
    #[getter(CN)]
    fn cn<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::COMMON_NAME)
    }

    /// The e-mail address.
    #[getter(emailAddress)]
    fn email_address<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(py, Nid::EMAIL_ADDRESS)
    }

    /// The first component with a short or long name that OpenSSL knows, as str; None where there is none:
    /// `X509Name.__getattr__`.
    ///
    /// Raises AttributeError for a name that OpenSSL does not know. (OBJ_txt2nid)
    fn _component<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyString>>> {
        self.first(name.py(), component(name)?)
    }

    fn __setattr__<'py>(slf: &Bound<'py, Self>, name: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> PyResult<()> {
        let Ok(name) = name.cast_exact::<PyString>() else {
            let class = name.get_type().name()?;
            return Err(PyTypeError::new_err(format!("attribute name must be exactly str, not {class}")));
        };
        if name.to_cow()?.starts_with('_') {
            if let Some(descriptor) = settable(slf, name)? {
                return descriptor.call_method1(intern!(slf.py(), "__set__"), (slf, value)).map(drop);
            }
            return slf.getattr(intern!(slf.py(), "__dict__"))?.set_item(name, value);
        }
        let nid = component(name)?;
        let core = &slf.get().0;
        if let Ok(text) = value.cast::<PyString>() {
            core.set(nid, text.encode_utf8()?.as_bytes()).or_raise::<Crypto>()
        } else if let Ok(bytes) = value.cast::<PyBytes>() {
            core.set(nid, bytes.as_bytes()).or_raise::<Crypto>()
        } else {
            let class = value.get_type().name()?;
            Err(PyTypeError::new_err(format!("the value of a component must be str or bytes, not {class}")))
        }
    }

    fn __delattr__(slf: &Bound<'_, Self>, name: &Bound<'_, PyString>) -> PyResult<()> {
        let attributes = slf.getattr(intern!(slf.py(), "__dict__"))?;
        if attributes.contains(name)? {
            return attributes.del_item(name);
        }
        let class = slf.get_type().name()?;
        Err(PyAttributeError::new_err(format!("'{class}' object has no attribute '{name}' that can be deleted")))
    }

    fn __richcmp__<'py>(&self, other: &Bound<'py, PyAny>, op: CompareOp) -> PyResult<Py<PyAny>> {
        let py = other.py();
        let Ok(other) = other.cast::<Self>() else { return Ok(py.NotImplemented()) };
        let order: Ordering = self.0.compare(&other.get().0).or_raise::<Crypto>()?;
        Ok(op.matches(order).into_pyobject(py)?.to_owned().into_any().unbind())
    }

    fn __repr__(&self) -> PyResult<String> {
        Ok(format!("<X509Name object '{}'>", self.0.oneline().or_raise::<Crypto>()?))
    }

    /// The name in one line, such as `/C=SE/CN=x`: as many components as fit into `room` bytes with a NUL after them.
    /// (X509_NAME_oneline)
    #[pyo3(signature = (room = 1_048_577))]
    fn _oneline(&self, room: usize) -> PyResult<String> {
        self.0.oneline_within(room).or_raise::<Crypto>()
    }

    /// The hash that OpenSSL (1.0 and newer) names the files of a certificate directory by, an int: the first four
    /// bytes of the SHA-1 of the name's canonical encoding.
    ///
    /// Raises AttributeError for a view that has ended. (X509_NAME_hash_ex)
    fn hash(&self) -> PyResult<u32> {
        self.0.hash().or_raise::<Crypto>()
    }

    /// The hash that OpenSSL 0.9 named the files of a certificate directory by, an int: the first four bytes of the MD5
    /// of the DER encoding.
    ///
    /// Raises AttributeError for a view that has ended. (X509_NAME_hash_old)
    fn hash_old(&self) -> PyResult<u32> {
        self.0.hash_old().or_raise::<Crypto>()
    }

    /// The DER encoding, as bytes.
    ///
    /// Raises AttributeError for a view that has ended. (i2d_X509_NAME)
    fn der<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.0.der().or_raise::<Crypto>()?))
    }

    /// All components in their order, as a list of pairs of bytes: the short name (b"UNDEF" where OpenSSL knows none)
    /// and the value as it is stored.
    ///
    /// Raises AttributeError for a view that has ended. (X509_NAME_get_entry)
    fn get_components<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let components = self.0.components().or_raise::<Crypto>()?;
        PyList::new(py, components.iter().map(|(name, value)| (PyBytes::new(py, name), PyBytes::new(py, value))))
    }

    /// A copy on its own.
    fn __copy__(&self) -> PyResult<Self> {
        self.0.copy().or_raise::<Crypto>().map(Self)
    }

    /// A copy on its own.
    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.__copy__()
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(argument::not_picklable(slf))
    }
}
