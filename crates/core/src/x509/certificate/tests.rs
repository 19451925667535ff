//! Certificates: sharing, live views, fields.

use super::*;
use crate::asn1::object::Nid;
use crate::digest::Digest;
use crate::pkey::PKey;
use crate::x509::{Verdict, X509Store, verify};

fn is_send_and_sync<T: Send + Sync>() {}

fn signed(name: &[u8], key: &PKey) -> X509 {
    let cert = X509::new().unwrap();
    cert.set_version(2).unwrap();
    cert.set_serial_number(&[1]).unwrap();
    cert.subject().set(Nid::COMMON_NAME, name).unwrap();
    cert.set_issuer(&cert.subject()).unwrap();
    cert.set_not_before_from_now(-60).unwrap();
    cert.set_not_after_from_now(3600).unwrap();
    cert.set_public_key(key).unwrap();
    cert.sign(key, Some(Digest::by_name("sha256").unwrap())).unwrap();
    cert
}

fn common_name(cert: &X509) -> Option<String> {
    cert.subject().get(Nid::COMMON_NAME).unwrap()
}

#[test]
fn is_shared_between_threads() {
    is_send_and_sync::<X509>();
    is_send_and_sync::<X509Store>();
}

#[test]
fn what_c_holds_never_changes() {
    let key = PKey::generate_rsa(1024).unwrap();
    let cert = signed(b"before", &key);
    let held = X509::from_handle(cert.share().unwrap());
    cert.subject().set(Nid::COMMON_NAME, b"after").unwrap();
    assert_eq!(common_name(&held).as_deref(), Some("before"));
    assert_eq!(common_name(&cert).as_deref(), Some("after"));

    let again = X509::from_handle(cert.share().unwrap());
    assert_eq!(common_name(&again).as_deref(), Some("after"));
    cert.set_version(0).unwrap();
    assert_eq!((again.version(), cert.version()), (2, 0));
}

#[test]
fn views_outlive_and_go_stale() {
    let cert = X509::new().unwrap();
    let (view, other) = (cert.subject(), X509Name::new().unwrap());
    other.set(Nid::COMMON_NAME, b"other").unwrap();
    cert.set_issuer(&other).unwrap();
    view.set(Nid::COMMON_NAME, b"mine").unwrap();
    cert.set_subject(&other).unwrap();
    assert!(matches!(view.get(Nid::COMMON_NAME), Err(Error::Stale)));
    assert!(matches!(view.set(Nid::COMMON_NAME, b"x"), Err(Error::Stale)));
    assert!(matches!(view.equals(&other), Err(Error::Stale)));
    let view = cert.subject();
    drop(cert);
    assert_eq!(view.get(Nid::COMMON_NAME).unwrap().as_deref(), Some("other"));
}

#[test]
fn serial_numbers() {
    let cert = X509::new().unwrap();
    assert_eq!(cert.serial_number().magnitude(), b"");
    for serial in [&[0_u8][..], &[1], &[0x7f; 20], &[1; 200]] {
        cert.set_serial_number(serial).unwrap();
        let read = cert.serial_number();
        let stripped = |bytes: &[u8]| bytes.iter().copied().skip_while(|b| *b == 0).collect::<Vec<_>>();
        assert_eq!(stripped(read.magnitude()), stripped(serial));
        assert!(!read.is_negative());
    }
    assert!(matches!(cert.set_serial_number(&(-1_i64).to_be_bytes()), Err(Error::Value(_))));
    assert!(cert.set_serial_number(&u64::MAX.into_be_bytes_with_sign()).is_ok());
}

trait WithSign {
    fn into_be_bytes_with_sign(self) -> [u8; 9];
}

impl WithSign for u64 {
    fn into_be_bytes_with_sign(self) -> [u8; 9] {
        let mut bytes = [0; 9];
        bytes[1..].copy_from_slice(&self.to_be_bytes());
        bytes
    }
}

#[test]
fn times() {
    let cert = X509::new().unwrap();
    assert_eq!(cert.not_before().unwrap(), None);
    assert!(matches!(cert.has_expired(), Err(Error::Value(_))));
    for (when, shown) in [
        (&b"20200101000000Z"[..], &b"20200101000000Z"[..]),
        (b"20200101000000+0100", b"20200101000000+0100"),
        (b"20200101000000-0800", b"20200101000000-0800"),
        (b"200101000000Z", b"20200101000000Z"),
        (b"990101000000Z", b"19990101000000Z"),
    ] {
        cert.set_not_after(when).unwrap();
        assert_eq!(cert.not_after().unwrap().unwrap(), shown);
        assert!(cert.has_expired().unwrap());
    }
    for wrong in [&b""[..], b"now", b"20200101000000", b"20200230000000Z", b"20200101000000Z\0"] {
        assert!(matches!(cert.set_not_before(wrong), Err(Error::Value(_))), "{wrong:?}");
        assert!(queue::is_empty());
    }
    cert.set_not_after_from_now(60).unwrap();
    assert!(!cert.has_expired().unwrap());
}

#[test]
fn incomplete_certificates_are_errors() {
    let cert = X509::new().unwrap();
    assert!(cert.to_der().is_err());
    assert!(cert.to_pem().is_err());
    assert!(cert.share().is_err());
    assert!(cert.public_key().is_err());
    assert!(cert.digest(Digest::by_name("sha256").unwrap()).is_err());
    assert!(matches!(cert.signature_algorithm(), Err(Error::Value(_))));
    assert!(cert.to_text().unwrap().starts_with(b"Certificate:"));
    assert!(queue::is_empty());
}

#[test]
fn a_chain_is_verified() {
    let (key, other) = (PKey::generate_rsa(1024).unwrap(), PKey::generate_rsa(1024).unwrap());
    let root = signed(b"root", &key);
    let store = X509Store::new().unwrap();
    let Verdict::Refused(refusal) = verify(&store, &root, &[]).unwrap() else { panic!("trusted") };
    assert_eq!((refusal.depth(), common_name(refusal.certificate().unwrap()).as_deref()), (0, Some("root")));
    assert_eq!(refusal.to_string(), "self-signed certificate");
    store.add_cert(&root).unwrap();
    store.add_cert(&root).unwrap();
    let Verdict::Trusted(chain) = verify(&store, &root, &[signed(b"other", &other)]).unwrap() else {
        panic!("refused")
    };
    assert_eq!(chain.len(), 1);
    assert_eq!(chain[0].to_der().unwrap(), root.to_der().unwrap());
    store.set_time(0).unwrap();
    assert!(matches!(verify(&store, &root, &[]).unwrap(), Verdict::Refused(_)));
}

#[test]
fn public_keys_have_no_private_part() {
    let key = PKey::generate_rsa(1024).unwrap();
    let cert = X509::new().unwrap();
    cert.set_public_key(&key).unwrap();
    let public = cert.public_key().unwrap();
    assert_eq!(public, key);
    assert!(!public.is_private());
    assert!(matches!(cert.sign(&public, None), Err(Error::Value(_))));
}

#[test]
fn threads_read_change_compare_and_verify_at_once() {
    let key = PKey::generate_rsa(1024).unwrap();
    let (one, two) = (signed(b"one", &key), signed(b"two", &key));
    let store = X509Store::new().unwrap();
    store.add_cert(&one).unwrap();
    std::thread::scope(|scope| {
        for round in 0..4_u8 {
            let (one, two, store, key) = (&one, &two, &store, &key);
            scope.spawn(move || {
                for turn in 0..50_u8 {
                    let (mine, other) = if round % 2 == 0 { (one, two) } else { (two, one) };
                    mine.subject().set(Nid::COMMON_NAME, &[b'a' + turn % 26]).unwrap();
                    assert!(mine.subject().compare(&other.subject()).is_ok());
                    assert!(mine.subject().compare(&mine.issuer()).is_ok());
                    mine.set_serial_number(&[turn % 100]).unwrap();
                    verify(store, mine, std::slice::from_ref(other)).unwrap();
                    store.set_time(i64::from(turn)).unwrap();
                    assert!(mine.to_der().is_ok());
                    mine.sign(key, Some(Digest::by_name("sha256").unwrap())).unwrap();
                }
            });
        }
    });
    assert!(queue::is_empty());
}
