//! Background upkeep: expired messages, ended claims, messages of deleted queues.

use std::sync::Arc;
use std::time::Duration;

use pentad_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::Zaqar;
use super::storage::{expiry, subscriptions};
use crate::Tasks;

/// Service time between two sweeps.
const PAUSE: Duration = Duration::from_secs(5);

/// Starts the upkeep.
pub(super) fn start(zaqar: &Arc<Zaqar>, tasks: &Tasks) {
    let zaqar = Arc::clone(zaqar);
    tasks.spawn("zaqar sweep", |stop| async move { zaqar.sweep_until(stop).await });
}

impl Zaqar {
    async fn sweep_until(&self, stop: CancellationToken) {
        let stop = &stop;
        let round = || async move {
            if let Err(error) = self.sweep(stop).await {
                tracing::warn!(%error, "expired Zaqar messages could not be removed");
            }
        };
        self.time.every(PAUSE, stop, round).await;
    }

    /// Removes what is due, in bounded transactions; looks before it writes.
    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let (messages, claims, graves) = self.store.read(expiry::due).await?;
        if claims {
            while self.store.write(expiry::ended_claims).await? && !stop.is_cancelled() {}
        }
        if messages {
            while self.store.write(expiry::messages).await? && !stop.is_cancelled() {}
        }
        if graves {
            while self.store.write(expiry::graves).await? && !stop.is_cancelled() {}
        }
        if self.store.read(subscriptions::has_ended).await? {
            while self.store.write(subscriptions::remove_ended).await? && !stop.is_cancelled() {}
        }
        Ok(())
    }
}
