//! One request and its answer over a pooled connection.

use std::future::{Future, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures_core::future::BoxFuture;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, RANGE, RETRY_AFTER, USER_AGENT};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use http_body::Body;
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, Connect, capture_connection};
use hyper_util::client::legacy::{Builder, Client, Error as HyperError, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use pentad_core::{Error, ErrorKind, Limits, Request, Response, Result};

use crate::connect::PATIENCE;
use crate::failure::{self, Place};
use crate::proxy::Proxies;
use crate::upload::{Progress, Upload};
use crate::{PoolOptions, download};

/// A pool of connections of one kind.
pub(crate) struct Exchange<C> {
    client: Client<C, Upload>,
    proxies: Arc<Proxies>,
}

impl<C> Exchange<C>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    pub(crate) fn new(connector: C, proxies: Arc<Proxies>, pool: &PoolOptions) -> Self {
        Self { client: builder(pool).build(connector), proxies }
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
        if !headers.contains_key(USER_AGENT) {
            headers.insert(USER_AGENT, PRODUCT);
        }
        if outgoing.body().is_end_stream()
            && matches!(*outgoing.method(), Method::POST | Method::PUT | Method::PATCH)
        {
            // hyper leaves it out; servers may ask for it (411).
            outgoing.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
        }
        *outgoing.uri_mut() = uri.clone();
        let line = Line::watch(&mut outgoing);
        Ok(Prepared { outgoing, uri, progress, line, limits: request.limits, decode })
    }

    async fn run(&self, prepared: Prepared) -> Result<Response> {
        let Prepared { outgoing, uri, progress, line, limits, decode } = prepared;
        let place = || Place::of(&uri);
        let answering = self.client.request(outgoing);
        let head = PATIENCE.scope(limits.connect, head(answering, &line, progress.as_deref(), limits));
        let answer = match head.await {
            Ok(answer) => answer,
            Err(Unanswered::Silence) => {
                line.evict();
                return Err(failure::silence(limits.idle));
            }
            Err(Unanswered::Stuck) => return Err(failure::no_connection(&place(), limits.connect)),
            Err(Unanswered::Failed(error)) => {
                if let Some(connection) = error.connect_info() {
                    connection.poison();
                }
                let own = progress.and_then(|progress| progress.failure());
                return Err(own.unwrap_or_else(|| failure::unanswered(error, &place(), limits.connect)));
            }
        };
        if answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
            && let Some(proxy) = self.proxies.forwarder_to(&uri)
        {
            return Err(failure::refused_by_proxy(&proxy.refusal(answer.status()), &place()));
        }
        if is_sick(&answer) {
            line.evict();
        }
        download::receive(answer, limits.idle, decode, line).await
    }
}

/// A request made ready for the connection.
struct Prepared {
    outgoing: http::Request<Upload>,
    uri: Uri,
    progress: Option<Arc<Progress>>,
    line: Line,
    limits: Limits,
    decode: bool,
}

/// What a request says of its sender unless it says something itself.
pub(crate) const PRODUCT: HeaderValue =
    HeaderValue::from_static(concat!("pentad/", env!("CARGO_PKG_VERSION")));

/// Waits for the head of the answer, until the line is silent for too long.
///
/// While a connection is being made the connector's limit holds; the silence is counted from when there is
/// one, and anew whenever the connection takes more of the body.
async fn head(
    answering: ResponseFuture,
    line: &Line,
    progress: Option<&Progress>,
    limits: Limits,
) -> Result<http::Response<Incoming>, Unanswered> {
    let mut answering = pin!(answering);
    let mut silence = pin!(None);
    let mut connected = false;
    let mut taken = 0;
    poll_fn(|cx| {
        if let Poll::Ready(answer) = answering.as_mut().poll(cx) {
            return Poll::Ready(answer.map_err(Unanswered::Failed));
        }
        if !connected && line.is_connected() {
            connected = true;
            silence.set(Some(timer(limits.idle)));
        }
        loop {
            let Some(running) = silence.as_mut().as_pin_mut() else {
                silence.set(Some(timer(limits.connect.saturating_add(limits.idle))));
                continue;
            };
            if running.poll(cx).is_pending() {
                return Poll::Pending;
            }
            match progress.map(Progress::taken) {
                _ if !connected => return Poll::Ready(Err(Unanswered::Stuck)),
                Some(now) if now > taken => taken = now,
                _ => return Poll::Ready(Err(Unanswered::Silence)),
            }
            silence.set(Some(timer(limits.idle)));
        }
    })
    .await
}

/// Why no head of an answer came.
enum Unanswered {
    Failed(HyperError),
    /// There was a connection, and nothing came over it.
    Silence,
    /// Neither a connection nor an error came.
    Stuck,
}

#[expect(clippy::disallowed_methods, reason = "a limit on real network input and output")]
fn timer(limit: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(limit)
}

fn builder(pool: &PoolOptions) -> Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .pool_idle_timeout(pool.idle)
        .pool_max_idle_per_host(pool.per_host)
        .http2_only(pool.http2_only)
        .http2_adaptive_window(true)
        // A dead connection that many requests share is found by pings, and leaves the pool.
        .http2_keep_alive_interval(Duration::from_secs(15))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        // Not a retry of an exchange: hyper hands back, whole and unread, a request whose pooled connection turned
        // out to be closed before its first byte was written, and it goes to the next connection. Left to the
        // retry loop, each server that closes idle connections would cost a pause, and a one-shot body would be lost.
        // It never happens on a fresh connection, so it ends with the idle ones.
        .retry_canceled_requests(true);
    builder
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

/// The connection that a request went over.
pub(crate) struct Line(CaptureConnection);

impl Line {
    fn watch(request: &mut http::Request<Upload>) -> Self {
        Self(capture_connection(request))
    }

    fn is_connected(&self) -> bool {
        self.0.connection_metadata().is_some()
    }

    /// Keeps the connection from being used again.
    pub(crate) fn evict(&self) {
        if let Some(connection) = &*self.0.connection_metadata() {
            connection.poison();
        }
    }
}
