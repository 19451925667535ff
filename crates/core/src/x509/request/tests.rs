//! Requests: views, extensions, signatures.

use super::*;
use crate::asn1::object::Nid;
use crate::error::Error;
use crate::x509::X509Extension;

fn is_send_and_sync<T: Send + Sync>() {}

fn extension(name: &str, value: &str) -> X509Extension {
    X509Extension::from_text(name, false, value, None, None).unwrap()
}

#[test]
fn is_shared_between_threads() {
    is_send_and_sync::<X509Req>();
}

#[test]
fn views_outlive_their_request() {
    let request = X509Req::new().unwrap();
    let view = request.subject();
    view.set(Nid::COMMON_NAME, b"x").unwrap();
    assert!(view.equals(&request.subject()).unwrap());
    drop(request);
    assert_eq!(view.get(Nid::COMMON_NAME).unwrap().as_deref(), Some("x"));
}

#[test]
fn extensions_are_merged() {
    let request = X509Req::new().unwrap();
    assert!(request.extensions().unwrap().is_empty());
    request.add_extensions(&[]).unwrap();
    request.add_extensions(&[extension("nsComment", "one"), extension("keyUsage", "cRLSign")]).unwrap();
    request.add_extensions(&[extension("nsComment", "two")]).unwrap();
    let texts: Vec<_> = request.extensions().unwrap().iter().map(|one| one.to_text().unwrap()).collect();
    assert_eq!(texts, ["CRL Sign", "two"]);
    assert!(queue::is_empty());
}

#[test]
fn a_change_breaks_the_signature() {
    let (key, other) = (PKey::generate_rsa(1024).unwrap(), PKey::generate_rsa(1024).unwrap());
    let request = X509Req::new().unwrap();
    assert!(request.public_key().is_err());
    assert!(request.verify(&key).is_err());
    request.set_public_key(&key).unwrap();
    let sha256 = Digest::by_name("sha256").unwrap();
    request.sign(&key, Some(sha256)).unwrap();
    request.verify(&key).unwrap();
    assert!(matches!(request.verify(&other), Err(Error::OpenSsl(_))));
    let request = X509Req::from_der(&request.to_der().unwrap()).unwrap();
    request.verify(&request.public_key().unwrap()).unwrap();
    request.subject().set(Nid::COMMON_NAME, b"another").unwrap();
    assert!(request.verify(&key).is_err());
    assert!(matches!(request.sign(&key.public_only().unwrap(), Some(sha256)), Err(Error::Value(_))));
    assert!(queue::is_empty());
}
