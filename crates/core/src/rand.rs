//! The library's random number generator: taking bytes out, mixing bytes in, and seed files.
//!
//! Lives here: what goes through `RAND_*`. Must not live here: how an entropy daemon is spoken to (`egd`).
//!
//! Theory. The generator seeds itself from the operating system, again and again. What is added to it is mixed in at
//! the next reseeding and can only help: however much entropy a caller claims for it, nothing is taken away from what
//! the system gives.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ironssl_sys as ffi;
use zeroize::Zeroizing;

use crate::check;
use crate::error::{Error, Result};
use crate::queue;

mod egd;

pub use egd::{DEFAULT_TIMEOUT, Daemon};

/// How many bytes [`write_file`] writes.
pub const SEED_FILE: usize = 1024;

/// How much [`load_file`] reads of what has no end, such as a device, unless it is told.
const ENDLESS: u64 = 256;

/// How much is handed to the library at once.
const CHUNK: usize = 64 * 1024;

/// Mixes bytes into the generator's state; `entropy` is the caller's estimate, in bytes, of how much of them nobody can
/// guess (`RAND_add`). More than there are bytes counts as that many.
///
/// ```
/// ironssl::rand::add(b"mouse movements", 1.5)?;
/// assert!(ironssl::rand::add(b"", -1.0).is_err());
/// # Ok::<(), ironssl::Error>(())
/// ```
///
/// # Errors
/// [`Error::Value`] for an estimate that is negative or no number.
pub fn add(data: &[u8], entropy: f64) -> Result<()> {
    if entropy.is_nan() || entropy < 0.0 {
        return Err(Error::value("entropy must not be negative"));
    }
    queue::clear();
    let mut left = entropy;
    for chunk in data.chunks(CHUNK) {
        let length = check::int_len(chunk.len())?;
        let credit = left.min(f64::from(length));
        left -= credit;
        // SAFETY: `chunk` holds `length` bytes; they are copied.
        unsafe { ffi::RAND_add(chunk.as_ptr().cast(), length, credit) }
    }
    // It returns nothing. What it may have failed with is met again by whoever takes bytes out.
    queue::clear();
    Ok(())
}

/// Mixes bytes in of which nobody can guess anything: [`add`] with their number as the estimate.
///
/// # Errors
/// None.
pub fn seed(data: &[u8]) -> Result<()> {
    add(data, f64::INFINITY)
}

/// Whether the generator has been seeded with enough entropy (`RAND_status`).
#[must_use]
pub fn is_seeded() -> bool {
    queue::clear();
    // SAFETY: no preconditions.
    let seeded = unsafe { ffi::RAND_status() } == 1;
    queue::clear();
    seeded
}

/// Fills `out` with random bytes that may be shown to anybody (`RAND_bytes`).
///
/// ```
/// let mut nonce = [0; 16];
/// ironssl::rand::fill(&mut nonce)?;
/// assert_ne!(nonce, [0; 16]);
/// # Ok::<(), ironssl::Error>(())
/// ```
///
/// # Errors
/// [`Error::OpenSsl`] where the generator cannot be seeded.
pub fn fill(out: &mut [u8]) -> Result<()> {
    queue::clear();
    for chunk in out.chunks_mut(CHUNK) {
        let length = check::int_len(chunk.len())?;
        // SAFETY: `chunk` has room for `length` bytes.
        check::one(unsafe { ffi::RAND_bytes(chunk.as_mut_ptr(), length) }, "RAND_bytes")?;
    }
    Ok(())
}

/// Fills `out` with random bytes that stay secret, from a generator apart (`RAND_priv_bytes`).
fn fill_private(out: &mut [u8]) -> Result<()> {
    queue::clear();
    let length = check::int_len(out.len())?;
    // SAFETY: `out` has room for `length` bytes.
    check::one(unsafe { ffi::RAND_priv_bytes(out.as_mut_ptr(), length) }, "RAND_priv_bytes")
}

/// Mixes a file in, `limit` bytes of it or all, each byte counted as one that nobody can guess. How many bytes that
/// was. Of what is no regular file, and so may have no end, all means 256 bytes.
///
/// # Errors
/// [`Error::Io`] where it cannot be read.
pub fn load_file(path: &Path, limit: Option<u64>) -> Result<u64> {
    let file = File::open(path)?;
    let regular = file.metadata()?.is_file();
    let mut rest = file.take(limit.unwrap_or(if regular { u64::MAX } else { ENDLESS }));
    let mut chunk = Zeroizing::new(vec![0; CHUNK]);
    let mut total = 0;
    loop {
        match rest.read(&mut chunk) {
            Ok(0) => return Ok(total),
            Ok(count) => {
                seed(chunk.get(..count).unwrap_or_default())?;
                total += count as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes a seed file for [`load_file`]: 1024 secret random bytes that only the owner can read (mode 0600). How many
/// bytes that was.
///
/// It is a new file, which takes the place of an old one when it is complete. So nobody who had the old one open, or
/// linked it under another name, gets to see the new seed, and a symbolic link is replaced, not followed.
///
/// # Errors
/// [`Error::Io`] where the directory cannot be written to, or there is something else than a file at `path`;
/// [`Error::OpenSsl`] where the generator cannot be seeded.
pub fn write_file(path: &Path) -> Result<usize> {
    let old = std::fs::symlink_metadata(path);
    if old.is_ok_and(|old| !old.is_file() && !old.is_symlink()) {
        let text = "there is something else than a file";
        return Err(std::io::Error::new(std::io::ErrorKind::AlreadyExists, text).into());
    }
    let mut bytes = Zeroizing::new([0; SEED_FILE]);
    fill_private(&mut *bytes)?;
    let mut unique = [0; 8];
    fill(&mut unique)?;
    let fresh = path.with_file_name(format!(".seed-{:016x}", u64::from_ne_bytes(unique)));
    let written = write_new(&fresh, &*bytes).and_then(|()| std::fs::rename(&fresh, path));
    if let Err(error) = written {
        // Best effort: the first failure is the one to tell.
        let _ = std::fs::remove_file(&fresh);
        return Err(error.into());
    }
    Ok(SEED_FILE)
}

/// Makes a file that only its owner can read, and lets the disk have it.
fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn estimates_that_are_none() {
        for entropy in [-1.0, -f64::EPSILON, f64::NAN, f64::NEG_INFINITY] {
            assert!(matches!(add(b"abc", entropy), Err(Error::Value(_))), "{entropy}");
        }
        for entropy in [0.0, 0.5, 1e300, f64::INFINITY] {
            add(b"abc", entropy).unwrap();
            add(&vec![7; 3 * CHUNK + 1], entropy).unwrap();
        }
        assert!(is_seeded());
        assert!(queue::is_empty());
    }

    #[test]
    fn bytes_differ() {
        let (mut one, mut other) = (vec![0; CHUNK + 3], vec![0; CHUNK + 3]);
        fill(&mut one).unwrap();
        fill(&mut other).unwrap();
        assert_ne!(one, other);
        assert_ne!(one[CHUNK..], [0; 3]);
    }

    #[test]
    fn seed_file_comes_and_goes() {
        let folder = std::env::temp_dir().join(format!("ironssl-rand-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("seed");
        std::fs::write(&path, vec![0; 5000]).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o666)).unwrap();
        assert_eq!(write_file(&path).unwrap(), SEED_FILE);
        let metadata = std::fs::metadata(&path).unwrap();
        assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (1024, 0o600));
        assert_eq!(load_file(&path, None).unwrap(), 1024);
        assert_eq!(load_file(&path, Some(7)).unwrap(), 7);
        assert_eq!(load_file(Path::new("/dev/zero"), None).unwrap(), ENDLESS);
        assert!(matches!(write_file(&folder), Err(Error::Io(_))));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "nothing is left behind");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
