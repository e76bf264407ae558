//! The listener for running orders.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming as Raw;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::api;
use crate::Tasks;
use crate::body::Outgoing;
use crate::budget::Budgets;
use crate::clock::real_sleep;
use crate::http::{Inbound, Incoming, Mount, Peer, Reply};
use crate::ivcap::core::Core;

/// Connections at once.
const MOST: usize = 256;
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(30);
/// The pause after the system ran out of something.
const EXHAUSTED: Duration = Duration::from_millis(50);
/// Bytes of a body that is read as a whole.
const LARGEST: u64 = 64 << 20;

/// Opens the listener and answers until the server stops.
pub(super) async fn open(core: &Arc<Core>, tasks: &Tasks) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let core = Arc::clone(core);
    tasks.spawn("ivcap sidecar", move |stop| async move { accept(&core, listener, address, &stop).await });
    Ok(address)
}

async fn accept(core: &Arc<Core>, listener: TcpListener, address: SocketAddr, stop: &CancellationToken) {
    let slots = Arc::new(Semaphore::new(MOST));
    let budgets = Budgets::new(LARGEST);
    let connections = tokio_util::task::TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = async { (Arc::clone(&slots).acquire_owned().await, listener.accept().await) } => accepted,
            () = stop.cancelled() => break,
        };
        let (slot, Ok((stream, peer))) = accepted else {
            real_sleep(EXHAUSTED).await;
            continue;
        };
        let (core, budgets, stop) = (Arc::clone(core), budgets.clone(), stop.clone());
        connections.spawn(async move {
            let host = Host { core, budgets, address, peer, stop };
            host.serve(stream).await;
            drop(slot);
        });
    }
    connections.close();
    connections.wait().await;
}

#[derive(Clone)]
struct Host {
    core: Arc<Core>,
    budgets: Budgets,
    address: SocketAddr,
    peer: SocketAddr,
    stop: CancellationToken,
}

impl Host {
    async fn serve(self, stream: TcpStream) {
        let stop = self.stop.clone();
        let service = service_fn(move |request: Request<Raw>| {
            let host = self.clone();
            async move { Ok::<_, Infallible>(response(host.answer(request).await)) }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        // Those who could be calling are ended first; nobody waits for an answer any more.
        tokio::select! {
            ended = connection => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection of an order ended early");
                }
            }
            () = stop.cancelled() => {}
        }
    }

    async fn answer(&self, request: Request<Raw>) -> Reply {
        let (head, body) = request.into_parts();
        let (body, _ledger) = Incoming::new(body, LARGEST, &self.budgets);
        let inbound = Inbound {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
            peer: Peer { addr: Some(self.peer), certificate: None, secure: false },
            request_id: format!("req-{}", uuid::Uuid::new_v4()),
            base: format!("http://{}", self.address),
            mount: Mount::Prefix,
            upgrade: None,
            gone: self.stop.child_token(),
        };
        api::answer(&self.core, inbound).await
    }
}

fn response(reply: Reply) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}
