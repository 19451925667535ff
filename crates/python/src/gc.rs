//! Python objects that a class holds, and what the garbage collector is told of them.
//!
//! A `Slot` holds one object behind a lock that is taken for a moment only, and never while Python code runs (an old
//! value is dropped after the lock was given back: its `__del__` may come by here again).
//!
//! The collector may come by while an object is being made: Python allocates the `dict` of an object after it has
//! told the collector of the object, whose fields are all zeros then. A `Slot` of zeros is an empty one. So a
//! `__traverse__` visits slots only: a plain `Py` of zeros would be a null pointer.

use parking_lot::Mutex;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

/// A place for one Python object.
pub(crate) struct Slot<T = PyAny>(Mutex<Option<Py<T>>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    /// The object, if there is one.
    pub(crate) fn get(&self, py: Python<'_>) -> Option<Py<T>> {
        self.0.lock().as_ref().map(|object| object.clone_ref(py))
    }

    /// Puts another object in.
    pub(crate) fn set(&self, object: Option<Py<T>>) {
        let old = std::mem::replace(&mut *self.0.lock(), object);
        drop(old);
    }

    /// Takes the object out, if there is one.
    pub(crate) fn take(&self) -> Option<Py<T>> {
        self.0.lock().take()
    }

    /// Puts another object in where `expected` is still the one that is there; whether it was.
    pub(crate) fn replace_if(&self, expected: Option<&Py<T>>, object: Py<T>) -> bool {
        let mut place = self.0.lock();
        if place.as_ref().map(Py::as_ptr) != expected.map(Py::as_ptr) {
            return false;
        }
        let old = place.replace(object);
        drop(place);
        drop(old);
        true
    }

    /// For `__traverse__`. A place that is being changed right now is left out; the collector then keeps the object.
    pub(crate) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.0.try_lock() {
            Some(object) => visit.call(&*object),
            None => Ok(()),
        }
    }

    /// For `__clear__`.
    pub(crate) fn clear(&self) {
        self.set(None);
    }
}
