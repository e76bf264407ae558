//! The in-process door: the server as a transport, without a socket.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::Version;
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use pentad_core::{Body, Error, ErrorKind, Request, Response, ResponseBody, Result, Sent, Transport};

use crate::http::{Peer, Reply, ReplyBody};
use crate::shell::{Broken, Shell, View};

/// The authority that the door answers for.
pub const AUTHORITY: &str = "pentad.local";

/// Sends requests straight to the services: bodies are handed over, not copied.
///
/// Answers for any authority; URLs in answers carry the request's. Dropping the call cancels the request.
#[derive(Clone)]
pub struct Door {
    shell: Arc<Shell>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Door(http://{AUTHORITY})")
    }
}

impl Door {
    pub(crate) fn new(shell: Arc<Shell>) -> Self {
        Self { shell }
    }

    async fn exchange(&self, request: Request) -> Result<Response> {
        if self.shell.draining.is_cancelled() {
            return Err(Error::new(ErrorKind::Connection, "the embedded server was shut down"));
        }
        let uri = request.uri()?;
        let mut message = http::Request::new(());
        *message.method_mut() = request.method;
        *message.uri_mut() = uri;
        *message.headers_mut() = request.headers;
        let reply = match request.body {
            Body::Bytes(bytes) => self.pass(message.map(|()| Full::new(bytes))).await,
            Body::Replay(open, _) => self.stream(message, open()).await,
            Body::Once(stream, _) => self.stream(message, stream).await,
            _ => self.pass(message.map(|()| Full::<Bytes>::default())).await,
        };
        reply.map(response).map_err(|broken| {
            Error::new(ErrorKind::Connection, "the exchange was broken off")
                .with_source(broken)
                .with_sent(Sent::Maybe)
        })
    }

    async fn stream(
        &self,
        message: http::Request<()>,
        stream: pentad_core::ByteStream,
    ) -> std::result::Result<Reply, Broken> {
        let frames = stream.map(|piece| piece.map(Frame::data));
        self.pass(message.map(|()| StreamBody::new(frames))).await
    }

    async fn pass<B>(&self, message: http::Request<B>) -> std::result::Result<Reply, Broken>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
        B::Error: fmt::Display,
    {
        self.shell.serve(message, Peer::default(), &View::Plain, AUTHORITY).await
    }
}

impl Transport for Door {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(request))
    }
}

fn response(reply: Reply) -> Response {
    let body = match reply.body {
        ReplyBody::Full(bytes) => ResponseBody::Full(bytes),
        ReplyBody::Stream(stream) => {
            let pieces = stream.map(|piece| {
                piece.map_err(|error| {
                    Error::new(ErrorKind::Connection, "the answer broke off")
                        .with_source(error)
                        .with_sent(Sent::Maybe)
                })
            });
            ResponseBody::Stream(pieces.boxed())
        }
    };
    Response { status: reply.status, headers: reply.headers, version: Version::HTTP_11, body }
}
