//! Databases that end without being asked to: their instances say so soon.

use std::time::Duration;

use pentad_store::Tx;
use tokio_util::sync::CancellationToken;

use super::super::Trove;
use super::super::engine::Fallen;
use super::super::error::Answer;
use super::super::model::{Health, Instance, Task};
use super::super::settings::EngineKind;
use super::super::storage::{now, records};
use super::real;
use crate::clock::real_sleep;

/// Real time between two looks: processes end in real time, whatever the service's clock does.
const EVERY: Duration = Duration::from_secs(1);

impl Trove {
    /// Looks at the processes of real databases until the server stops.
    pub(super) async fn watch_until(&self, stop: CancellationToken) {
        while self.settings().engine == EngineKind::Postgres {
            tokio::select! {
                () = real_sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            self.look_at_databases().await;
        }
    }

    /// Notes which real databases have ended without being asked to, and keeps the logs of the others short.
    pub(crate) async fn look_at_databases(&self) {
        self.engine.cut_logs().await;
        for fallen in self.engine.look(self.time.now().as_microsecond()).await {
            let id = fallen.id.clone();
            if let Err(failure) = self.note_fallen(fallen).await {
                tracing::warn!(
                    instance = id,
                    reason = failure.message(),
                    "the end of a database could not be noted"
                );
            }
        }
    }

    async fn note_fallen(&self, fallen: Fallen) -> Answer<()> {
        let id = fallen.id.clone();
        // It is noted once, and stays so until a task starts it again.
        if self.read(move |tx| Ok(unaware(tx, &id)?.is_some())).await? {
            tracing::warn!(instance = fallen.id, "a database instance ended without being asked to");
            return self.write(move |tx| note(tx, &fallen)).await;
        }
        Ok(())
    }
}

/// An instance that is idle and takes its database for running.
fn unaware(tx: &mut Tx<'_>, id: &str) -> Answer<Option<Instance>> {
    let found: Option<Instance> = records::get(tx, id)?;
    let is_idle = |one: &Instance| matches!(one.task, Task::None | Task::RestartRequired);
    Ok(found.filter(|one| is_idle(one) && one.health == Health::Healthy))
}

fn note(tx: &mut Tx<'_>, fallen: &Fallen) -> Answer<()> {
    let Some(mut instance) = unaware(tx, &fallen.id)? else { return Ok(()) };
    let at = now(tx);
    instance.set_health(Health::Crashed, fallen.seen);
    instance.fault = Some(real::fault(&fallen.words, at));
    instance.updated = at;
    Ok(records::put(tx, &instance)?)
}
