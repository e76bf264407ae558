//! The body of an answer on its way out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::http::{BodyStream, ReplyBody};

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
