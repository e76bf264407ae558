//! Background upkeep: revocations of tokens that have ended, trusts that have, changes made by other nodes.

use std::sync::Arc;
use std::time::Duration;

use pentad_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::Core;
use super::storage::{DIRECTORY, security};
use crate::Tasks;
use crate::service::whenever;

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
        let stop = &stop;
        let round = || async move {
            if let Err(error) = self.sweep(stop).await {
                tracing::warn!(%error, "what is over could not be removed");
            }
        };
        self.time.every(PAUSE, stop, round).await;
    }

    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let window = i64::from(self.settings().allow_expired_window) * 1_000_000;
        let before = self.micros().saturating_sub(window);
        while !stop.is_cancelled() {
            if self.store.write_soft(move |tx| security::sweep(tx, before, BATCH)).await? == 0 {
                break;
            }
        }
        // One that is over gives no token: nobody misses it.
        let now = self.micros();
        while !stop.is_cancelled() {
            if self.store.write_soft(move |tx| security::sweep_trusts(tx, now, BATCH)).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Forgets what is cached when something changes, whoever changed it.
    async fn watch_directory(&self, stop: CancellationToken) {
        whenever(self.store.changed(DIRECTORY), &stop, || self.directory.forget()).await;
    }
}
