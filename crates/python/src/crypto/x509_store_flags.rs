//! `X509StoreFlags`.

use ironssl::x509::StoreFlags;
use pyo3::prelude::*;

/// The flags of `X509Store.set_flags`; they are combined with the operator |. (X509_STORE_set_flags)
#[pyclass(frozen, subclass, module = "OpenSSL.crypto")]
pub(crate) struct X509StoreFlags;

/// Each flag, under the name of the core's constant.
macro_rules! flags {
    ($($name:ident)*) => {
        #[pymethods]
        impl X509StoreFlags {
            #[new]
            fn __new__() -> Self {
                Self
            }

            $(
                #[classattr]
                const $name: u64 = StoreFlags::$name;
            )*
        }
    };
}

flags! {
    CRL_CHECK
    CRL_CHECK_ALL
    IGNORE_CRITICAL
    X509_STRICT
    ALLOW_PROXY_CERTS
    POLICY_CHECK
    EXPLICIT_POLICY
    INHIBIT_MAP
    NOTIFY_POLICY
    CHECK_SS_SIGNATURE
    PARTIAL_CHAIN
    CB_ISSUER_CHECK
}
