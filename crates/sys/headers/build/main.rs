//! Writes the two checks of the declarations: `signatures.c`, which the C compiler refuses where a function is
//! declared otherwise than in its header, and `ctest.rs`, which `tests/headers.rs` runs.
//!
//! `ctest` alone would not do: it compares constants, structures and addresses, but no parameters.

#![allow(clippy::print_stdout, reason = "how a build script talks to cargo")]

mod c_types;
mod declarations;

use std::collections::HashSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use c_types::Translator;
use declarations::Declarations;

/// Headers of the C library that OpenSSL's own include; they come first, so that `const` can be erased after them.
const C_LIBRARY: &[&str] = &[
    "errno.h",
    "inttypes.h",
    "limits.h",
    "netinet/in.h",
    "stddef.h",
    "stdint.h",
    "stdio.h",
    "stdlib.h",
    "string.h",
    "sys/socket.h",
    "sys/time.h",
    "sys/types.h",
    "time.h",
    "unistd.h",
];

/// The first version (4.0) whose headers decide about `const`. Earlier ones have less of it, on the same functions.
const CONST_SINCE: u64 = 0x4000_0000;

fn main() -> Result<(), Box<dyn Error>> {
    let sources = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../src").canonicalize()?;
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed={}", sources.display());

    let out = PathBuf::from(env::var("OUT_DIR")?);
    let include = PathBuf::from(env::var("DEP_OPENSSL_INCLUDE")?);
    let version = u64::from_str_radix(&env::var("DEP_OPENSSL_VERSION_NUMBER")?, 16)?;
    let cfgs: HashSet<String> = env::var("DEP_IRONSSL_SYS_CFGS")?.split(',').map(str::to_owned).collect();

    let declarations = Declarations::read(&sources, &cfgs)?;
    check_signatures(&declarations, &out, &include, version)?;
    generate_test(&declarations, &out, &include)
}

/// Lets the C compiler assign each function to a pointer of the type that Rust declares.
fn check_signatures(
    declarations: &Declarations,
    out: &Path,
    include: &Path,
    version: u64,
) -> Result<(), Box<dyn Error>> {
    let mut text = String::new();
    for header in C_LIBRARY {
        writeln!(text, "#include <{header}>")?;
    }
    if version < CONST_SINCE {
        writeln!(text, "#define const")?;
    }
    for header in &declarations.headers {
        writeln!(text, "#include <openssl/{header}.h>")?;
    }
    let translator = Translator::new(declarations);
    for function in &declarations.functions {
        let name = function.symbol();
        let pointer = translator.function_pointer(&function.signature, &format!("const check_{name}"))?;
        // The compiler's message then points at the declaration in Rust.
        writeln!(text, "#line {} \"{}\"", function.line, function.file.display())?;
        writeln!(text, "static {pointer} __attribute__((unused)) = {name};")?;
    }
    let file = out.join("signatures.c");
    fs::write(&file, text)?;
    cc::Build::new()
        .file(&file)
        .include(include)
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .flag("-Wno-deprecated-declarations")
        .flag("-Wno-unused-parameter")
        .cargo_metadata(false)
        .try_compile("signatures")
        .map_err(|error| format!("a declaration differs from its C header, see the compiler's messages: {error}"))?;
    Ok(())
}

/// Generates the test of everything else.
fn generate_test(declarations: &Declarations, out: &Path, include: &Path) -> Result<(), Box<dyn Error>> {
    let flat = out.join("declarations.rs");
    fs::write(&flat, declarations.flat())?;

    let mut generator = ctest::TestGenerator::new();
    generator.edition(2024).include(include);
    for header in &declarations.headers {
        generator.header(&format!("openssl/{header}.h"));
    }
    let callbacks = declarations.callbacks();
    let opaque = declarations.opaque.clone();
    generator
        .rename_type(|name| c_types::exception(name).map(str::to_owned))
        .rename_struct_ty(|name| Some(c_types::name(name)))
        // Their parameters are part of the functions that take them; most have no name in C.
        .skip_alias(move |alias| callbacks.contains(alias.ident()))
        .skip_struct(move |structure| opaque.contains(structure.ident()));
    ctest::generate_test(&mut generator, &flat, "ctest.rs")?;
    Ok(())
}
