//! Revocation lists, in DER and in PEM: read, verified against, changed and signed again.
#![no_main]

use ironssl::x509::X509Crl;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    for loaded in [X509Crl::from_der(data), X509Crl::from_pem(data)].into_iter().flatten() {
        objects::crl(&loaded);
    }
    clean();
});
