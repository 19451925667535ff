//! Signed public keys of Netscape's kind.
#![no_main]

use ironssl::spki::NetscapeSpki;
use ironssl_fuzz::material::{IDENTITY, sha256};
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(loaded) = NetscapeSpki::from_base64(data) {
        let text = loaded.to_base64().unwrap();
        // OpenSSL forgets that a value of the tag 0 was constructed, writes an end-of-contents, and does not read that.
        match NetscapeSpki::from_base64(&text) {
            Ok(again) => assert_eq!(again.to_base64().unwrap(), text),
            Err(error) => assert!(error.to_string().contains("unexpected eoc"), "{error}"),
        }
        if let Ok(key) = loaded.public_key() {
            objects::key(&key);
            if key.bits() <= 2048 {
                let _ = loaded.verify(&key);
            }
        }
        loaded.set_public_key(&IDENTITY.1).unwrap();
        loaded.sign(&IDENTITY.1, sha256()).unwrap();
        loaded.verify(&IDENTITY.1).unwrap();
    }
    clean();
});
