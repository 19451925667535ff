//! PKCS#7 objects, in DER and in PEM: read, looked into and verified.
#![no_main]

use ironssl::pkcs7::Pkcs7;
use ironssl_fuzz::material::STORE;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for loaded in [Pkcs7::from_der(data), Pkcs7::from_pem(data)].into_iter().flatten() {
        let kinds = [loaded.is_signed(), loaded.is_enveloped(), loaded.is_signed_and_enveloped(), loaded.is_data()];
        assert!(kinds.into_iter().filter(|is| *is).count() <= 1);
        let _ = (loaded.kind(), loaded.data(), format!("{loaded:?}"));
        loaded.certificates().iter().for_each(objects::certificate);
        if let Ok(lists) = loaded.crls() {
            lists.iter().for_each(objects::crl);
        }
        let _ = loaded.verify(&STORE, None);
        let _ = loaded.verify(&STORE, Some(b"data"));
    }
    clean();
});
