//! Who answers on a data directory after its holder has left.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pentad_core::{BoxFuture, Clock, ErrorKind, Request, Response, Result, Sent, Transport};
use pentad_server::{Server, ServerOptions, holder};
use pentad_transport::SystemClock;

use super::local::{PAUSE, TRIES, listens};

/// The way to the holder of a data directory. When the holder has left, the next holder is found, or this process
/// takes over; the failed call was not sent, so the retry loop above sends it to the successor.
#[derive(Debug)]
pub(crate) struct Succession {
    data: PathBuf,
    way: Mutex<Arc<dyn Transport>>,
    /// The server, if this process took over. Held while a successor is looked for, so that one call does it for all.
    server: tokio::sync::Mutex<Option<Server>>,
}

impl Succession {
    /// Begins with the way to the present holder.
    pub(crate) fn new(data: PathBuf, way: Arc<dyn Transport>) -> Self {
        Self { data, way: Mutex::new(way), server: tokio::sync::Mutex::new(None) }
    }

    fn way(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.way.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Finds who answers instead of `lost`. Where nobody does, the way stays: the call's own error says enough.
    async fn succeed(&self, lost: &Arc<dyn Transport>) {
        let mut server = self.server.lock().await;
        if !Arc::ptr_eq(lost, &self.way()) {
            return;
        }
        for _ in 0..TRIES {
            let socket = holder::socket(&self.data);
            let next = if listens(&socket).await {
                pentad_transport::unix(socket)
            } else {
                match Server::builder(ServerOptions::dir(&self.data)).open().await {
                    Ok(opened) => {
                        let door = opened.door();
                        *server = Some(opened);
                        door
                    }
                    Err(error) if error.is_held() => {
                        SystemClock.sleep(PAUSE).await;
                        continue;
                    }
                    Err(_) => return,
                }
            };
            *self.way.lock().unwrap_or_else(PoisonError::into_inner) = next;
            return;
        }
    }

    /// Closes the server if this process took over.
    pub(crate) async fn close(&self) {
        if let Some(server) = self.server.lock().await.take() {
            server.shutdown().await;
        }
    }
}

impl Transport for Succession {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            let way = self.way();
            let outcome = way.send(request).await;
            if outcome.as_ref().is_err_and(|e| e.sent() == Sent::No && e.kind() == ErrorKind::Connection) {
                self.succeed(&way).await;
            }
            outcome
        })
    }
}
