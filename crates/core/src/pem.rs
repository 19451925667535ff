//! PEM files with many entries.
//!
//! The blocks are found here, so that an error can say which entry it is about and in which line; what is in a block is
//! read as it would be alone. Text between blocks, and blocks that are neither certificate, key nor revocation list
//! (parameters, for instance), are left out.

use std::ops::Range;

use crate::error::{Entry, Error, ErrorStack, Result};
use crate::pkey::{PKey, Passphrase};
use crate::x509::{X509, X509Crl};

/// An entry of a PEM file.
#[derive(Clone, Debug)]
pub enum Item {
    /// A certificate.
    Certificate(X509),
    /// A private or public key.
    Key(PKey),
    /// A revocation list.
    Crl(X509Crl),
}

/// A block: its label, such as `CERTIFICATE`, the number of its first line, counted from 1, and where it is.
struct Block<'a> {
    label: &'a str,
    line: usize,
    range: Range<usize>,
}

/// All certificates, keys and revocation lists of a PEM file, in their order.
///
/// ```
/// use ironssl::pem::{self, Item};
/// use ironssl::pkey::{PKey, Passphrase};
/// let key = PKey::generate_rsa(2048)?;
/// let file = [key.to_pem(None, Passphrase::None)?.to_vec(), b"# its public part:\n".to_vec(), key.public_to_pem()?];
/// let items = pem::items(&file.concat(), Passphrase::None)?;
/// assert!(matches!(&items[..], [Item::Key(one), Item::Key(two)] if one == two && !two.is_private()));
/// # Ok::<(), ironssl::Error>(())
/// ```
///
/// # Errors
/// [`Error::OpenSsl`] where there is none, or one is damaged or cannot be decrypted: the first of its reasons says
/// which, and in which line it begins; [`Error::Callback`] and [`Error::Value`] as in [`PKey::from_pem`].
pub fn items(pem: &[u8], mut passphrase: Passphrase<'_>) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    for (number, block) in blocks(pem).enumerate() {
        let block = block.map_err(|(label, line)| unfinished(label, number + 1, line))?;
        let text = pem.get(block.range.clone()).unwrap_or_default();
        let item = match block.label {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                X509::from_trusted_pem(text).map(Item::Certificate)
            }
            "X509 CRL" => X509Crl::from_pem(text).map(Item::Crl),
            "PUBLIC KEY" => PKey::public_from_pem(text).map(Item::Key),
            "PRIVATE KEY" => PKey::from_pem(text, again(&mut passphrase)).map(Item::Key),
            label if label.ends_with(" PRIVATE KEY") => PKey::from_pem(text, again(&mut passphrase)).map(Item::Key),
            _ => continue,
        };
        items.push(item.map_err(|error| located(error, block.label, number + 1, block.line))?);
    }
    if items.is_empty() { Err(nothing("no certificate, key or revocation list")) } else { Ok(items) }
}

/// All certificates of a PEM file, in their order; what else is in it is left out.
///
/// # Errors
/// As [`items`].
pub fn certificates(pem: &[u8]) -> Result<Vec<X509>> {
    let mut certificates = Vec::new();
    for (number, block) in blocks(pem).enumerate() {
        let block = block.map_err(|(label, line)| unfinished(label, number + 1, line))?;
        if !matches!(block.label, "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") {
            continue;
        }
        let read = X509::from_trusted_pem(pem.get(block.range.clone()).unwrap_or_default());
        certificates.push(read.map_err(|error| located(error, block.label, number + 1, block.line))?);
    }
    if certificates.is_empty() { Err(nothing("no certificate")) } else { Ok(certificates) }
}

/// The first block with one of these labels, its lines that begin and end it included; `what` it is goes into the error.
pub(crate) fn first<'a>(pem: &'a [u8], labels: &[&str], what: &str) -> Result<&'a [u8]> {
    for (number, block) in blocks(pem).enumerate() {
        let block = block.map_err(|(label, line)| unfinished(label, number + 1, line))?;
        if labels.contains(&block.label) {
            return Ok(pem.get(block.range).unwrap_or_default());
        }
    }
    Err(nothing(what))
}

/// The same passphrase for the next entry.
fn again<'a>(passphrase: &'a mut Passphrase<'_>) -> Passphrase<'a> {
    match passphrase {
        Passphrase::None => Passphrase::None,
        Passphrase::Given(bytes) => Passphrase::Given(bytes),
        Passphrase::Ask(ask) => Passphrase::Ask(*ask),
    }
}

/// The blocks of a PEM file; the label and line of one that does not end.
fn blocks(pem: &[u8]) -> impl Iterator<Item = Result<Block<'_>, (&str, usize)>> {
    let mut lines = Lines { pem, at: 0, number: 0 };
    std::iter::from_fn(move || {
        loop {
            let (start, first, line) = lines.next()?;
            let Some(label) = marker(line, "-----BEGIN ") else { continue };
            loop {
                let Some((_, _, line)) = lines.next() else { return Some(Err((label, first))) };
                if marker(line, "-----END ") == Some(label) {
                    return Some(Ok(Block { label, line: first, range: start..lines.at }));
                }
                if marker(line, "-----BEGIN ").is_some() {
                    return Some(Err((label, first)));
                }
            }
        }
    })
}

/// The label of a line that begins or ends a block.
fn marker<'a>(line: &'a [u8], begins: &str) -> Option<&'a str> {
    let label = line.trim_ascii_end().strip_prefix(begins.as_bytes())?.strip_suffix(b"-----")?;
    std::str::from_utf8(label).ok()
}

/// Lines of a text: where each begins, its number from 1, and itself.
struct Lines<'a> {
    pem: &'a [u8],
    at: usize,
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.pem.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
        let start = self.at;
        self.at += length;
        self.number += 1;
        Some((start, self.number, rest.get(..length)?))
    }
}

/// An entry of ours for an error.
fn reason(text: String) -> Entry {
    Entry::new(0, "ironssl".to_owned(), text, String::new())
}

/// An error, told where it happened.
fn located(error: Error, label: &str, number: usize, line: usize) -> Error {
    let Error::OpenSsl(stack) = error else { return error };
    let mut entries = vec![reason(format!("entry {number} ({label}), line {line}"))];
    entries.extend_from_slice(stack.entries());
    Error::OpenSsl(ErrorStack::new(entries))
}

/// For a block without its end.
fn unfinished(label: &str, number: usize, line: usize) -> Error {
    let text = format!("entry {number} ({label}), line {line}: no line ends it");
    Error::OpenSsl(ErrorStack::new(vec![reason(text)]))
}

/// For a file without anything that was looked for.
fn nothing(what: &str) -> Error {
    Error::OpenSsl(ErrorStack::new(vec![reason(format!("there is {what} in the data"))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue;

    fn text(error: &Error) -> String {
        error.to_string()
    }

    #[test]
    fn entries_are_found_and_errors_say_where() {
        let key = PKey::generate_rsa(1024).unwrap();
        let (private, public) = (key.to_pem(None, Passphrase::None).unwrap(), key.public_to_pem().unwrap());
        let parameters = b"-----BEGIN DH PARAMETERS-----\nAA==\n-----END DH PARAMETERS-----\n";
        let windows = String::from_utf8(public.clone()).unwrap().replace('\n', "\r\n").into_bytes();
        let all = [&private[..], b"text\n\n", &parameters[..], &windows, &public].concat();
        assert_eq!(items(&all, Passphrase::None).unwrap().len(), 3);
        assert!(text(&certificates(&all).unwrap_err()).contains("no certificate"));

        let broken =
            [b"one\n", &public[..], b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"].concat();
        let line = public.iter().filter(|byte| **byte == b'\n').count() + 2;
        let error = text(&items(&broken, Passphrase::None).unwrap_err());
        assert!(error.contains(&format!("entry 2 (CERTIFICATE), line {line};")), "{error}");
        let cut = &broken[..broken.len() - 4];
        let error = text(&certificates(cut).unwrap_err());
        assert!(error.contains(&format!("entry 2 (CERTIFICATE), line {line}: no line")), "{error}");
        assert!(items(b"", Passphrase::None).is_err());
        assert!(queue::is_empty());
    }
}
