//! What can be uploaded.

use std::fmt;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use pentad_core::message::ByteStream;
use pentad_core::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::unreadable;

/// What is uploaded. Files and bytes can be read again after a failure; of the others a piece is kept in memory.
pub struct Source(pub(crate) Kind);

pub(crate) enum Kind {
    Path(PathBuf),
    Bytes(Bytes),
    Stream(ByteStream),
}

/// How much of a reader is read at a time.
const READ: usize = 64 * 1024;

impl Source {
    /// A file.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self(Kind::Path(path.into()))
    }

    /// Bytes in memory.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Bytes(bytes.into()))
    }

    /// Anything that is read from its present place to its end.
    pub fn reader(reader: impl AsyncRead + Send + Unpin + 'static) -> Self {
        let pieces = futures_util::stream::unfold(Some(reader), |reader| async move {
            let mut reader = reader?;
            let mut piece = BytesMut::with_capacity(READ);
            match reader.read_buf(&mut piece).await {
                Ok(0) => None,
                Ok(_) => Some((Ok(piece.freeze()), Some(reader))),
                Err(error) => {
                    let failed = Error::new(ErrorKind::Invalid, "source: cannot be read").with_source(error);
                    Some((Err(failed), None))
                }
            }
        });
        Self(Kind::Stream(pieces.boxed()))
    }

    /// Pieces in order.
    pub fn stream(pieces: ByteStream) -> Self {
        Self(Kind::Stream(pieces))
    }

    /// Standard input.
    pub fn stdin() -> Self {
        Self::reader(tokio::io::stdin())
    }

    /// The ending of a file's name.
    pub(crate) fn ending(&self) -> Option<&str> {
        match &self.0 {
            Kind::Path(path) => path.extension()?.to_str(),
            _ => None,
        }
    }

    /// All of it, once.
    pub(crate) async fn into_stream(self) -> Result<ByteStream> {
        match self.0 {
            Kind::Path(path) => {
                let file = tokio::fs::File::open(&path).await.map_err(|error| unreadable(&path, error))?;
                Box::pin(Self::reader(file).into_stream()).await
            }
            Kind::Bytes(bytes) => Ok(futures_util::stream::iter([Ok(bytes)]).boxed()),
            Kind::Stream(stream) => Ok(stream),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Path(path) => f.debug_tuple("Path").field(path).finish(),
            Kind::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Kind::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for Source {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<Bytes> for Source {
    fn from(bytes: Bytes) -> Self {
        Self::bytes(bytes)
    }
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::bytes(bytes)
    }
}
