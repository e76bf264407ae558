//! The ends of the tasks of instances.

use pentad_store::Tx;

use super::super::engine::Outcome;
use super::super::error::Answer;
use super::super::model::{Gone, Guest, Health, Instance, ServerState, Task};
use super::super::storage::jobs::Job;
use super::super::storage::{now, records};
use super::super::view;
use super::{real, replicas};

/// How many deleted instances administrators can look back at.
const REMEMBERED: i64 = 1000;

/// Ends a task; nothing is left to end if the instance is gone.
pub(super) fn finish(tx: &mut Tx<'_>, id: &str, job: &Job, outcome: &Outcome) -> Answer<()> {
    let Some(mut instance) = records::get::<Instance>(tx, id)? else { return Ok(()) };
    if matches!(job, Job::Promote | Job::Eject) {
        return replicas::finish(tx, &instance, job, outcome);
    }
    if let Some(text) = outcome.fault.as_deref().filter(|_| *job != Job::Delete) {
        return fail(tx, instance, job, (text, outcome.is_up));
    }
    instance.port = outcome.port.or(instance.port);
    match job {
        Job::Delete => return remove(tx, instance),
        Job::Configure => {
            // What was wrong before is not wrong any more, unless it keeps the database from running.
            if outcome.is_up {
                instance.fault = None;
            }
            return Ok(records::put(tx, &instance)?);
        }
        Job::Access => {
            // Nobody touched the database.
            instance.task = Task::None;
            instance.updated = now(tx);
            return Ok(records::put(tx, &instance)?);
        }
        Job::Report { was_down } => return report(tx, instance, *was_down, outcome),
        Job::Stop => {
            let at = now(tx);
            instance.set_health(Health::Shutdown, at);
            instance.fault = None;
            return Ok(records::put(tx, &instance)?);
        }
        _ => {}
    }
    apply(&mut instance, job);
    instance.fault = outcome.doubt.as_deref().map(|text| real::fault(text, now(tx)));
    if matches!(job, Job::Build { .. }) && !instance.is_real {
        log_start(tx, &instance)?;
    }
    be_ready(tx, &mut instance)
}

/// Keeps where a database listens whose task was given up.
pub(super) fn note_port(tx: &mut Tx<'_>, id: &str, port: Option<u16>, at: i64) -> Answer<()> {
    let Some(port) = port else { return Ok(()) };
    let Some(mut instance) = records::get::<Instance>(tx, id)? else { return Ok(()) };
    instance.port = Some(port);
    instance.updated = at;
    Ok(records::put(tx, &instance)?)
}

/// A task of a real database failed: one that could not be built is not there, another is as it was, or down.
fn fail(tx: &mut Tx<'_>, mut instance: Instance, job: &Job, (text, is_up): (&str, bool)) -> Answer<()> {
    let at = now(tx);
    instance.fault = Some(real::fault(text, at));
    instance.updated = at;
    match job {
        Job::Build { .. } => {
            instance.task = Task::BuildingFailed;
            instance.server = ServerState::Error;
            instance.set_health(Health::Failed, at);
        }
        // The settings are as they were.
        Job::Configure => {}
        _ => {
            instance.task = Task::None;
            instance.server = ServerState::Active;
            instance.set_health(if is_up { Health::Healthy } else { Health::Shutdown }, at);
        }
    }
    Ok(records::put(tx, &instance)?)
}

/// The agent tells how the database is: what nobody knew is known.
fn report(tx: &mut Tx<'_>, mut instance: Instance, was_down: bool, outcome: &Outcome) -> Answer<()> {
    if instance.health != Health::Unknown {
        return Ok(());
    }
    let runs = if instance.is_real { outcome.is_up } else { !was_down };
    let health = match (runs, was_down) {
        (true, _) => Health::Healthy,
        (false, true) => Health::Shutdown,
        (false, false) => Health::Crashed,
    };
    let at = now(tx);
    instance.set_health(health, at);
    instance.updated = at;
    Ok(records::put(tx, &instance)?)
}

fn apply(instance: &mut Instance, job: &Job) {
    match job {
        Job::ResizeFlavor { flavor } => instance.flavor.clone_from(flavor),
        Job::ResizeVolume { size } => instance.volume_size = Some(*size),
        Job::Upgrade { version } => instance.version.clone_from(version),
        Job::Detach => instance.replica_of = None,
        _ => {}
    }
}

/// The instance is idle and its database answers.
///
/// # Errors
/// Of the store.
pub(super) fn be_ready(tx: &mut Tx<'_>, instance: &mut Instance) -> Answer<()> {
    let at = now(tx);
    instance.task = Task::None;
    instance.server = ServerState::Active;
    instance.set_health(Health::Healthy, at);
    instance.updated = at;
    Ok(records::put(tx, instance)?)
}

/// A new database writes its first lines.
fn log_start(tx: &mut Tx<'_>, instance: &Instance) -> Answer<()> {
    let Some(mut guest) = records::get::<Guest>(tx, &instance.id)? else { return Ok(()) };
    let manager = view::version_of(tx, &instance.version)?.map(|(_, version)| version.manager);
    let at = super::super::model::time_text(now(tx));
    for name in super::super::handlers::logs::names_of(&manager.unwrap_or_default()) {
        let log = guest.logs.entry((*name).to_owned()).or_default();
        log.pending.push_str(&format!("{at} {} is ready for connections\n", instance.name));
    }
    Ok(records::put(tx, &guest)?)
}

fn remove(tx: &mut Tx<'_>, mut instance: Instance) -> Answer<()> {
    let at = now(tx);
    instance.task = Task::None;
    instance.set_health(Health::Deleted, at);
    instance.deleted_at = Some(at);
    instance.updated = at;
    instance.replica_of = None;
    records::delete::<Instance>(tx, &instance.id)?;
    records::delete::<Guest>(tx, &instance.id)?;
    records::put(tx, &Gone(instance))?;
    tx.execute(
        "DELETE FROM records WHERE kind = 'gone' AND id IN \
         (SELECT id FROM records WHERE kind = 'gone' ORDER BY seq DESC LIMIT 100 OFFSET $1)",
        &[&REMEMBERED],
    )?;
    Ok(())
}
