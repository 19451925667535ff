//! The text of alternative names (`GENERAL_NAMES`).
//!
//! OpenSSL joins the names with `, ` and a label each, as in `DNS:a, email:b`. A name that holds a comma, a line break
//! or a NUL could pass for several, or for a shorter one (CVE-2013-4314). So each value is written whole, with its
//! commas, backslashes and control characters as RFC 4514 has it: a backslash and two hexadecimal digits. Only NUL,
//! which can be mistaken for nothing in a Rust or Python string, stays as it is. Every comma of the result ends a
//! name, or a component of a directory name, which begins with the name of its kind and ` = ` and never with a label.

use std::ffi::{c_int, c_void};
use std::fmt::Write as _;
use std::ptr;

use ironssl_sys as ffi;

use super::X509Extension;
use crate::asn1::string;
use crate::bio_memory::Writer;
use crate::check;
use crate::error::Result;
use crate::queue;

/// A list of names that is freed on drop.
struct Names(ptr::NonNull<ffi::stack_st_GENERAL_NAME>);

impl Names {
    /// The names in an extension.
    fn of(extension: &X509Extension) -> Result<Self> {
        // SAFETY: the extension is valid; the result is null or a new list that is ours.
        let names = unsafe { ffi::X509V3_EXT_d2i(extension.as_ptr()) };
        check::borrowed(names.cast(), "X509V3_EXT_d2i").map(Self)
    }

    fn iter(&self) -> impl Iterator<Item = *mut ffi::GENERAL_NAME> {
        let stack = self.0.as_ptr().cast::<ffi::OPENSSL_STACK>().cast_const();
        // SAFETY: the list is valid.
        let count = unsafe { ffi::OPENSSL_sk_num(stack) };
        // SAFETY: as above, and the index is below the number of names.
        (0..count).map(move |index| unsafe { ffi::OPENSSL_sk_value(stack, index) }.cast())
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        // SAFETY: the list is ours, with its names, and not used afterwards.
        unsafe { ffi::GENERAL_NAMES_free(self.0.as_ptr()) };
    }
}

/// The names of an extension that holds some.
pub(super) fn text(extension: &X509Extension) -> Result<String> {
    let names = Names::of(extension)?;
    let mut text = String::new();
    for name in names.iter() {
        if !text.is_empty() {
            text.push_str(", ");
        }
        // SAFETY: the list holds valid names, and lives.
        unsafe { describe(name, &mut text)? };
    }
    queue::clear();
    Ok(text)
}

/// Appends one name.
///
/// # Safety
/// `name` is valid.
unsafe fn describe(name: *mut ffi::GENERAL_NAME, text: &mut String) -> Result<()> {
    // SAFETY: valid by contract.
    let (kind, value): (c_int, *mut c_void) = unsafe { ((*name).type_, (*name).d) };
    let label = match kind {
        ffi::GEN_EMAIL => "email:",
        ffi::GEN_DNS => "DNS:",
        ffi::GEN_URI => "URI:",
        // SAFETY: a name of this kind holds an X509_NAME.
        ffi::GEN_DIRNAME => return unsafe { directory_name(value.cast(), text) },
        _ => {
            // SAFETY: valid by contract.
            let printed = unsafe { printed(name)? };
            // SAFETY: as above.
            let with_nul = if kind == ffi::GEN_OTHERNAME { unsafe { text_with_nul(name) } } else { None };
            match (with_nul, printed.match_indices(':').nth(1)) {
                // OpenSSL stops at the NUL.
                (Some(whole), Some((colon, _))) => {
                    text.push_str(&printed[..=colon]);
                    escape(whole, text);
                }
                _ => escape(printed.as_bytes(), text),
            }
            return Ok(());
        }
    };
    text.push_str(label);
    // SAFETY: a name of these kinds holds an IA5String.
    escape(unsafe { string::bytes(value.cast::<ffi::ASN1_STRING>()) }, text);
    Ok(())
}

/// A name as the library prints it.
///
/// # Safety
/// `name` is valid.
unsafe fn printed(name: *mut ffi::GENERAL_NAME) -> Result<String> {
    let writer = Writer::new()?;
    // SAFETY: the BIO is valid, and the name by contract.
    check::one(unsafe { ffi::GENERAL_NAME_print(writer.as_ptr(), name) }, "GENERAL_NAME_print")?;
    Ok(String::from_utf8_lossy(writer.bytes()).into_owned())
}

/// The text of an `otherName`, where it is text and has a NUL.
///
/// # Safety
/// `name` is valid and an `otherName`; it outlives the result.
unsafe fn text_with_nul<'a>(name: *const ffi::GENERAL_NAME) -> Option<&'a [u8]> {
    let mut value: *mut ffi::ASN1_TYPE = ptr::null_mut();
    // SAFETY: the name is valid; null is for what is not wanted.
    let found = unsafe { ffi::GENERAL_NAME_get0_otherName(name, ptr::null_mut(), &raw mut value) };
    // SAFETY: null, or the value that belongs to the name.
    let value = unsafe { value.as_ref() }.filter(|_| found == 1)?;
    if !matches!(value.type_, ffi::V_ASN1_UTF8STRING | ffi::V_ASN1_IA5STRING) {
        return None;
    }
    // SAFETY: the type says that it is a string.
    let bytes = unsafe { string::bytes(value.value.asn1_string) };
    bytes.contains(&0).then_some(bytes)
}

/// Appends a directory name.
///
/// # Safety
/// `name` is valid.
unsafe fn directory_name(name: *const ffi::X509_NAME, text: &mut String) -> Result<()> {
    // Quotes around values with commas would leave the commas as they are; backslashes mark them.
    let flags = ffi::XN_FLAG_ONELINE & !ffi::ASN1_STRFLGS_ESC_QUOTE;
    let writer = Writer::new()?;
    // SAFETY: the BIO is valid, and the name by contract.
    let written = unsafe { ffi::X509_NAME_print_ex(writer.as_ptr(), name, 0, flags) };
    check::not_negative(written, "X509_NAME_print_ex")?;
    text.push_str("DirName:");
    let printed = String::from_utf8_lossy(writer.bytes());
    let mut rest = printed.chars();
    while let Some(at) = rest.next() {
        match (at, rest.clone().next()) {
            ('\\', Some(',')) => {
                text.push_str("\\2C");
                rest.next();
            }
            ('\\', Some(other)) => {
                text.push(at);
                text.push(other);
                rest.next();
            }
            _ => text.push(at),
        }
    }
    Ok(())
}

/// Appends a value, as the head of this file says.
fn escape(value: &[u8], text: &mut String) {
    for chunk in value.utf8_chunks() {
        for at in chunk.valid().chars() {
            if at != '\0' && (matches!(at, ',' | '\\' | '\u{2028}' | '\u{2029}') || at.is_control()) {
                escape_bytes(at.encode_utf8(&mut [0; 4]).as_bytes(), text);
            } else {
                text.push(at);
            }
        }
        escape_bytes(chunk.invalid(), text);
    }
}

fn escape_bytes(bytes: &[u8], text: &mut String) {
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "\\{byte:02X}");
    }
}
