//! Passphrases of private keys: given, or asked for when OpenSSL needs one.
//!
//! Nothing here, or through here, ever prompts on a terminal: OpenSSL's own callback would, so each call that could
//! ask gets ours.

use std::ffi::{c_char, c_int, c_void};
use std::fmt;

use ironssl_sys as ffi;
use zeroize::Zeroizing;

use crate::callback::{guard, unpark};
use crate::error::{Error, Parked, Result};
use crate::queue;

/// The longest passphrase in bytes (the buffer of OpenSSL's PEM code).
pub const MAX_LEN: usize = 1024;

/// What a passphrase is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To decrypt a key.
    Decrypt,
    /// To encrypt a key.
    Encrypt,
}

/// Where the passphrase of a private key comes from.
pub enum Passphrase<'a> {
    /// There is none: an encrypted key is an error.
    None,
    /// This one.
    Given(&'a [u8]),
    /// A function that is called when one is needed, at most once an operation. What it fails with comes back to the
    /// caller as [`Error::Callback`].
    Ask(&'a mut dyn FnMut(Purpose) -> Result<Zeroizing<Vec<u8>>, Parked>),
}

impl fmt::Debug for Passphrase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Given(_) => "Given(..)",
            Self::Ask(_) => "Ask(..)",
        })
    }
}

/// A passphrase while C may ask for it.
pub(crate) struct Supply<'a> {
    source: Passphrase<'a>,
    known: Option<Zeroizing<Vec<u8>>>,
    failure: Option<Error>,
    used: bool,
    /// Whether C has asked for a passphrase, and there was none.
    missed: bool,
}

impl<'a> Supply<'a> {
    pub(crate) fn new(source: Passphrase<'a>) -> Self {
        Self { source, known: None, failure: None, used: false, missed: false }
    }

    /// The function to give to C together with [`Supply::data`].
    pub(crate) fn function() -> ffi::pem_password_cb {
        Some(supply)
    }

    /// The argument for C, valid as long as `self` is borrowed.
    pub(crate) fn data(&mut self) -> *mut c_void {
        (&raw mut *self).cast()
    }

    /// What the operation came to: a failure of the passphrase goes before what C made of it, which may be nothing.
    pub(crate) fn finish<T>(self, result: Result<T>) -> Result<T> {
        match self.failure {
            Some(Error::Callback(parked)) => Err(Error::Callback(unpark(parked))),
            Some(failure) => Err(failure),
            None if self.missed => result.map_err(|_| Error::OpenSsl(queue::bad_password_read())),
            None => result,
        }
    }

    /// Whether C has been given a passphrase.
    pub(crate) fn was_used(&self) -> bool {
        self.used
    }

    /// Writes the passphrase to `buffer` and says how long it is; none where there is no passphrase.
    fn write(&mut self, buffer: &mut [u8], purpose: Purpose) -> Result<Option<usize>, Parked> {
        let passphrase: &[u8] = match &mut self.source {
            Passphrase::None => {
                self.missed = true;
                return Ok(None);
            }
            Passphrase::Given(bytes) => bytes,
            Passphrase::Ask(_) if self.failure.is_some() => return Ok(None),
            Passphrase::Ask(ask) => match &mut self.known {
                Some(known) => known,
                empty @ None => empty.insert(ask(purpose)?),
            },
        };
        if passphrase.len() > MAX_LEN.min(buffer.len()) {
            self.failure = Some(Error::value("passphrase returned by callback is too long"));
            return Ok(None);
        }
        if let Some(place) = buffer.get_mut(..passphrase.len()) {
            place.copy_from_slice(passphrase);
        }
        self.used = true;
        Ok(Some(passphrase.len()))
    }
}

/// `pem_password_cb`: the length of the passphrase, or -1 to refuse.
unsafe extern "C" fn supply(buffer: *mut c_char, size: c_int, writing: c_int, data: *mut c_void) -> c_int {
    let (Ok(size), false, false) = (usize::try_from(size), buffer.is_null(), data.is_null()) else {
        return -1;
    };
    // SAFETY: C passes on what `Supply::data` gave it, whose borrow lasts for the whole C call, on one thread.
    let supply = unsafe { &mut *data.cast::<Supply<'_>>() };
    // SAFETY: C's contract: `buffer` has room for `size` bytes. They may be uninitialised: zeroed first.
    let room = unsafe {
        buffer.write_bytes(0, size);
        std::slice::from_raw_parts_mut(buffer.cast::<u8>(), size)
    };
    let purpose = if writing == 0 { Purpose::Decrypt } else { Purpose::Encrypt };
    let mut parked = None;
    let length = guard(None, |failed| parked = Some(failed), || supply.write(room, purpose));
    if let Some(parked) = parked {
        supply.failure = Some(Error::Callback(parked));
    }
    length.and_then(|length| c_int::try_from(length).ok()).unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_whole() {
        for (length, room, fits) in
            [(4, 4, true), (5, 4, false), (0, 4, true), (MAX_LEN, 2000, true), (1025, 2000, false)]
        {
            let passphrase = vec![7; length];
            let mut supply = Supply::new(Passphrase::Given(&passphrase));
            let mut buffer = vec![0; room];
            let written = supply.write(&mut buffer, Purpose::Decrypt).unwrap();
            assert_eq!((written, supply.was_used()), (fits.then_some(length), fits));
            assert_eq!(buffer.iter().filter(|&&byte| byte == 7).count(), if fits { length } else { 0 });
            assert_eq!(supply.finish(Ok(())).is_ok(), fits);
        }
    }
}
