//! `openssl/ssl.h` and `openssl/sslerr.h`: what `openssl-sys` does not declare.

use std::ffi::{c_char, c_int, c_long, c_uchar, c_uint};

#[cfg(ossl_3_2)]
use openssl_sys::BIO_ADDR;
use openssl_sys::{SSL, SSL_CIPHER, SSL_CTX, SSL_SESSION, X509, X509_STORE, stack_st_SSL_CIPHER, stack_st_X509_NAME};

#[cfg(not(ossl_3_2))]
use crate::bio::BIO_ADDR;

pub const SSL_CTRL_GET_TOTAL_RENEGOTIATIONS: c_int = 12;
pub const SSL_CTRL_GET_SESS_CACHE_MODE: c_int = 45;
pub const SSL_CTRL_GET_TLSEXT_TICKET_KEYS: c_int = 58;
pub const SSL_CTRL_SET_TLSEXT_TICKET_KEYS: c_int = 59;
pub const DTLS_CTRL_GET_TIMEOUT: c_int = 73;
pub const DTLS_CTRL_HANDLE_TIMEOUT: c_int = 74;
pub const SSL_CTRL_CLEAR_MODE: c_int = 78;
pub const SSL_CTRL_CHAIN: c_int = 88;
pub const SSL_CTRL_GET_NEGOTIATED_GROUP: c_int = 134;
pub const SSL_CTRL_SET_GROUPS: c_int = 91;
pub const SSL_R_CERTIFICATE_VERIFY_FAILED: c_int = 134;
pub const SSL_R_UNEXPECTED_EOF_WHILE_READING: c_int = 294;

pub const SSL_OP_CLEANSE_PLAINTEXT: u64 = 1 << 1;
pub const SSL_OP_ALLOW_CLIENT_RENEGOTIATION: u64 = 1 << 8;
pub const SSL_ST_CONNECT: c_int = 0x1000;
pub const SSL_ST_ACCEPT: c_int = 0x2000;
pub const SSL_ST_MASK: c_int = 0x0FFF;
pub const SSL_CB_LOOP: c_int = 0x01;
pub const SSL_CB_EXIT: c_int = 0x02;
pub const SSL_CB_READ: c_int = 0x04;
pub const SSL_CB_WRITE: c_int = 0x08;
pub const SSL_CB_ALERT: c_int = 0x4000;
pub const SSL_CB_HANDSHAKE_START: c_int = 0x10;
pub const SSL_CB_HANDSHAKE_DONE: c_int = 0x20;

unsafe extern "C" {
    pub fn DTLS_get_data_mtu(s: *const SSL) -> usize;
    pub fn DTLSv1_listen(s: *mut SSL, client: *mut BIO_ADDR) -> c_int;
    pub fn SSL_CTX_set_info_callback(
        ctx: *mut SSL_CTX,
        cb: Option<unsafe extern "C" fn(ssl: *const SSL, type_: c_int, val: c_int)>,
    );
    pub fn SSL_set_info_callback(
        ssl: *mut SSL,
        cb: Option<unsafe extern "C" fn(ssl: *const SSL, type_: c_int, val: c_int)>,
    );
    pub fn SSL_CTX_get_ciphers(ctx: *const SSL_CTX) -> *mut stack_st_SSL_CIPHER;
    pub fn SSL_CTX_get_timeout(ctx: *const SSL_CTX) -> c_long;
    pub fn SSL_CTX_get_verify_depth(ctx: *const SSL_CTX) -> c_int;
    pub fn SSL_CTX_load_verify_dir(ctx: *mut SSL_CTX, CApath: *const c_char) -> c_int;
    pub fn SSL_CTX_load_verify_file(ctx: *mut SSL_CTX, CAfile: *const c_char) -> c_int;
    pub fn SSL_CTX_set1_cert_store(ctx: *mut SSL_CTX, store: *mut X509_STORE);
    pub fn SSL_CTX_set_default_verify_dir(ctx: *mut SSL_CTX) -> c_int;
    pub fn SSL_CTX_set_default_verify_file(ctx: *mut SSL_CTX) -> c_int;
    pub fn SSL_CTX_set_default_verify_store(ctx: *mut SSL_CTX) -> c_int;
    pub fn SSL_CTX_set_default_read_buffer_len(ctx: *mut SSL_CTX, len: usize);
    pub fn SSL_CTX_set_timeout(ctx: *mut SSL_CTX, t: c_long) -> c_long;
    pub fn SSL_SESSION_get0_cipher(s: *const SSL_SESSION) -> *const SSL_CIPHER;
    pub fn SSL_SESSION_get0_id_context(s: *const SSL_SESSION, len: *mut c_uint) -> *const c_uchar;
    pub fn SSL_SESSION_set1_id_context(s: *mut SSL_SESSION, sid_ctx: *const c_uchar, sid_ctx_len: c_uint) -> c_int;
    pub fn SSL_SESSION_is_resumable(s: *const SSL_SESSION) -> c_int;
    pub fn SSL_SESSION_dup(src: *const SSL_SESSION) -> *mut SSL_SESSION;
    pub fn SSL_free_buffers(ssl: *mut SSL) -> c_int;
    pub fn SSL_get_options(s: *const SSL) -> u64;
    pub fn SSL_group_to_name(s: *mut SSL, id: c_int) -> *const c_char;
    pub fn SSL_get0_peer_certificate(s: *const SSL) -> *mut X509;
    pub fn SSL_get_ciphers(s: *const SSL) -> *mut stack_st_SSL_CIPHER;
    pub fn SSL_get_client_CA_list(s: *const SSL) -> *mut stack_st_X509_NAME;
    pub fn SSL_in_before(s: *const SSL) -> c_int;
    pub fn SSL_get_read_ahead(s: *const SSL) -> c_int;
    pub fn SSL_has_pending(s: *const SSL) -> c_int;
    pub fn SSL_get_pending_cipher(s: *const SSL) -> *const SSL_CIPHER;
    pub fn SSL_is_dtls(s: *const SSL) -> c_int;
    pub fn SSL_renegotiate(s: *mut SSL) -> c_int;
    pub fn SSL_renegotiate_pending(s: *const SSL) -> c_int;
    pub fn SSL_set_read_ahead(s: *mut SSL, yes: c_int);
    pub fn SSL_set_session_id_context(ssl: *mut SSL, sid_ctx: *const c_uchar, sid_ctx_len: c_uint) -> c_int;
    pub fn SSL_set_options(s: *mut SSL, op: u64) -> u64;
    pub fn SSL_rstate_string(s: *const SSL) -> *const c_char;
}
