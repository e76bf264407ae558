//! The in-process door: the server as a transport, without a socket.

mod frames;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{HeaderValue, Method, StatusCode, Version};
use http_body::Frame;
use http_body_util::{Full, StreamBody};
use pentad_core::message::ResponseBody;
use pentad_core::socket::{FrameSink, FrameStream};
use pentad_core::{Body, Error, ErrorKind, Request, Response, Result, Sent, Socket, Transport};
use tokio::io::DuplexStream;

use crate::http::{Peer, Reply, ReplyBody, Upgrade};
use crate::shell::{Arrival, Broken, Shell, View};

/// The authority that the door answers for.
pub const AUTHORITY: &str = "pentad.local";
/// How much of a websocket may be on its way in process.
const PIPE: usize = 64 * 1024;

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

    async fn exchange(&self, request: Request, link: Option<DuplexStream>) -> Result<Response> {
        if self.shell.draining.is_cancelled() {
            return Err(Error::new(ErrorKind::Connection, "the embedded server was shut down"));
        }
        let uri = request.uri()?;
        let is_head = request.method == Method::HEAD;
        let mut message = http::Request::new(());
        *message.method_mut() = request.method;
        *message.uri_mut() = uri;
        *message.headers_mut() = request.headers;
        let reply = match request.body {
            Body::Bytes(bytes) => self.pass(message.map(|()| Full::new(bytes)), link).await,
            Body::Replay(open, _) => self.stream(message, open()).await,
            Body::Once(stream, _) => self.stream(message, stream).await,
            _ => self.pass(message.map(|()| Full::<Bytes>::default()), link).await,
        };
        // As on a connection: the head says what a GET would be given.
        let seen = |reply| if is_head { without_body(response(reply)) } else { response(reply) };
        reply.map(seen).map_err(|broken| {
            Error::new(ErrorKind::Connection, "the exchange was broken off")
                .with_source(broken)
                .with_sent(Sent::Maybe)
        })
    }

    async fn upgraded(&self, mut request: Request) -> Result<(Box<dyn FrameSink>, FrameStream)> {
        for (name, value) in [
            (CONNECTION, "upgrade"),
            (UPGRADE, "websocket"),
            (SEC_WEBSOCKET_VERSION, "13"),
            // There is no one in between whom a random key could protect from.
            (SEC_WEBSOCKET_KEY, "cGVudGFkIGlucHJvY2Vzcw=="),
        ] {
            request.headers.insert(name, HeaderValue::from_static(value));
        }
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let response = self.exchange(request, Some(theirs)).await?;
        if response.status != StatusCode::SWITCHING_PROTOCOLS {
            let message = format!("the service answered {} to a websocket handshake", response.status);
            let error = Error::new(ErrorKind::Unsupported, message).with_status(response.status);
            return Err(error.with_sent(Sent::Answered));
        }
        Ok(frames::split(ours).await)
    }

    async fn stream(
        &self,
        message: http::Request<()>,
        stream: pentad_core::message::ByteStream,
    ) -> std::result::Result<Reply, Broken> {
        let frames = stream.map(|piece| piece.map(Frame::data));
        self.pass(message.map(|()| StreamBody::new(frames)), None).await
    }

    async fn pass<B>(
        &self,
        message: http::Request<B>,
        link: Option<DuplexStream>,
    ) -> std::result::Result<Reply, Broken>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let upgrade = link.and_then(|link| Upgrade::door(link, message.headers(), &self.shell.sockets));
        let (peer, view, authority) = (Peer::default(), &View::Plain, AUTHORITY);
        self.shell.serve(message, Arrival { peer, view, authority, upgrade, connected: false }).await
    }
}

impl Transport for Door {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(request, None))
    }
}

impl Socket for Door {
    fn open(&self, request: Request) -> BoxFuture<'_, Result<(Box<dyn FrameSink>, FrameStream)>> {
        Box::pin(self.upgraded(request))
    }
}

fn without_body(response: Response) -> Response {
    Response { body: ResponseBody::Full(Bytes::new()), ..response }
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
