//! The components of names: any kind, any value.
#![no_main]

use arbitrary::Arbitrary;
use ironssl::asn1::object::Nid;
use ironssl::x509::X509Name;
use ironssl_fuzz::{clean, objects};
use libfuzzer_sys::fuzz_target;

/// The kinds of a component.
const KINDS: [&str; 12] = ["C", "ST", "L", "O", "OU", "CN", "emailAddress", "DC", "UID", "serialNumber", "SN", "title"];

/// What is done to a name.
#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Set(u8, &'a [u8]),
    SetByName(&'a str, &'a [u8]),
    Get(u8),
    Decode(&'a [u8]),
    Assign,
}

fuzz_target!(|steps: Vec<Step<'_>>| {
    let (name, mut other) = (X509Name::new().unwrap(), X509Name::new().unwrap());
    for step in steps {
        let kind = |index: u8| Nid::by_name(KINDS[usize::from(index) % KINDS.len()]).unwrap();
        let nid = match step {
            Step::Set(index, _) | Step::Get(index) => Some(kind(index)),
            Step::SetByName(text, _) => Nid::by_name(text),
            _ => None,
        };
        match (step, nid) {
            (Step::Set(_, value) | Step::SetByName(_, value), Some(nid)) => {
                let before = name.der().unwrap();
                if name.set(nid, value).is_ok() {
                    let components = name.components().unwrap();
                    let of_kind = components.iter().filter(|(kind, _)| *kind == nid.short_name()).count();
                    assert!(of_kind > 0);
                    if of_kind == 1 {
                        // Nothing is cut off, and nothing added.
                        assert_eq!(name.get(nid).unwrap().unwrap().as_bytes(), value);
                    }
                } else {
                    assert_eq!(name.der().unwrap(), before);
                }
            }
            (Step::Get(_), Some(nid)) => drop(name.get(nid)),
            (Step::Decode(der), _) => {
                if let Ok(decoded) = X509Name::from_der(der) {
                    other = decoded;
                }
            }
            (Step::Assign, _) => {
                name.assign(&other).unwrap();
                assert!(name.equals(&other).unwrap());
            }
            _ => {}
        }
        let _ = name.compare(&other);
        clean();
    }
    objects::name(&name);
    objects::name(&other);
});
