//! The ASN.1 values that certificates and names are made of: numbers, object identifiers, strings, times.

pub mod object;

pub(crate) mod integer;
pub(crate) mod string;
pub(crate) mod time;
