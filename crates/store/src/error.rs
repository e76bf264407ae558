//! The one error of the store, sorted by what the caller can do next.

use std::fmt;
use std::sync::Arc;

/// A result whose error is [`StoreError`] unless said otherwise.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What went wrong, sorted by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The options, the data directory or the key file cannot be used as they are.
    Config,
    /// Another process holds the data directory.
    Locked,
    /// The data was written by a newer version of the program.
    Newer,
    /// A statement broke a constraint (unique, not null, check, foreign key).
    Constraint,
    /// `query_one` found no row, or there is no such blob.
    NotFound,
    /// A column was absent or had another type, or a sealed value could not be opened.
    Decode,
    /// The transaction kept colliding with others; it was undone and may be tried again later.
    Conflict,
    /// A read closure tried to write.
    ReadOnly,
    /// A blob is not as long as the caller thinks; [`StoreError::length`] says how long it is.
    Offset,
    /// The database took longer than the statement timeout.
    Timeout,
    /// The database cannot be reached; the transaction may or may not have been committed.
    Connection,
    /// The disk failed; the transaction may or may not have been committed.
    Io,
    /// The disk is full, or what this user may write on it; nothing was committed.
    Full,
    /// The closure panicked; its effects were undone.
    Panicked,
    /// The store was closed.
    Closed,
    /// The statement is faulty: a defect of the program.
    Statement,
}

/// Why the store could not do what was asked.
///
/// `Display` is one line without the source; the cause is in [`std::error::Error::source`].
/// Cheap to clone, because one failed commit answers every request of its batch.
#[derive(Debug, Clone)]
pub struct StoreError(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: StoreErrorKind,
    message: String,
    length: Option<u64>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// Makes an error of `kind` with a one-line message.
    pub fn new(kind: StoreErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), length: None, source: None }))
    }

    /// What sort of failure this is.
    pub fn kind(&self) -> StoreErrorKind {
        self.0.kind
    }

    /// The message, one line.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The present length in bytes of a blob, for [`StoreErrorKind::Offset`].
    pub fn length(&self) -> Option<u64> {
        self.0.length
    }

    /// Whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        use StoreErrorKind::{Conflict, Connection, Timeout};
        matches!(self.0.kind, Conflict | Connection | Timeout)
    }

    pub(crate) fn caused(
        kind: StoreErrorKind,
        message: impl Into<String>,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        let source = Some(Box::new(source) as Box<dyn std::error::Error + Send + Sync>);
        Self(Arc::new(Inner { kind, message: message.into(), length: None, source }))
    }

    pub(crate) fn offset(key: &str, length: u64) -> Self {
        let message = format!("blob \"{key}\" is {length} bytes long");
        let (kind, length) = (StoreErrorKind::Offset, Some(length));
        Self(Arc::new(Inner { kind, message, length, source: None }))
    }

    pub(crate) fn closed() -> Self {
        Self::new(StoreErrorKind::Closed, "the store is closed")
    }

    pub(crate) fn io(doing: impl fmt::Display, error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => StoreErrorKind::Full,
            _ => StoreErrorKind::Io,
        };
        Self::caused(kind, format!("cannot {doing}: {error}"), error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}
