//! The exception classes of the package.
//!
//! Lives here: the classes and their tree. Must not live here: how a core error becomes one of them (`error`).

/// The exceptions of `OpenSSL.crypto`.
pub(crate) mod crypto {
    use pyo3::create_exception;
    use pyo3::exceptions::PyException;

    create_exception!(
        OpenSSL.crypto,
        Error,
        PyException,
        "OpenSSL refused an operation of this module. `args[0]` is a list of tuples (library, function, reason), all\n\
         str, the oldest entry of OpenSSL's error queue first."
    );
}

/// The exceptions of `OpenSSL.rand`.
pub(crate) mod rand {
    use pyo3::create_exception;
    use pyo3::exceptions::PyException;

    create_exception!(
        OpenSSL.rand,
        Error,
        PyException,
        "OpenSSL's random number generator failed. `args[0]` is a list of tuples (library, function, reason), all str, the\n\
         oldest entry of OpenSSL's error queue first."
    );
}

/// The exceptions of `OpenSSL.SSL`.
pub(crate) mod ssl {
    use pyo3::exceptions::PyException;
    use pyo3::prelude::*;
    use pyo3::types::{PyCFunction, PyTuple, PyType};
    use pyo3::{create_exception, intern};

    create_exception!(
        OpenSSL.SSL,
        Error,
        PyException,
        "OpenSSL refused an operation of this module; also the base class of its other exceptions. Raised directly,\n\
         `args[0]` is a list of tuples (library, function, reason), all str, the oldest entry of OpenSSL's error queue\n\
         first.\n\
         \n\
         `details` is a tuple of str: what else is known, such as why a certificate was refused ('verification error\n\
         20: unable to get local issuer certificate'), the alert that the peer sent ('alert 48 from the peer:\n\
         unknown_ca'), the name of a file. str() of the exception ends with it; `args` does not hold it."
    );

    /// `Error`, with what the macro cannot give it: `details`, and a `__str__` that shows them.
    pub(crate) fn error(py: Python<'_>) -> PyResult<Bound<'_, PyType>> {
        let class = py.get_type::<Error>();
        class.setattr("details", PyTuple::empty(py))?;
        class.setattr("__str__", ErrorText)?;
        Ok(class)
    }

    /// `Error.__str__`: a descriptor, because a class cannot derive from `Exception` in the stable ABI of Python 3.11.
    #[pyclass(frozen, module = "OpenSSL._rust")]
    struct ErrorText;

    #[pymethods]
    impl ErrorText {
        /// The method of an exception; itself without one.
        fn __get__<'py>(
            slf: Bound<'py, Self>,
            error: Option<Bound<'py, PyAny>>,
            _class: Option<Bound<'py, PyAny>>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let Some(error) = error else { return Ok(slf.into_any()) };
            let (py, error) = (error.py(), error.unbind());
            let method = PyCFunction::new_closure(py, Some(c"__str__"), None, move |arguments, _| {
                text(error.bind(arguments.py()))
            })?;
            Ok(method.into_any())
        }

        /// As a function that takes the exception: `Error.__str__(error)`.
        fn __call__(&self, error: &Bound<'_, PyAny>) -> PyResult<String> {
            text(error)
        }
    }

    /// The text that any exception has for its `args`, and the details.
    fn text(error: &Bound<'_, PyAny>) -> PyResult<String> {
        let py = error.py();
        let plain = py.get_type::<PyException>().call_method1(intern!(py, "__str__"), (error,))?.extract::<String>()?;
        let details = error.getattr(intern!(py, "details"))?.extract::<Vec<String>>()?;
        Ok(if details.is_empty() { plain } else { format!("{plain} ({})", details.join("; ")) })
    }
    create_exception!(
        OpenSSL.SSL,
        ZeroReturnError,
        Error,
        "The peer has closed the TLS connection cleanly, with a close_notify alert (SSL_ERROR_ZERO_RETURN). The\n\
         transport below may still be open."
    );
    create_exception!(
        OpenSSL.SSL,
        WantReadError,
        Error,
        "The operation needs more bytes from the transport first (SSL_ERROR_WANT_READ): call the same method again,\n\
         with the same arguments, when some can be read."
    );
    create_exception!(
        OpenSSL.SSL,
        WantWriteError,
        Error,
        "The transport takes no more bytes now (SSL_ERROR_WANT_WRITE): call the same method again, with the same\n\
         arguments, when it does."
    );
    create_exception!(
        OpenSSL.SSL,
        WantX509LookupError,
        Error,
        "An application callback asked to be called again (SSL_ERROR_WANT_X509_LOOKUP). No callback of this package\n\
         does."
    );
    create_exception!(
        OpenSSL.SSL,
        SysCallError,
        Error,
        "The transport failed, or ended in a way that violates the protocol. `args` is a pair: the errno and its name\n\
         (such as `(104, 'ECONNRESET')`), or `(-1, 'Unexpected EOF')` for an end of file without a close_notify alert."
    );
}
