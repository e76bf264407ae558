//! What the ends of tasks of real databases need to know, and their start after that of the server.

use futures_util::future::join_all;
use pentad_store::Tx;
use serde_json::Map;

use super::super::Trove;
use super::super::engine::{Deed, Outcome};
use super::super::error::Answer;
use super::super::model::{Backup, Configuration, Fault, Guest, Health, Instance, Task};
use super::super::storage::jobs::{Due, Job};
use super::super::storage::{now, records};
use super::super::view;

/// A task with all that its end needs, if it is one of a real database.
pub(super) fn deed(tx: &mut Tx<'_>, due: &Due) -> Answer<Option<Deed>> {
    let (instance, backup) = match due.job {
        Job::Backup => {
            let backup: Option<Backup> = records::get(tx, &due.target)?;
            let Some(id) = backup.and_then(|backup| backup.instance) else { return Ok(None) };
            (records::get::<Instance>(tx, &id)?, Some(due.target.clone()))
        }
        _ => (records::get::<Instance>(tx, &due.target)?, None),
    };
    let Some(instance) = instance.filter(|instance| instance.is_real) else { return Ok(None) };
    let source: Option<Instance> = match &instance.replica_of {
        Some(id) => records::get(tx, id)?,
        None => None,
    };
    let others = view::replicas(tx, source.as_ref().unwrap_or(&instance))?;
    let contents = records::get::<Guest>(tx, &instance.id)?.map(|guest| guest.contents).unwrap_or_default();
    let values = match &instance.configuration {
        Some(id) => records::get::<Configuration>(tx, id)?.map_or_else(Map::new, |group| group.values),
        None => Map::new(),
    };
    Ok(Some(Deed { job: due.job.clone(), instance, source, others, contents, values, backup }))
}

/// Why a real database failed, for callers and for administrators.
pub(super) fn fault(text: &str, now: i64) -> Fault {
    let message = text.lines().next().unwrap_or_default().to_owned();
    Fault { message, details: text.to_owned(), at: now }
}

impl Trove {
    /// Starts the real databases that an earlier server had.
    pub(crate) async fn resume(&self) {
        let all = self.read(|tx| Ok(records::all::<Instance>(tx)?)).await.unwrap_or_default();
        let waits = |instance: &Instance| {
            !matches!(instance.task, Task::Building | Task::BuildingFailed)
                && instance.health != Health::Shutdown
        };
        let resumed = all.into_iter().filter(|one| one.is_real && waits(one)).map(|instance| async move {
            let outcome = self.engine.resume(&instance).await;
            let id = instance.id;
            let noted = self.write(move |tx| resumed(tx, &id, &outcome)).await;
            if let Err(failure) = noted {
                tracing::warn!(
                    reason = failure.message(),
                    "the start of a database instance could not be noted"
                );
            }
        });
        join_all(resumed).await;
    }
}

fn resumed(tx: &mut Tx<'_>, id: &str, outcome: &Outcome) -> Answer<()> {
    let Some(mut instance) = records::get::<Instance>(tx, id)? else { return Ok(()) };
    let at = now(tx);
    match &outcome.fault {
        Some(text) => {
            instance.fault = Some(fault(text, at));
            instance.set_health(Health::Shutdown, at);
        }
        None => instance.port = outcome.port,
    }
    Ok(records::put(tx, &instance)?)
}
