//! Sending content piece by piece.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use pentad_store::Blobs;

use crate::http::BodyStream;

/// Read at once.
const PIECE: u64 = 1 << 20;
/// Pieces that are read ahead of the receiver.
const AHEAD: usize = 2;

/// The bytes of a range. One that cannot be read, or is gone meanwhile, breaks the answer off.
pub(crate) fn stream_of(blobs: Arc<dyn Blobs>, key: String, range: Range<u64>) -> BodyStream {
    let end = range.end;
    let starts = stream::iter((range.start..end).step_by(PIECE as usize));
    let pieces = starts.map(move |start| {
        let (blobs, key) = (Arc::clone(&blobs), key.clone());
        async move { piece(&*blobs, &key, start..end.min(start + PIECE)).await }
    });
    Box::pin(pieces.buffered(AHEAD))
}

async fn piece(blobs: &dyn Blobs, key: &str, range: Range<u64>) -> io::Result<Bytes> {
    let wanted = (range.end - range.start) as usize;
    let piece = blobs.read(key, range.start, wanted).await.map_err(io::Error::other)?;
    if piece.len() != wanted {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(piece)
}
