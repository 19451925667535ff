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
    use pyo3::create_exception;
    use pyo3::exceptions::PyException;

    create_exception!(
        OpenSSL.SSL,
        Error,
        PyException,
        "OpenSSL refused an operation of this module; also the base class of its other exceptions. Raised directly,\n\
         `args[0]` is a list of tuples (library, function, reason), all str, the oldest entry of OpenSSL's error queue\n\
         first."
    );
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
