//! Object identifiers that OpenSSL knows by a number (`NID_*`) and names.

use std::ffi::{CStr, c_char, c_int};

use ironssl_sys as ffi;

use crate::queue;

/// A number that OpenSSL knows an object identifier by.
///
/// ```
/// use ironssl::asn1::object::Nid;
/// let common_name = Nid::by_name("CN").unwrap();
/// assert_eq!(common_name, Nid::by_name("commonName").unwrap());
/// assert_eq!(common_name, Nid::by_name("2.5.4.3").unwrap());
/// assert_eq!(common_name.long_name(), b"commonName");
/// assert!(Nid::by_name("no such name").is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nid(c_int);

impl Nid {
    /// `commonName` (CN).
    pub const COMMON_NAME: Self = Self(ffi::NID_commonName);
    /// `countryName` (C).
    pub const COUNTRY_NAME: Self = Self(ffi::NID_countryName);
    /// `localityName` (L).
    pub const LOCALITY_NAME: Self = Self(ffi::NID_localityName);
    /// `stateOrProvinceName` (ST).
    pub const STATE_OR_PROVINCE_NAME: Self = Self(ffi::NID_stateOrProvinceName);
    /// `organizationName` (O).
    pub const ORGANIZATION_NAME: Self = Self(ffi::NID_organizationName);
    /// `organizationalUnitName` (OU).
    pub const ORGANIZATIONAL_UNIT_NAME: Self = Self(ffi::NID_organizationalUnitName);
    /// `emailAddress`.
    pub const EMAIL_ADDRESS: Self = Self(ffi::NID_pkcs9_emailAddress);

    /// `pbeWithSHA1And3-KeyTripleDES-CBC` (PBE-SHA1-3DES).
    pub(crate) const PBE_SHA1_3DES: Self = Self(ffi::NID_pbe_WithSHA1And3_Key_TripleDES_CBC);

    /// By short name, long name or dotted number (`OBJ_txt2nid`); none where OpenSSL knows no such object.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        const ROOM: usize = 128;
        if name.len() >= ROOM || name.as_bytes().contains(&0) {
            return None;
        }
        let mut text = [0; ROOM];
        text[..name.len()].copy_from_slice(name.as_bytes());
        // SAFETY: `text` is longer than `name`, so it ends with a NUL.
        let nid = unsafe { ffi::OBJ_txt2nid(text.as_ptr().cast()) };
        queue::clear();
        (nid != ffi::NID_undef).then_some(Self(nid))
    }

    /// From C; none for `NID_undef`.
    pub(crate) fn from_raw(nid: c_int) -> Option<Self> {
        (nid != ffi::NID_undef).then_some(Self(nid))
    }

    /// The number (`NID_*` of OpenSSL's headers).
    #[must_use]
    pub fn as_raw(self) -> i32 {
        self.0
    }

    /// The short name, such as `CN` (`OBJ_nid2sn`).
    #[must_use]
    pub fn short_name(self) -> &'static [u8] {
        // SAFETY: any number may be asked for.
        constant(unsafe { ffi::OBJ_nid2sn(self.0) })
    }

    /// The long name, such as `commonName` (`OBJ_nid2ln`).
    #[must_use]
    pub fn long_name(self) -> &'static [u8] {
        // SAFETY: any number may be asked for.
        constant(unsafe { ffi::OBJ_nid2ln(self.0) })
    }
}

/// A name out of OpenSSL's table of objects.
fn constant(name: *const c_char) -> &'static [u8] {
    if name.is_null() {
        return b"UNDEF";
    }
    // SAFETY: not null; the tables hold terminated strings that live as long as the library.
    unsafe { CStr::from_ptr(name) }.to_bytes()
}
