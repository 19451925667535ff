//! `Context`: the callbacks of a handshake, and the application protocols that a client offers.

use ironssl::ssl::Question;
use pyo3::prelude::*;

use super::Context;
use crate::error::{OrRaise, Ssl};
use crate::ssl::callbacks::{Callback, callable};
use crate::ssl::connection::protocols;

impl Context {
    /// Sets or removes a callable, and lets OpenSSL ask for it or not.
    fn set_callback(
        &self,
        py: Python<'_>,
        question: Question,
        which: Callback,
        callback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let callback = callable(callback)?;
        self.core()?.ask(question, callback.is_some()).or_raise::<Ssl>()?;
        self.callbacks.change(py, &[(which, callback)])
    }

    /// Sets or removes one of the two callables for OCSP, which OpenSSL does not tell apart, and the object with it.
    fn set_ocsp_callback(
        &self,
        py: Python<'_>,
        [which, with, other]: [Callback; 3],
        callback: &Bound<'_, PyAny>,
        data: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let callback = callable(callback)?;
        let asks = callback.is_some() || self.callbacks.callable(py, other).is_some();
        self.core()?.ask(Question::Ocsp, asks).or_raise::<Ssl>()?;
        self.callbacks.change(py, &[(which, callback), (with, data)])
    }
}

#[pymethods]
impl Context {
    /// Set a callable that is told what happens in handshakes.
    ///
    /// callback: called with the Connection, an int that says where in the handshake (bits SSL_CB_* and SSL_ST_*), and
    /// an int that is the result of that step, or the number of an alert. What it returns is ignored; an Exception that
    /// it raises goes to `sys.unraisablehook`. None removes it. It is for connections made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_info_callback)
    fn set_info_callback(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_callback(py, Question::Info, Callback::Info, callback)
    }

    /// Set a callable that gets the secrets of connections, to decrypt what was captured of them.
    ///
    /// callback: called with the Connection and a line of a key log file, bytes without an end of line (the format of
    /// the environment variable SSLKEYLOGFILE). An Exception that it raises goes to `sys.unraisablehook`. None removes
    /// it. It is for connections made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_keylog_callback)
    fn set_keylog_callback(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_callback(py, Question::KeyLog, Callback::KeyLog, callback)
    }

    /// Set a callable that a server calls when it knows which name its client asks for.
    ///
    /// callback: called with the Connection, also where the client asks for no name; `Connection.get_servername` has
    /// it, and `Connection.set_context` chooses the certificate for it. What it returns is ignored. An Exception that it
    /// raises goes to `sys.excepthook`, and the handshake fails with the alert unrecognized_name: the Error has it as
    /// its `__cause__`. None removes it. It is for connections made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_tlsext_servername_callback, RFC 6066)
    fn set_tlsext_servername_callback(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_callback(py, Question::ServerName, Callback::ServerName, callback)
    }

    /// Set the application protocols that clients offer.
    ///
    /// protos: a list of bytes, the preferred protocol first, such as [b"h2", b"http/1.1"].
    ///
    /// Raises ValueError for an empty list, for a protocol that is empty or has more than 255 bytes, and for more than
    /// 65,535 bytes in all, with one more for each protocol; TypeError for anything but bytes.
    /// (SSL_CTX_set_alpn_protos, RFC 7301)
    fn set_alpn_protos(&self, protos: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.set_alpn_protocols(&protocols(protos)?).or_raise::<Ssl>()
    }

    /// Set a callable with which a server chooses the application protocol.
    ///
    /// callback: called with the Connection and the list of the protocols that the client offers, as bytes; returns one
    /// of them, or NO_OVERLAPPING_PROTOCOLS to go on without. What it raises fails the handshake and comes out of the
    /// method that drove it; so do TypeError where it returns something else, and Error where the client has not offered
    /// what it returns. None removes it. It is for connections made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_alpn_select_cb, RFC 7301)
    fn set_alpn_select_callback(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_callback(py, Question::Alpn, Callback::SelectAlpn, callback)
    }

    /// Set a callable with which a server staples an OCSP response to its certificate.
    ///
    /// callback: called with the Connection and data, where the client has asked for a response; returns it in DER, or
    /// b"" for none. (The library may leave out what is no OCSP response.) What it raises fails the handshake and comes
    /// out of the method that drove it; so does TypeError where it returns anything but bytes. None removes it. It is
    /// for connections made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_tlsext_status_cb, RFC 6066)
    #[pyo3(signature = (callback, data = None))]
    fn set_ocsp_server_callback(
        &self,
        py: Python<'_>,
        callback: &Bound<'_, PyAny>,
        data: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        use Callback::{OcspClient, OcspServer, OcspServerData};
        self.set_ocsp_callback(py, [OcspServer, OcspServerData, OcspClient], callback, data)
    }

    /// Set a callable with which a client judges the OCSP response that it asked for with `Connection.request_ocsp`.
    ///
    /// callback: called with the Connection, the response in DER (b"" where the server sent none) and data; returns
    /// true to go on, false to fail the handshake. What it raises fails the handshake and comes out of the method that
    /// drove it. None removes it. It is for connections made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_tlsext_status_cb, RFC 6066)
    #[pyo3(signature = (callback, data = None))]
    fn set_ocsp_client_callback(
        &self,
        py: Python<'_>,
        callback: &Bound<'_, PyAny>,
        data: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        use Callback::{OcspClient, OcspClientData, OcspServer};
        self.set_ocsp_callback(py, [OcspClient, OcspClientData, OcspServer], callback, data)
    }

    /// Set a callable that makes the cookie for a DTLS client (see `Connection.DTLSv1_listen`).
    ///
    /// callback: called with the Connection; returns at most 255 bytes. What it raises comes out of the method that
    /// drove it; so do TypeError and ValueError where it returns anything else. None removes it. It is for connections
    /// made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_cookie_generate_cb, RFC 6347)
    fn set_cookie_generate_callback(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_callback(py, Question::GenerateCookie, Callback::GenerateCookie, callback)
    }

    /// Set a callable that says whether a cookie that a DTLS client sent back is one of ours.
    ///
    /// callback: called with the Connection and the cookie, bytes; returns true if it is. What it raises comes out of
    /// the method that drove it. None removes it. It is for connections made later.
    ///
    /// Raises TypeError for something that cannot be called. (SSL_CTX_set_cookie_verify_cb, RFC 6347)
    fn set_cookie_verify_callback(&self, py: Python<'_>, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set_callback(py, Question::VerifyCookie, Callback::VerifyCookie, callback)
    }
}

/// `attribute: which callable`, under the names of the original's private attributes.
macro_rules! attributes {
    ($($attribute:ident: $which:ident;)*) => {
        #[pymethods]
        impl Context {
            $(
                /// The callable, or None, for programs that look whether one is set.
                #[getter]
                fn $attribute(&self, py: Python<'_>) -> Option<Py<PyAny>> {
                    self.callbacks.callable(py, Callback::$which)
                }
            )*
        }
    };
}

attributes! {
    _verify_callback: Verify;
    _info_callback: Info;
    _keylog_callback: KeyLog;
    _tlsext_servername_callback: ServerName;
    _alpn_select_callback: SelectAlpn;
}
