//! Our `BIO_METHOD`: how an `SSL` reads and writes its ciphertext.
//!
//! Lives here: making the method, once a process, and attaching a BIO of it to an `SSL`. The functions are in
//! `callback::bio`, the buffers in `wire`.

use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::OnceLock;

use ironssl_sys as ffi;

use crate::callback::bio as functions;
use crate::check;
use crate::error::Result;
use crate::ssl::engine::State;

/// The method; made once, never freed.
struct Method(NonNull<ffi::BIO_METHOD>);

// SAFETY: the method does not change after it was made.
unsafe impl Send for Method {}
// SAFETY: as above.
unsafe impl Sync for Method {}

/// The method, or none where memory ran out while it was made.
fn method() -> Option<&'static Method> {
    static METHOD: OnceLock<Option<Method>> = OnceLock::new();
    METHOD
        .get_or_init(|| {
            // SAFETY: no preconditions; the name is a literal.
            let raw =
                unsafe { ffi::BIO_meth_new(ffi::BIO_get_new_index() | ffi::BIO_TYPE_SOURCE_SINK, c"ironssl".as_ptr()) };
            let method = NonNull::new(raw)?;
            // SAFETY: the method is new and valid, and each function has the type that its slot asks for.
            unsafe {
                ffi::BIO_meth_set_read__fixed_rust(raw, Some(functions::read));
                ffi::BIO_meth_set_write__fixed_rust(raw, Some(functions::write));
                ffi::BIO_meth_set_ctrl__fixed_rust(raw, Some(functions::ctrl));
                ffi::BIO_meth_set_create__fixed_rust(raw, Some(functions::create));
                ffi::BIO_meth_set_destroy__fixed_rust(raw, Some(functions::destroy));
            }
            Some(Method(method))
        })
        .as_ref()
}

/// Makes `ssl` read from and write to the wire in `state`.
///
/// # Safety
/// `ssl` is valid, and only ever used by the thread that holds the lock around `state`.
pub(crate) unsafe fn attach(ssl: *mut ffi::SSL, state: &Rc<State>) -> Result<()> {
    let method = method().ok_or_else(|| check::failure("BIO_meth_new"))?;
    // SAFETY: the method is valid and never freed.
    let bio = check::borrowed(unsafe { ffi::BIO_new(method.0.as_ptr()) }, "BIO_new")?.as_ptr();
    // SAFETY: the BIO is valid, and gets one count of the `Rc`, which its destroy function gives back.
    unsafe { ffi::BIO_set_data(bio, Rc::into_raw(Rc::clone(state)).cast_mut().cast()) };
    // SAFETY: both are valid. One BIO for both directions takes over the one reference that we own.
    unsafe { ffi::SSL_set_bio(ssl, bio, bio) };
    Ok(())
}
