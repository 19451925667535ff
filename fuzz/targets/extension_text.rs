//! Extensions from text: `name`, a line break, `value`.
#![no_main]

use ironssl::x509::X509Extension;
use ironssl_fuzz::material::{IDENTITY, self_signed, sha256};
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((name, value)) = text.split_once('\n') else { return };
    let before = IDENTITY.0.to_der().unwrap();
    for certificate in [None, Some(&IDENTITY.0)] {
        let made = X509Extension::from_text(name, value.len() % 2 == 1, value, certificate, certificate);
        clean();
        match made {
            Ok(made) => {
                assert!(!value.contains(['\r', '\n', '\0']));
                objects::extension(&made);
                let copy = self_signed(&IDENTITY.1, "x");
                if copy.add_extensions(&[made]).is_ok() && copy.sign(&IDENTITY.1, sha256()).is_ok() {
                    objects::certificate(&copy);
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    assert!(IDENTITY.0.to_der().unwrap() == before, "the text has changed the certificate");
});
