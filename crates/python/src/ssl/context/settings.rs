//! `Context`: protocol versions, ciphers, options, sessions.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::Context;
use crate::argument::{Data, integer};
use crate::error::{OrRaise, Ssl};

#[pymethods]
impl Context {
    /// Add options: the OP_* constants, or-ed. Options that were set before stay set.
    ///
    /// Returns all options that are set now. Raises TypeError for anything but an int, OverflowError for one that is
    /// negative or has more than 64 bits. (SSL_CTX_set_options)
    fn set_options(&self, options: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.core()?.set_options(integer(options, "options")?).or_raise::<Ssl>()
    }

    /// The options that are set: those given to `set_options`, and the library's own. (SSL_CTX_get_options)
    fn get_options(&self) -> PyResult<u64> {
        Ok(self.core()?.options())
    }

    /// Add mode bits: the MODE_* constants, or-ed. Bits that were set before stay set.
    ///
    /// Returns all that are set now. Raises TypeError for anything but an int, OverflowError for one that is negative or
    /// has more than 32 bits. (SSL_CTX_set_mode)
    fn set_mode(&self, mode: &Bound<'_, PyAny>) -> PyResult<i64> {
        let mode: u32 = integer(mode, "mode")?;
        self.core()?.set_mode(mode.into()).or_raise::<Ssl>()
    }

    /// Take mode bits away.
    ///
    /// mode_to_clear: the MODE_* constants, or-ed. Returns all that are set now. Raises TypeError for anything but an
    /// int, OverflowError for one that is negative or has more than 32 bits. (SSL_CTX_clear_mode)
    fn clear_mode(&self, mode_to_clear: &Bound<'_, PyAny>) -> PyResult<i64> {
        let mode: u32 = integer(mode_to_clear, "mode_to_clear")?;
        self.core()?.clear_mode(mode.into()).or_raise::<Ssl>()
    }

    /// Set the lowest protocol version to speak.
    ///
    /// version: TLS1_2_VERSION and the like, or 0 for the lowest that the library has. Raises Error for a version that
    /// the library does not have, TypeError for anything but an int, OverflowError for one of more than 32 bits.
    /// (SSL_CTX_set_min_proto_version)
    fn set_min_proto_version(&self, version: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.set_min_proto_version(integer(version, "version")?).or_raise::<Ssl>()
    }

    /// Set the highest protocol version to speak.
    ///
    /// version: TLS1_2_VERSION and the like, or 0 for the highest that the library has. Raises Error for a version that
    /// the library does not have, TypeError for anything but an int, OverflowError for one of more than 32 bits.
    /// (SSL_CTX_set_max_proto_version)
    fn set_max_proto_version(&self, version: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.set_max_proto_version(integer(version, "version")?).or_raise::<Ssl>()
    }

    /// Set the ciphers of TLS 1.2 and older.
    ///
    /// cipher_list: bytes in OpenSSL's format, see ciphers(1); str is encoded as UTF-8, with a DeprecationWarning.
    ///
    /// Raises Error where no cipher is left, TypeError for another type, ValueError for a NUL. (SSL_CTX_set_cipher_list)
    fn set_cipher_list(&self, cipher_list: &Bound<'_, PyAny>) -> PyResult<()> {
        let list = Data::from_buffer_or_deprecated_str(cipher_list, "cipher_list");
        let list = list.map_err(|error| not_bytes(error, cipher_list, "cipher_list must be a byte string."))?;
        self.core()?.set_cipher_list(list.as_slice()).or_raise::<Ssl>()
    }

    /// Set the ciphers of TLS 1.3.
    ///
    /// ciphersuites: bytes or ASCII str, names such as TLS_AES_128_GCM_SHA256 with colons between them. An empty list
    /// is accepted on any Context; handshakes then fail unless `set_max_proto_version` has set an older version.
    ///
    /// Raises Error where the library knows none of them, TypeError for another type, ValueError for a NUL and for str
    /// that is not ASCII. (SSL_CTX_set_ciphersuites)
    fn set_tls13_ciphersuites(&self, ciphersuites: &Bound<'_, PyAny>) -> PyResult<()> {
        let names = Data::from_buffer_or_ascii(ciphersuites);
        let names = names.map_err(|error| not_bytes(error, ciphersuites, "ciphersuites must be a byte string."))?;
        self.core()?.set_ciphersuites(names.as_slice()).or_raise::<Ssl>()
    }

    /// Offer, or accept, the protection of media streams over DTLS.
    ///
    /// profiles: names such as SRTP_AES128_CM_SHA1_80 with colons between them, the best first, as bytes.
    ///
    /// Raises Error for a name that the library does not know, TypeError for anything but bytes, ValueError for a NUL.
    /// (SSL_CTX_set_tlsext_use_srtp, RFC 5764)
    fn set_tlsext_use_srtp(&self, profiles: &Bound<'_, PyAny>) -> PyResult<()> {
        let names = Data::from_buffer(profiles);
        let names = names.map_err(|error| not_bytes(error, profiles, "profiles must be a byte string."))?;
        self.core()?.set_srtp_profiles(names.as_slice()).or_raise::<Ssl>()
    }

    /// Let clients be asked for a certificate after the handshake, in TLS 1.3, or not, as at first.
    ///
    /// on: a truth value. (SSL_CTX_set_post_handshake_auth)
    fn set_post_handshake_auth(&self, on: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.set_post_handshake_auth(on.is_truthy()?).or_raise::<Ssl>()
    }

    /// Let connections read more from their transport than the TLS record that is due, or not, as at first.
    ///
    /// on: a truth value. It saves system calls where much is received; but plain text that follows the TLS stream on
    /// the same socket may then be swallowed with it. (SSL_CTX_set_read_ahead)
    fn set_read_ahead(&self, on: &Bound<'_, PyAny>) -> PyResult<()> {
        self.core()?.set_read_ahead(on.is_truthy()?).or_raise::<Ssl>()
    }

    /// Set the name within which a server resumes sessions. Sessions made under another name are not resumed; a server
    /// that verifies its clients resumes none without a name.
    ///
    /// buf: at most 32 bytes of any value, as bytes or another object with a contiguous buffer; str is encoded as
    /// UTF-8, with a DeprecationWarning. Raises Error for a longer one, TypeError for another type.
    /// (SSL_CTX_set_session_id_context)
    fn set_session_id(&self, buf: &Bound<'_, PyAny>) -> PyResult<()> {
        let data = Data::from_buffer_or_deprecated_str(buf, "buf")?;
        self.core()?.set_session_id(data.as_slice()).or_raise::<Ssl>()
    }

    /// Set how long new sessions can be resumed.
    ///
    /// timeout: a number of seconds; 300 unless set. Returns the number before.
    ///
    /// Raises TypeError for anything but an int, ValueError for one that is negative or above 18,446,744,073 (OpenSSL
    /// counts nanoseconds), OverflowError for one of more than 64 bits. (SSL_CTX_set_timeout)
    fn set_timeout(&self, timeout: &Bound<'_, PyAny>) -> PyResult<i64> {
        self.core()?.set_timeout(integer(timeout, "timeout")?).or_raise::<Ssl>()
    }

    /// How many seconds new sessions can be resumed for. (SSL_CTX_get_timeout)
    fn get_timeout(&self) -> PyResult<i64> {
        Ok(self.core()?.timeout())
    }

    /// Set which sessions are kept for resumption.
    ///
    /// mode: the SESS_CACHE_* constants, or-ed. Returns the mode before. Raises TypeError for anything but an int,
    /// OverflowError for one that is negative or has more than 32 bits. (SSL_CTX_set_session_cache_mode)
    fn set_session_cache_mode(&self, mode: &Bound<'_, PyAny>) -> PyResult<i64> {
        let mode: u32 = integer(mode, "mode")?;
        self.core()?.set_session_cache_mode(mode.into()).or_raise::<Ssl>()
    }

    /// Which sessions are kept for resumption. (SSL_CTX_get_session_cache_mode)
    fn get_session_cache_mode(&self) -> PyResult<i64> {
        Ok(self.core()?.session_cache_mode())
    }
}

/// A TypeError with this text in the place of one that tells of buffers.
fn not_bytes(error: PyErr, object: &Bound<'_, PyAny>, text: &'static str) -> PyErr {
    if error.is_instance_of::<PyTypeError>(object.py()) { PyTypeError::new_err(text) } else { error }
}
