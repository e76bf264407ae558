//! Connections that stop speaking HTTP: from a request that asks for it to the bare stream.

use std::fmt;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderMap, HeaderValue, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::Reply;

/// A stream of bytes in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The bare stream of an upgraded connection.
pub struct Link {
    /// The stream. Dropping it ends the connection.
    pub stream: Box<dyn Stream>,
    /// Cancelled when the server begins to stop: say goodbye and end.
    pub stop: CancellationToken,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("stop", &self.stop.is_cancelled()).finish_non_exhaustive()
    }
}

/// The offer of a client to speak another protocol on this connection: TCP, TLS, unix socket or the door alike.
///
/// Not taking it up is no error; the request is then answered as any other.
#[derive(Debug)]
pub struct Upgrade {
    from: From,
    sockets: Sockets,
    protocol: HeaderValue,
}

#[derive(Debug)]
enum From {
    Connection(hyper::upgrade::OnUpgrade),
    Door(DuplexStream),
}

/// What keeps the books of upgraded connections.
#[derive(Debug, Clone)]
pub(crate) struct Sockets {
    pub(crate) tracker: TaskTracker,
    /// Cancelled when the server begins to stop.
    pub(crate) stop: CancellationToken,
    /// Cancelled when what is left is broken off.
    pub(crate) abort: CancellationToken,
    /// The place among `--max-connections`, kept until the connection ends.
    pub(crate) slot: Option<Arc<OwnedSemaphorePermit>>,
}

impl Upgrade {
    /// The offer of a request on a connection, if it makes one.
    pub(crate) fn of<B>(request: &mut http::Request<B>, sockets: &Sockets) -> Option<Self> {
        let protocol = offered(request.headers())?;
        let from = From::Connection(hyper::upgrade::on(request));
        Some(Self { from, sockets: sockets.clone(), protocol })
    }

    /// The offer of a caller in this process that holds the other end.
    pub(crate) fn door(stream: DuplexStream, headers: &HeaderMap, sockets: &Sockets) -> Option<Self> {
        let protocol = offered(headers)?;
        Some(Self { from: From::Door(stream), sockets: sockets.clone(), protocol })
    }

    /// What the client offers to speak, e.g. `websocket`.
    pub fn protocol(&self) -> &HeaderValue {
        &self.protocol
    }

    /// Takes the offer up: `serve` runs once the 101 that this gives is sent, and is broken off if it does not end
    /// within the drain time of a stopping server. Add header fields of the protocol to the answer.
    pub fn accept<F>(self, serve: impl FnOnce(Link) -> F + Send + 'static) -> Reply
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { from, sockets, protocol } = self;
        let Sockets { tracker, stop, abort, slot } = sockets;
        let run = async move {
            match stream(from).await {
                Ok(stream) => serve(Link { stream, stop }).await,
                Err(error) => tracing::debug!(%error, "a connection was not upgraded"),
            }
        };
        tracker.spawn(async move {
            let run = AssertUnwindSafe(run).catch_unwind();
            tokio::select! {
                ended = run => if ended.is_err() {
                    tracing::error!("the handler of an upgraded connection panicked");
                },
                () = abort.cancelled() => {}
            }
            drop(slot);
        });
        Reply::new(StatusCode::SWITCHING_PROTOCOLS)
            .header(CONNECTION, HeaderValue::from_static("upgrade"))
            .header(UPGRADE, protocol)
    }
}

async fn stream(from: From) -> io::Result<Box<dyn Stream>> {
    match from {
        From::Connection(upgraded) => {
            let upgraded = upgraded.await.map_err(io::Error::other)?;
            Ok(Box::new(TokioIo::new(upgraded)))
        }
        From::Door(stream) => Ok(Box::new(stream)),
    }
}

/// The protocol that a request names in `upgrade`, if its `connection` says so too.
fn offered(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut tokens = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let says_so = tokens.any(|list| list.split(',').any(|t| t.trim().eq_ignore_ascii_case("upgrade")));
    headers.get(UPGRADE).filter(|_| says_so).cloned()
}
