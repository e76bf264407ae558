//! One connection: HTTP/1.1 or HTTP/2 until it ends, the server drains or the drain is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;

use super::Connections;
use crate::body::Outgoing;
use crate::clock::real_sleep;
use crate::http::{Peer, Reply, Upgrade};
use crate::shell::{Arrival, Broken, Shell, View};
use crate::upgrade::Sockets;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(30);

/// What a connection needs beside its stream.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) shell: Arc<Shell>,
    pub(crate) view: View,
    /// The listener's own `host:port`, for requests that name none.
    pub(crate) authority: Arc<str>,
    pub(crate) connections: Connections,
    /// How long a connection that has not asked yet may still ask when the server stops: its peer could connect, so
    /// it counts on an answer.
    pub(crate) first: Duration,
    /// The place of this connection among `--max-connections`.
    pub(crate) slot: Option<Arc<OwnedSemaphorePermit>>,
}

/// Serves a connection to its end.
pub(crate) async fn run<S>(stream: S, peer: Peer, host: Host)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (connections, first) = (host.connections.clone(), host.first);
    let asked = Arc::new(AtomicBool::new(false));
    let asks = Arc::clone(&asked);
    let sockets = Sockets { slot: host.slot.clone(), ..host.shell.sockets.clone() };
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        asks.store(true, Ordering::Relaxed);
        let (host, peer) = (host.clone(), peer.clone());
        let upgrade = Upgrade::of(&mut request, &sockets);
        async move {
            let (view, authority) = (&host.view, &*host.authority);
            let arrival = Arrival { peer, view, authority, upgrade, connected: true };
            let reply = host.shell.serve(request, arrival).await?;
            Ok::<_, Broken>(response(reply))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // The date is that of service time and set with the answer.
    builder.http1().auto_date_header(false).timer(TokioTimer::new()).header_read_timeout(HEAD);
    builder.http2().auto_date_header(false).timer(TokioTimer::new()).max_concurrent_streams(1024);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let draining = async {
        connections.stop.cancelled().await;
        if !asked.load(Ordering::Relaxed) {
            real_sleep(first).await;
        }
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = draining => None,
        () = connections.abort.cancelled() => return,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended,
                () = connections.abort.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

fn response(reply: Reply) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}
