//! Background upkeep: revocations of tokens that have ended, changes made by other nodes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::maybe_done;
use futures_util::poll;
use pentad_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::Core;
use super::storage::{DIRECTORY, security};
use crate::Tasks;

/// Service time between two sweeps.
const PAUSE: Duration = Duration::from_secs(300);
/// Rows removed in one transaction.
const BATCH: i64 = 500;

/// Starts the upkeep.
pub(crate) fn start(core: &Arc<Core>, tasks: &Tasks) {
    let sweeping = Arc::clone(core);
    tasks.spawn("identity sweep", |stop| async move { sweeping.sweep_until(stop).await });
    let watching = Arc::clone(core);
    tasks.spawn("identity directory", |stop| async move { watching.watch_directory(stop).await });
}

impl Core {
    async fn sweep_until(&self, stop: CancellationToken) {
        let mut busy = self.time.busy();
        while !stop.is_cancelled() {
            if let Err(error) = self.sweep(&stop).await {
                tracing::warn!(%error, "revocations of ended tokens could not be removed");
            }
            let mut timer = Box::pin(maybe_done(self.time.sleep(PAUSE)));
            // The next sweep has its time before this one counts as done.
            let _ = poll!(timer.as_mut());
            drop(busy);
            tokio::select! {
                () = timer.as_mut() => {}
                () = stop.cancelled() => return,
            }
            let Some(due) = timer.as_mut().take_output() else { return };
            busy = due;
        }
    }

    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let window = i64::from(self.settings().allow_expired_window) * 1_000_000;
        let before = self.micros().saturating_sub(window);
        while !stop.is_cancelled() {
            if self.store.write_soft(move |tx| security::sweep(tx, before, BATCH)).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Forgets what is cached when something changes, whoever changed it.
    async fn watch_directory(&self, stop: CancellationToken) {
        let mut changed = self.store.changed(DIRECTORY);
        loop {
            tokio::select! {
                () = changed.wait() => self.directory.forget(),
                () = stop.cancelled() => return,
            }
        }
    }
}
