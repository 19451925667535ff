//! A throwaway identity, and contexts for both sides, made when they are first needed.

use std::sync::{Arc, LazyLock};

use ironssl::asn1::object::Nid;
use ironssl::digest::Digest;
use ironssl::pkey::PKey;
use ironssl::ssl::{Context, Method, Question};
use ironssl::x509::{X509, X509Extension, X509Store};

/// The passphrase of what is encrypted in the corpora.
pub const PASSPHRASE: &[u8] = b"pw";

/// A self-signed certificate for "localhost", and its key.
pub static IDENTITY: LazyLock<(X509, PKey)> = LazyLock::new(|| {
    let key = PKey::generate_rsa(1024).unwrap();
    (self_signed(&key, "localhost"), key)
});

/// A store that trusts the identity.
pub static STORE: LazyLock<X509Store> = LazyLock::new(|| {
    let store = X509Store::new().unwrap();
    store.add_cert(&IDENTITY.0).unwrap();
    store
});

/// SHA-256.
pub fn sha256() -> Option<Digest> {
    Some(Digest::by_name("sha256").unwrap())
}

/// A self-signed certificate, good for a day.
pub fn self_signed(key: &PKey, name: &str) -> X509 {
    let certificate = X509::new().unwrap();
    certificate.set_version(2).unwrap();
    certificate.set_serial_number(&[1]).unwrap();
    certificate.subject().set(Nid::COMMON_NAME, name.as_bytes()).unwrap();
    certificate.set_issuer(&certificate.subject()).unwrap();
    certificate.set_not_before_from_now(-60).unwrap();
    certificate.set_not_after_from_now(86_400).unwrap();
    certificate.set_public_key(key).unwrap();
    for (name, value) in [
        ("basicConstraints", "CA:TRUE"),
        ("subjectKeyIdentifier", "hash"),
        ("subjectAltName", "DNS:localhost,IP:127.0.0.1,email:a@b.c,URI:http://a/,otherName:1.2;UTF8:x"),
        ("keyUsage", "keyCertSign,digitalSignature"),
        ("certificatePolicies", "1.2.3.4"),
        ("nameConstraints", "permitted;DNS:localhost"),
        ("crlDistributionPoints", "URI:http://a/crl"),
        ("authorityInfoAccess", "OCSP;URI:http://a/"),
    ] {
        let made = X509Extension::from_text(name, name.starts_with("basic"), value, Some(&certificate), None);
        certificate.add_extensions(&[made.unwrap()]).unwrap();
    }
    certificate.sign(key, sha256()).unwrap();
    certificate
}

/// A client's context, which trusts the identity, and a server's, which shows it.
pub struct Contexts {
    /// The client's.
    pub client: Context,
    /// The server's.
    pub server: Context,
}

impl Contexts {
    /// For a protocol, and the highest version of it (0 for any).
    pub fn new(method: Method, version: i32) -> Arc<Self> {
        let (client, server) = (Context::new(method).unwrap(), Context::new(method).unwrap());
        for context in [&client, &server] {
            context.set_max_proto_version(version).unwrap();
            // All that is old and still there.
            context.set_cipher_list(b"ALL:@SECLEVEL=0").unwrap();
            context.ask(Question::Info, true).unwrap();
            context.ask(Question::KeyLog, true).unwrap();
        }
        client.cert_store().unwrap().add_cert(&IDENTITY.0).unwrap();
        client.set_verify_mode(1).unwrap();
        client.set_alpn_protocols(&["h2", "http/1.1"]).unwrap();
        server.use_certificate(&IDENTITY.0).unwrap();
        server.use_private_key(&IDENTITY.1).unwrap();
        server.set_session_id(b"fuzz").unwrap();
        for question in [Question::ServerName, Question::Alpn, Question::Ocsp] {
            server.ask(question, true).unwrap();
        }
        client.ask(Question::Ocsp, true).unwrap();
        if method.is_datagram() {
            server.ask(Question::GenerateCookie, true).unwrap();
            server.ask(Question::VerifyCookie, true).unwrap();
        }
        Arc::new(Self { client, server })
    }
}

/// TLS 1.3 and older.
pub static TLS_1_3: LazyLock<Arc<Contexts>> = LazyLock::new(|| Contexts::new(Method::TLS, 0));

/// TLS 1.2 and older.
pub static TLS_1_2: LazyLock<Arc<Contexts>> = LazyLock::new(|| Contexts::new(Method::TLS, 0x303));

/// DTLS.
pub static DTLS: LazyLock<Arc<Contexts>> = LazyLock::new(|| Contexts::new(Method::DTLS, 0));
