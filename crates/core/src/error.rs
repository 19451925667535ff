//! The errors of the crate, in OpenSSL's own words where it has some.
//!
//! Lives here: what an error is and how it reads. Must not live here: how errors are found out; `queue` reads
//! OpenSSL's queue, `check` its return values, `ssl::status` the status of a TLS operation.

use std::any::Any;
use std::borrow::Cow;
use std::ffi::c_ulong;
use std::fmt;

/// Where an error without a reason comes from.
const UNEXPLAINED: &str = "OpenSSL";

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whatever a callback failed with: kept aside while OpenSSL unwinds, then given back to the caller of the operation
/// unchanged (see [`Error::Callback`]).
pub type Parked = Box<dyn Any + Send>;

/// Why an operation failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// OpenSSL refused; its reasons, the oldest first. Never empty.
    OpenSsl(ErrorStack),
    /// An argument has the right type and a value that cannot be used.
    Value(Cow<'static, str>),
    /// An object is of the wrong kind for the operation (a public key where a private one is needed, for instance).
    Kind(Cow<'static, str>),
    /// The linked OpenSSL is too old; the text names the version needed.
    Unsupported(Cow<'static, str>),
    /// A view (of a certificate's subject, say) whose owner has replaced what it showed.
    Stale,
    /// The operating system refused, outside of a TLS connection (reading a file, for instance).
    Io(std::io::Error),
    /// A callback failed; what it failed with.
    Callback(Parked),
}

impl Error {
    /// An [`Error::Value`].
    pub(crate) fn value(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Value(text.into())
    }

    /// An [`Error::OpenSsl`] of ours, in the words that libssl has for it.
    pub(crate) fn ssl(reason: &str) -> Self {
        let entry = Entry::new(0, "SSL routines".to_owned(), reason.to_owned(), String::new());
        Self::OpenSsl(ErrorStack::new(vec![entry]))
    }

    /// An [`Error::Kind`].
    pub(crate) fn kind(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Kind(text.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenSsl(stack) => stack.fmt(f),
            Self::Value(text) | Self::Kind(text) | Self::Unsupported(text) => f.write_str(text),
            Self::Stale => f.write_str("the object that this name was taken from has been given another name"),
            Self::Io(error) => error.fmt(f),
            Self::Callback(_) => f.write_str("a callback failed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Parked {
    fn from(error: Error) -> Self {
        Box::new(error)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// What OpenSSL's error queue held, the oldest entry first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorStack(Vec<Entry>);

impl ErrorStack {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    /// For a call that failed without a reason: one entry that names the call.
    pub(crate) fn unexplained(self, call: &'static str) -> Self {
        Self(vec![Entry {
            code: 0,
            library: UNEXPLAINED.to_owned(),
            function: call.to_owned(),
            reason: format!("{call} failed and gave no reason"),
            data: String::new(),
        }])
    }

    /// Whether it only says that there was no reason.
    pub(crate) fn is_unexplained(&self) -> bool {
        matches!(self.0.as_slice(), [only] if only.code == 0 && only.library == UNEXPLAINED)
    }

    /// The entries, the oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Puts what `explain` says of an entry in the place of its further text.
    pub(crate) fn explain(&mut self, explain: impl Fn(&Entry) -> Option<String>) {
        for entry in &mut self.0 {
            if let Some(text) = explain(entry) {
                entry.data = text;
            }
        }
    }
}

impl fmt::Display for ErrorStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            entry.fmt(f)?;
        }
        Ok(())
    }
}

/// One entry of OpenSSL's error queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    code: c_ulong,
    library: String,
    function: String,
    reason: String,
    data: String,
}

impl Entry {
    pub(crate) fn new(code: c_ulong, library: String, reason: String, data: String) -> Self {
        Self { code, library, function: String::new(), reason, data }
    }

    /// The packed number (`ERR_PACK`); 0 where OpenSSL gave no entry of its own.
    #[must_use]
    pub fn code(&self) -> u64 {
        self.code
    }

    /// The part of the library, such as `SSL routines`.
    #[must_use]
    pub fn library(&self) -> &str {
        &self.library
    }

    /// The function; empty where OpenSSL does not say, which is always so for its own entries since 3.0.
    #[must_use]
    pub fn function(&self) -> &str {
        &self.function
    }

    /// The reason, such as `no cipher match`.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Further text, such as the name of the file that could not be opened; often empty. Of a TLS operation: why the
    /// peer's certificate was refused, or the name of the alert that the peer sent.
    #[must_use]
    pub fn data(&self) -> &str {
        &self.data
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.library, self.reason)?;
        if !self.data.is_empty() {
            write!(f, " ({})", self.data)?;
        }
        Ok(())
    }
}
