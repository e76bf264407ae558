//! Listeners: sockets, TLS and connections. Nothing here knows a service.

pub(crate) mod accept;
pub(crate) mod connection;
mod taken;
pub(crate) mod unix;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::real_limit;
use crate::upgrade::Sockets;

/// The connections of all listeners of a server.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    /// Cancelled when no more connections are accepted and idle ones close.
    pub(crate) stop: CancellationToken,
    /// Cancelled when those that are left are broken off.
    pub(crate) abort: CancellationToken,
    pub(crate) tracker: TaskTracker,
    pub(crate) slots: Arc<Semaphore>,
}

impl Connections {
    pub(crate) fn new(max: usize) -> Self {
        Self {
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
            tracker: TaskTracker::new(),
            slots: Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    /// The books of upgraded connections; `stop` asks them to end.
    pub(crate) fn sockets(&self, stop: CancellationToken) -> Sockets {
        Sockets { tracker: self.tracker.clone(), stop, abort: self.abort.clone(), slot: None }
    }

    /// Stops accepting, lets running requests end for `limit`, breaks off the rest.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.stop.cancel();
        self.tracker.close();
        if real_limit(limit, self.tracker.wait()).await.is_none() {
            tracing::warn!(left = self.tracker.len(), "requests did not end in time and are broken off");
        }
        self.abort.cancel();
        self.tracker.wait().await;
    }
}
