//! `Connection`: what was agreed on, and who the peer is.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Connection;
use crate::argument::Truth;
use crate::crypto::{X509, X509Name};
use crate::error::{OrRaise, Ssl};

/// A certificate for the caller: ours, or one of the cryptography package.
pub(super) fn certificate(
    py: Python<'_>,
    certificate: ironssl::x509::X509,
    as_cryptography: bool,
) -> PyResult<Bound<'_, PyAny>> {
    let ours = Bound::new(py, X509::from_core(certificate))?;
    if as_cryptography { ours.call_method0("to_cryptography") } else { Ok(ours.into_any()) }
}

#[pymethods]
impl Connection {
    /// The certificate that the peer showed, or None: an X509, or with as_cryptography=True a certificate of the
    /// cryptography package, which must be installed then. (SSL_get1_peer_certificate)
    #[pyo3(signature = (*, as_cryptography = Truth(false)), text_signature = "($self, *, as_cryptography=False)")]
    fn get_peer_certificate<'py>(
        &self,
        py: Python<'py>,
        as_cryptography: Truth,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.held(py, ironssl::ssl::Connection::peer_certificate)?;
        found.map(|found| certificate(py, found, as_cryptography.0)).transpose()
    }

    /// The certificates that the peer sent, as it sent them: its own first on a client, without its own on a server;
    /// None where it sent none. as_cryptography: as for `get_peer_certificate`. (SSL_get_peer_cert_chain)
    #[pyo3(signature = (*, as_cryptography = Truth(false)), text_signature = "($self, *, as_cryptography=False)")]
    fn get_peer_cert_chain<'py>(
        &self,
        py: Python<'py>,
        as_cryptography: Truth,
    ) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
        let Some(chain) = self.held(py, ironssl::ssl::Connection::peer_chain)? else { return Ok(None) };
        chain.into_iter().map(|found| certificate(py, found, as_cryptography.0)).collect::<PyResult<_>>().map(Some)
    }

    /// The chain that OpenSSL built for the peer's certificate, its own first; None where it built none.
    ///
    /// It ends in a trusted certificate only where `get_verify_result` is 0 and no callback has overruled OpenSSL (see
    /// `Context.set_verify`). Otherwise, with VERIFY_NONE for instance, it may be incomplete and untrusted.
    ///
    /// as_cryptography: as for `get_peer_certificate`. (SSL_get0_verified_chain)
    #[pyo3(signature = (*, as_cryptography = Truth(false)), text_signature = "($self, *, as_cryptography=False)")]
    fn get_verified_chain<'py>(
        &self,
        py: Python<'py>,
        as_cryptography: Truth,
    ) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
        let Some(chain) = self.held(py, ironssl::ssl::Connection::verified_chain)? else { return Ok(None) };
        chain.into_iter().map(|found| certificate(py, found, as_cryptography.0)).collect::<PyResult<_>>().map(Some)
    }

    /// The names of the authorities whose certificates the server accepts: on a client those that the server sent, on
    /// a server its own. They are X509Name objects, or with as_cryptography=True names of the cryptography package,
    /// which must be installed then. (SSL_get_client_CA_list)
    #[pyo3(signature = (*, as_cryptography = Truth(false)), text_signature = "($self, *, as_cryptography=False)")]
    fn get_client_ca_list<'py>(&self, py: Python<'py>, as_cryptography: Truth) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let names = self.held(py, ironssl::ssl::Connection::client_ca_names)?.or_raise::<Ssl>()?;
        let convert = |name: ironssl::x509::X509Name| {
            if as_cryptography.0 {
                crate::crypto::cryptography::name(py, &name.der().or_raise::<Ssl>()?)
            } else {
                Ok(Bound::new(py, X509Name::from_core(name))?.into_any())
            }
        };
        names.into_iter().map(convert).collect()
    }

    /// OpenSSL's verdict on the peer's chain: 0, or one of its error numbers (see `X509VerificationCodes`).
    ///
    /// It is 0 also where nothing was verified: before the handshake, and where the peer showed no certificate, as
    /// `get_peer_certificate` tells; and where the callback of `set_verify` has accepted what OpenSSL refused.
    /// (SSL_get_verify_result)
    fn get_verify_result(&self, py: Python<'_>) -> PyResult<i64> {
        self.held(py, ironssl::ssl::Connection::verify_result)
    }

    /// How the peer is verified: VERIFY_NONE, or VERIFY_PEER with its flags. (SSL_get_verify_mode)
    fn get_verify_mode(&self, py: Python<'_>) -> PyResult<i32> {
        self.held(py, ironssl::ssl::Connection::verify_mode)
    }

    /// The names of the ciphers that the connection may use, the best first. (SSL_get_ciphers)
    fn get_cipher_list(&self, py: Python<'_>) -> PyResult<Vec<&'static str>> {
        let ciphers = self.held(py, ironssl::ssl::Connection::ciphers)?;
        Ok(ciphers.into_iter().map(|cipher| cipher.name).collect())
    }

    /// The name of the cipher in use, or None. (SSL_CIPHER_get_name)
    fn get_cipher_name(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        Ok(self.held(py, ironssl::ssl::Connection::cipher)?.map(|cipher| cipher.name))
    }

    /// How many secret bits the cipher in use has, or None. (SSL_CIPHER_get_bits)
    fn get_cipher_bits(&self, py: Python<'_>) -> PyResult<Option<i32>> {
        Ok(self.held(py, ironssl::ssl::Connection::cipher)?.map(|cipher| cipher.bits))
    }

    /// The protocol that brought the cipher in use, such as 'TLSv1.3', or None. (SSL_CIPHER_get_version)
    fn get_cipher_version(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        Ok(self.held(py, ironssl::ssl::Connection::cipher)?.map(|cipher| cipher.version))
    }

    /// The number of the protocol, such as TLS1_3_VERSION. Before a handshake it does not tell what will be spoken.
    /// (SSL_version)
    fn get_protocol_version(&self, py: Python<'_>) -> PyResult<i32> {
        self.held(py, ironssl::ssl::Connection::protocol_version)
    }

    /// The name of the protocol, such as 'TLSv1.3'. Before a handshake it does not tell what will be spoken.
    /// (SSL_get_version)
    fn get_protocol_version_name(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.held(py, ironssl::ssl::Connection::protocol_version_name)
    }

    /// The name of the group of the key exchange, such as 'x25519', or None. (SSL_get0_group_name,
    /// SSL_group_to_name)
    fn get_group_name(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.held(py, ironssl::ssl::Connection::group_name)
    }

    /// What the connection is doing, in words, as str. (SSL_state_string_long)
    fn state_string(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.held(py, ironssl::ssl::Connection::state_text)
    }

    /// What the connection is doing, in words, as bytes. (SSL_state_string_long)
    fn get_state_string<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, self.state_string(py)?.as_bytes()))
    }
}
