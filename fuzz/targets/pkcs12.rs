//! PKCS#12 files: read with the right passphrase, with another and with none, and written again.
#![no_main]

use ironssl::pkcs12::{Algorithm, Pkcs12};
use ironssl_fuzz::material::PASSPHRASE;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for passphrase in [None, Some(&b""[..]), Some(PASSPHRASE)] {
        let Ok(bag) = Pkcs12::from_der(data, passphrase) else { continue };
        bag.certificate.iter().chain(&bag.others).for_each(objects::certificate);
        bag.key.iter().for_each(objects::key);
        let _ = format!("{bag:?}");
        if let Ok(der) = bag.to_der(passphrase, 1, 1, Algorithm::default()) {
            let again = Pkcs12::from_der(&der, passphrase).unwrap();
            assert_eq!(again.others.len(), bag.others.len());
        }
    }
    clean();
});
