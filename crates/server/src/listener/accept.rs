//! Accepting TCP connections, with TLS where configured.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::connection::{self, Host};
use super::taken::Taken;
use crate::clock::{real_limit, real_sleep};
use crate::error::ServerError;
use crate::http::Peer;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a connection may still ask when the server stops.
pub(crate) const FIRST: Duration = Duration::from_millis(100);
/// The pause after the system ran out of something, so that the loop does not spin.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Takes an address.
pub(crate) async fn bind(addr: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let fault = |source| ServerError::Bind { addr, source };
    let listener = TcpListener::bind(addr).await.map_err(fault)?;
    let local = listener.local_addr().map_err(fault)?;
    Ok((listener, local))
}

/// Accepts until the server stops. A connection beyond the limit waits in the system's queue.
pub(crate) async fn run(listener: TcpListener, tls: Option<TlsAcceptor>, host: Host) {
    let connections = host.connections.clone();
    loop {
        let slot = tokio::select! {
            slot = Arc::clone(&connections.slots).acquire_owned() => slot,
            () = connections.stop.cancelled() => return,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = connections.stop.cancelled() => return,
        };
        let (stream, addr) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "cannot accept");
                real_sleep(EXHAUSTED).await;
                continue;
            }
        };
        let slot = slot.ok().map(Arc::new);
        let (tls, host) = (tls.clone(), Host { slot, ..host.clone() });
        connections.tracker.spawn(serve(stream, addr, tls, host));
    }
}

async fn serve(stream: TcpStream, addr: SocketAddr, tls: Option<TlsAcceptor>, host: Host) {
    // Answers are small and complete: waiting to fill a packet only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay could not be set");
    }
    let peer = Peer { addr: Some(addr), certificate: None, secure: tls.is_some() };
    let stream = Taken::new(stream);
    let Some(tls) = tls else { return connection::run(stream, peer, host).await };
    let stop = host.connections.stop.clone();
    let shaken = tokio::select! {
        shaken = real_limit(HANDSHAKE, tls.accept(stream)) => shaken,
        () = stop.cancelled() => return,
    };
    match shaken {
        Some(Ok(stream)) => {
            let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let certificate = leaf.map(|leaf| Bytes::copy_from_slice(leaf));
            connection::run(stream, Peer { certificate, ..peer }, host).await;
        }
        Some(Err(error)) => tracing::debug!(%error, %addr, "TLS handshake failed"),
        None => tracing::debug!(%addr, "TLS handshake took too long"),
    }
}
