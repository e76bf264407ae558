//! Background upkeep: expired messages, ended claims, messages of deleted queues.

use std::sync::Arc;
use std::time::Duration;

use pentad_store::{StoreError, Tx};
use tokio_util::sync::CancellationToken;

use super::Zaqar;
use super::storage::{Db, expiry, subscriptions};
use crate::Tasks;

/// Service time between two sweeps.
const PAUSE: Duration = Duration::from_secs(5);

/// Starts the upkeep.
pub(super) fn start(zaqar: &Arc<Zaqar>, tasks: &Tasks) {
    let zaqar = Arc::clone(zaqar);
    tasks.spawn("zaqar sweep", |stop| async move { zaqar.sweep_until(stop).await });
}

/// A step of the upkeep: `true` if there may be more to do.
type Part = fn(&mut Tx<'_>) -> Db<bool>;

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

    /// Removes what is due, in bounded transactions; looks before it writes. What fails holds up nothing else.
    async fn sweep(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        let (messages, claims, graves) = self.store.read(expiry::due).await?;
        let subscriptions = self.store.read(subscriptions::has_ended).await?;
        let parts: [(bool, Part); 4] = [
            (claims, expiry::ended),
            (messages, expiry::messages),
            (graves, expiry::graves),
            (subscriptions, subscriptions::remove_ended),
        ];
        let mut failed = Ok(());
        for (_, part) in parts.into_iter().filter(|(is_due, _)| *is_due) {
            let done = async {
                while self.store.write(part).await? && !stop.is_cancelled() {}
                Ok(())
            };
            failed = failed.and(done.await);
        }
        failed
    }
}
