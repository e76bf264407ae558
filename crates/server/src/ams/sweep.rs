//! Background upkeep: expired messages, messages of deleted topics, changes made by other nodes.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::maybe_done;
use futures_util::poll;
use pentad_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::Ams;
use super::storage::{DIRECTORY, segments, topics};
use crate::Tasks;

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
        let mut busy = self.time.busy();
        while !stop.is_cancelled() {
            if let Err(error) = self.sweep(&stop).await {
                tracing::warn!(%error, "expired AMS messages could not be removed");
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
        let mut changed = self.store.changed(DIRECTORY);
        loop {
            tokio::select! {
                () = changed.wait() => self.directory.forget(),
                () = stop.cancelled() => return,
            }
        }
    }
}
