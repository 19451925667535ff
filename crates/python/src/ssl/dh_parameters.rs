//! Diffie-Hellman parameters that are not in a file: `Context.set_tmp_dh`, and the object that `OpenSSL._util` keeps.

use pyo3::prelude::*;

use super::context::Context;
use crate::argument::Data;
use crate::error::{OrRaise, Ssl};

/// The parameters of a Diffie-Hellman key exchange: DhParameters(pem), the first in PEM.
///
/// Raises Error where there are none. (PEM_read_bio_Parameters)
#[pyclass(frozen, module = "OpenSSL._rust.ssl")]
pub(crate) struct DhParameters(ironssl::dh::DhParameters);

impl DhParameters {
    /// The first parameters in PEM.
    fn from_pem(pem: &Bound<'_, PyAny>) -> PyResult<ironssl::dh::DhParameters> {
        ironssl::dh::DhParameters::from_pem(Data::from_buffer_or_ascii(pem)?.as_slice()).or_raise::<Ssl>()
    }
}

#[pymethods]
impl DhParameters {
    #[new]
    fn new(pem: &Bound<'_, PyAny>) -> PyResult<Self> {
        Self::from_pem(pem).map(Self)
    }
}

#[pymethods]
impl Context {
    /// Set the parameters with which a server makes its ephemeral Diffie-Hellman keys, as `load_tmp_dh` does from a file.
    ///
    /// parameters: PEM, as bytes (any object with a contiguous buffer) or str in ASCII; the first set in it. Raises Error
    /// where there is none, or the prime is too short for the security level, ValueError for str that is not ASCII,
    /// TypeError for another type. (SSL_CTX_set0_tmp_dh_pkey)
    fn set_tmp_dh(&self, parameters: &Bound<'_, PyAny>) -> PyResult<()> {
        let core = self.core()?;
        match parameters.cast::<DhParameters>() {
            Ok(parameters) => core.set_tmp_dh(&parameters.get().0),
            Err(_) => core.set_tmp_dh(&DhParameters::from_pem(parameters)?),
        }
        .or_raise::<Ssl>()
    }
}
