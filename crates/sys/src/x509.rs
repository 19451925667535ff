//! `openssl/x509.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int, c_long, c_uchar, c_ulong};

use openssl_sys::{
    ASN1_INTEGER, ASN1_TIME, BIO, EVP_MD, EVP_PKEY, OSSL_LIB_CTX, X509, X509_ALGOR, X509_CRL, X509_EXTENSION,
    X509_NAME, X509_NAME_ENTRY, X509_REQ,
};

pub const XN_FLAG_ONELINE: c_ulong = 0x0082_031f;

pub enum NETSCAPE_SPKI {}

unsafe extern "C" {
    pub fn NETSCAPE_SPKI_b64_decode(text: *const c_char, len: c_int) -> *mut NETSCAPE_SPKI;
    pub fn NETSCAPE_SPKI_free(spki: *mut NETSCAPE_SPKI);
    pub fn NETSCAPE_SPKI_get_pubkey(spki: *mut NETSCAPE_SPKI) -> *mut EVP_PKEY;
    pub fn NETSCAPE_SPKI_new() -> *mut NETSCAPE_SPKI;
    pub fn NETSCAPE_SPKI_set_pubkey(spki: *mut NETSCAPE_SPKI, key: *mut EVP_PKEY) -> c_int;
    pub fn NETSCAPE_SPKI_sign(spki: *mut NETSCAPE_SPKI, key: *mut EVP_PKEY, digest: *const EVP_MD) -> c_int;
    pub fn NETSCAPE_SPKI_verify(spki: *mut NETSCAPE_SPKI, key: *mut EVP_PKEY) -> c_int;
    pub fn i2d_NETSCAPE_SPKI(spki: *const NETSCAPE_SPKI, out: *mut *mut c_uchar) -> c_int;
    pub fn X509_CRL_print(out: *mut BIO, list: *const X509_CRL) -> c_int;
    pub fn X509_EXTENSION_dup(extension: *const X509_EXTENSION) -> *mut X509_EXTENSION;
    pub fn X509_NAME_ENTRY_create_by_NID(
        entry: *mut *mut X509_NAME_ENTRY,
        nid: c_int,
        kind: c_int,
        bytes: *const c_uchar,
        len: c_int,
    ) -> *mut X509_NAME_ENTRY;
    pub fn X509_NAME_delete_entry(name: *mut X509_NAME, loc: c_int) -> *mut X509_NAME_ENTRY;
    pub fn X509_NAME_hash_ex(
        name: *const X509_NAME,
        libctx: *mut OSSL_LIB_CTX,
        propq: *const c_char,
        ok: *mut c_int,
    ) -> c_ulong;
    pub fn X509_NAME_hash_old(name: *const X509_NAME) -> c_ulong;
    pub fn X509_NAME_oneline(name: *const X509_NAME, buf: *mut c_char, size: c_int) -> *mut c_char;
    pub fn X509_NAME_print_ex(out: *mut BIO, name: *const X509_NAME, indent: c_int, flags: c_ulong) -> c_int;
    pub fn X509_get0_notAfter(cert: *const X509) -> *const ASN1_TIME;
    pub fn X509_get0_notBefore(cert: *const X509) -> *const ASN1_TIME;
    pub fn X509_get0_serialNumber(cert: *const X509) -> *const ASN1_INTEGER;
    pub fn X509_get0_tbs_sigalg(cert: *const X509) -> *const X509_ALGOR;
    pub fn d2i_X509_AUX(cert: *mut *mut X509, der: *mut *const c_uchar, len: c_long) -> *mut X509;
    pub fn i2d_X509_AUX(cert: *const X509, out: *mut *mut c_uchar) -> c_int;
    pub fn i2d_re_X509_CRL_tbs(list: *mut X509_CRL, out: *mut *mut c_uchar) -> c_int;
    pub fn i2d_re_X509_REQ_tbs(request: *mut X509_REQ, out: *mut *mut c_uchar) -> c_int;
    pub fn i2d_re_X509_tbs(cert: *mut X509, out: *mut *mut c_uchar) -> c_int;
}
