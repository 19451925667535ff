//! Lists for C (`STACK_OF`): of certificates, of extensions, of revocation lists.

use std::ffi::c_int;
use std::marker::PhantomData;

use ironssl_sys as ffi;

use super::X509;
use crate::check;
use crate::error::Result;
use crate::handle::{Handle, Object};
use crate::queue;

/// A list that owns its elements.
pub(crate) struct Stack<T: Object>(*mut ffi::OPENSSL_STACK, PhantomData<T>);

impl<T: Object> Stack<T> {
    /// An empty list.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: no preconditions.
        let stack = check::borrowed(unsafe { ffi::OPENSSL_sk_new_null() }, "OPENSSL_sk_new_null")?;
        Ok(Self(stack.as_ptr(), PhantomData))
    }

    /// Takes over a list of C; null is an empty one.
    ///
    /// # Safety
    /// `stack` is null, or valid and given up by the caller, with a reference of each of its elements, which are `T`.
    pub(crate) unsafe fn from_raw<S>(stack: *mut S) -> Self {
        Self(stack.cast(), PhantomData)
    }

    /// Adds an element at the end.
    pub(crate) fn push(&mut self, element: Handle<T>) -> Result<()> {
        // SAFETY: the stack is valid, and takes over the reference only where this succeeds.
        let length = unsafe { ffi::OPENSSL_sk_push(self.0, element.as_ptr().cast_const().cast()) };
        check::positive(length, "OPENSSL_sk_push")?;
        let _owned_by_the_stack = element.into_raw();
        Ok(())
    }

    /// Takes the last element.
    pub(crate) fn pop(&mut self) -> Option<Handle<T>> {
        // SAFETY: the stack is valid or null; both give null where there is nothing.
        let element = std::ptr::NonNull::new(unsafe { ffi::OPENSSL_sk_pop(self.0) })?;
        // SAFETY: the stack owned one reference of each of its elements.
        Some(unsafe { Handle::from_raw(element.cast()) })
    }

    /// Takes all elements, in their order.
    pub(crate) fn take(mut self) -> Vec<Handle<T>> {
        let mut elements: Vec<_> = std::iter::from_fn(|| self.pop()).collect();
        elements.reverse();
        elements
    }

    /// Gives the list, and a reference of each element, to the caller, who must free them or hand them to C. `S` as for
    /// [`Stack::as_ptr`].
    pub(crate) fn into_raw<S>(self) -> *mut S {
        std::mem::ManuallyDrop::new(self).0.cast()
    }

    /// The list for C, valid as long as `self`. `S` is the `stack_st_*` of `T`.
    pub(crate) fn as_ptr<S>(&self) -> *mut S {
        self.0.cast()
    }
}

impl<T: Object> Drop for Stack<T> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
        // SAFETY: the stack is ours, empty, and not used afterwards; null is allowed.
        unsafe { ffi::OPENSSL_sk_free(self.0) };
    }
}

impl Stack<ffi::X509> {
    /// A list of certificates to share with C.
    pub(crate) fn of_certificates(certificates: &[X509]) -> Result<Self> {
        queue::clear();
        let mut stack = Self::new()?;
        for certificate in certificates {
            stack.push(certificate.share()?)?;
        }
        Ok(stack)
    }
}

/// The elements of a list that C owns; null has none.
///
/// # Safety
/// `stack` is null, or a valid list of `T` that does not change during the call.
pub(crate) unsafe fn elements<S, T>(stack: *const S) -> Vec<*mut T> {
    let stack = stack.cast::<ffi::OPENSSL_STACK>();
    // SAFETY: valid by contract; null has -1.
    let count: c_int = unsafe { ffi::OPENSSL_sk_num(stack) };
    // SAFETY: the index is below the number of elements.
    (0..count).map(|index| unsafe { ffi::OPENSSL_sk_value(stack, index) }.cast()).collect()
}

/// The certificates of a list that C owns.
///
/// # Safety
/// `stack` is null or valid, and does not change during the call.
pub(crate) unsafe fn certificates(stack: *const ffi::stack_st_X509) -> Vec<X509> {
    // SAFETY: passed on.
    let certificates: Vec<*mut ffi::X509> = unsafe { elements(stack) };
    // SAFETY: the stack holds the certificate, so it is valid.
    certificates.into_iter().filter_map(|raw| unsafe { retained(raw) }.map(X509::from_handle)).collect()
}

/// A reference of our own on a certificate that C holds; none for null.
///
/// # Safety
/// `certificate` is null or valid.
pub(crate) unsafe fn retained(certificate: *mut ffi::X509) -> Option<Handle<ffi::X509>> {
    let certificate = std::ptr::NonNull::new(certificate)?;
    // SAFETY: valid by contract.
    unsafe { ffi::X509_up_ref(certificate.as_ptr()) };
    // SAFETY: the reference just added is ours.
    Some(unsafe { Handle::from_raw(certificate) })
}
