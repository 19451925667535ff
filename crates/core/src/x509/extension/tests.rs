//! Extensions: what text may say, and what the text of alternative names shows.

use super::*;
use crate::asn1::object::Nid;
use crate::error::Error;
use crate::pkey::PKey;
use crate::x509::X509;

fn made(name: &str, value: &str) -> Result<X509Extension> {
    let made = X509Extension::from_text(name, false, value, None, None);
    assert!(queue::is_empty());
    made
}

#[test]
fn nothing_outside_is_read() {
    for (name, value) in [
        ("subjectAltName", "@names"),
        ("subjectAltName", "dirName:name"),
        ("subjectAltName", "otherName:1.2.3.4;SEQUENCE:name"),
        ("basicConstraints", "@section"),
        ("certificatePolicies", "@policy"),
        ("certificatePolicies", "1.2.3.4, @policy"),
        ("crlDistributionPoints", "point"),
        ("nameConstraints", "permitted;dirName:name"),
        ("proxyCertInfo", "@section"),
        ("proxyCertInfo", "language:id-ppl-anyLanguage,policy:file:/etc/passwd"),
        ("proxyCertInfo", "critical, language:id-ppl-anyLanguage, pathlen:1, policy : \u{b} file:/etc/passwd"),
        ("proxyCertInfo", "language:id-ppl-anyLanguage,policy:text:DER:0500"),
        ("proxyCertInfo", " DER:0500,language:id-ppl-anyLanguage,policy:file:/etc/passwd"),
        ("1.2.3.4", "ASN1:SEQUENCE:name"),
        ("1.2.3.4", "ASN1:EXPLICIT:0,SET:name"),
    ] {
        assert!(matches!(made(name, value), Err(Error::OpenSsl(_))), "{name}={value}");
    }
    assert!(made("proxyCertInfo", "DER:300c300a06082b06010505071500").is_ok());
    assert!(made("certificatePolicies", "1.2.3.4, anyPolicy").is_ok());
    assert!(made("1.2.3.4", "ASN1:UTF8String:text").is_ok());
    assert!(made("1.2.3.4", "DER:0500").is_ok());
}

#[test]
fn nul_and_line_breaks_are_refused() {
    for (name, value) in [("nsComment", "a\0b"), ("nsComment\0", "a"), ("nsComment", "a\nb"), ("nsComment", "a\rb")] {
        assert!(matches!(made(name, value), Err(Error::Value(_))), "{name}={value}");
    }
}

#[test]
fn names_cannot_pass_for_others() {
    // IA5String values with a comma and a NUL, from DER: no text could make them.
    let value = "ASN1:FORMAT:HEX,OCT:00";
    assert!(made("subjectAltName", value).unwrap().to_text().is_err());
    let text = made("subjectAltName", "DER:300c820a612c20444e533a622e63").unwrap().to_text().unwrap();
    assert_eq!(text, "DNS:a\\2C DNS:b.c");
    let text = made("subjectAltName", "DER:30058203610062").unwrap().to_text().unwrap();
    assert_eq!(text, "DNS:a\0b");
    let text = made("subjectAltName", "DER:3005820361ff5c").unwrap().to_text().unwrap();
    assert_eq!(text, "DNS:a\\FF\\5C");
    // otherName UPN "a" NUL "b".
    let upn = "DER:3015a013060a2b060104018237140203a0050c03610062";
    assert_eq!(made("subjectAltName", upn).unwrap().to_text().unwrap(), "othername:UPN:a\0b");
    // A directory name whose CN is "a, DNS:b".
    let name = "DER:3019a4173015311330110603550403130a";
    let text = made("subjectAltName", &format!("{name}612c20444e533a622e63")).unwrap().to_text().unwrap();
    assert_eq!(text, "DirName:CN = a\\2C DNS:b.c");
}

#[test]
fn certificates_are_looked_at() {
    let key = PKey::generate_rsa(1024).unwrap();
    let cert = X509::new().unwrap();
    let from = |name, value| X509Extension::from_text(name, true, value, Some(&cert), Some(&cert));
    cert.set_public_key(&key).unwrap();
    let identifier = from("subjectKeyIdentifier", "hash").unwrap();
    assert_eq!((identifier.data().len(), identifier.is_critical()), (22, true));
    cert.add_extensions(std::slice::from_ref(&identifier)).unwrap();
    assert_eq!(from("authorityKeyIdentifier", "keyid:always").unwrap().data()[4..], identifier.data()[2..]);
    assert!(X509Extension::from_text("subjectKeyIdentifier", false, "hash", None, Some(&cert)).is_err());

    cert.subject().set(Nid::EMAIL_ADDRESS, b"a@example.org").unwrap();
    assert_eq!(from("subjectAltName", "email:copy").unwrap().to_text().unwrap(), "email:a@example.org");
    assert!(cert.subject().get(Nid::EMAIL_ADDRESS).unwrap().is_some());
    for value in ["email:move", "DNS:a, email.2 : move"] {
        assert!(matches!(from("subjectAltName", value), Err(Error::OpenSsl(_))));
    }
    assert!(cert.subject().get(Nid::EMAIL_ADDRESS).unwrap().is_some());
    assert!(queue::is_empty());
}

#[test]
fn what_cannot_be_decoded_has_no_text() {
    for name in ["basicConstraints", "keyUsage", "extendedKeyUsage", "CRLReason", "nsComment", "ct_precert_scts"] {
        // "CA:TRUE"
        let extension = made(name, "DER:43413a54525545").unwrap();
        assert!(matches!(extension.to_text(), Err(Error::OpenSsl(_))), "{name}");
        assert!(queue::is_empty());
    }
    assert!(made("1.2.3.4", "DER:43413a54525545").unwrap().to_text().unwrap().contains("43 41 3a"));
    assert_eq!(made("nsComment", "DER:1600").unwrap().to_text().unwrap(), "16:00");
}
