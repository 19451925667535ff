//! Turns the version of the OpenSSL that `openssl-sys` links into `cfg(ossl_3_2)` and the like, and passes it on to
//! dependent build scripts (`DEP_IRONSSL_SYS_VERSION_NUMBER`, the cfgs set, in `DEP_IRONSSL_SYS_CFGS`, and, in
//! `DEP_IRONSSL_SYS_VENDORED`, whether that OpenSSL was built with it).

/// The versions from which some declaration of this crate exists, as (cfg name, value of `OPENSSL_VERSION_NUMBER`).
const SINCE: &[(&str, u64)] = &[
    ("ossl_3_2", 0x3020_0000),
    ("ossl_3_3", 0x3030_0000),
    ("ossl_3_4", 0x3040_0000),
    ("ossl_3_5", 0x3050_0000),
    ("ossl_4_0", 0x4000_0000),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    for (name, _) in SINCE {
        println!("cargo:rustc-check-cfg=cfg({name})");
    }
    let version = u64::from_str_radix(&std::env::var("DEP_OPENSSL_VERSION_NUMBER")?, 16)?;
    if version < 0x3000_0000 {
        return Err(format!("ironssl needs OpenSSL 3.0 or newer, found {version:#x}").into());
    }
    let cfgs: Vec<&str> = SINCE.iter().filter(|(_, first)| version >= *first).map(|(name, _)| *name).collect();
    for name in &cfgs {
        println!("cargo:rustc-cfg={name}");
    }
    println!("cargo:vendored={}", u8::from(std::env::var_os("DEP_OPENSSL_VENDORED").is_some()));
    println!("cargo:cfgs={}", cfgs.join(","));
    println!("cargo:version_number={version:x}");
    Ok(())
}
