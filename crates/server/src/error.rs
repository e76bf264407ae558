//! Why a server could not be opened or could not listen.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use pentad_store::{StoreError, StoreErrorKind};

use crate::service::SeedError;

/// A failure to open, seed or listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The store could not be opened.
    #[error("store: {0}{note}", note = unwritable(.0))]
    Store(#[source] StoreError),
    /// A service could not be opened.
    #[error("service {name}: {source}")]
    Service {
        /// Its name.
        name: &'static str,
        /// What it said.
        source: SeedError,
    },
    /// The seed is wrong.
    #[error("seed: {0}")]
    Seed(#[from] SeedError),
    /// A file could not be read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate or key cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// A credential could not be generated.
    #[error("no random numbers: {0}")]
    Random(#[source] io::Error),
    /// An address cannot be listened on.
    #[error("cannot listen on {addr}: {source}")]
    Bind {
        /// Which address.
        addr: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A listener was asked for a service that this server does not have.
    #[error("there is no service {0:?} to listen for")]
    NoService(String),
    /// An address that others can reach, without credentials that somebody chose.
    #[error(
        "{0} can be reached by others: seed credentials for every service (--seed), or allow it with \
         --insecure-no-auth (ServerOptions::insecure)"
    )]
    Exposed(SocketAddr),
}

impl ServerError {
    /// Whether another process holds the data directory; its socket answers then
    /// ([`holder::find`](crate::holder::find)).
    pub fn is_held(&self) -> bool {
        matches!(self, Self::Store(error) if error.kind() == StoreErrorKind::Locked)
    }

    /// Whether the data directory cannot be written by this user.
    pub fn is_unwritable(&self) -> bool {
        matches!(self, Self::Store(error) if !unwritable(error).is_empty())
    }

    /// Whether the disk is full.
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Store(error) => error.kind() == StoreErrorKind::Full,
            Self::File { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            _ => false,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source }
    }
}

/// What to do where the disk refuses to be written.
fn unwritable(error: &StoreError) -> &'static str {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
            "; the data directory must be writable: choose another with --data or PENTAD_DATA"
        }
        _ => "",
    }
}
