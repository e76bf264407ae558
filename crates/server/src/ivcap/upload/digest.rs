//! The digest of content that comes in pieces.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use pentad_store::{Blobs, Result};

/// Read at once to make up for what was not seen.
const PIECE: usize = 1 << 20;

/// The digest of the first bytes of a content.
#[derive(Clone)]
pub(super) struct Running {
    length: u64,
    state: Context,
}

impl Default for Running {
    fn default() -> Self {
        Self { length: 0, state: Context::new(&SHA256) }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("length", &self.length).finish_non_exhaustive()
    }
}

impl Running {
    /// Adds what was stored at `offset`, unless something before it is missing: then it is read later.
    pub(super) fn add(&mut self, offset: u64, bytes: &[u8]) {
        if self.length == offset {
            self.state.update(bytes);
            self.length += bytes.len() as u64;
        }
    }

    /// Reads what it has not seen of the first `length` bytes: those of an earlier process, for example.
    pub(super) async fn catch_up(&mut self, blobs: &dyn Blobs, key: &str, length: u64) -> Result<()> {
        if self.length > length {
            *self = Self::default();
        }
        while self.length < length {
            let most = usize::try_from(length - self.length).unwrap_or(PIECE).min(PIECE);
            let piece: Bytes = blobs.read(key, self.length, most).await?;
            if piece.is_empty() {
                break;
            }
            let offset = self.length;
            self.add(offset, &piece);
        }
        Ok(())
    }

    pub(super) fn hex(&self) -> String {
        hex(self.state.clone().finish().as_ref())
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
