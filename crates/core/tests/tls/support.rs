//! A throwaway certificate, contexts for both sides, and pairs of connections.

use std::sync::OnceLock;

use ironssl::asn1::object::Nid;
use ironssl::digest::Digest;
use ironssl::pkey::PKey;
use ironssl::ssl::{Connection, Context, Failure, Method};
use ironssl::transport::Transport;
use ironssl::x509::X509;

/// A self-signed certificate for "localhost", made once.
pub(crate) fn identity() -> &'static (X509, PKey) {
    static IDENTITY: OnceLock<(X509, PKey)> = OnceLock::new();
    IDENTITY.get_or_init(|| {
        let key = PKey::generate_rsa(2048).unwrap();
        let certificate = X509::new().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_serial_number(&[1]).unwrap();
        certificate.subject().set(Nid::by_name("CN").unwrap(), b"localhost").unwrap();
        certificate.set_issuer(&certificate.subject()).unwrap();
        certificate.set_not_before_from_now(-60).unwrap();
        certificate.set_not_after_from_now(3600).unwrap();
        certificate.set_public_key(&key).unwrap();
        certificate.sign(&key, Some(Digest::by_name("sha256").unwrap())).unwrap();
        (certificate, key)
    })
}

/// A server's context.
pub(crate) fn server_context() -> Context {
    let (certificate, key) = identity();
    let context = Context::new(Method::TLS).unwrap();
    context.use_certificate(certificate).unwrap();
    context.use_private_key(key).unwrap();
    context.check_private_key().unwrap();
    context
}

/// A client's context that trusts the server's certificate.
pub(crate) fn client_context() -> Context {
    let context = Context::new(Method::TLS).unwrap();
    context.cert_store().unwrap().add_cert(&identity().0).unwrap();
    context.set_verify_mode(1).unwrap();
    context
}

/// A client and a server in memory, before the handshake.
pub(crate) fn memory_pair(client: &Context, server: &Context) -> (Connection, Connection) {
    let client = Connection::new(client, Transport::Memory).unwrap();
    let server = Connection::new(server, Transport::Memory).unwrap();
    client.set_connect_state().unwrap();
    server.set_accept_state().unwrap();
    (client, server)
}

/// Moves ciphertext both ways until none is left.
pub(crate) fn pump(a: &Connection, b: &Connection) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let there = a.drain(&mut buffer);
        b.feed(&buffer[..there]);
        let back = b.drain(&mut buffer);
        a.feed(&buffer[..back]);
        if there + back == 0 {
            return;
        }
    }
}

/// Shakes hands in memory until both are done, or one has failed; the last result of each side.
pub(crate) fn shake(client: &Connection, server: &Connection) -> (Result<(), Failure>, Result<(), Failure>) {
    loop {
        let results = (client.handshake(), server.handshake());
        pump(client, server);
        let waits = |result: &Result<(), Failure>| matches!(result, Err(Failure::WantRead));
        let failed = |result: &Result<(), Failure>| result.is_err() && !waits(result);
        if failed(&results.0) || failed(&results.1) || !(waits(&results.0) || waits(&results.1)) {
            return results;
        }
    }
}
