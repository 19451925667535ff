//! Certificates, in DER and in PEM: read, asked everything, changed and signed again.
#![no_main]

use ironssl::x509::X509;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for loaded in [X509::from_der(data), X509::from_pem(data)].into_iter().flatten() {
        objects::certificate(&loaded);
        objects::change_certificate(&loaded);
    }
    if let Ok(all) = X509::list_from_pem(data) {
        all.iter().for_each(objects::certificate);
    }
    clean();
});
