//! One request and its answer over a pooled connection.

use std::future::{Future, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_core::future::BoxFuture;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, RANGE, RETRY_AFTER, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use pentad_core::{Error, ErrorKind, Limits, Request, Response, Result, Sent};

use crate::connect::{Connect, Fault, within_limit};
use crate::failure;
use crate::line::{Handshake, Line};
use crate::pool::{Pool, Server};
use crate::proxy::Proxies;
use crate::upload::{Progress, Upload};
use crate::{PoolOptions, download};

/// A pool of connections of one kind.
pub(crate) struct Exchange<C> {
    connector: C,
    handshake: Handshake,
    pool: Arc<Pool>,
    proxies: Arc<Proxies>,
}

impl<C: Connect> Exchange<C> {
    pub(crate) fn new(connector: C, proxies: Arc<Proxies>, options: PoolOptions) -> Self {
        let handshake = Handshake::new(options.http2_only);
        Self { connector, handshake, pool: Pool::new(options), proxies }
    }

    /// Sends the request and waits for the head of the answer, and for its body if that is short.
    pub(crate) fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        let op = request.op.id;
        // Made ready outside of the future, which then need not carry the request along in all its states.
        match self.prepare(request) {
            Ok(prepared) => {
                Box::pin(async move { self.run(prepared).await.map_err(|error| error.with_op(op)) })
            }
            Err(error) => Box::pin(ready(Err(error.with_op(op)))),
        }
    }

    fn prepare(&self, request: Request) -> Result<Prepared> {
        let uri = request.uri()?;
        if uri.scheme() != Some(&Scheme::HTTP) && uri.scheme() != Some(&Scheme::HTTPS) {
            return Err(Error::new(ErrorKind::Config, "the endpoint is for websocket connections")
                .with_hint("give an http:// or https:// URL"));
        }
        let (upload, progress) = Upload::new(request.body)?;
        let mut outgoing = http::Request::new(upload);
        *outgoing.method_mut() = request.method;
        *outgoing.headers_mut() = request.headers;
        let headers = outgoing.headers_mut();
        let decode = accept_compressed(headers);
        self.proxies.authorize(&uri, headers);
        headers.entry(USER_AGENT).or_insert(PRODUCT);
        if outgoing.body().is_end_stream()
            && matches!(*outgoing.method(), Method::POST | Method::PUT | Method::PATCH)
        {
            // hyper leaves it out; servers may ask for it (411).
            outgoing.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
        }
        let mut parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme.take(), parts.authority.take()) else {
            return Err(Error::new(ErrorKind::Config, "the endpoint is not a URL"));
        };
        *outgoing.uri_mut() = parts.path_and_query.map(Uri::from).unwrap_or_default();
        let server = Server { scheme, authority };
        Ok(Prepared { outgoing, server, progress, limits: request.limits, decode })
    }

    async fn run(&self, prepared: Prepared) -> Result<Response> {
        let Prepared { mut outgoing, server, progress, limits, decode } = prepared;
        loop {
            let held = match self.pool.take(&server) {
                Some(line) => line.settled().await,
                None => None,
            };
            let mut line = match held {
                Some(line) => line,
                // Boxed: room for what is rare would be carried along by every request.
                None => Box::pin(self.connect(&server, limits.connect)).await?,
            };
            line.address(&mut outgoing, &server);
            let answer = head(pin!(line.send(outgoing)), progress.as_deref(), limits.idle).await;
            let origin = line.origin();
            match answer {
                Ok(answer) => {
                    if is_sick(&answer) {
                        origin.evict();
                    }
                    if !line.is_shared() {
                        self.pool.put(&server, line);
                    }
                    self.refuse_proxys_answer(&answer, &server)?;
                    return download::receive(answer, limits.idle, decode, origin).await;
                }
                Err(Unanswered::Silence) => {
                    origin.evict();
                    return Err(failure::silence(limits.idle));
                }
                Err(Unanswered::Failed(failed)) => {
                    origin.evict();
                    match unread(failed, line.is_used(), &server) {
                        Ok(unread) => outgoing = unread,
                        Err(error) => {
                            let own = progress.and_then(|progress| progress.failure());
                            return Err(own.unwrap_or(error));
                        }
                    }
                }
            }
        }
    }

    /// Connects to a server: each request by itself, or where requests share a connection one for all.
    async fn connect(&self, server: &Server, limit: Duration) -> Result<Line> {
        let unconnected = |fault| failure::unconnected(fault, &server.place(), limit);
        let turn = self.pool.turn(server);
        let _turn = match &turn {
            Some(turn) => {
                let waiting = async { Ok::<_, Fault>(turn.lock().await) };
                let held = within_limit(limit, waiting).await.map_err(unconnected)?;
                // Whoever had the turn before may have connected for us.
                if let Some(line) = self.pool.take(server) {
                    return Ok(line);
                }
                Some(held)
            }
            None => None,
        };
        let stream = self.connector.connect(server.uri(None), limit).await.map_err(unconnected)?;
        let line = self
            .handshake
            .shake(stream, server)
            .await
            .map_err(|error| failure::cut(error, &server.place()).with_sent(Sent::No))?;
        Ok(if line.is_shared() { self.pool.share(server, line) } else { line })
    }

    /// An answer of a proxy that was given the request instead of the server.
    fn refuse_proxys_answer(&self, answer: &http::Response<Incoming>, server: &Server) -> Result<()> {
        if answer.status() != StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Ok(());
        }
        match self.proxies.forwarder_to(&server.uri(None)) {
            Some(proxy) => Err(failure::refused_by_proxy(&proxy.refusal(answer.status()), &server.place())),
            None => Ok(()),
        }
    }
}

/// The request that may go to another connection, or the failure.
///
/// That is not a retry of an exchange: hyper hands back, whole and unread, a request whose connection turned out to be
/// closed before its first byte was written. Left to the retry loop, each server that closes idle connections would
/// cost a pause, and a one-shot body would be lost. Only used connections do that, so it ends with the idle ones.
fn unread(mut failed: Box<Failed>, is_used: bool, server: &Server) -> Result<http::Request<Upload>> {
    let sent = match failed.take_message() {
        Some(unread) if is_used => return Ok(unread),
        Some(_) => Sent::No,
        None => Sent::Maybe,
    };
    Err(failure::cut(failed.into_error(), &server.place()).with_sent(sent))
}

/// A request made ready for the connection.
struct Prepared {
    /// Its URL has no more than path and query.
    outgoing: http::Request<Upload>,
    server: Server,
    progress: Option<Arc<Progress>>,
    limits: Limits,
    decode: bool,
}

/// What a request says of its sender unless it says something itself.
pub(crate) const PRODUCT: HeaderValue =
    HeaderValue::from_static(concat!("pentad/", env!("CARGO_PKG_VERSION")));

/// Waits for the head of the answer, until the connection is silent for too long; the silence is counted anew whenever
/// the connection takes more of the body.
async fn head(
    mut answering: Pin<&mut impl Future<Output = Result<http::Response<Incoming>, Failed>>>,
    progress: Option<&Progress>,
    idle: Duration,
) -> Result<http::Response<Incoming>, Unanswered> {
    let mut silence = pin!(None);
    let mut taken = 0;
    poll_fn(|cx| {
        if let Poll::Ready(answer) = answering.as_mut().poll(cx) {
            return Poll::Ready(answer.map_err(|failed| Unanswered::Failed(Box::new(failed))));
        }
        loop {
            let Some(running) = silence.as_mut().as_pin_mut() else {
                silence.set(Some(timer(idle)));
                continue;
            };
            if running.poll(cx).is_pending() {
                return Poll::Pending;
            }
            match progress.map(Progress::taken) {
                Some(now) if now > taken => taken = now,
                _ => return Poll::Ready(Err(Unanswered::Silence)),
            }
            silence.set(Some(timer(idle)));
        }
    })
    .await
}

type Failed = TrySendError<http::Request<Upload>>;

/// Why no head of an answer came.
enum Unanswered {
    Failed(Box<Failed>),
    /// There was a connection, and nothing came over it.
    Silence,
}

#[expect(clippy::disallowed_methods, reason = "a limit on real network input and output")]
fn timer(limit: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(limit)
}

/// Asks for a compressed answer unless the caller says what it accepts; tells whether it is ours to decode.
fn accept_compressed(headers: &mut HeaderMap) -> bool {
    // A range counts bytes of the encoded form: a part of it could not be decoded.
    if headers.contains_key(ACCEPT_ENCODING) || headers.contains_key(RANGE) {
        return false;
    }
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"));
    true
}

/// An answer that says more of the machine at the other end than of the request: the next attempt should meet
/// another one. A server that names a time to come back at is only busy.
fn is_sick(answer: &http::Response<Incoming>) -> bool {
    match answer.status() {
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => true,
        StatusCode::SERVICE_UNAVAILABLE => !answer.headers().contains_key(RETRY_AFTER),
        _ => false,
    }
}
