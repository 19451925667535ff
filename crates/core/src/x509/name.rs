//! Names: of a certificate's subject, of its issuer, or on their own.
//!
//! A name taken from a certificate is a live view: it keeps the certificate alive, shows what its subject is now, and
//! writes through. It holds no pointer into C, but who owns the name (`Owner`), which of the owner's names it is
//! (`Part`), and a number that the owner counts up when the whole name is replaced (`set_subject`): from then on a
//! view taken before is stale, and says so.
//!
//! Writing makes a changed copy and puts it in the place of the old name, so that a refused value leaves the old one.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ironssl_sys as ffi;
use parking_lot::Mutex;

use super::entries::NameRef;
use crate::asn1::object::Nid;
use crate::check;
use crate::encoding;
use crate::error::{Error, Result};
use crate::handle::Handle;
use crate::queue;

/// Which of its owner's names a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The only one.
    Whole,
    /// The subject.
    Subject,
    /// The issuer.
    Issuer,
}

/// What a name is given to look at.
pub(crate) type Look<'a> = &'a mut dyn FnMut(NameRef<'_>) -> Result<()>;

/// What two names of one owner are given to look at.
pub(crate) type LookAtBoth<'a> = &'a mut dyn FnMut(NameRef<'_>, NameRef<'_>) -> Result<()>;

/// What makes a new name from the current one.
pub(crate) type Change<'a> = &'a mut dyn FnMut(NameRef<'_>) -> Result<Handle<ffi::X509_NAME>>;

/// What names live in. Each keeps them behind a lock of its own.
pub(crate) trait Owner: Send + Sync {
    /// Shows the name `part`, with the lock held.
    ///
    /// # Errors
    /// [`Error::Stale`] where the name was replaced since `generation`; what `look` fails with.
    fn look(&self, part: Part, generation: u32, look: Look<'_>) -> Result<()>;

    /// Shows two names at once, each a part and its generation, with the lock held.
    ///
    /// # Errors
    /// As [`Owner::look`].
    fn look_at_both(&self, one: (Part, u32), other: (Part, u32), look: LookAtBoth<'_>) -> Result<()>;

    /// Puts what `change` makes of the name `part` in its place, with the lock held.
    ///
    /// # Errors
    /// As [`Owner::look`].
    fn change(&self, part: Part, generation: u32, change: Change<'_>) -> Result<()>;
}

/// A name on its own.
struct Standalone(Mutex<Handle<ffi::X509_NAME>>);

impl Owner for Standalone {
    fn look(&self, _part: Part, _generation: u32, look: Look<'_>) -> Result<()> {
        look(NameRef::of(&mut self.0.lock())?)
    }

    fn look_at_both(&self, _one: (Part, u32), _other: (Part, u32), look: LookAtBoth<'_>) -> Result<()> {
        let mut name = self.0.lock();
        let name = NameRef::of(&mut name)?;
        look(name, name)
    }

    fn change(&self, _part: Part, _generation: u32, change: Change<'_>) -> Result<()> {
        let mut name = self.0.lock();
        *name = change(NameRef::of(&mut name)?)?;
        Ok(())
    }
}

/// A distinguished name: a list of components such as `commonName`.
///
/// ```
/// use ironssl::asn1::object::Nid;
/// use ironssl::x509::{X509, X509Name};
/// let certificate = X509::new()?;
/// let subject = certificate.subject();
/// subject.set(Nid::COMMON_NAME, b"example.org")?;
/// assert_eq!(certificate.subject().get(Nid::COMMON_NAME)?.as_deref(), Some("example.org"));
///
/// let copy = X509Name::new()?;
/// copy.assign(&subject)?;
/// assert!(copy.equals(&subject)?);
/// certificate.set_subject(&copy)?;
/// assert!(matches!(subject.get(Nid::COMMON_NAME), Err(ironssl::Error::Stale)));
/// # Ok::<(), ironssl::Error>(())
/// ```
pub struct X509Name {
    owner: Arc<dyn Owner>,
    part: Part,
    generation: u32,
}

#[expect(clippy::redundant_closure_for_method_calls, reason = "a method of `NameRef<'a>` is for one lifetime only")]
impl X509Name {
    /// An empty name on its own (`X509_NAME_new`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where there is no memory.
    pub fn new() -> Result<Self> {
        queue::clear();
        // SAFETY: no preconditions.
        Ok(Self::from_handle(unsafe { check::owned(ffi::X509_NAME_new(), "X509_NAME_new")? }))
    }

    /// A name on its own, from its DER encoding, a Name of RFC 5280 (`d2i_X509_NAME`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where it is none, or damaged.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        // SAFETY: the function is of the family.
        unsafe { encoding::from_der(der, ffi::d2i_X509_NAME, "d2i_X509_NAME") }.map(Self::from_handle)
    }

    /// A name on its own, taken over from C.
    pub(crate) fn from_handle(handle: Handle<ffi::X509_NAME>) -> Self {
        Self::view(Arc::new(Standalone(Mutex::new(handle))), Part::Whole, 0)
    }

    /// A live view.
    pub(crate) fn view(owner: Arc<dyn Owner>, part: Part, generation: u32) -> Self {
        Self { owner, part, generation }
    }

    /// A copy for C.
    pub(crate) fn to_handle(&self) -> Result<Handle<ffi::X509_NAME>> {
        self.look(|name| name.copy())
    }

    /// A copy on its own.
    ///
    /// # Errors
    /// [`Error::Stale`], as all that looks at a view.
    pub fn copy(&self) -> Result<Self> {
        self.to_handle().map(Self::from_handle)
    }

    /// Makes this name equal to `other`.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn assign(&self, other: &Self) -> Result<()> {
        let mut name = Some(other.to_handle()?);
        self.owner.change(self.part, self.generation, &mut |_| name.take().ok_or(Error::Stale))
    }

    /// The text of the first component of a kind; none where there is none.
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::OpenSsl`] where its bytes are no text.
    pub fn get(&self, nid: Nid) -> Result<Option<String>> {
        self.get_with(nid, str::to_owned)
    }

    /// As [`X509Name::get`], without a copy: calls `with` on the text, with the owner of the name locked.
    ///
    /// # Errors
    /// As [`X509Name::get`].
    pub fn get_with<R>(&self, nid: Nid, with: impl FnOnce(&str) -> R) -> Result<Option<R>> {
        self.look(|name| name.first(nid, with))
    }

    /// Sets a component: takes the first one of its kind away and adds the new one at the end. `value` is UTF-8 and may
    /// hold NUL; it is stored as UTF8String unless RFC 5280 wants another type for the kind.
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::OpenSsl`] where the value does not fit the kind. The old value then stays.
    pub fn set(&self, nid: Nid, value: &[u8]) -> Result<()> {
        self.owner.change(self.part, self.generation, &mut |name| name.with(nid, value))
    }

    /// All components, in their order.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn components(&self) -> Result<Components> {
        self.look(|name| Ok(name.components()))
    }

    /// The DER encoding, a Name of RFC 5280.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn der(&self) -> Result<Vec<u8>> {
        self.look(|name| name.der())
    }

    /// The hash that OpenSSL 1.0 and newer name files by: the first four bytes of the SHA-1 of the canonical encoding
    /// (`X509_NAME_hash_ex`).
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::OpenSsl`] where SHA-1 is not to be had.
    pub fn hash(&self) -> Result<u32> {
        self.look(|name| name.hash())
    }

    /// The hash that OpenSSL 0.9 named files by: the first four bytes of the MD5 of the DER encoding
    /// (`X509_NAME_hash_old`).
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::OpenSsl`] where MD5 is not to be had.
    pub fn hash_old(&self) -> Result<u32> {
        self.look(|name| name.hash_old())
    }

    /// One line of text, such as `/C=SE/CN=x`, cut at 511 characters; what is not ASCII is written `\xHH`
    /// (`X509_NAME_oneline`).
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn oneline(&self) -> Result<String> {
        self.oneline_within(512)
    }

    /// As [`X509Name::oneline`], but as many components as fit into `room` bytes with a NUL after them.
    ///
    /// # Errors
    /// [`Error::Stale`]; [`Error::OpenSsl`] where the name is longer than a mebibyte and there is room for it.
    pub fn oneline_within(&self, room: usize) -> Result<String> {
        self.look(|name| name.oneline(room))
    }

    /// How two names sort (`X509_NAME_cmp`); equal where they differ only in case and repeated spaces.
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn compare(&self, other: &Self) -> Result<Ordering> {
        let (mine, theirs) = (Arc::as_ptr(&self.owner).cast::<u8>(), Arc::as_ptr(&other.owner).cast::<u8>());
        if mine == theirs {
            let (one, two) = ((self.part, self.generation), (other.part, other.generation));
            let mut order = Ordering::Equal;
            self.owner.look_at_both(one, two, &mut |name, other| {
                order = name.compare(other)?;
                Ok(())
            })?;
            return Ok(order);
        }
        // Two locks: always in the order of their addresses, so that two threads cannot wait for each other.
        if mine < theirs {
            self.look(|name| other.look(|other| name.compare(other)))
        } else {
            other.look(|other| self.look(|name| name.compare(other)))
        }
    }

    /// Whether two names are equal in the sense of [`X509Name::compare`].
    ///
    /// # Errors
    /// [`Error::Stale`].
    pub fn equals(&self, other: &Self) -> Result<bool> {
        self.compare(other).map(Ordering::is_eq)
    }

    /// Calls `read` on the name, with its owner locked.
    fn look<R>(&self, read: impl FnOnce(NameRef<'_>) -> Result<R>) -> Result<R> {
        let mut read = Some(read);
        let mut result = Err(Error::Stale);
        self.owner.look(self.part, self.generation, &mut |name| {
            if let Some(read) = read.take() {
                result = read(name);
            }
            Ok(())
        })?;
        result
    }
}

impl fmt::Debug for X509Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.oneline() {
            Ok(line) => write!(f, "X509Name({line:?})"),
            Err(error) => write!(f, "X509Name({error})"),
        }
    }
}

/// The components of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Components {
    data: Vec<u8>,
    parts: Vec<(&'static [u8], Range<usize>)>,
}

impl Components {
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self { data: Vec::with_capacity(16 * count), parts: Vec::with_capacity(count) }
    }

    pub(crate) fn push(&mut self, name: &'static [u8], value: &[u8]) {
        let start = self.data.len();
        self.data.extend_from_slice(value);
        self.parts.push((name, start..self.data.len()));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The short name of each (`UNDEF` where OpenSSL knows none), and the bytes of its value as they are stored.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static [u8], &[u8])> {
        self.parts.iter().map(|(name, range)| (*name, self.data.get(range.clone()).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::X509;

    fn is_send_and_sync<T: Send + Sync>() {}

    #[test]
    fn is_shared_between_threads() {
        is_send_and_sync::<X509Name>();
    }

    #[test]
    fn a_refused_value_leaves_the_old_one() {
        let name = X509Name::new().unwrap();
        name.set(Nid::COUNTRY_NAME, b"SE").unwrap();
        for wrong in [&b"SWE"[..], b"", b"S", b"\xff\xff", "éé".as_bytes()] {
            assert!(matches!(name.set(Nid::COUNTRY_NAME, wrong), Err(Error::OpenSsl(_))), "{wrong:?}");
            assert_eq!(name.get(Nid::COUNTRY_NAME).unwrap().as_deref(), Some("SE"));
            assert!(queue::is_empty());
        }
    }

    #[test]
    fn nul_is_kept_and_order_is_of_setting() {
        let name = X509Name::new().unwrap();
        name.set(Nid::COMMON_NAME, b"a\0b").unwrap();
        name.set(Nid::COUNTRY_NAME, b"SE").unwrap();
        name.set(Nid::COMMON_NAME, "é\0c".as_bytes()).unwrap();
        let components = name.components().unwrap();
        let all: Vec<_> = components.iter().collect();
        assert_eq!(all, [(&b"C"[..], &b"SE"[..]), (b"CN", "é\0c".as_bytes())]);
        assert_eq!(name.get(Nid::COMMON_NAME).unwrap().as_deref(), Some("é\0c"));
        // UTF8String (12) for the text, PrintableString (19) for the country.
        assert!(name.der().unwrap().windows(4).any(|at| at == [19, 2, b'S', b'E']));
        assert!(name.der().unwrap().windows(2).any(|at| at == [12, 4]));
    }

    #[test]
    fn der_goes_both_ways() {
        let name = X509Name::new().unwrap();
        name.set(Nid::COMMON_NAME, "é".as_bytes()).unwrap();
        let copy = X509Name::from_der(&name.der().unwrap()).unwrap();
        assert!(copy.equals(&name).unwrap());
        assert_eq!(copy.der().unwrap(), name.der().unwrap());
        for wrong in [&b""[..], b"\x30\x05", b"text"] {
            assert!(matches!(X509Name::from_der(wrong), Err(Error::OpenSsl(_))), "{wrong:?}");
        }
        assert!(queue::is_empty());
    }

    #[test]
    fn views_of_one_certificate_compare() {
        let cert = X509::new().unwrap();
        let (subject, issuer) = (cert.subject(), cert.issuer());
        subject.set(Nid::COMMON_NAME, b"A  b").unwrap();
        assert!(!subject.equals(&issuer).unwrap());
        issuer.set(Nid::COMMON_NAME, b"a B").unwrap();
        assert!(subject.equals(&issuer).unwrap());
        assert_eq!(subject.compare(&X509Name::new().unwrap()).unwrap(), Ordering::Greater);
        issuer.assign(&issuer).unwrap();
        assert!(subject.equals(&subject).unwrap());
    }
}
