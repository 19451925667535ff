//! What `OpenSSL._rust.crypto` exports.

use pyo3::prelude::*;

/// The native half of `OpenSSL.crypto`.
#[pymodule(submodule)]
pub(crate) mod crypto {
    use super::*;
    use crate::crypto::file_type::FileType;
    use crate::crypto::pkey;

    #[pymodule_export]
    use crate::crypto::crl::Crl;
    #[pymodule_export]
    use crate::crypto::dump::{dump_certificate, dump_certificate_request, dump_crl, dump_privatekey, dump_publickey};
    #[pymodule_export]
    use crate::crypto::elliptic_curve::{EllipticCurve, get_elliptic_curve, get_elliptic_curves};
    #[pymodule_export]
    use crate::crypto::load::{load_certificate, load_certificate_request, load_crl, load_privatekey, load_publickey};
    #[pymodule_export]
    use crate::crypto::netscape_spki::NetscapeSPKI;
    #[pymodule_export]
    use crate::crypto::pem_bundle::{load_certificates, load_pem_bundle};
    #[pymodule_export]
    use crate::crypto::pkcs7::{PKCS7, load_pkcs7_data};
    #[pymodule_export]
    use crate::crypto::pkcs12::{PKCS12, load_pkcs12};
    #[pymodule_export]
    use crate::crypto::pkey::PKey;
    #[pymodule_export]
    use crate::crypto::revoked::Revoked;
    #[pymodule_export]
    use crate::crypto::sign::{sign, verify};
    #[pymodule_export]
    use crate::crypto::x509::X509;
    #[pymodule_export]
    use crate::crypto::x509_extension::X509Extension;
    #[pymodule_export]
    use crate::crypto::x509_name::X509Name;
    #[pymodule_export]
    use crate::crypto::x509_req::X509Req;
    #[pymodule_export]
    use crate::crypto::x509_store::X509Store;
    #[pymodule_export]
    use crate::crypto::x509_store_context::{X509StoreContext, error_string};
    #[pymodule_export]
    use crate::crypto::x509_store_flags::X509StoreFlags;

    #[pymodule_export]
    const FILETYPE_PEM: i64 = FileType::PEM;
    #[pymodule_export]
    const FILETYPE_ASN1: i64 = FileType::ASN1;
    #[pymodule_export]
    const FILETYPE_TEXT: i64 = FileType::TEXT;
    #[pymodule_export]
    const TYPE_RSA: i64 = pkey::TYPE_RSA;
    #[pymodule_export]
    const TYPE_DSA: i64 = pkey::TYPE_DSA;
    #[pymodule_export]
    const TYPE_DH: i64 = pkey::TYPE_DH;
    #[pymodule_export]
    const TYPE_EC: i64 = pkey::TYPE_EC;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        crate::publish(module, "OpenSSL.crypto")?;
        X509Name::install_components(&py.get_type::<X509Name>())?;
        module.add("Error", py.get_type::<crate::exceptions::crypto::Error>())
    }
}
