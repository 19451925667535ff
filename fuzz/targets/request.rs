//! Requests for certificates, in DER and in PEM.
#![no_main]

use ironssl::x509::X509Req;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for loaded in [X509Req::from_der(data), X509Req::from_pem(data)].into_iter().flatten() {
        objects::request(&loaded);
    }
    clean();
});
