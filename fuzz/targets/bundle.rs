//! PEM files with many entries.
#![no_main]

use ironssl::pem::{self, Item};
use ironssl::pkey::Passphrase;
use ironssl_fuzz::material::PASSPHRASE;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    match pem::items(data, Passphrase::Given(PASSPHRASE)) {
        Ok(items) => {
            assert!(!items.is_empty());
            for item in &items {
                match item {
                    Item::Certificate(certificate) => objects::certificate(certificate),
                    Item::Key(key) => objects::key(key),
                    Item::Crl(list) => objects::crl(list),
                }
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(certificates) = pem::certificates(data) {
        assert!(!certificates.is_empty());
    }
    clean();
});
