//! Turns the version of OpenSSL that `ironssl-sys` links into `cfg(ossl_3_2)` and the like, whether it was built together
//! with us into `cfg(ossl_vendored)`, and whether it is linked statically, as that one is, into `cfg(ossl_static)`.

/// The versions from which something of this crate works, as (cfg name, value of `OPENSSL_VERSION_NUMBER`).
const SINCE: &[(&str, u64)] = &[("ossl_3_2", 0x3020_0000), ("ossl_3_3", 0x3030_0000), ("ossl_4_0", 0x4000_0000)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    let version = u64::from_str_radix(&std::env::var("DEP_IRONSSL_SYS_VERSION_NUMBER")?, 16)?;
    for (name, first) in SINCE {
        println!("cargo:rustc-check-cfg=cfg({name})");
        if version >= *first {
            println!("cargo:rustc-cfg={name}");
        }
    }
    println!("cargo:rustc-check-cfg=cfg(ossl_vendored, ossl_static)");
    let vendored = std::env::var("DEP_IRONSSL_SYS_VENDORED")? == "1";
    if vendored {
        println!("cargo:rustc-cfg=ossl_vendored");
    }
    // Without a folder pkg-config is asked, which links the system's library as it pleases.
    let mut demanded = std::env::var("OPENSSL_STATIC").is_ok_and(|value| value != "0");
    demanded &= ["OPENSSL_DIR", "OPENSSL_LIB_DIR"].iter().any(|name| std::env::var_os(name).is_some());
    for name in ["OPENSSL_STATIC", "OPENSSL_DIR", "OPENSSL_LIB_DIR"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if vendored || demanded {
        println!("cargo:rustc-cfg=ossl_static");
    }
    Ok(())
}
