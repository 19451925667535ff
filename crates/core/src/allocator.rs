//! Memory for OpenSSL from mimalloc, which is faster for many small objects than the C library's allocator.
//!
//! Measured with plain C against this OpenSSL: handshakes 8 % more a second, certificates 10 %, an idle pair of
//! connections a quarter less memory. Only for an OpenSSL of our own: one of the system's is shared with others.
//!
//! What a handshake needed is given back to the kernel after a millisecond and not after mimalloc's second. Not at once:
//! where each signature happened to free a page, there were 27,000 of them a second instead of 42,000.
//! MIMALLOC_PURGE_DELAY in the environment says otherwise.

/// `mi_option_purge_delay`: for how many milliseconds memory is kept that is not used. The bindings have no name for it.
#[cfg(ossl_vendored)]
const PURGE_DELAY: std::ffi::c_int = 15;

/// Lets OpenSSL take its memory from mimalloc, if it is linked statically; whether it does
/// (`CRYPTO_set_mem_functions`).
///
/// # Safety
/// No other thread calls OpenSSL meanwhile, through any crate: what it allocated would be freed elsewhere. Once OpenSSL
/// has allocated anything, nothing is changed.
#[allow(clippy::must_use_candidate, reason = "nothing depends on the answer")]
pub unsafe fn install() -> bool {
    #[cfg(ossl_vendored)]
    {
        use crate::callback::allocator::{allocate, free, reallocate};
        give_back_soon();
        // SAFETY: the functions have the types and the meaning that OpenSSL asks for. It refuses them once it has
        // allocated anything; that nobody does so now is this function's own contract.
        unsafe { ironssl_sys::CRYPTO_set_mem_functions(Some(allocate), Some(reallocate), Some(free)) == 1 }
    }
    #[cfg(not(ossl_vendored))]
    false
}

/// Lets mimalloc keep unused memory for a millisecond only, if the environment does not say otherwise.
#[cfg(ossl_vendored)]
fn give_back_soon() {
    // SAFETY: the number is that of an option.
    unsafe { libmimalloc_sys::mi_option_set_default(PURGE_DELAY, 1) };
}

#[cfg(all(test, ossl_vendored))]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_option_is_right() {
        // SAFETY: the number is that of an option.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // Other tests of this process do not install it; of the options around this one none is 1000.
        assert_eq!(delay(), 1000);
        give_back_soon();
        assert_eq!(delay(), 1);
    }
}
