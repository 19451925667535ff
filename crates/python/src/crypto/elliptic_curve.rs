//! `_EllipticCurve`, and the functions that give curves.
//!
//! A curve is equal to itself only, so there is one object for each, made when curves are first asked for.

use ironssl::curve::Curve;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PySet, PyType};

use crate::argument;

/// An elliptic curve that OpenSSL knows by name; `get_elliptic_curve` gives one. (EC_get_builtin_curves)
#[pyclass(frozen, subclass, dict, weakref, name = "_EllipticCurve", module = "OpenSSL.crypto")]
pub(crate) struct EllipticCurve {
    nid: i32,
    curve_name: String,
}

impl EllipticCurve {
    /// The curve, where the library has it.
    pub(crate) fn core(&self) -> Option<Curve> {
        Curve::all().into_iter().find(|curve| curve.nid().as_raw() == self.nid)
    }

    /// The curves of the library, always the same objects.
    fn all(py: Python<'_>) -> PyResult<&'static [Py<Self>]> {
        static CURVES: PyOnceLock<Vec<Py<EllipticCurve>>> = PyOnceLock::new();
        let made = CURVES.get_or_try_init(py, || {
            let new = |curve: Curve| {
                let curve_name = curve.name().to_owned();
                Py::new(py, Self { nid: curve.nid().as_raw(), curve_name })
            };
            Curve::all().into_iter().map(new).collect::<PyResult<_>>()
        })?;
        Ok(made)
    }
}

#[pymethods]
impl EllipticCurve {
    #[new]
    fn __new__(lib: &Bound<'_, PyAny>, nid: &Bound<'_, PyAny>, name: String) -> PyResult<Self> {
        let _not_used = lib;
        Ok(Self { nid: argument::integer(nid, "nid")?, curve_name: name })
    }

    /// Make a curve of nid, the number that OpenSSL has for it. lib is not used.
    ///
    /// Raises ValueError for an unknown number, TypeError for anything but an int. (EC_get_builtin_curves)
    #[classmethod]
    fn from_nid<'py>(
        cls: &Bound<'py, PyType>,
        lib: &Bound<'py, PyAny>,
        nid: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let number: i32 = argument::integer(nid, "nid")?;
        let curve = Curve::all().into_iter().find(|curve| curve.nid().as_raw() == number);
        let curve = curve.ok_or_else(|| PyValueError::new_err(("unknown curve number", number)))?;
        cls.call1((lib, number, curve.name()))
    }

    /// The name, such as "prime256v1".
    #[getter]
    fn name(&self) -> &str {
        &self.curve_name
    }

    /// The number that OpenSSL has for the curve.
    #[getter]
    fn _nid(&self) -> i32 {
        self.nid
    }

    fn __repr__(&self) -> String {
        format!("<Curve '{}'>", self.curve_name)
    }
}

/// The elliptic curves of the linked OpenSSL, a set. Each has its name in the attribute name, such as "prime256v1".
/// (EC_get_builtin_curves)
#[pyfunction]
pub(crate) fn get_elliptic_curves(py: Python<'_>) -> PyResult<Bound<'_, PySet>> {
    PySet::new(py, EllipticCurve::all(py)?)
}

/// The elliptic curve called name, a str such as "prime256v1", for `SSL.Context.set_tmp_ecdh`.
///
/// Raises ValueError for anything else. (EC_get_builtin_curves)
#[pyfunction]
pub(crate) fn get_elliptic_curve(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<Py<EllipticCurve>> {
    let curves = EllipticCurve::all(py)?;
    let wanted = name.extract::<&str>().ok();
    let found = curves.iter().find(|curve| wanted == Some(curve.get().curve_name.as_str()));
    match found {
        Some(found) => Ok(found.clone_ref(py)),
        None => Err(PyValueError::new_err(("unknown curve name", name.clone().unbind()))),
    }
}
