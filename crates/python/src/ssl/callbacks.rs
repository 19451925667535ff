//! The callables of a `Context`, which its connections share.
//!
//! The set of them is a Python object of its own that never changes: to set one makes another set. A connection keeps
//! the set that its context had when it was made, so what is set later is not for it, and the collector, who counts
//! references to objects, sees each callable once, however many connections there are.

use ironssl::ssl::Judge;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::gc::Slot;

/// Which callable, or which object that goes with one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callback {
    Verify,
    Info,
    KeyLog,
    ServerName,
    SelectAlpn,
    OcspServer,
    OcspServerData,
    OcspClient,
    OcspClientData,
    GenerateCookie,
    VerifyCookie,
}

const COUNT: usize = Callback::VerifyCookie as usize + 1;

/// A set of callables.
#[pyclass(frozen, module = "OpenSSL._rust")]
#[derive(Default)]
pub(crate) struct Callbacks {
    places: [Slot; COUNT],
    /// What distinguishes the callable that is asked about certificates from those before it.
    judge: Option<Judge>,
}

impl Callbacks {
    /// The callable, if there is one.
    pub(crate) fn get(&self, py: Python<'_>, which: Callback) -> Option<Py<PyAny>> {
        self.places[which as usize].get(py)
    }

    /// As whom the callable is known that is asked about certificates, if there is one.
    pub(crate) fn judge(&self) -> Option<Judge> {
        self.judge
    }

    /// The same set but for these.
    fn with(&self, py: Python<'_>, changes: &[(Callback, Option<&Bound<'_, PyAny>>)]) -> Self {
        let change = changes.iter().find(|(which, _)| *which == Callback::Verify);
        let judge = change.map_or(self.judge, |(_, object)| object.map(|_| Judge::another()));
        let other = Self { judge, ..Self::default() };
        for (place, from) in other.places.iter().zip(&self.places) {
            place.set(from.get(py));
        }
        for (which, object) in changes {
            other.places[*which as usize].set(object.map(|object| object.clone().unbind()));
        }
        other
    }
}

#[pymethods]
impl Callbacks {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.places.iter().try_for_each(|place| place.visit(&visit))
    }

    fn __clear__(&self) {
        self.places.iter().for_each(Slot::clear);
    }
}

impl Slot<Callbacks> {
    /// The callable of the set that is here, if there is one.
    pub(crate) fn callable(&self, py: Python<'_>, which: Callback) -> Option<Py<PyAny>> {
        self.get(py).and_then(|set| set.get().get(py, which))
    }

    /// Puts another set here, the same but for these.
    pub(crate) fn change(&self, py: Python<'_>, changes: &[(Callback, Option<&Bound<'_, PyAny>>)]) -> PyResult<()> {
        loop {
            let old = self.get(py);
            let new = match &old {
                Some(set) => set.get().with(py, changes),
                None => Callbacks::default().with(py, changes),
            };
            // Another thread may have set another callable in the meantime; that must not be lost.
            if self.replace_if(old.as_ref(), Py::new(py, new)?) {
                return Ok(());
            }
        }
    }
}

/// The type of NO_OVERLAPPING_PROTOCOLS, which an ALPN callback returns to go on without a protocol.
#[pyclass(frozen, name = "_NoOverlappingProtocols", module = "OpenSSL.SSL")]
pub(crate) struct NoOverlappingProtocols;

#[pymethods]
impl NoOverlappingProtocols {
    fn __repr__(&self) -> &'static str {
        "NO_OVERLAPPING_PROTOCOLS"
    }

    fn __reduce__(&self) -> &'static str {
        "NO_OVERLAPPING_PROTOCOLS"
    }
}

/// A callable argument, or None to have none.
///
/// # Errors
/// TypeError for anything else.
pub(crate) fn callable<'a, 'py>(object: &'a Bound<'py, PyAny>) -> PyResult<Option<&'a Bound<'py, PyAny>>> {
    if object.is_none() {
        return Ok(None);
    }
    if object.is_callable() { Ok(Some(object)) } else { Err(PyTypeError::new_err("callback must be callable")) }
}
