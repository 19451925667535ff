//! OpenSSL's error queue: the only file that calls `ERR_*`.
//!
//! The queue belongs to the thread. Rules: it is cleared before each operation whose failure it will explain
//! (`clear`), taken whole when the operation failed (`take`), and put aside while a callback runs user code (`Saved`),
//! so that an operation made inside a callback cannot disturb the one around it.
//!
//! A look at the queue costs a tenth of what the encryption of a small record does. So before a record is moved nobody
//! looks where nothing but records has been moved in this thread since the last look (`clear_if_used`), and where the
//! copy of OpenSSL is ours alone (`own`). Builds with debug assertions look there all the same, and stop at a mistake.
#![allow(clippy::disallowed_methods, reason = "this is the file that may")]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_ulong};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use ironssl_sys as ffi;

use crate::error::{Entry, ErrorStack};

/// Whether nothing else in this process calls our copy of OpenSSL.
static OWN: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// Whether something may be in the calling thread's queue.
    static USED: Cell<bool> = const { Cell::new(true) };
}

/// Says that nothing else in this process calls the copy of OpenSSL that is linked here, so that errors which others
/// leave behind need not be looked for: true of an extension module with an OpenSSL that is linked statically. Does
/// nothing where a shared library is linked.
pub fn own() {
    OWN.store(cfg!(ossl_static), Ordering::Relaxed);
}

/// Empties the calling thread's queue, before an operation that may leave something in it.
pub(crate) fn clear() {
    note_use();
    empty();
}

/// Empties the calling thread's queue, before an operation that leaves nothing in it unless `note_use` is called
/// afterwards. Without a look, where nothing else was done since the last one.
pub(crate) fn clear_if_used() {
    if USED.replace(false) || !OWN.load(Ordering::Relaxed) {
        empty();
    }
    debug_assert!(is_empty(), "something has left an error without a note of it");
}

/// Notes that something may be in the calling thread's queue.
pub(crate) fn note_use() {
    USED.set(true);
}

fn empty() {
    // A look is much cheaper than clearing a queue that is empty, as it nearly always is.
    if !is_empty() {
        // SAFETY: no preconditions; works on the calling thread's own queue.
        unsafe { ffi::ERR_clear_error() }
    }
}

/// Whether the calling thread's queue holds nothing.
pub fn is_empty() -> bool {
    // SAFETY: no preconditions; reads the calling thread's own queue.
    unsafe { ffi::ERR_peek_last_error() == 0 }
}

/// Whether the newest entry is `reason` of `library` (numbers of the C headers).
pub(crate) fn last_is(library: c_int, reason: c_int) -> bool {
    // SAFETY: no preconditions; reads the calling thread's own queue.
    let code = unsafe { ffi::ERR_peek_last_error() };
    code != 0 && ffi::ERR_GET_LIB(code) == library && ffi::ERR_GET_REASON(code) == reason
}

/// Whether the newest entry is one of `library`.
pub(crate) fn last_is_of(library: c_int) -> bool {
    // SAFETY: no preconditions; reads the calling thread's own queue.
    let code = unsafe { ffi::ERR_peek_last_error() };
    code != 0 && ffi::ERR_GET_LIB(code) == library
}

/// The number of an entry's reason (`SSL_R_*`), where it is libssl's.
pub(crate) fn ssl_reason(entry: &Entry) -> Option<c_int> {
    let code = c_ulong::try_from(entry.code()).ok()?;
    (ffi::ERR_GET_LIB(code) == ffi::ERR_LIB_SSL).then(|| ffi::ERR_GET_REASON(code))
}

/// Whether an entry says that something was decrypted badly, or what came of it made no sense.
pub(crate) fn is_of_decryption(entry: &Entry) -> bool {
    c_ulong::try_from(entry.code()).is_ok_and(|code| {
        let (library, reason) = (ffi::ERR_GET_LIB(code), ffi::ERR_GET_REASON(code));
        library == ffi::ERR_LIB_ASN1 || (library == ffi::ERR_LIB_PROV && reason == ffi::PROV_R_BAD_DECRYPT)
    })
}

/// That something was decrypted badly, and no more.
pub(crate) fn bad_decrypt() -> ErrorStack {
    alone(ffi::ERR_LIB_PROV, ffi::PROV_R_BAD_DECRYPT)
}

/// That a passphrase was asked for, and there was none.
pub(crate) fn bad_password_read() -> ErrorStack {
    alone(ffi::ERR_LIB_PEM, ffi::PEM_R_BAD_PASSWORD_READ)
}

/// One entry that OpenSSL could have left.
fn alone(library: c_int, reason: c_int) -> ErrorStack {
    let code = ffi::ERR_PACK(library, 0, reason);
    let (library, reason) = texts(library, reason);
    ErrorStack::new(vec![Entry::new(code, library, reason, String::new())])
}

/// Takes every entry out of the calling thread's queue, the oldest first.
pub(crate) fn take() -> ErrorStack {
    let mut entries = Vec::new();
    while let Some(raw) = RawEntry::pop() {
        entries.push(raw.describe());
    }
    ErrorStack::new(entries)
}

/// The calling thread's queue and `errno`, put aside until dropped.
pub(crate) struct Saved {
    entries: Vec<RawEntry>,
    errno: c_int,
}

impl Saved {
    /// Puts the queue and `errno` aside; the queue is empty afterwards.
    pub(crate) fn new() -> Self {
        note_use();
        let errno = raw_errno();
        let mut entries = Vec::new();
        while let Some(entry) = RawEntry::pop() {
            entries.push(entry);
        }
        Self { entries, errno }
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        clear();
        for entry in &self.entries {
            entry.push();
        }
        set_raw_errno(self.errno);
    }
}

/// The calling thread's `errno`; 0, which is no error and so no `rustix::io::Errno`, where nothing has failed yet.
pub(crate) fn raw_errno() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Sets the calling thread's `errno`.
pub(crate) fn set_raw_errno(errno: c_int) {
    // SAFETY: the C library's `errno` of this thread is always valid to write.
    unsafe { *libc::__errno_location() = errno }
}

/// One entry of the queue, whole enough to be put back: its code and its text. The file, line and function that the
/// library notes for its own developers are left out.
struct RawEntry {
    code: c_ulong,
    data: Option<Vec<u8>>,
}

impl RawEntry {
    /// Takes the oldest entry out of the queue.
    fn pop() -> Option<Self> {
        let mut text: *const c_char = ptr::null();
        let mut flags = 0;
        // SAFETY: each argument is null (not wanted) or a valid place to write to.
        let code = unsafe {
            ffi::ERR_get_error_all(ptr::null_mut(), ptr::null_mut(), ptr::null_mut(), &raw mut text, &raw mut flags)
        };
        if code == 0 {
            return None;
        }
        let data = (!text.is_null() && flags & ffi::ERR_TXT_STRING != 0).then(|| {
            // SAFETY: the flag says that it is a terminated string; the thread's queue keeps it until its next change.
            unsafe { CStr::from_ptr(text) }.to_bytes_with_nul().to_vec()
        });
        Some(Self { code, data })
    }

    /// Puts the entry at the end of the queue.
    fn push(&self) {
        // SAFETY: no preconditions; opens a new entry in the calling thread's queue.
        unsafe { ffi::ERR_new() };
        let (library, reason) = (ffi::ERR_GET_LIB(self.code), ffi::ERR_GET_REASON(self.code));
        match &self.data {
            // SAFETY: the format takes one terminated string, and `data` ends with a NUL.
            Some(data) => unsafe { ffi::ERR_set_error(library, reason, c"%s".as_ptr(), data.as_ptr()) },
            // SAFETY: without a format no argument is read.
            None => unsafe { ffi::ERR_set_error(library, reason, ptr::null()) },
        }
    }

    /// The `errno` of an entry of the operating system's (`ERR_SYSTEM_ERROR`), for which OpenSSL has no text.
    fn system_error(&self) -> Option<i32> {
        const SYSTEM: c_ulong = 1 << 31;
        (self.code & SYSTEM != 0).then(|| i32::try_from(self.code & !SYSTEM).unwrap_or(0))
    }

    /// The entry in words.
    fn describe(&self) -> Entry {
        // SAFETY: no preconditions; the result is null or a string that lives as long as the library.
        let library = unsafe { ffi::ERR_lib_error_string(self.code) };
        let reason = match self.system_error() {
            Some(number) => system_text(number),
            // SAFETY: as above.
            None => text(unsafe { ffi::ERR_reason_error_string(self.code) }),
        };
        let data = self.data.as_deref().and_then(|bytes| CStr::from_bytes_with_nul(bytes).ok());
        Entry::new(
            self.code,
            text(library),
            reason,
            data.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default(),
        )
    }
}

/// What the library calls one of its parts and a reason of it (numbers of the C headers); empty where it knows none.
#[must_use]
pub fn texts(library: i32, reason: i32) -> (String, String) {
    let code = ffi::ERR_PACK(library, 0, reason);
    // The first look at a queue makes the library load its texts.
    is_empty();
    // SAFETY: no preconditions; the results are null or strings that live as long as the library.
    unsafe { (text(ffi::ERR_lib_error_string(code)), text(ffi::ERR_reason_error_string(code))) }
}

/// What the operating system says of an `errno`, as `strerror` has it.
pub(crate) fn system_text(number: i32) -> String {
    let text = std::io::Error::from_raw_os_error(number).to_string();
    // Rust appends the number.
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// A C string that may be null, as text.
fn text(string: *const c_char) -> String {
    if string.is_null() {
        return String::new();
    }
    // SAFETY: not null, and the callers pass terminated strings.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leave_an_error() {
        RawEntry { code: ffi::ERR_PACK(ffi::ERR_LIB_SSL, 0, ffi::SSL_R_UNEXPECTED_EOF_WHILE_READING), data: None }
            .push();
    }

    #[test]
    fn others_have_to_be_reckoned_with_unless_the_library_is_our_own() {
        // In this process nobody has called `own`.
        clear_if_used();
        leave_an_error();
        clear_if_used();
        assert!(is_empty());
    }

    #[test]
    fn what_may_have_left_something_is_noted() {
        clear_if_used();
        for operation in [clear, note_use, || drop(Saved::new())] {
            operation();
            assert!(USED.get());
            leave_an_error();
            clear_if_used();
            assert!(is_empty() && !USED.get());
        }
    }

    #[test]
    fn what_is_put_aside_comes_back() {
        clear();
        leave_an_error();
        {
            let _saved = Saved::new();
            assert!(is_empty());
            leave_an_error();
            leave_an_error();
        }
        assert!(last_is(ffi::ERR_LIB_SSL, ffi::SSL_R_UNEXPECTED_EOF_WHILE_READING));
        assert_eq!(take().entries().len(), 1);
    }
}
