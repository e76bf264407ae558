//! Response bodies on their way in.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::future::ready as at_once;
use http::header;
use http_body::Body as HttpBody;
use hyper::body::Incoming;
use pentad_core::message::ResponseBody;
use pentad_core::{ErrorKind, Response, Result};
use tokio::time::Sleep;
use tower_http::decompression::Decompression;
use tower_service::Service;

use crate::connect::BoxError;
use crate::failure;
use crate::line::Origin;

/// Answers up to this length are read before they are handed over: no stream, no box, mostly no copy.
const SMALL: u64 = 256 * 1024;

/// Turns hyper's answer into ours; `decode` if we, not the caller, asked for a compressed one.
pub(crate) async fn receive(
    answer: http::Response<Incoming>,
    idle: Duration,
    decode: bool,
    line: Origin,
) -> Result<Response> {
    if decode && is_compressed(&answer) {
        return decompress(answer, idle, line).await;
    }
    let (parts, body) = answer.into_parts();
    let body = match body.size_hint().exact() {
        Some(0) => {
            line.read();
            ResponseBody::Full(Bytes::new())
        }
        Some(length) if length <= SMALL => {
            ResponseBody::Full(collect(Frames::new(body, idle, line), length).await?)
        }
        _ => ResponseBody::Stream(Frames::new(body, idle, line).boxed()),
    };
    Ok(response(parts, body))
}

fn response(parts: http::response::Parts, body: ResponseBody) -> Response {
    let mut response = Response::new(parts.status, Bytes::new());
    response.headers = parts.headers;
    response.version = parts.version;
    response.body = body;
    response
}

fn is_compressed(answer: &http::Response<Incoming>) -> bool {
    let Some(encoding) = answer.headers().get(header::CONTENT_ENCODING) else { return false };
    // An answer to HEAD names the encoding and has no body to decode.
    matches!(encoding.as_bytes(), b"gzip" | b"zstd") && !answer.body().is_end_stream()
}

async fn decompress(answer: http::Response<Incoming>, idle: Duration, line: Origin) -> Result<Response> {
    let mut answer = Some(answer);
    let source = tower::service_fn(move |_: http::Request<()>| at_once(answer.take().ok_or(AlreadyRead)));
    let answer = Decompression::new(source).call(http::Request::new(())).await.map_err(|error| {
        pentad_core::Error::new(ErrorKind::Unexpected, "the answer was read twice").with_source(error)
    })?;
    let (parts, body) = answer.into_parts();
    Ok(response(parts, ResponseBody::Stream(Frames::new(body, idle, line).boxed())))
}

#[derive(Debug)]
struct AlreadyRead;

impl std::fmt::Display for AlreadyRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("already read")
    }
}

impl std::error::Error for AlreadyRead {}

/// Reads a body of known, small length.
async fn collect(mut frames: Frames<Incoming>, length: u64) -> Result<Bytes> {
    let Some(first) = frames.next().await.transpose()? else { return Ok(Bytes::new()) };
    if frames.body.is_end_stream() {
        frames.line.read();
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(length as usize);
    whole.extend_from_slice(&first);
    while let Some(piece) = frames.next().await.transpose()? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// The data of a body, ended with an error if the server falls silent.
struct Frames<B> {
    body: B,
    idle: Duration,
    /// Made at the first wait, so that a body that is already here needs no timer.
    silence: Option<Pin<Box<Sleep>>>,
    /// Data came since the timer was set.
    moved: bool,
    line: Origin,
    ended: bool,
}

impl<B> Frames<B> {
    const fn new(body: B, idle: Duration, line: Origin) -> Self {
        Self { body, idle, silence: None, moved: false, line, ended: false }
    }

    /// Ready when the server has been silent for too long.
    #[expect(clippy::disallowed_methods, reason = "a limit on real network input and output")]
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let silence = self.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.idle)));
        if std::mem::take(&mut self.moved) {
            silence.as_mut().reset(tokio::time::Instant::now() + self.idle);
        }
        silence.as_mut().poll(cx)
    }
}

impl<B> Stream for Frames<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let this = self.get_mut();
        while !this.ended {
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    this.moved = true;
                    match frame.into_data() {
                        Ok(data) if data.is_empty() => {}
                        Ok(data) => return Poll::Ready(Some(Ok(data))),
                        // Trailers: none of the services has any.
                        Err(_) => {}
                    }
                }
                Poll::Ready(None) => {
                    this.ended = true;
                    this.line.read();
                }
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    this.line.evict();
                    return Poll::Ready(Some(Err(failure::in_body(error.into()))));
                }
                Poll::Pending => {
                    ready!(this.poll_silence(cx));
                    this.ended = true;
                    this.line.evict();
                    return Poll::Ready(Some(Err(failure::silence(this.idle))));
                }
            }
        }
        Poll::Ready(None)
    }
}
