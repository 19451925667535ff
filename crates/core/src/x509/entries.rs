//! What is in an `X509_NAME`: reading it, and making changed copies of it.
//!
//! Lives here: the C calls on names. Must not live here: whose name it is and which lock guards it (`name`); that is
//! why everything takes a `NameRef`, which exists only while somebody holds that lock.

use std::cmp::Ordering;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};

use ironssl_sys as ffi;

use super::name::Components;
use crate::asn1::object::Nid;
use crate::asn1::string;
use crate::check;
use crate::encoding;
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;

/// A name that nobody else touches for the lifetime `'a`.
#[derive(Clone, Copy)]
pub(crate) struct NameRef<'a>(NonNull<ffi::X509_NAME>, PhantomData<&'a ffi::X509_NAME>);

impl<'a> NameRef<'a> {
    /// Looks at a name of C.
    ///
    /// # Safety
    /// `name` is valid, and for the lifetime `'a` nobody else changes it. OpenSSL may refresh what it caches in it.
    pub(crate) unsafe fn new(name: NonNull<ffi::X509_NAME>) -> Self {
        Self(name, PhantomData)
    }

    /// A handle's name.
    pub(crate) fn of(handle: &'a mut Handle<ffi::X509_NAME>) -> Result<Self> {
        // SAFETY: the handle owns the name, and its exclusive borrow lasts for `'a`.
        check::borrowed(handle.as_ptr(), "X509_NAME").map(|name| unsafe { Self::new(name) })
    }

    fn as_ptr(self) -> *mut ffi::X509_NAME {
        self.0.as_ptr()
    }

    /// A copy (`X509_NAME_dup`).
    pub(crate) fn copy(self) -> Result<Handle<ffi::X509_NAME>> {
        queue::clear();
        // SAFETY: the name is valid.
        unsafe { check::owned(ffi::X509_NAME_dup(self.as_ptr()), "X509_NAME_dup") }
    }

    /// The text of the first component of the kind `nid`, for `with` to take; none where there is no such component.
    pub(crate) fn first<R>(self, nid: Nid, with: impl FnOnce(&str) -> R) -> Result<Option<R>> {
        // SAFETY: the name is valid; -1 starts at the first component.
        let index = unsafe { ffi::X509_NAME_get_index_by_NID(self.as_ptr(), nid.as_raw(), -1) };
        if index < 0 {
            return Ok(None);
        }
        // SAFETY: the name is valid, and `index` one of its components.
        let entry = unsafe { ffi::X509_NAME_get_entry(self.as_ptr(), index) };
        // SAFETY: `entry` is null or valid; null gives null.
        let data: *const ffi::ASN1_STRING = unsafe { ffi::X509_NAME_ENTRY_get_data(entry) };
        let data = check::borrowed(data.cast_mut(), "X509_NAME_get_entry")?;
        queue::clear();
        // SAFETY: the string belongs to the name, which does not change meanwhile.
        unsafe { string::text(data.as_ptr()) }.map(|text| Some(with(&text)))
    }

    /// A copy with the first component of the kind `nid` removed and `value`, in UTF-8, added at the end.
    pub(crate) fn with(self, nid: Nid, value: &[u8]) -> Result<Handle<ffi::X509_NAME>> {
        queue::clear();
        let string = string::for_component(nid, value)?;
        // SAFETY: the string is valid.
        let (kind, content) = unsafe { (ffi::ASN1_STRING_type(string.as_ptr()), string::bytes(string.as_ptr())) };
        let length = check::int_len(content.len())?;
        // SAFETY: null asks for a new entry; `content` is valid for `length` and is copied.
        let entry = unsafe {
            let raw = ffi::X509_NAME_ENTRY_create_by_NID(ptr::null_mut(), nid.as_raw(), kind, content.as_ptr(), length);
            check::owned(raw, "X509_NAME_ENTRY_create_by_NID")?
        };
        let changed = self.copy()?;
        // SAFETY: the copy is valid and ours alone.
        let index = unsafe { ffi::X509_NAME_get_index_by_NID(changed.as_ptr(), nid.as_raw(), -1) };
        if index >= 0 {
            // SAFETY: `index` is a component of the copy, and the removed one is ours to free.
            drop(unsafe {
                check::owned(ffi::X509_NAME_delete_entry(changed.as_ptr(), index), "X509_NAME_delete_entry")?
            });
        }
        // SAFETY: both are valid; the entry is copied; -1 and 0 add it at the end, in a set of its own.
        let added = unsafe { ffi::X509_NAME_add_entry(changed.as_ptr(), entry.as_ptr(), -1, 0) };
        check::one(added, "X509_NAME_add_entry")?;
        Ok(changed)
    }

    /// All components: short names (`UNDEF` for unknown ones) and the bytes of the values as they are.
    pub(crate) fn components(self) -> Components {
        // SAFETY: the name is valid.
        let count = unsafe { ffi::X509_NAME_entry_count(self.as_ptr()) };
        let mut components = Components::with_capacity(usize::try_from(count).unwrap_or(0));
        for index in 0..count {
            // SAFETY: the name is valid, and `index` below the number of its components.
            let entry = unsafe { ffi::X509_NAME_get_entry(self.as_ptr(), index) };
            // SAFETY: `entry` is null or valid; null gives null.
            let (object, data) =
                unsafe { (ffi::X509_NAME_ENTRY_get_object(entry), ffi::X509_NAME_ENTRY_get_data(entry)) };
            if object.is_null() || data.is_null() {
                continue;
            }
            // SAFETY: both belong to the name, which does not change meanwhile.
            let (nid, value) = unsafe { (ffi::OBJ_obj2nid(object), string::bytes(data)) };
            components.push(Nid::from_raw(nid).map_or(b"UNDEF", Nid::short_name), value);
        }
        components
    }

    /// The DER encoding (`i2d_X509_NAME`).
    pub(crate) fn der(self) -> Result<Vec<u8>> {
        // SAFETY: the function is of that family; the name is valid, and does not change meanwhile.
        unsafe { encoding::to_der(self.as_ptr(), ffi::i2d_X509_NAME, "i2d_X509_NAME") }
    }

    /// The first four bytes of the SHA-1 of the canonical encoding (`X509_NAME_hash_ex`).
    pub(crate) fn hash(self) -> Result<u32> {
        queue::clear();
        let mut done = 0;
        // SAFETY: the name is valid; null is the default library context and properties; `done` may be written.
        let hash = unsafe { ffi::X509_NAME_hash_ex(self.as_ptr(), ptr::null_mut(), ptr::null(), &raw mut done) };
        check::one(done, "X509_NAME_hash_ex")?;
        u32::try_from(hash).map_err(|_| check::failure("X509_NAME_hash_ex"))
    }

    /// The first four bytes of the MD5 of the DER encoding (`X509_NAME_hash_old`).
    pub(crate) fn hash_old(self) -> Result<u32> {
        queue::clear();
        // SAFETY: the name is valid.
        let hash = unsafe { ffi::X509_NAME_hash_old(self.as_ptr()) };
        let hash = u32::try_from(hash).ok().filter(|_| queue::is_empty());
        hash.ok_or_else(|| check::failure("X509_NAME_hash_old"))
    }

    /// The order of `X509_NAME_cmp`: case and repeated spaces do not count.
    pub(crate) fn compare(self, other: Self) -> Result<Ordering> {
        queue::clear();
        // SAFETY: both names are valid.
        match unsafe { ffi::X509_NAME_cmp(self.as_ptr(), other.as_ptr()) } {
            -2 => Err(check::failure("X509_NAME_cmp")),
            order => Ok(order.cmp(&0)),
        }
    }

    /// One line of text, such as `/C=SE/CN=x`: as many components as fit into `room` bytes with a NUL after them
    /// (`X509_NAME_oneline`).
    pub(crate) fn oneline(self, room: usize) -> Result<String> {
        // OpenSSL refuses longer lines.
        const LONGEST: usize = 1024 * 1024 + 1;
        queue::clear();
        let mut line = vec![0; room.clamp(1, LONGEST)];
        // SAFETY: the name is valid, and `line` has the room that is said.
        let written = unsafe { ffi::X509_NAME_oneline(self.as_ptr(), line.as_mut_ptr(), check::int_len(line.len())?) };
        check::borrowed(written, "X509_NAME_oneline")?;
        // SAFETY: OpenSSL terminates what it writes.
        Ok(unsafe { CStr::from_ptr(line.as_ptr()) }.to_string_lossy().into_owned())
    }
}
