//! A connection that carries requests.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::Either;
use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::pool::Server;
use crate::upload::Upload;

/// A connection that carries requests.
pub(crate) struct Line {
    sender: Sender,
    facts: Arc<Facts>,
    used: bool,
}

enum Sender {
    /// HTTP/1.1: one request at a time.
    Single(http1::SendRequest<Upload>),
    /// HTTP/2: many requests at a time.
    Shared(http2::SendRequest<Upload>),
}

/// What is known of a connection as long as it lasts.
struct Facts {
    /// The header `Host` where the protocol wants one; made once, as each request has the same.
    host: Option<HeaderValue>,
    /// Requests name their whole URL: another server passes them on.
    whole: bool,
    /// It is not to be used again.
    evicted: AtomicBool,
    /// The last answer was read to its end.
    read: AtomicBool,
}

/// How long the end of an answer takes to reach its connection, at most.
const SETTLING: Duration = Duration::from_millis(5);

impl Facts {
    fn new(host: Option<HeaderValue>, whole: bool) -> Arc<Self> {
        Arc::new(Self { host, whole, evicted: AtomicBool::new(false), read: AtomicBool::new(false) })
    }
}

/// The connection that an answer comes over.
pub(crate) struct Origin(Arc<Facts>);

impl Origin {
    /// Keeps it from being used again.
    pub(crate) fn evict(&self) {
        self.0.evicted.store(true, Ordering::Relaxed);
    }

    /// The answer was read to its end.
    pub(crate) fn read(&self) {
        self.0.read.store(true, Ordering::Relaxed);
    }
}

impl Line {
    /// Whether it may carry further requests, now or later.
    pub(crate) fn is_open(&self) -> bool {
        let closed = match &self.sender {
            Sender::Single(sender) => sender.is_closed(),
            Sender::Shared(sender) => sender.is_closed(),
        };
        !closed && !self.facts.evicted.load(Ordering::Relaxed)
    }

    /// Whether the exchange before has ended.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Single(sender) => sender.is_ready(),
            Sender::Shared(sender) => sender.is_ready(),
        }
    }

    /// Whether it is as good as ready: of the exchange before, only the end has to reach the connection's own task.
    pub(crate) fn is_settling(&self) -> bool {
        self.facts.read.load(Ordering::Relaxed)
    }

    /// The connection once it is ready; `None` if it takes longer than the end of an exchange does.
    pub(crate) async fn settled(self) -> Option<Self> {
        if self.is_ready() { Some(self) } else { Box::pin(self.ready_soon()).await }
    }

    async fn ready_soon(mut self) -> Option<Self> {
        let Sender::Single(sender) = &mut self.sender else { return Some(self) };
        #[expect(clippy::disallowed_methods, reason = "a limit on real network input and output")]
        let ready = tokio::time::timeout(SETTLING, sender.ready()).await;
        matches!(ready, Ok(Ok(()))).then_some(self)
    }

    /// The same connection for another request, if it carries many at a time.
    pub(crate) fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Single(_) => None,
            Sender::Shared(sender) => {
                let sender = Sender::Shared(sender.clone());
                Some(Self { sender, facts: Arc::clone(&self.facts), used: self.used })
            }
        }
    }

    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self.sender, Sender::Shared(_))
    }

    /// The same connection, known to have carried requests.
    pub(crate) fn used(self) -> Self {
        Self { used: true, ..self }
    }

    /// Whether it carried requests before: then the server may have closed it just now.
    pub(crate) const fn is_used(&self) -> bool {
        self.used
    }

    pub(crate) fn origin(&self) -> Origin {
        Origin(Arc::clone(&self.facts))
    }

    /// Writes the request's target and host as this connection wants them.
    pub(crate) fn address(&self, request: &mut Request<Upload>, server: &Server) {
        let path = std::mem::take(request.uri_mut()).into_parts().path_and_query;
        *request.uri_mut() = if self.facts.whole || self.is_shared() {
            server.uri(path)
        } else {
            path.map(Uri::from).unwrap_or_default()
        };
        if let Some(host) = &self.facts.host {
            request.headers_mut().entry(HOST).or_insert_with(|| host.clone());
        }
    }

    /// Sends the request and waits for the head of the answer. A failure has the request with it if nothing of it was
    /// read.
    pub(crate) fn send(
        &mut self,
        request: Request<Upload>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<Upload>>>> + use<> {
        self.facts.read.store(false, Ordering::Relaxed);
        match &mut self.sender {
            Sender::Single(sender) => Either::Left(sender.try_send_request(request)),
            Sender::Shared(sender) => Either::Right(sender.try_send_request(request)),
        }
    }
}

/// How a fresh stream becomes a connection.
pub(crate) struct Handshake {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    http2_only: bool,
}

impl Handshake {
    pub(crate) fn new(http2_only: bool) -> Self {
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .adaptive_window(true)
            // A dead connection that many requests share is found by pings, and leaves the pool.
            .keep_alive_interval(Duration::from_secs(15))
            .keep_alive_timeout(Duration::from_secs(10));
        Self { http1: http1::Builder::new(), http2, http2_only }
    }

    /// Speaks the protocol that was agreed on. Nothing of a request is sent.
    pub(crate) async fn shake<S>(&self, stream: S, server: &Server) -> hyper::Result<Line>
    where
        S: Read + Write + Connection + Unpin + Send + 'static,
    {
        let about = stream.connected();
        if self.http2_only || about.is_negotiated_h2() {
            let (sender, connection) = self.http2.handshake(stream).await?;
            drop(tokio::spawn(async move { ended(connection.await) }));
            let facts = Facts::new(None, true);
            return Ok(Line { sender: Sender::Shared(sender), facts, used: false });
        }
        let (mut sender, mut connection) = self.http1.handshake(stream).await?;
        // Its own first steps tell more of a failure than the sender, which knows only that it is closed.
        poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => sender.poll_ready(cx),
        })
        .await?;
        drop(tokio::spawn(async move { ended(connection.await) }));
        // Through a tunnel a proxy sees nothing of the request.
        let whole = about.is_proxied() && server.scheme != Scheme::HTTPS;
        Ok(Line { sender: Sender::Single(sender), facts: Facts::new(host(server), whole), used: false })
    }
}

fn ended(outcome: hyper::Result<()>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Name and port as the header `Host` has them: the usual port is left out.
fn host(server: &Server) -> Option<HeaderValue> {
    let usual = if server.scheme == Scheme::HTTPS { 443 } else { 80 };
    let name = server.authority.host();
    match server.authority.port_u16() {
        Some(port) if port != usual => HeaderValue::try_from(format!("{name}:{port}")).ok(),
        _ => HeaderValue::from_str(name).ok(),
    }
}
