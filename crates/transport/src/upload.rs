//! Request bodies on their way out.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use pentad_core::message::ByteStream;
use pentad_core::{Body, Error, ErrorKind, Result, Sent};

/// Longer bodies go out piece by piece, so that a slow upload is seen to move.
const PIECE: usize = 256 * 1024;

/// What the waiting side knows of an upload that takes long.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    taken: AtomicU64,
    failure: Mutex<Option<Error>>,
}

impl Progress {
    /// How many bytes the connection has taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// The caller's own error that ended the upload.
    pub(crate) fn failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn add(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn fail(&self, error: Error) -> Broken {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        Broken
    }
}

/// The upload ended early; the reason is in its [`Progress`].
#[derive(Debug)]
pub(crate) struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request's body ended early")
    }
}

impl std::error::Error for Broken {}

/// A request body as the connection reads it.
pub(crate) enum Upload {
    Whole(Bytes),
    Pieces { rest: Bytes, progress: Arc<Progress> },
    Stream { source: ByteStream, left: Option<u64>, progress: Arc<Progress> },
}

impl Upload {
    pub(crate) fn new(body: Body) -> Result<(Self, Option<Arc<Progress>>)> {
        let (source, left) = match body {
            Body::Empty => return Ok((Self::Whole(Bytes::new()), None)),
            Body::Bytes(bytes) if bytes.len() <= PIECE => return Ok((Self::Whole(bytes), None)),
            Body::Bytes(rest) => {
                let progress = Arc::<Progress>::default();
                return Ok((Self::Pieces { rest, progress: Arc::clone(&progress) }, Some(progress)));
            }
            Body::Replay(open, length) => (open(), length),
            Body::Once(source, length) => (source, length),
            _ => {
                return Err(Error::new(ErrorKind::Unsupported, "this kind of body cannot be sent over HTTP"));
            }
        };
        let progress = Arc::<Progress>::default();
        Ok((Self::Stream { source, left, progress: Arc::clone(&progress) }, Some(progress)))
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Pieces { rest, .. } if rest.is_empty() => Poll::Ready(None),
            Self::Pieces { rest, progress } => {
                let piece = rest.split_to(PIECE.min(rest.len()));
                progress.add(piece.len());
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Self::Stream { source, left, progress } => {
                let piece = ready!(source.as_mut().poll_next(cx));
                Poll::Ready(next_piece(piece, left, progress).transpose())
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) | Self::Pieces { rest: bytes, .. } => bytes.is_empty(),
            Self::Stream { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) | Self::Pieces { rest: bytes, .. } => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream { left: Some(left), .. } => SizeHint::with_exact(*left),
            Self::Stream { left: None, .. } => SizeHint::default(),
        }
    }
}

/// Counts a piece of a stream against the length that was announced.
fn next_piece(
    piece: Option<Result<Bytes>>,
    left: &mut Option<u64>,
    progress: &Progress,
) -> Result<Option<Frame<Bytes>>, Broken> {
    let piece = match piece {
        None if left.is_none_or(|left| left == 0) => return Ok(None),
        None => {
            let why = "the stream ended before its announced length";
            return Err(progress.fail(Error::invalid("body", why).with_sent(Sent::Maybe)));
        }
        Some(Err(error)) => return Err(progress.fail(error.with_sent(Sent::Maybe))),
        Some(Ok(piece)) => piece,
    };
    if let Some(left) = left {
        let Some(rest) = left.checked_sub(piece.len() as u64) else {
            let why = "the stream is longer than its announced length";
            return Err(progress.fail(Error::invalid("body", why).with_sent(Sent::Maybe)));
        };
        *left = rest;
    }
    progress.add(piece.len());
    Ok(Some(Frame::data(piece)))
}
