//! What `OpenSSL._rust.ssl` exports.

use ironssl::ssl::constants::{DROPPED, LIBRARY, METHODS, OPTIONS, OTHERS, SPENT_OPTIONS};
use ironssl::ssl::{CERTIFICATE_DIRECTORIES, CERTIFICATE_FILES};
use pyo3::prelude::*;

/// The native half of `OpenSSL.SSL`.
#[pymodule(submodule)]
pub(crate) mod ssl {
    use super::*;
    use crate::exceptions::ssl as exceptions;

    #[pymodule_export]
    use crate::ssl::callbacks::NoOverlappingProtocols;
    #[pymodule_export]
    use crate::ssl::connection::Connection;
    #[pymodule_export]
    use crate::ssl::context::Context;
    #[pymodule_export]
    use crate::ssl::descriptor::as_file_descriptor;
    #[pymodule_export]
    use crate::ssl::dh_parameters::DhParameters;
    #[pymodule_export]
    use crate::ssl::session::Session;
    #[pymodule_export]
    use crate::ssl::version::{library_paths, openssl_version};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let py = module.py();
        for (name, value) in [METHODS, OPTIONS, SPENT_OPTIONS, OTHERS].concat() {
            module.add(name, value)?;
        }
        for (name, value, _) in DROPPED {
            module.add(*name, *value)?;
        }
        crate::publish(module, "OpenSSL.SSL")?;
        Connection::install_delegation(&py.get_type::<Connection>())?;
        module.add("X509VerificationCodes", crate::ssl::verification_codes::class(py)?)?;
        module.add("_CERTIFICATE_FILE_LOCATIONS", CERTIFICATE_FILES)?;
        module.add("_CERTIFICATE_PATH_LOCATIONS", CERTIFICATE_DIRECTORIES)?;
        module.add("LIBRARY_CONSTANTS", LIBRARY)?;
        module.add("OPENSSL_VERSION_NUMBER", ironssl::version::number())?;
        module.add("NO_OVERLAPPING_PROTOCOLS", NoOverlappingProtocols)?;
        module.add("Error", exceptions::error(py)?)?;
        module.add("ZeroReturnError", py.get_type::<exceptions::ZeroReturnError>())?;
        module.add("WantReadError", py.get_type::<exceptions::WantReadError>())?;
        module.add("WantWriteError", py.get_type::<exceptions::WantWriteError>())?;
        module.add("WantX509LookupError", py.get_type::<exceptions::WantX509LookupError>())?;
        module.add("SysCallError", py.get_type::<exceptions::SysCallError>())
    }
}
