//! Looking things up for a caller, with the refusals of the original.

use pentad_store::Tx;

use super::call::Call;
use super::error::{Answer, Failure};
use super::model::{
    Backup, Cluster, Configuration, Datastore, Flavor, Instance, Module, ServerState, Task, Version,
};
use super::storage::{jobs, records};
use super::view;

/// The instance of the caller, whatever its state.
///
/// # Errors
/// 404.
pub(crate) fn instance(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Instance> {
    let found: Option<Instance> = records::get(tx, id)?;
    found.filter(|instance| call.sees(&instance.tenant)).ok_or_else(|| Failure::missing(id))
}

/// The instance of the caller, whose machine must be there.
///
/// # Errors
/// 404; 422 if it has no machine.
pub(crate) fn built(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Instance> {
    let found = instance(tx, call, id)?;
    if found.task == Task::BuildingFailed {
        return Err(Failure::unprocessable(format!("Instance {id} is not ready.")));
    }
    Ok(found)
}

/// The instance of the caller, whose database must answer.
///
/// # Errors
/// 404; 422.
pub(crate) fn running(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Instance> {
    let found = built(tx, call, id)?;
    let manager = view::version_of(tx, &found.version)?.map(|(_, version)| version.manager);
    let manager = manager.unwrap_or_default();
    if !["mysql", "mariadb", "postgresql"].contains(&manager.as_str()) {
        return Err(Failure::unprocessable(format!("Operation not supported for datastore {manager}.")));
    }
    if !found.health.is_running() {
        let state = found.health.description();
        return Err(Failure::unprocessable(format!("Instance {id} is not ready, status: {state}.")));
    }
    Ok(found)
}

/// Refuses a change of an instance that is busy (OpenStack reference C9).
///
/// # Errors
/// 422.
pub(crate) fn check_idle(tx: &mut Tx<'_>, instance: &Instance) -> Answer<()> {
    let (kind, state) = if instance.server != ServerState::Active {
        ("instance", instance.server.word())
    } else if !matches!(instance.task, Task::None | Task::RestartRequired) {
        ("task", instance.task.action())
    } else if !instance.health.allows_action() {
        ("instance", instance.status(view::has_running_backup(tx, &instance.id)?))
    } else if view::has_running_backup(tx, &instance.id)? {
        ("instance", "BACKUP")
    } else {
        return Ok(());
    };
    Err(Failure::unprocessable(format!(
        "Instance {} is not currently available for an action to be performed ({kind} status was {state}).",
        instance.id
    )))
}

/// Refuses to attach or detach a configuration group of an instance that is busy.
///
/// # Errors
/// 400.
pub(crate) fn check_assignable(instance: &Instance) -> Answer<()> {
    let state = if instance.server != ServerState::Active {
        instance.server.word()
    } else if instance.task != Task::None {
        instance.task.action()
    } else {
        return Ok(());
    };
    Err(Failure::bad(format!(
        "The operation you have requested cannot be executed because the instance status is currently: {state}."
    )))
}

/// A backup of the caller.
///
/// # Errors
/// 404.
pub(crate) fn backup(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Backup> {
    let found: Option<Backup> = records::get(tx, id)?;
    found.filter(|backup| call.sees(&backup.tenant)).ok_or_else(|| Failure::missing(id))
}

/// A configuration group of the caller.
///
/// # Errors
/// 404.
pub(crate) fn configuration(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Configuration> {
    let found: Option<Configuration> = records::get(tx, id)?;
    let found = found.filter(|group| call.sees(&group.tenant));
    found.ok_or_else(|| Failure::not_found(format!("Configuration group with ID {id} could not be found.")))
}

/// A module that the caller sees.
///
/// # Errors
/// 404.
pub(crate) fn module(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Module> {
    let found: Option<Module> = records::get(tx, id)?;
    let sees = |module: &Module| {
        let own = module.tenant.as_ref().is_none_or(|tenant| *tenant == call.caller.project);
        call.caller.is_admin || (module.visible && own)
    };
    let found = found.filter(sees);
    found.ok_or_else(|| Failure::not_found(format!("Module with ID {id} could not be found.")))
}

/// A cluster of the caller.
///
/// # Errors
/// 404.
pub(crate) fn cluster(tx: &mut Tx<'_>, call: &Call, id: &str) -> Answer<Cluster> {
    let found: Option<Cluster> = records::get(tx, id)?;
    let found = found.filter(|cluster| cluster.deleted_at.is_none() && call.sees(&cluster.tenant));
    found.ok_or_else(|| Failure::not_found(format!("Cluster '{id}' cannot be found.")))
}

/// A flavor, for something that is to have it.
///
/// # Errors
/// 400.
pub(crate) fn flavor(tx: &mut Tx<'_>, id: &str) -> Answer<Flavor> {
    let missing = || Failure::bad(format!("Resource {id} cannot be found."));
    records::get(tx, id)?.ok_or_else(missing)
}

/// A datastore by id or name.
///
/// # Errors
/// 404.
pub(crate) fn datastore(tx: &mut Tx<'_>, id_or_name: &str) -> Answer<Datastore> {
    if let Some(found) = records::get(tx, id_or_name)? {
        return Ok(found);
    }
    let all: Vec<Datastore> = records::all(tx)?;
    let found = all.into_iter().find(|one| one.name == id_or_name);
    found.ok_or_else(|| Failure::not_found(format!("Datastore '{id_or_name}' cannot be found.")))
}

/// 400 for a version that does not exist: unlike other things it is not answered 404.
fn no_version(version: &str) -> Failure {
    Failure::bad(format!("Datastore version '{version}' cannot be found."))
}

/// A version by id.
///
/// # Errors
/// 400.
pub(crate) fn version(tx: &mut Tx<'_>, id: &str) -> Answer<Version> {
    records::get(tx, id)?.ok_or_else(|| no_version(id))
}

/// A version of a datastore by id or name, and perhaps its number.
///
/// # Errors
/// 404 for an id that is none of its versions, 400 for a name.
pub(crate) fn version_in(
    tx: &mut Tx<'_>,
    datastore: &Datastore,
    id_or_name: &str,
    number: Option<&str>,
) -> Answer<Version> {
    let mut all: Vec<Version> = records::owned(tx, &datastore.id)?;
    if is_uuid(id_or_name) {
        let found = all.into_iter().find(|version| version.id == id_or_name);
        return found.ok_or_else(|| Failure::not_found("DBDatastoreVersion Not Found"));
    }
    all.retain(|version| version.name == id_or_name);
    if let Some(number) = number {
        return all.into_iter().find(|version| version.number == number).ok_or_else(|| no_version(number));
    }
    if all.len() > 1 {
        return Err(Failure::bad(format!(
            "Multiple datastore versions found for '{id_or_name}', use an UUID or specify both the name and \
             version number to be more specific."
        )));
    }
    all.pop().ok_or_else(|| no_version(id_or_name))
}

/// Whether a text is a UUID, with or without dashes.
pub(crate) fn is_uuid(text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok()
}

/// What a request says of a datastore; what it leaves out comes from the options.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'r> {
    pub(crate) datastore: Option<&'r str>,
    pub(crate) version: Option<&'r str>,
    pub(crate) number: Option<&'r str>,
}

/// The datastore and version that a request means.
///
/// # Errors
/// 404 or 400.
pub(crate) fn wanted_version(
    tx: &mut Tx<'_>,
    call: &Call,
    wanted: Wanted<'_>,
    inactive: bool,
) -> Answer<(Datastore, Version)> {
    let usual = call.settings.default_datastore.as_deref();
    let Some(name) = wanted.datastore.or(usual) else {
        return Err(Failure::bad("Please specify datastore. No default datastore is defined."));
    };
    let found = datastore(tx, name).map_err(|failure| match wanted.datastore {
        None if failure.is_not_found() => {
            Failure::bad(format!("Please specify datastore. Default datastore '{name}' cannot be found."))
        }
        _ => failure,
    })?;
    let Some(version) = wanted.version.or(found.default_version.as_deref()) else {
        return Err(Failure::bad(format!("Default version for datastore '{}' not found.", found.name)));
    };
    let version = version_in(tx, &found, version, wanted.number)?;
    if !version.active && !inactive {
        return Err(Failure::bad(format!("Datastore version '{}' is not active.", version.name)));
    }
    Ok((found, version))
}

/// Plans what ends a task.
///
/// # Errors
/// Of the store.
pub(crate) fn plan(tx: &mut Tx<'_>, call: &Call, target: &str, job: &jobs::Job) -> Answer<()> {
    jobs::plan(tx, target, job, call.settings.delay())?;
    Ok(())
}
