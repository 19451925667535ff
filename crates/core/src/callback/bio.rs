//! OpenSSL reads and writes ciphertext: the functions of our `BIO_METHOD`.
//!
//! The BIO's data is one `Rc<State>`, given by `bio::attach` and dropped by `destroy`. All of these run inside an
//! operation on the connection's `SSL`, so on the thread that holds the engine's lock.

use std::ffi::{c_char, c_int, c_long, c_void};
use std::rc::Rc;

use ironssl_sys as ffi;

use crate::ssl::engine::State;
use crate::wire::Read;

/// The state that the BIO belongs to, or none while it is being made.
///
/// # Safety
/// `bio` is one of ours, and the caller holds the engine's lock.
unsafe fn state<'a>(bio: *mut ffi::BIO) -> Option<&'a State> {
    // SAFETY: the BIO is valid. Its data is null or comes from `Rc::into_raw` and lives until `destroy`.
    unsafe { ffi::BIO_get_data(bio).cast::<State>().as_ref() }
}

pub(crate) unsafe extern "C" fn read(bio: *mut ffi::BIO, buffer: *mut c_char, length: c_int) -> c_int {
    // SAFETY: OpenSSL passes the BIO that it was given.
    unsafe { ffi::BIO_clear_retry_flags(bio) };
    // SAFETY: as above, inside an operation.
    let Some(state) = (unsafe { state(bio) }) else { return -1 };
    let Ok(wanted) = usize::try_from(length) else { return -1 };
    if buffer.is_null() || wanted == 0 {
        return 0;
    }
    // SAFETY: OpenSSL passes a buffer of `length` bytes, its own to write to until this returns.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), wanted) };
    match state.read(buffer) {
        Read::Bytes(count) => c_int::try_from(count).unwrap_or(-1),
        Read::End => 0,
        Read::Retry => {
            // SAFETY: as above.
            unsafe { ffi::BIO_set_retry_read(bio) };
            -1
        }
    }
}

pub(crate) unsafe extern "C" fn write(bio: *mut ffi::BIO, data: *const c_char, length: c_int) -> c_int {
    // SAFETY: OpenSSL passes the BIO that it was given.
    unsafe { ffi::BIO_clear_retry_flags(bio) };
    // SAFETY: as above, inside an operation.
    let Some(state) = (unsafe { state(bio) }) else { return -1 };
    let Ok(count) = usize::try_from(length) else { return -1 };
    if data.is_null() || count == 0 {
        return 0;
    }
    // SAFETY: OpenSSL passes `length` bytes that do not change until this returns.
    let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), count) };
    if state.write(data) { length } else { -1 }
}

pub(crate) unsafe extern "C" fn ctrl(bio: *mut ffi::BIO, command: c_int, _: c_long, _: *mut c_void) -> c_long {
    // SAFETY: OpenSSL passes the BIO that it was given, inside an operation.
    let Some(state) = (unsafe { state(bio) }) else { return 0 };
    // Whoever drains the wire in this thread has it to himself.
    let Ok(wire) = state.wire.try_borrow() else { return 0 };
    let length = match command {
        ffi::BIO_CTRL_FLUSH => 1,
        ffi::BIO_CTRL_EOF => usize::from(wire.at_end()),
        ffi::BIO_CTRL_PENDING => wire.input_len(),
        // The buffer for a flight passes this on where it is empty, and means the datagram that is being filled.
        ffi::BIO_CTRL_WPENDING if wire.has_datagrams() => 0,
        ffi::BIO_CTRL_WPENDING => wire.output_len(),
        ffi::BIO_CTRL_DGRAM_QUERY_MTU => wire.link().in_handshake(),
        ffi::BIO_CTRL_DGRAM_GET_FALLBACK_MTU => wire.link().fall_back(),
        ffi::BIO_CTRL_DGRAM_GET_MTU_OVERHEAD => wire.link().overhead(),
        _ => 0,
    };
    c_long::try_from(length).unwrap_or(c_long::MAX)
}

pub(crate) unsafe extern "C" fn create(bio: *mut ffi::BIO) -> c_int {
    // SAFETY: OpenSSL passes the BIO that it is making; ours needs nothing more to be ready.
    unsafe { ffi::BIO_set_init(bio, 1) };
    1
}

pub(crate) unsafe extern "C" fn destroy(bio: *mut ffi::BIO) -> c_int {
    if bio.is_null() {
        return 0;
    }
    // SAFETY: OpenSSL passes the BIO that it is freeing.
    let data = unsafe { ffi::BIO_get_data(bio) }.cast::<State>();
    // SAFETY: as above; afterwards nothing finds the state through the BIO.
    unsafe { ffi::BIO_set_data(bio, std::ptr::null_mut()) };
    if !data.is_null() {
        // SAFETY: `bio::attach` gave the BIO one count of the `Rc`, taken back here, once.
        drop(unsafe { Rc::from_raw(data) });
    }
    1
}
