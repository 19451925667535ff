//! The extensions that a request asks for (the attribute `extensionRequest`, RFC 2985).

use ironssl_sys as ffi;

use super::X509Req;
use crate::check;
use crate::error::Result;
use crate::handle::Handle;
use crate::queue;
use crate::x509::X509Extension;
use crate::x509::stack::Stack;

/// The attributes that extensions are in, in OpenSSL's order: the standard one, and Microsoft's.
const ATTRIBUTES: [i32; 2] = [ffi::NID_ext_req, ffi::NID_ms_ext_req];

/// Where the first attribute of a kind is in a request, which is locked.
fn index(request: &Handle<ffi::X509_REQ>, attribute: i32) -> Option<i32> {
    // SAFETY: the request is valid; -1 starts at the first attribute.
    let index = unsafe { ffi::X509_REQ_get_attr_by_NID(request.as_ptr(), attribute, -1) };
    (index >= 0).then_some(index)
}

/// The extensions of a request, which is locked.
fn extensions(request: &Handle<ffi::X509_REQ>) -> Result<Vec<X509Extension>> {
    queue::clear();
    // SAFETY: the request is valid.
    let raw = unsafe { ffi::X509_REQ_get_extensions(request.as_ptr()) };
    // OpenSSL 3.0 gives null both where there are none and, without a reason, where they are of the wrong type.
    if raw.is_null() && (!queue::is_empty() || ATTRIBUTES.iter().any(|attribute| index(request, *attribute).is_some()))
    {
        return Err(check::failure("X509_REQ_get_extensions"));
    }
    // SAFETY: null, or a new list of extensions that is ours.
    let stack = unsafe { Stack::<ffi::X509_EXTENSION>::from_raw(raw) };
    Ok(stack.take().into_iter().map(X509Extension::from_handle).collect())
}

impl X509Req {
    /// The extensions asked for (`X509_REQ_get_extensions`).
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where they cannot be decoded.
    pub fn extensions(&self) -> Result<Vec<X509Extension>> {
        extensions(&self.0.lock())
    }

    /// Asks for more extensions (`X509_REQ_add_extensions`). One that was asked for by an earlier call is replaced by
    /// one of the same kind.
    ///
    /// # Errors
    /// [`crate::Error::OpenSsl`] where those there already cannot be decoded.
    pub fn add_extensions(&self, added: &[X509Extension]) -> Result<()> {
        let request = self.0.lock_to_change();
        if added.is_empty() {
            return Ok(());
        }
        let mut all = extensions(&request)?;
        all.retain(|earlier| !added.iter().any(|extension| extension.is_of_the_kind_of(earlier)));
        all.extend_from_slice(added);
        let mut stack = Stack::<ffi::X509_EXTENSION>::new()?;
        for extension in &all {
            stack.push(extension.to_handle()?)?;
        }
        for attribute in ATTRIBUTES {
            while let Some(index) = index(&request, attribute) {
                // SAFETY: the request is valid and locked, and the index one of its attributes, which becomes ours.
                let removed = unsafe { ffi::X509_REQ_delete_attr(request.as_ptr(), index) };
                // SAFETY: null, or an attribute that is ours.
                drop(unsafe { check::owned(removed, "X509_REQ_delete_attr")? });
            }
        }
        // SAFETY: both are valid, the request is locked; the list is encoded, not kept.
        let set = unsafe { ffi::X509_REQ_add_extensions(request.as_ptr(), stack.as_ptr()) };
        check::one(set, "X509_REQ_add_extensions")?;
        queue::clear();
        Ok(())
    }
}
