//! Elliptic curves that the linked library knows by name.

use std::fmt;
use std::ptr;

use ironssl_sys as ffi;

use crate::asn1::object::Nid;
use crate::error::{Error, Result};
use crate::queue;

/// An elliptic curve with a name, such as `prime256v1`, which is NIST's P-256.
///
/// ```
/// use ironssl::curve::Curve;
/// let p256 = Curve::by_name("prime256v1").unwrap();
/// assert!(Curve::all().contains(&p256));
/// assert_eq!(p256.name(), "prime256v1");
/// assert!(Curve::by_name("no such curve").is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Curve(Nid);

impl Curve {
    /// All curves of the library (`EC_get_builtin_curves`).
    #[must_use]
    pub fn all() -> Vec<Self> {
        queue::clear();
        // SAFETY: null with room for none asks for the number of curves.
        let count = unsafe { ffi::EC_get_builtin_curves(ptr::null_mut(), 0) };
        let mut curves = vec![ffi::EC_builtin_curve { nid: 0, comment: ptr::null() }; count];
        // SAFETY: `curves` has room for as many as is said.
        let count = unsafe { ffi::EC_get_builtin_curves(curves.as_mut_ptr(), curves.len()) };
        queue::clear();
        curves.iter().take(count).filter_map(|curve| Nid::from_raw(curve.nid)).map(Self).collect()
    }

    /// The curve whose short name is `name`; none where the library has no such curve.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|curve| curve.name() == name)
    }

    /// As [`Curve::by_name`], but also by the name that SEC 2 has for it, by its long name, or by its dotted number.
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the library has no such curve.
    pub fn by_any_name(name: &str) -> Result<Self> {
        // The two that OpenSSL knows by the names of X9.62.
        let nid = Nid::by_name(match name {
            "secp192r1" => "prime192v1",
            "secp256r1" => "prime256v1",
            other => other,
        });
        let found = Self::all().into_iter().find(|curve| Some(curve.0) == nid);
        found.ok_or_else(|| Error::ssl("unsupported elliptic curve"))
    }

    /// The number that OpenSSL has for it.
    #[must_use]
    pub fn nid(self) -> Nid {
        self.0
    }

    /// The short name, such as `prime256v1`.
    #[must_use]
    pub fn name(self) -> &'static str {
        // The names of OpenSSL's table are ASCII.
        std::str::from_utf8(self.0.short_name()).unwrap_or_default()
    }
}

impl fmt::Debug for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Curve({:?})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_curve_will_do() {
        let p256 = Curve::by_name("prime256v1").unwrap();
        for name in ["prime256v1", "secp256r1", "1.2.840.10045.3.1.7"] {
            assert_eq!(Curve::by_any_name(name).unwrap(), p256);
        }
        for name in ["", "rsaEncryption", "no such curve", "prime256v1\0"] {
            assert!(matches!(Curve::by_any_name(name), Err(Error::OpenSsl(_))), "{name}");
        }
        assert!(queue::is_empty());
    }
}
