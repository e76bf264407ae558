//! Background upkeep: expired messages, messages of deleted topics, changes made by other nodes.

use std::sync::Arc;
use std::time::Duration;

use pentad_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::Ams;
use super::storage::{DIRECTORY, segments, topics};
use crate::Tasks;
use crate::service::whenever;

/// Service time between two sweeps.
const PAUSE: Duration = Duration::from_secs(60);
/// Segments removed in one transaction.
const BATCH: i64 = 200;

/// Starts the upkeep.
pub(crate) fn start(ams: &Arc<Ams>, tasks: &Tasks) {
    let sweeping = Arc::clone(ams);
    tasks.spawn("ams sweep", |stop| async move { sweeping.sweep_until(stop).await });
    let watching = Arc::clone(ams);
    tasks.spawn("ams directory", |stop| async move { watching.watch_directory(stop).await });
}

impl Ams {
    async fn sweep_until(&self, stop: CancellationToken) {
        let stop = &stop;
        let round = || async move {
            if let Err(error) = self.sweep(stop).await {
                tracing::warn!(%error, "expired AMS messages could not be removed");
            }
        };
        self.time.every(PAUSE, stop, round).await;
    }

    /// Removes what is due, in bounded transactions.
    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let before = self.now().saturating_sub(self.settings().retention);
        for topic in self.store.read(topics::ids).await? {
            loop {
                let gone = self.store.write(move |tx| segments::expire(tx, topic, before, BATCH)).await?;
                if gone == 0 || stop.is_cancelled() {
                    break;
                }
            }
        }
        while self.store.write(|tx| segments::bury(tx, BATCH)).await? && !stop.is_cancelled() {}
        Ok(())
    }

    /// Forgets what is cached when the directory changes, whoever changed it.
    async fn watch_directory(&self, stop: CancellationToken) {
        whenever(self.store.changed(DIRECTORY), &stop, || self.directory.forget()).await;
    }
}
