//! The bytes of a source from an offset on, again where that is possible.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::StreamExt;
use pentad_core::message::ByteStream;
use pentad_core::work::{Event, Scope};
use pentad_core::{Body, Error, ErrorKind, Result, Sent};
use pentad_disk::{Buffers, PIECE};
use tokio::sync::mpsc;

use super::source::Kind;
use super::unreadable;
use crate::digest::Sha256;

/// Pieces that are read ahead.
const AHEAD: usize = 2;
/// Buffers in use: those ahead, one that is read into, two on their way out.
const BUFFERS: usize = AHEAD + 3;
/// So much room is made at once for a chunk of a stream.
const ROOM: usize = 4 * 1024 * 1024;

/// A source while it is uploaded.
pub(super) enum Feeder {
    File { path: Arc<Path>, size: u64 },
    Memory(Bytes),
    Stream(Box<Window>),
}

/// The part of a stream that has not arrived for certain.
pub(super) struct Window {
    source: ByteStream,
    /// Offset of the first byte kept.
    start: u64,
    /// What is being sent; it is kept until it has arrived.
    chunk: Bytes,
    /// Where the next chunk is put together.
    filling: BytesMut,
    /// Bytes that were read and did not fit.
    next: Bytes,
    over: bool,
    sum: Option<Sha256>,
}

/// What is sent next.
pub(super) struct Chunk {
    pub(super) length: u64,
    /// Whether nothing comes after it, as far as that is known.
    pub(super) last: bool,
}

impl Feeder {
    pub(super) fn new(kind: Kind, size: Option<u64>, sum: bool) -> Self {
        match kind {
            Kind::Path(path) => Self::File { path: Arc::from(path), size: size.unwrap_or_default() },
            Kind::Bytes(bytes) => Self::Memory(bytes),
            Kind::Stream(source) => Self::Stream(Box::new(Window {
                source,
                start: 0,
                chunk: Bytes::new(),
                filling: BytesMut::new(),
                next: Bytes::new(),
                over: false,
                sum: sum.then(Sha256::new),
            })),
        }
    }

    /// Makes ready what follows an offset, at most `most` bytes.
    ///
    /// # Errors
    /// Those of reading; [`ErrorKind::Unexpected`] for an offset before what can be read again.
    pub(super) async fn ready(&mut self, offset: u64, most: u64) -> Result<Chunk> {
        let size = match self {
            Self::File { size, .. } => *size,
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Stream(window) => return window.ready(offset, most).await,
        };
        let rest = size.checked_sub(offset).ok_or_else(|| beyond(offset))?;
        Ok(Chunk { length: rest.min(most), last: rest <= most })
    }

    /// The body of a chunk that was made ready. Files tell `scope` how far they are while they are read.
    pub(super) fn body(&self, offset: u64, length: u64, scope: &Scope) -> Body {
        match self {
            Self::File { path, size } => {
                let (path, size, scope) = (Arc::clone(path), *size, scope.clone());
                let open = move || read(path.to_path_buf(), offset, length, size, scope.clone());
                Body::Replay(Arc::new(open), Some(length))
            }
            Self::Memory(bytes) => Body::Bytes(slice(bytes, offset, length)),
            Self::Stream(window) => {
                Body::Bytes(slice(&window.chunk, offset.saturating_sub(window.start), length))
            }
        }
    }

    /// A chunk in memory, for a checksum before it is sent.
    pub(super) async fn bytes(&mut self, offset: u64, length: u64, scope: &Scope) -> Result<Bytes> {
        let Self::File { .. } = self else {
            let Body::Bytes(bytes) = self.body(offset, length, scope) else { return Ok(Bytes::new()) };
            return Ok(bytes);
        };
        let Body::Replay(open, _) = self.body(offset, length, scope) else { return Ok(Bytes::new()) };
        let mut whole = BytesMut::with_capacity(usize::try_from(length).unwrap_or_default());
        let mut pieces = open();
        while let Some(piece) = pieces.next().await.transpose()? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// The SHA-256 of a stream that was read to its end.
    pub(super) fn sum(&mut self) -> Option<String> {
        match self {
            Self::Stream(window) if window.over => window.sum.clone().map(Sha256::finish),
            _ => None,
        }
    }
}

fn slice(bytes: &Bytes, offset: u64, length: u64) -> Bytes {
    let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let to = usize::try_from(offset.saturating_add(length)).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(from..to)
}

fn beyond(offset: u64) -> Error {
    let message = format!("the platform holds {offset} bytes, which is more than the source has");
    Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered)
}

impl Window {
    async fn ready(&mut self, offset: u64, most: u64) -> Result<Chunk> {
        let arrived = offset.checked_sub(self.start).ok_or_else(|| {
            let message = "the platform has lost bytes that cannot be read again from this source";
            Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered)
        })?;
        let arrived = usize::try_from(arrived).map_err(|_| beyond(offset))?;
        if arrived > self.chunk.len() {
            return Err(beyond(offset));
        }
        self.chunk.advance(arrived);
        self.start = offset;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if self.chunk.is_empty() {
            self.fill(most).await?;
        }
        // One look ahead: whether this is the last chunk is then known.
        while self.next.is_empty() && !self.over {
            self.next = self.piece().await?;
        }
        let last = self.over && self.next.is_empty() && self.chunk.len() <= most;
        Ok(Chunk { length: self.chunk.len().min(most) as u64, last })
    }

    /// Puts the next chunk together: the one time that its bytes are copied.
    async fn fill(&mut self, most: usize) -> Result<()> {
        while self.filling.len() < most && !self.over {
            if self.next.is_empty() {
                self.next = self.piece().await?;
            }
            if self.filling.is_empty() && !self.next.is_empty() {
                // Takes the memory of the chunk before, if that has been let go.
                self.filling.reserve(most.min(ROOM));
            }
            let fits = self.next.len().min(most - self.filling.len());
            let piece = self.next.split_to(fits);
            self.filling.extend_from_slice(&piece);
        }
        self.chunk = self.filling.split().freeze();
        Ok(())
    }

    async fn piece(&mut self) -> Result<Bytes> {
        match self.source.next().await.transpose()? {
            Some(piece) => {
                if let Some(sum) = &mut self.sum {
                    sum.update(&piece);
                }
                Ok(piece)
            }
            None => {
                self.over = true;
                Ok(Bytes::new())
            }
        }
    }
}

/// A part of a file, read ahead on a thread of its own: reading and sending overlap, and a few pieces are in memory.
fn read(path: PathBuf, offset: u64, length: u64, size: u64, scope: Scope) -> ByteStream {
    let (pieces, source) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = pump(&path, offset, length, &pieces) {
            // Whoever no longer listens has ended the upload.
            let _ = pieces.blocking_send(Err(unreadable(&path, error)));
        }
    });
    let state = (source, offset, scope);
    futures_util::stream::unfold(state, move |(mut source, sent, scope)| async move {
        let piece: Result<Bytes> = source.recv().await?;
        let sent = sent + piece.as_ref().map_or(0, |piece| piece.len() as u64);
        scope.progress(Event::new("uploading").done(sent).total(size));
        Some((piece, (source, sent, scope)))
    })
    .boxed()
}

fn pump(path: &Path, offset: u64, length: u64, pieces: &mpsc::Sender<Result<Bytes>>) -> std::io::Result<()> {
    let mut file = pentad_disk::Source::open(path)?;
    let size = usize::try_from(length).unwrap_or(PIECE).min(PIECE);
    let mut buffers = Buffers::new(size, BUFFERS);
    let (mut at, end) = (offset, offset.saturating_add(length));
    while at < end {
        let mut buffer = buffers.take();
        // Up to a multiple of its size, so that what follows begins where the disk has it.
        let want = (end - at).min(size as u64 - at % size as u64);
        let read = file.read_at(&mut buffer, at, usize::try_from(want).unwrap_or(size))?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        at += read as u64;
        if pieces.blocking_send(Ok(buffers.lend(buffer, read))).is_err() {
            return Ok(());
        }
    }
    Ok(())
}
