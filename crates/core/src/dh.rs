//! Parameters of a Diffie-Hellman key exchange.

use std::fmt;
use std::ptr;

use ironssl_sys as ffi;

use crate::bio_memory::Reader;
use crate::check;
use crate::error::Result;
use crate::handle::Handle;
use crate::pem;
use crate::pkey::PKey;
use crate::queue;

/// The group, a prime and a generator, that a server makes its ephemeral Diffie-Hellman keys in.
#[derive(Clone)]
pub struct DhParameters(PKey);

impl DhParameters {
    /// The first parameters in PEM, as `openssl dhparam` writes them: PKCS #3, or X9.42 (`PEM_read_bio_Parameters`).
    /// Whatever else is in the file is left out.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where there are none, or they are damaged.
    pub fn from_pem(pem: &[u8]) -> Result<Self> {
        let block = pem::first(pem, &["DH PARAMETERS", "X9.42 DH PARAMETERS"], "no set of Diffie-Hellman parameters")?;
        queue::clear();
        let reader = Reader::new(block)?;
        // SAFETY: the BIO is valid; null asks for a new object.
        let raw = unsafe { ffi::PEM_read_bio_Parameters(reader.as_ptr(), ptr::null_mut()) };
        // SAFETY: null, or a new object, which is ours.
        let parameters = unsafe { check::owned(raw, "PEM_read_bio_Parameters") }?;
        queue::clear();
        Ok(Self(PKey::from_handle(parameters, false)))
    }

    /// How long the prime is.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.0.bits()
    }

    /// A reference for C to take over.
    pub(crate) fn share(&self) -> Handle<ffi::EVP_PKEY> {
        self.0.share()
    }
}

impl fmt::Debug for DhParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DhParameters({} bits)", self.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The group ffdhe2048 of RFC 7919.
    const FFDHE2048: &[u8] = b"\
-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
";

    #[test]
    fn the_first_parameters_are_found() {
        let file = [b"text\n-----BEGIN X-----\nAA==\n-----END X-----\n", FFDHE2048].concat();
        let parameters = DhParameters::from_pem(&file).unwrap();
        assert_eq!(parameters.bits(), 2048);
        assert_eq!(format!("{parameters:?}"), "DhParameters(2048 bits)");
        assert!(queue::is_empty());
    }

    #[test]
    fn damaged_or_missing_ones_are_errors() {
        let damaged = b"-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n";
        for file in [&b""[..], b"text", damaged, &FFDHE2048[..200]] {
            assert!(matches!(DhParameters::from_pem(file), Err(crate::Error::OpenSsl(_))), "{file:?}");
            assert!(queue::is_empty());
        }
    }
}
