//! The private attributes by which programs got at C's pointers in the original: `X509()._x509` and the like.
//!
//! Here they are opaque handles, which hold the Python object itself and never an address. `OpenSSL._util` takes them
//! where its `lib` stands for C's functions. Lives here: the handle, and which class has which attribute. Must not live
//! here: what a function does with a handle.

use pyo3::basic::CompareOp;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::crypto::crl::Crl;
use crate::crypto::elliptic_curve::EllipticCurve;
use crate::crypto::netscape_spki::NetscapeSPKI;
use crate::crypto::pkcs7::PKCS7;
use crate::crypto::revoked::Revoked;
use crate::crypto::{PKey, X509, X509Extension, X509Name, X509Req, X509Store};
use crate::gc::Slot;
use crate::ssl::connection::Connection;
use crate::ssl::context::Context;
use crate::ssl::session::Session;

/// What stands for one of C's pointers.
///
/// Handles of the same object and kind are equal.
#[pyclass(frozen, weakref, name = "_Handle", module = "OpenSSL._util")]
pub(crate) struct Handle {
    kind: String,
    owner: Slot,
}

impl Handle {
    /// A handle on an object, as a pointer to this type of C's.
    fn on<T>(kind: &str, owner: &Bound<'_, T>) -> Self {
        let handle = Self { kind: kind.to_owned(), owner: Slot::default() };
        handle.owner.set(Some(owner.as_any().clone().unbind()));
        handle
    }

    /// Whom it stands for: a number that no other living object has.
    fn identity(&self, py: Python<'_>) -> usize {
        self.owner.get(py).map_or(0, |owner| owner.as_ptr() as usize)
    }
}

#[pymethods]
impl Handle {
    #[new]
    fn new(kind: &str, owner: &Bound<'_, PyAny>) -> Self {
        Self::on(kind, owner)
    }

    /// The type of C's that it stands for a pointer to.
    #[getter]
    fn kind(&self) -> &str {
        &self.kind
    }

    /// The object that it stands for.
    #[getter]
    fn owner(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.owner.get(py)
    }

    fn __richcmp__(&self, py: Python<'_>, other: &Bound<'_, PyAny>, op: CompareOp) -> Py<PyAny> {
        let Ok(other) = other.cast::<Self>() else { return py.NotImplemented() };
        let other = other.get();
        let same = self.kind == other.kind && self.identity(py) == other.identity(py);
        match op {
            CompareOp::Eq => pyo3::types::PyBool::new(py, same).to_owned().into_any().unbind(),
            CompareOp::Ne => pyo3::types::PyBool::new(py, !same).to_owned().into_any().unbind(),
            _ => py.NotImplemented(),
        }
    }

    fn __hash__(&self, py: Python<'_>) -> usize {
        self.identity(py) >> 4
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let owner = self.owner.get(py).map(|owner| owner.bind(py).get_type().name().map(|name| name.to_string()));
        Ok(format!("<handle '{} *' of a {}>", self.kind, owner.transpose()?.unwrap_or_default()))
    }

    fn __reduce_ex__(slf: &Bound<'_, Self>, _protocol: &Bound<'_, PyAny>) -> PyResult<()> {
        Err(crate::argument::not_picklable(slf.as_any()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.owner.visit(&visit)
    }

    fn __clear__(&self) {
        self.owner.clear();
    }
}

/// `Class: attribute, "C's type"`.
macro_rules! handles {
    ($($class:ty: $attribute:ident, $kind:literal;)*) => {$(
        #[pymethods]
        impl $class {
            /// An opaque handle, for programs that pass it on to `OpenSSL._util.lib`.
            #[getter]
            fn $attribute(slf: &Bound<'_, Self>) -> Handle {
                Handle::on($kind, slf)
            }
        }
    )*};
}

handles! {
    PKey: _pkey, "EVP_PKEY";
    X509: _x509, "X509";
    X509Name: _name, "X509_NAME";
    X509Extension: _extension, "X509_EXTENSION";
    X509Req: _req, "X509_REQ";
    X509Store: _store, "X509_STORE";
    Crl: _crl, "X509_CRL";
    Revoked: _revoked, "X509_REVOKED";
    PKCS7: _pkcs7, "PKCS7";
    NetscapeSPKI: _spki, "NETSCAPE_SPKI";
    Context: _context, "SSL_CTX";
    Connection: _ssl, "SSL";
    Session: _session, "SSL_SESSION";
}

#[pymethods]
impl EllipticCurve {
    /// An opaque handle, for programs that pass it on to `OpenSSL._util.lib`.
    #[pyo3(name = "_to_EC_KEY")]
    fn to_ec_key(slf: &Bound<'_, Self>) -> Handle {
        Handle::on("EC_KEY", slf)
    }
}
