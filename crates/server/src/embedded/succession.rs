//! Who answers on a data directory after its holder has left.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pentad_core::{BoxFuture, ErrorKind, Request, Response, Result, Sent, Transport};

use super::Connect;
use crate::clock::real_sleep;
use crate::error::ServerError;
use crate::holder;
use crate::options::ServerOptions;
use crate::server::Server;
use crate::service::Told;

/// How often a directory is tried whose holder is just coming or going, and how long between the tries.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);
/// How many holders a request is offered to that left before they took it. Short commands pass a directory on quickly.
const HOLDERS: u32 = 100;

/// Who holds a data directory.
pub(super) enum Seat {
    /// Another process, which listens on this socket.
    Taken(PathBuf),
    /// This one, from now on.
    Ours(Box<Server>),
}

/// Finds the holder of a directory, or takes the directory.
///
/// # Errors
/// What kept the directory from being opened; that it is held, if its holder never listened.
pub(super) async fn seat(data: &Path) -> Result<Seat, ServerError> {
    let mut tries = 0;
    loop {
        if let Some(socket) = holder::find(data).await {
            return Ok(Seat::Taken(socket));
        }
        match Server::builder(ServerOptions::dir(data)).open().await {
            Ok(server) => return Ok(Seat::Ours(Box::new(server))),
            // Between our look at the socket and now, another process took the directory, or one is leaving it.
            Err(error) if error.is_held() && tries < TRIES => {
                tries += 1;
                real_sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// The way to the holder of a data directory. When the holder has left before it took a request, the next holder is
/// found, or this process takes over, and the request goes there.
#[derive(Debug)]
pub(super) struct Succession {
    data: PathBuf,
    connect: Connect,
    way: Mutex<Arc<dyn Transport>>,
    /// The server, if this process took over. Held while a successor is looked for, so that one call does it for all.
    server: tokio::sync::Mutex<Option<Server>>,
}

impl Succession {
    /// Begins with the way to the present holder.
    pub(super) fn new(data: PathBuf, socket: PathBuf, connect: Connect) -> Self {
        let way = Mutex::new(connect(socket));
        Self { data, connect, way, server: tokio::sync::Mutex::new(None) }
    }

    fn way(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.way.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds who answers instead of `lost`, and whether there is somebody. Where there is nobody, the way stays: the
    /// call's own error says enough.
    async fn succeed(&self, lost: &Arc<dyn Transport>) -> bool {
        let mut server = self.server.lock().await;
        if !Arc::ptr_eq(lost, &self.way()) {
            return true;
        }
        let next = match seat(&self.data).await {
            Ok(Seat::Taken(socket)) => (self.connect)(socket),
            Ok(Seat::Ours(opened)) => {
                let door = opened.door();
                *server = Some(*opened);
                door
            }
            Err(error) => {
                tracing::debug!(%error, "nobody follows the holder");
                return false;
            }
        };
        *self.way.lock().unwrap_or_else(PoisonError::into_inner) = next;
        true
    }

    /// Whether this process took over and found the disk full.
    pub(super) fn is_full(&self) -> bool {
        self.server.try_lock().is_ok_and(|server| server.as_ref().is_some_and(Server::is_full))
    }

    /// Waits until what was asked of the server is done, if this process took over.
    pub(super) async fn finish(&self, told: Told<'_>) {
        if let Some(server) = &*self.server.lock().await {
            server.finish(told).await;
        }
    }

    /// Closes the server if this process took over.
    pub(super) async fn close(&self) {
        if let Some(server) = self.server.lock().await.take() {
            server.shutdown().await;
        }
    }
}

impl Transport for Succession {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            let mut request = request;
            for _ in 0..HOLDERS {
                let (way, again) = (self.way(), request.try_clone());
                let outcome = way.send(request).await;
                let gone = outcome
                    .as_ref()
                    .is_err_and(|e| e.sent() == Sent::No && e.kind() == ErrorKind::Connection);
                if !gone || !self.succeed(&way).await {
                    return outcome;
                }
                // A body that can be read once is offered to nobody twice.
                let Some(again) = again else { return outcome };
                request = again;
            }
            self.way().send(request).await
        })
    }
}
