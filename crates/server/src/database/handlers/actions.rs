//! `POST /instances/{id}/action` (OpenStack reference C8).

use pentad_store::Tx;
use serde_json::{Map, Value};

use super::super::call::{Call, Done, id_of};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{Backup, BackupState, Flavor, Health, Instance, ServerState, Task};
use super::super::quota;
use super::super::schema::{bodies, check};
use super::super::storage::jobs::{self, Job};
use super::super::storage::{now, records};
use super::super::view;
use super::create;

/// Checks a body by the action that stands first in it.
///
/// # Errors
/// 400; 500 for a body without an action, as the original fails.
pub(crate) fn check_body(body: &Value) -> Answer<()> {
    let map = body.as_object().ok_or_else(Failure::crash)?;
    let (name, inner) = map.iter().next().ok_or_else(Failure::crash)?;
    match name.as_str() {
        "restart" => check(&bodies::RESTART, body),
        "resize" => {
            let what = inner.as_object().and_then(|map| map.keys().next()).ok_or_else(Failure::crash)?;
            match what.as_str() {
                "volume" => check(&bodies::RESIZE_VOLUME, body),
                "flavorRef" => check(&bodies::RESIZE_FLAVOR, body),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

const ACTIONS: [&str; 5] =
    ["restart", "resize", "promote_to_replica_source", "eject_replica_source", "reset_status"];

/// `POST /instances/{id}/action`
pub(crate) fn act(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.body.as_ref().and_then(Value::as_object).ok_or_else(Failure::crash)?;
    // The last one that is known counts.
    let action = body.keys().rev().find(|name| ACTIONS.contains(&name.as_str()));
    let id = call.param("id");
    if action.is_some_and(|name| name == "reset_status") {
        let instance = find::instance(tx, call, id)?;
        return reset(tx, call, instance, body);
    }
    let instance = find::built(tx, call, id)?;
    match action.map(String::as_str) {
        Some("restart") => restart(tx, call, instance)?,
        Some("resize") => resize(tx, call, instance, body)?,
        Some("promote_to_replica_source") => promote(tx, call, &instance)?,
        Some("eject_replica_source") => eject(tx, call, &instance)?,
        _ => return Err(Failure::crash()),
    }
    Ok(Done::accepted())
}

/// Notes the task of an instance and plans its end.
///
/// # Errors
/// Of the store.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    call: &Call,
    instance: &mut Instance,
    task: Task,
    job: Option<&Job>,
) -> Answer<()> {
    instance.task = task;
    instance.updated = now(tx);
    records::put(tx, instance)?;
    match job {
        Some(job) => find::plan(tx, call, &instance.id, job),
        None => Ok(()),
    }
}

fn restart(tx: &mut Tx<'_>, call: &Call, mut instance: Instance) -> Answer<()> {
    find::check_idle(tx, &instance)?;
    if instance.cluster.is_some() && !call.caller.is_admin {
        return Err(Failure::in_cluster());
    }
    instance.set_health(Health::Restarting, now(tx));
    begin(tx, call, &mut instance, Task::Rebooting, Some(&Job::Restart))
}

fn resize(tx: &mut Tx<'_>, call: &Call, instance: Instance, body: &Map<String, Value>) -> Answer<()> {
    let wanted = body.get("resize").and_then(Value::as_object).ok_or_else(Failure::crash)?;
    if let Some(volume) = wanted.get("volume") {
        let size = create::volume_size(&volume["size"]).ok_or_else(Failure::crash)?;
        return resize_volume(tx, call, instance, size);
    }
    match wanted.get("flavorRef") {
        Some(Value::String(flavor)) => resize_flavor(tx, call, instance, id_of(flavor)),
        Some(Value::Number(flavor)) => resize_flavor(tx, call, instance, &flavor.to_string()),
        _ => Err(Failure::crash()),
    }
}

fn resize_volume(tx: &mut Tx<'_>, call: &Call, instance: Instance, size: i64) -> Answer<()> {
    if instance.cluster.is_some() {
        return Err(Failure::in_cluster());
    }
    let Some(current) = instance.volume_size else {
        return Err(Failure::bad(format!("Instance {} has no volume.", instance.id)));
    };
    if size <= current {
        return Err(Failure::bad(format!(
            "The new volume 'size' must be larger than the current volume size of '{current}'."
        )));
    }
    create::check_volume_size(call, Some(size))?;
    find::check_idle(tx, &instance)?;
    let mut all = view::replicas(tx, &instance)?;
    for replica in &all {
        find::check_idle(tx, replica)?;
    }
    all.insert(0, instance);
    let more = (size - current).saturating_mul(i64::try_from(all.len()).unwrap_or(1));
    quota::check(tx, &call.settings, &all[0].tenant, &[("volumes", more)])?;
    for mut one in all {
        begin(tx, call, &mut one, Task::Resizing, Some(&Job::ResizeVolume { size }))?;
    }
    Ok(())
}

fn resize_flavor(tx: &mut Tx<'_>, call: &Call, mut instance: Instance, flavor: &str) -> Answer<()> {
    find::check_idle(tx, &instance)?;
    if instance.cluster.is_some() {
        return Err(Failure::in_cluster());
    }
    if instance.flavor == flavor {
        return Err(Failure::bad(format!(
            "The new flavor id must be different than the current flavor id of '{flavor}'."
        )));
    }
    let new = find::flavor(tx, flavor)?;
    if instance.volume_size.is_some() && new.ephemeral != 0 {
        return Err(Failure::unsupported("Local storage support is not enabled."));
    }
    let old: Option<Flavor> = records::get(tx, &instance.flavor)?;
    let more = new.ram - old.map_or(0, |flavor| flavor.ram);
    quota::check(tx, &call.settings, &instance.tenant, &[("ram", more)])?;
    let job = Job::ResizeFlavor { flavor: flavor.to_owned() };
    begin(tx, call, &mut instance, Task::Resizing, Some(&job))
}

fn promote(tx: &mut Tx<'_>, call: &Call, instance: &Instance) -> Answer<()> {
    find::check_idle(tx, instance)?;
    let Some(source) = &instance.replica_of else {
        return Err(Failure::bad(format!("Instance {} is not a replica.", instance.id)));
    };
    let mut source = find::built(tx, call, source)?;
    let replicas = view::replicas(tx, &source)?;
    begin(tx, call, &mut source, Task::Promoting, None)?;
    for mut replica in replicas {
        begin(tx, call, &mut replica, Task::Promoting, None)?;
    }
    find::plan(tx, call, &instance.id, &Job::Promote)
}

fn eject(tx: &mut Tx<'_>, call: &Call, instance: &Instance) -> Answer<()> {
    let replicas = view::replicas(tx, instance)?;
    if replicas.is_empty() {
        return Err(Failure::bad(format!("Instance {} is not a replica source.", instance.id)));
    }
    // An agent that answers gives signs of life all the time; one that does not gave its last when it went.
    let silence = now(tx).saturating_sub(instance.health_at) / 1_000_000;
    if instance.health.is_running() || silence < call.settings.agent_heartbeat_expiry {
        return Err(Failure::bad(format!(
            "Replica Source {} cannot be ejected as it has a current heartbeat",
            instance.id
        )));
    }
    begin(tx, call, &mut instance.clone(), Task::Ejecting, None)?;
    for mut replica in replicas {
        begin(tx, call, &mut replica, Task::Ejecting, None)?;
    }
    find::plan(tx, call, &instance.id, &Job::Eject)
}

fn reset(tx: &mut Tx<'_>, call: &Call, instance: Instance, body: &Map<String, Value>) -> Answer<Done> {
    let is_forced = match body.get("reset_status") {
        Some(Value::Object(map)) => map.contains_key("force_delete"),
        Some(Value::Null) | None => return Err(Failure::crash()),
        Some(_) => false,
    };
    if !is_forced && !call.caller.is_admin {
        return Err(Failure::policy("instance:reset_status"));
    }
    reset_status(tx, call, instance)?;
    Ok(Done::accepted())
}

/// Ends the task of an instance, whatever it was: its database is in a state that nobody knows, until the agent tells.
///
/// # Errors
/// Of the store.
pub(crate) fn reset_status(tx: &mut Tx<'_>, call: &Call, mut instance: Instance) -> Answer<()> {
    let at = now(tx);
    let was_down = instance.health == Health::Shutdown;
    instance.task = Task::None;
    if instance.server == ServerState::Build {
        instance.server = ServerState::Active;
    }
    instance.set_health(Health::Unknown, at);
    instance.updated = at;
    records::put(tx, &instance)?;
    if instance.is_real {
        // Its programs are under way, and end it in their time.
        jobs::forget_changes(tx, &instance.id)?;
    } else {
        jobs::forget(tx, &instance.id)?;
    }
    find::plan(tx, call, &instance.id, &Job::Report { was_down })?;
    fail_backups(tx, &instance.id)
}

/// Gives up the backups of an instance that are being made.
///
/// # Errors
/// Of the store.
pub(crate) fn fail_backups(tx: &mut Tx<'_>, instance: &str) -> Answer<()> {
    let at = now(tx);
    for mut backup in records::owned::<Backup>(tx, instance)? {
        if backup.state.is_running() {
            backup.state = BackupState::Failed;
            backup.updated = at;
            records::put(tx, &backup)?;
            jobs::forget(tx, &backup.id)?;
        }
    }
    Ok(())
}
