//! What to do with objects that were loaded: ask everything of them, and write and read them again.

use ironssl::asn1::object::Nid;
use ironssl::pkey::{Cipher, PKey, Passphrase};
use ironssl::x509::{Revoked, X509, X509Crl, X509Extension, X509Name, X509Req, X509Store, verify};

use crate::clean;
use crate::material::{IDENTITY, PASSPHRASE, STORE, sha256};

/// Keys with more bits are left alone by what takes a time that grows with the cube of it.
const SLOW: u32 = 2048;

/// `NID_ED25519`, as [`PKey::id`] has it.
const ED25519: i32 = 1087;

/// Everything about a name.
pub fn name(name: &X509Name) {
    let _ = (name.hash(), name.hash_old(), name.get(Nid::COMMON_NAME));
    let line = name.oneline().unwrap();
    assert!(line.len() <= 511 * 4);
    for room in [0, 1, 20, 1 << 20] {
        let _ = name.oneline_within(room);
    }
    let components = name.components().unwrap();
    assert_eq!(components.iter().count(), components.len());
    let copy = name.copy().unwrap();
    assert!(copy.equals(name).unwrap());
    if let Ok(again) = X509Name::from_der(&name.der().unwrap()) {
        assert!(again.equals(name).unwrap());
    }
    clean();
}

/// Everything about an extension.
pub fn extension(extension: &X509Extension) {
    let _ = (extension.nid(), extension.short_name(), extension.is_critical(), extension.data().len());
    if let Ok(text) = extension.to_text() {
        // A name that a certificate holds is told from the next one by what nobody can write into it.
        assert!(!text.contains('\n') || extension.short_name() != b"subjectAltName");
    }
    clean();
}

/// Everything about a key.
pub fn key(key: &PKey) {
    let _ = (key.id(), key.signs_without_digest(), key.to_text());
    let der = key.public_to_der();
    let _ = key.public_to_pem();
    if let Ok(der) = der
        && let Ok(again) = PKey::public_from_der(&der)
    {
        assert!(!again.is_private());
        // OpenSSL counts 253 bits of an Ed25519 key where only its older code could read it, behind garbage in PEM.
        let read_by_older_code = key.id() == ED25519 && key.bits() == 253;
        assert!(again.bits() == key.bits() || read_by_older_code);
    }
    if let Ok(public) = key.public_only() {
        assert!(!public.is_private());
        assert!(public.to_der().is_err() || !key.is_private() || public.to_pem(None, Passphrase::None).is_err());
    }
    if key.is_private() && key.bits() <= SLOW {
        let _ = (key.to_der(), key.check());
        if let Ok(signature) = key.sign(b"data", sha256()) {
            let _ = key.verify(&signature, b"data", sha256());
        }
        let cipher = Cipher::by_name("aes-128-cbc").unwrap();
        if let Ok(pem) = key.to_pem(Some(cipher), Passphrase::Given(PASSPHRASE)) {
            // A key that makes no sense may be refused in this form (DSA with an even prime), encrypted or not.
            let plain = key.to_pem(None, Passphrase::None).unwrap();
            let readable = PKey::from_pem(&plain, Passphrase::None).is_ok();
            assert_eq!(PKey::from_pem(&pem, Passphrase::Given(PASSPHRASE)).is_ok(), readable);
            assert!(PKey::from_pem(&pem, Passphrase::None).is_err());
        }
    }
    clean();
}

/// Everything about a certificate.
pub fn certificate(certificate: &X509) {
    name(&certificate.subject());
    name(&certificate.issuer());
    let serial = certificate.serial_number();
    let _ = (serial.is_negative(), serial.magnitude().len(), certificate.version());
    let _ = (certificate.not_before(), certificate.not_after(), certificate.has_expired());
    let _ = (certificate.signature_algorithm(), certificate.to_text(), certificate.subject_name_hash());
    let digest = certificate.digest(sha256().unwrap());
    if let Ok(public) = certificate.public_key() {
        key(&public);
    }
    for index in 0..certificate.extension_count() {
        if let Ok(Some(found)) = certificate.extension(index) {
            extension(&found);
        }
    }
    assert!(matches!(certificate.extension(certificate.extension_count()), Ok(None) | Err(_)));
    if let Ok(der) = certificate.to_der() {
        let again = X509::from_der(&der).unwrap();
        assert_eq!(again.to_der().unwrap(), der);
        assert_eq!(again.digest(sha256().unwrap()).is_ok(), digest.is_ok());
        let pem = certificate.to_pem().unwrap();
        assert_eq!(X509::from_pem(&pem).unwrap().to_der().unwrap(), der);
    }
    let _ = verify(&STORE, certificate, &[IDENTITY.0.clone()]);
    let own = X509Store::new().unwrap();
    if own.add_cert(certificate).is_ok() {
        let _ = verify(&own, certificate, &[]);
        let _ = verify(&own, &IDENTITY.0, &[certificate.clone()]);
    }
    clean();
}

/// Changes a certificate that is nobody else's.
pub fn change_certificate(certificate: &X509) {
    let subject = certificate.subject();
    let _ = subject.set(Nid::COMMON_NAME, b"changed");
    let _ = certificate.set_issuer(&subject);
    let _ = certificate.set_serial_number(&[0x80, 0, 1]);
    let _ = certificate.set_not_after(b"20300101000000Z");
    if let Ok(made) = X509Extension::from_text("subjectKeyIdentifier", false, "hash", Some(certificate), None) {
        let _ = certificate.add_extensions(&[made]);
    }
    if let Ok(made) = X509Extension::from_text("authorityKeyIdentifier", false, "keyid,issuer", None, Some(certificate))
    {
        extension(&made);
    }
    let _ = X509Extension::from_text("subjectAltName", false, "email:copy", Some(certificate), Some(certificate));
    let _ = certificate.set_public_key(&IDENTITY.1);
    if certificate.sign(&IDENTITY.1, sha256()).is_ok() {
        let der = certificate.to_der().unwrap();
        assert_eq!(X509::from_der(&der).unwrap().to_der().unwrap(), der);
    }
    clean();
}

/// Everything about a request.
pub fn request(request: &X509Req) {
    name(&request.subject());
    let _ = (request.version(), request.to_text(), request.verify(&IDENTITY.1));
    if let Ok(public) = request.public_key() {
        key(&public);
        if public.bits() <= SLOW {
            let _ = request.verify(&public);
        }
    }
    let extensions = request.extensions();
    if let Ok(extensions) = &extensions {
        extensions.iter().for_each(extension);
    }
    if let Ok(der) = request.to_der() {
        assert_eq!(X509Req::from_der(&der).unwrap().to_der().unwrap(), der);
        assert_eq!(X509Req::from_pem(&request.to_pem().unwrap()).unwrap().to_der().unwrap(), der);
    }
    clean();
    let _ = request.subject().set(Nid::COMMON_NAME, b"changed");
    if let Ok(extensions) = extensions {
        let _ = request.add_extensions(&extensions);
    }
    let _ = request.set_public_key(&IDENTITY.1);
    // OpenSSL signs a version that is none, and then refuses to verify it.
    if request.sign(&IDENTITY.1, sha256()).is_ok() && request.version() == 0 {
        request.verify(&IDENTITY.1).unwrap();
    }
    clean();
}

/// Everything about a revocation list.
pub fn crl(list: &X509Crl) {
    if let Ok(issuer) = list.issuer() {
        name(&issuer);
    }
    let _ = list.to_text();
    let mut in_part = false;
    if let Ok(entries) = list.revoked() {
        in_part = list.to_der().is_ok_and(|der| checked_in_part(&der, &entries));
        for entry in &entries {
            revoked(entry);
            let _ = list.add_revoked(entry);
        }
    }
    if let Ok(der) = list.to_der() {
        assert_eq!(X509Crl::from_der(&der).unwrap().to_der().unwrap(), der);
        assert_eq!(X509Crl::from_pem(&list.to_pem().unwrap()).unwrap().to_der().unwrap(), der);
    }
    let store = X509Store::new().unwrap();
    store.add_cert(&IDENTITY.0).unwrap();
    if store.add_crl(list).is_ok() {
        // X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL
        store.set_flags(0xc).unwrap();
        let _ = verify(&store, &IDENTITY.0, &[]);
    }
    clean();
    if list.sign(&IDENTITY.0, &IDENTITY.1, sha256()).is_ok() {
        let der = list.to_der().unwrap();
        match X509Crl::from_der(&der) {
            Ok(again) => assert_eq!(again.to_der().unwrap(), der),
            Err(error) => assert!(in_part, "{error}"),
        }
    }
    clean();
}

/// Whether OpenSSL may have looked at a part of the entries only when it loaded a list. It stops, and loads the list all
/// the same, at the first one whose reason or issuer cannot be decoded or is there twice. Signing sorts the entries: what
/// it refuses, such as a bad date of invalidity, may then stand before that one.
fn checked_in_part(der: &[u8], entries: &[Revoked]) -> bool {
    let extensions = |object: &[u8]| der.windows(object.len()).filter(|window| *window == object).count();
    let reasons = entries.iter().filter(|entry| matches!(entry.reason(), Ok(Some(_)))).count();
    // CRLReason and certificateIssuer; of the latter nobody here can say whether it can be decoded.
    extensions(b"\x06\x03\x55\x1d\x15") != reasons || extensions(b"\x06\x03\x55\x1d\x1d") > 0
}

fn revoked(entry: &Revoked) {
    let serial = entry.serial_number();
    let _ = (serial.is_negative(), serial.magnitude().len(), entry.date());
    let reason = entry.reason();
    let _ = entry.set_reason(None);
    let _ = entry.set_date(b"20200101000000Z");
    drop(reason);
    clean();
}
