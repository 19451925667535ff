//! Revocation lists: entries, reasons, signatures.

use super::*;
use crate::asn1::object::Nid;
use crate::error::Error;

fn entry(serial: u8, reason: Option<Reason>) -> Revoked {
    let entry = Revoked::new().unwrap();
    entry.set_serial_number(&[serial]).unwrap();
    entry.set_date(b"20200101000000Z").unwrap();
    entry.set_reason(reason).unwrap();
    entry
}

#[test]
fn every_reason() {
    for reason in Reason::ALL {
        let entry = entry(1, Some(reason));
        let text = entry.reason().unwrap().unwrap();
        assert_eq!(Reason::by_name(&text), Some(reason));
        assert_eq!(Reason::by_name(reason.name()), Some(reason));
        entry.set_reason(None).unwrap();
        assert_eq!(entry.reason().unwrap(), None);
    }
    for name in ["", "blue", "key", "keyCompromise\0"] {
        assert_eq!(Reason::by_name(name), None);
    }
}

#[test]
fn entries_are_copies_and_sorted() {
    let (issuer, key) = (X509::new().unwrap(), PKey::generate_rsa(1024).unwrap());
    issuer.subject().set(Nid::COMMON_NAME, b"authority").unwrap();
    let list = X509Crl::new().unwrap();
    assert!(list.to_der().is_err());
    list.set_version(1).unwrap();
    list.set_last_update_from_now(0).unwrap();
    list.set_next_update_from_now(60).unwrap();
    let first = entry(9, None);
    list.add_revoked(&first).unwrap();
    list.add_revoked(&entry(3, Some(Reason::SUPERSEDED))).unwrap();
    first.set_serial_number(&[200]).unwrap();
    assert!(matches!(list.add_revoked(&Revoked::new().unwrap()), Err(Error::OpenSsl(_))));
    let serials = |list: &X509Crl| -> Vec<_> {
        list.revoked().unwrap().iter().map(|one| one.serial_number().magnitude().to_vec()).collect()
    };
    list.sign_unsorted(&issuer, &key, Some(Digest::by_name("sha256").unwrap())).unwrap();
    assert_eq!(serials(&list), [vec![9], vec![3]]);
    list.sign(&issuer, &key, Some(Digest::by_name("sha256").unwrap())).unwrap();
    let read = X509Crl::from_der(&list.to_der().unwrap()).unwrap();
    assert_eq!(serials(&read), [vec![3], vec![9]]);
    assert!(read.issuer().unwrap().equals(&issuer.subject()).unwrap());
    assert!(matches!(list.set_next_update(b"tomorrow"), Err(Error::Value(_))));
    assert!(queue::is_empty());
}
