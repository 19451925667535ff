//! Keys, private and public, in DER and in PEM, with a passphrase and without.
#![no_main]

use ironssl::pkey::{PKey, Passphrase};
use ironssl_fuzz::material::PASSPHRASE;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;
use zeroize::Zeroizing;

fuzz_target!(|data: &[u8]| {
    let mut asked = 0;
    let mut ask = |_| {
        asked += 1;
        Ok(Zeroizing::new(PASSPHRASE.to_vec()))
    };
    let loaded = [
        PKey::from_der(data),
        PKey::public_from_der(data),
        PKey::public_from_pem(data),
        PKey::from_pem(data, Passphrase::None),
        PKey::from_pem(data, Passphrase::Ask(&mut ask)),
    ];
    assert!(asked <= 1, "asked {asked} times for one passphrase");
    clean();
    loaded.iter().flatten().for_each(objects::key);
});
