//! Bodies on their way in and out of a connection.

use std::fmt::Display;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;

use crate::clock::real_limit;
use crate::http::{BodyStream, ReplyBody};

/// How long a body that was refused is still read, so that its sender gets to read the refusal.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a body was not read.
#[derive(Debug)]
pub(crate) enum BodyFault {
    /// It is longer than allowed.
    TooLarge,
    /// It broke off.
    Broken(String),
}

/// Reads a body of at most `limit` bytes, with or without a declared length.
pub(crate) async fn read<B>(mut body: B, limit: u64) -> Result<Bytes, BodyFault>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    let declared = body.size_hint().exact();
    if declared.is_some_and(|length| length > limit) {
        return Err(BodyFault::TooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(data) = next(&mut body).await? {
        if (whole.len() + data.len()) as u64 > limit {
            discard(body).await;
            return Err(BodyFault::TooLarge);
        }
        // Most bodies are one piece, which is handed on as it is.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        if whole.is_empty() {
            whole.reserve(declared.and_then(|length| usize::try_from(length).ok()).unwrap_or(data.len()));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

/// Reads on for a while without keeping anything.
pub(crate) async fn discard<B>(mut body: B)
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    real_limit(PATIENCE, async { while let Ok(Some(_)) = next(&mut body).await {} }).await;
}

async fn next<B>(body: &mut B) -> Result<Option<Bytes>, BodyFault>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| BodyFault::Broken(error.to_string()))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// The body of an answer as the connection sends it.
pub(crate) enum Outgoing {
    Full(Option<Bytes>),
    Stream(BodyStream),
}

impl From<ReplyBody> for Outgoing {
    fn from(body: ReplyBody) -> Self {
        match body {
            ReplyBody::Full(bytes) => Self::Full((!bytes.is_empty()).then_some(bytes)),
            ReplyBody::Stream(stream) => Self::Stream(stream),
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Full(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stream(stream) => {
                stream.as_mut().poll_next(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Full(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
