//! `PUT` and `PATCH /instances/{id}`: name, configuration group, source, version, exposure (OpenStack reference C7.3).

use pentad_store::Tx;
use serde_json::{Map, Value};

use super::super::call::{Call, Done, id_of};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{Configuration, Instance, Task};
use super::super::storage::jobs::Job;
use super::super::storage::{now, records};
use super::super::view;
use super::configurations;

/// `PUT` and `PATCH /instances/{id}`
pub(crate) fn update(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("instance")?;
    let name = body.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    if body.len() > if name.is_some() { 2 } else { 1 } {
        return Err(Failure::bad("Only one attribute (except 'name') is allowed to update."));
    }
    let mut instance = find::built(tx, call, call.param("id"))?;
    if let Some(name) = name {
        name.clone_into(&mut instance.name);
        instance.updated = now(tx);
        records::put(tx, &instance)?;
    }
    change(tx, call, instance, body)?;
    Ok(Done::accepted())
}

fn change(tx: &mut Tx<'_>, call: &Call, mut instance: Instance, body: &Map<String, Value>) -> Answer<()> {
    if body.contains_key("replica_of") || body.contains_key("slave_of") {
        return detach(tx, call, instance);
    }
    if body.is_empty() {
        return set_configuration(tx, call, &mut instance, None);
    }
    if let Some(configuration) = body.get("configuration") {
        let id = configuration.as_str().filter(|id| !id.is_empty()).map(id_of);
        return set_configuration(tx, call, &mut instance, id);
    }
    if let Some(version) = body.get("datastore_version").and_then(Value::as_str) {
        return upgrade(tx, call, instance, version);
    }
    if let Some(access) = body.get("access") {
        instance.access = Some(access.clone());
        instance.task = Task::Updating;
        instance.updated = now(tx);
        records::put(tx, &instance)?;
        return find::plan(tx, call, &instance.id, &Job::Access);
    }
    Ok(())
}

fn detach(tx: &mut Tx<'_>, call: &Call, mut instance: Instance) -> Answer<()> {
    find::check_idle(tx, &instance)?;
    if instance.replica_of.is_none() {
        return Err(Failure::bad(format!("Instance {} is not a replica.", instance.id)));
    }
    instance.task = Task::Detaching;
    instance.updated = now(tx);
    records::put(tx, &instance)?;
    find::plan(tx, call, &instance.id, &Job::Detach)
}

fn upgrade(tx: &mut Tx<'_>, call: &Call, mut instance: Instance, version: &str) -> Answer<()> {
    let (datastore, _) = view::version_of(tx, &instance.version)?.ok_or_else(Failure::crash)?;
    let version = find::version_in(tx, &datastore, version, None)?;
    find::check_idle(tx, &instance)?;
    instance.task = Task::Upgrading;
    instance.updated = now(tx);
    records::put(tx, &instance)?;
    find::plan(tx, call, &instance.id, &Job::Upgrade { version: version.id })
}

/// Attaches a configuration group to an instance and to those of its replicas that have none, or detaches it.
fn set_configuration(tx: &mut Tx<'_>, call: &Call, instance: &mut Instance, id: Option<&str>) -> Answer<()> {
    let replicas = view::replicas(tx, instance)?;
    for replica in &replicas {
        find::check_assignable(replica)?;
    }
    let before = instance.configuration.clone();
    match id {
        Some(id) => {
            attach(tx, call, instance, id)?;
            for mut replica in replicas {
                if replica.configuration.is_none() {
                    attach(tx, call, &mut replica, id)?;
                }
            }
        }
        None if before.is_some() => {
            find::check_assignable(instance)?;
            configurations::take_off(tx, instance)?;
            for mut replica in replicas {
                if replica.configuration == before {
                    configurations::take_off(tx, &mut replica)?;
                }
            }
        }
        None => {}
    }
    Ok(())
}

fn attach(tx: &mut Tx<'_>, call: &Call, instance: &mut Instance, id: &str) -> Answer<()> {
    if let Some(current) = &instance.configuration {
        return Err(Failure::bad(format!(
            "Instance {} already has a Configuration Group attached: {current}.",
            instance.id
        )));
    }
    find::check_assignable(instance)?;
    let group = group(tx, call, instance, id)?;
    configurations::put_on(tx, instance, &group)
}

/// The group, which must be of the version of the instance.
fn group(tx: &mut Tx<'_>, call: &Call, instance: &Instance, id: &str) -> Answer<Configuration> {
    let missing = || Failure::not_found(format!("Configuration group id: {id} could not be found."));
    let group = find::configuration(tx, call, id).map_err(|failure| match failure {
        failure if failure.is_not_found() => missing(),
        failure => failure,
    })?;
    if group.version != instance.version {
        return Err(Failure::bad(format!(
            "Datastore Version on Configuration {} does not match the Datastore Version on the instance {}.",
            group.version, instance.version
        )));
    }
    Ok(group)
}
