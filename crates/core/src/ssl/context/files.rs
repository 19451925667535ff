//! Certificates and keys for a context, from files. What is kept is what they held, not where they are.

use std::collections::HashMap;
use std::path::Path;

use super::Context;
use crate::dh::DhParameters;
use crate::error::{Error, Result};
use crate::file;
use crate::pkey::{PKey, Passphrase};
use crate::x509::{X509, X509Name};

/// How a file is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Base64 between BEGIN and END lines (RFC 7468).
    Pem,
    /// Binary.
    Der,
}

impl Format {
    /// The format with the number `SSL_FILETYPE_PEM` (1) or `SSL_FILETYPE_ASN1` (2).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] for another one, as `SSL_CTX_use_certificate_file` has it.
    pub fn from_number(number: i64) -> Result<Self> {
        match number {
            1 => Ok(Self::Pem),
            2 => Ok(Self::Der),
            _ => Err(Error::ssl("bad ssl filetype")),
        }
    }
}

impl Context {
    /// The certificate to show to peers: the first one in a file (`SSL_CTX_use_certificate_file`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the file cannot be read or holds none, [`Error::Value`] for a path with a NUL.
    pub fn use_certificate_file(&self, path: &Path, format: Format) -> Result<()> {
        let bytes = file::read(path)?;
        self.use_certificate(&match format {
            Format::Pem => X509::from_pem(&bytes)?,
            Format::Der => X509::from_der(&bytes)?,
        })
    }

    /// The certificate to show to peers and those that lead from it to a root, in order, from a PEM file
    /// (`SSL_CTX_use_certificate_chain_file`).
    ///
    /// # Errors
    /// As [`Context::use_certificate_file`].
    pub fn use_certificate_chain_file(&self, path: &Path) -> Result<()> {
        let certificates = X509::chain_from_pem(&file::read(path)?)?;
        match certificates.split_first() {
            Some((certificate, issuers)) => self.use_certificate_chain(certificate, issuers),
            None => Err(Error::ssl("no certificate in the file")),
        }
    }

    /// The private key to the certificate: the first one in a file (`SSL_CTX_use_PrivateKey_file`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the file cannot be read, holds none, or one that does not match the certificate;
    /// [`Error::Value`] for a path with a NUL; [`Error::Callback`] for what asking for the passphrase failed with.
    pub fn use_private_key_file(&self, path: &Path, format: Format, passphrase: Passphrase<'_>) -> Result<()> {
        let bytes = file::read(path)?;
        self.use_private_key(&match format {
            Format::Pem => PKey::from_pem(&bytes, passphrase)?,
            Format::Der => PKey::from_der(&bytes)?,
        })
    }

    /// The authorities whose certificates a server accepts, named to its clients: the subjects of all certificates of a
    /// PEM file, each once. They are not trusted by that (`SSL_CTX_set_client_CA_list`).
    ///
    /// # Errors
    /// As [`Context::use_certificate_file`].
    pub fn load_client_ca(&self, path: &Path) -> Result<()> {
        let mut subjects: Vec<X509Name> = Vec::new();
        let mut places: HashMap<u32, Vec<usize>> = HashMap::new();
        for certificate in X509::list_from_pem(&file::read(path)?)? {
            let subject = certificate.subject();
            let alike = places.entry(subject.hash()?).or_default();
            let mut known = false;
            for place in alike.iter() {
                known |= subjects[*place].equals(&subject)?;
            }
            if !known {
                alike.push(subjects.len());
                subjects.push(subject);
            }
        }
        self.set_client_ca_names(&subjects)
    }

    /// The parameters that a server makes its ephemeral Diffie-Hellman keys with: the first in a PEM file
    /// (`SSL_CTX_set0_tmp_dh_pkey`).
    ///
    /// # Errors
    /// [`Error::OpenSsl`] where the file cannot be read, holds none, or a prime that is too short for the security
    /// level; [`Error::Value`] for a path with a NUL.
    pub fn load_tmp_dh(&self, path: &Path) -> Result<()> {
        self.set_tmp_dh(&DhParameters::from_pem(&file::read(path)?)?)
    }
}
