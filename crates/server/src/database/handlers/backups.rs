//! Backups and their strategies (OpenStack reference C13).

use pentad_store::Tx;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::call::{Call, Done, id_of};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{
    Backup, BackupState, Contents, Instance, Saved, Strategy, Task, Version, time_text,
};
use super::super::quota;
use super::super::storage::jobs::Job;
use super::super::storage::now;
use super::super::storage::records::{self, Record as _, Select};
use super::super::view;

fn detail(tx: &mut Tx<'_>, backup: &Backup) -> Answer<Value> {
    let mut out = json!({
        "id": backup.id, "name": backup.name, "description": backup.description,
        "locationRef": backup.location, "instance_id": backup.instance,
        "created": time_text(backup.created), "updated": time_text(backup.updated), "size": backup.size,
        "status": backup.state.word(), "parent_id": backup.parent, "project_id": backup.tenant,
    });
    if let Some((datastore, version)) = view::version_of(tx, &backup.version)? {
        out["datastore"] = json!({"type": datastore.name, "version": version.name, "version_id": version.id});
    }
    Ok(out)
}

/// A page of backups, the last changed first.
pub(crate) fn page_of(
    tx: &mut Tx<'_>,
    call: &Call,
    select: Select<'_>,
    keep: Option<impl Fn(&Backup) -> bool>,
) -> Answer<Done> {
    let page = call.page_by_offset(tx, &[Backup::KIND], select, keep)?;
    let views: Answer<Vec<Value>> = page.items.iter().map(|backup| detail(tx, backup)).collect();
    Ok(call.paged("backups", views?, page.next.as_deref()))
}

/// `GET /backups`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let (project, everyone) = (call.filter("project_id"), call.says_yes("all_projects"));
    if (project.is_some() || everyone) && !call.caller.is_admin {
        return Err(Failure::policy("backup:index:all_projects"));
    }
    let scope = match project {
        None if everyone => None,
        _ => Some(project.unwrap_or(&call.caller.project)),
    };
    let select = Select { scope, owner: call.filter("instance_id"), ..Select::default() };
    let versions: Option<Vec<Version>> = match call.filter("datastore") {
        Some(name) => {
            let datastore = find::datastore(tx, name)?;
            Some(records::owned(tx, &datastore.id)?)
        }
        None => None,
    };
    let of = |versions: Vec<Version>| {
        move |backup: &Backup| versions.iter().any(|version| version.id == backup.version)
    };
    page_of(tx, call, select, versions.map(of))
}

/// `GET /backups/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let backup = find::backup(tx, call, call.param("id"))?;
    Ok(Done::ok(json!({"backup": detail(tx, &backup)?})))
}

/// `POST /backups`
pub(crate) fn create(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("backup")?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let Some(container) = text("swift_container").filter(|name| !is_plain(name)) {
        return Err(Failure::bad(format!("The value is not allowed: {container}.")));
    }
    let backup = match body.get("restore_from").filter(|from| from.is_object()) {
        Some(from) => register(tx, call, body, from)?,
        None => {
            let id = text("instance").ok_or_else(|| Failure::bad("instance is missing."))?;
            take(tx, call, body, id_of(id))?
        }
    };
    quota::check(tx, &call.settings, &call.caller.project, &[("backups", 1)])?;
    records::put(tx, &backup)?;
    if backup.state.is_running() {
        find::plan(tx, call, &backup.id, &Job::Backup)?;
    } else {
        let saved =
            Saved { id: backup.id.clone(), tenant: backup.tenant.clone(), contents: Contents::default() };
        records::put(tx, &saved)?;
    }
    Ok(Done::accepted_with(json!({"backup": detail(tx, &backup)?})))
}

/// Whether a shell would take the text as it is.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c))
}

fn new(call: &Call, body: &Map<String, Value>, now: i64) -> Backup {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    Backup {
        id: Uuid::new_v4().to_string(),
        tenant: call.caller.project.clone(),
        name: text("name").unwrap_or_default(),
        description: text("description"),
        instance: None,
        location: None,
        size: None,
        state: BackupState::New,
        parent: None,
        version: String::new(),
        container: call.settings.backup_swift_container.clone(),
        created: now,
        updated: now,
        is_leaving: false,
        is_real: false,
    }
}

/// A backup that others made. What it holds is unknown here, so that instances made of it are empty.
fn register(tx: &mut Tx<'_>, call: &Call, body: &Map<String, Value>, from: &Value) -> Answer<Backup> {
    let version = find::version(tx, from["local_datastore_version_id"].as_str().unwrap_or_default())?;
    let mut backup = new(call, body, now(tx));
    backup.version = version.id;
    backup.location = from["remote_location"].as_str().map(str::to_owned);
    backup.size = from["size"].as_f64();
    backup.state = BackupState::Restored;
    Ok(backup)
}

fn take(tx: &mut Tx<'_>, call: &Call, body: &Map<String, Value>, id: &str) -> Answer<Backup> {
    let instance = find::built(tx, call, id)?;
    find::check_idle(tx, &instance)?;
    if instance.cluster.is_some() {
        return Err(Failure::in_cluster());
    }
    let given = body.get("swift_container").and_then(Value::as_str).map(str::to_owned);
    let container = match given {
        Some(container) => Some(container),
        None => strategy_for(tx, &call.caller.project, id)?.map(|strategy| strategy.container),
    };
    let parent = match body.get("parent_id").and_then(Value::as_str) {
        Some(parent) => Some(find::backup(tx, call, parent)?.id),
        None if is_yes(body.get("incremental")) => last_completed(tx, &instance)?,
        None => None,
    };
    let mut backup = new(call, body, now(tx));
    backup.is_real = instance.is_real;
    backup.instance = Some(instance.id);
    backup.version = instance.version;
    backup.parent = parent;
    if let Some(container) = container {
        backup.container = container;
    }
    Ok(backup)
}

fn is_yes(value: Option<&Value>) -> bool {
    value.and_then(Value::as_i64) == Some(1)
}

fn last_completed(tx: &mut Tx<'_>, instance: &Instance) -> Answer<Option<String>> {
    let all: Vec<Backup> = records::owned(tx, &instance.id)?;
    let done = all.into_iter().filter(|backup| backup.state == BackupState::Completed && !backup.is_leaving);
    Ok(done.max_by_key(|backup| backup.updated).map(|backup| backup.id))
}

/// `DELETE /backups/{id}`: with those that build on it.
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let backup = find::backup(tx, call, call.param("id"))?;
    remove(tx, call, backup)?;
    Ok(Done::accepted())
}

fn remove(tx: &mut Tx<'_>, call: &Call, backup: Backup) -> Answer<()> {
    let all: Vec<Backup> = records::within(tx, &backup.tenant)?;
    let mut leaving = vec![backup];
    let mut next = 0;
    while let Some(parent) = leaving.get(next).map(|one| one.id.clone()) {
        next += 1;
        let children = all.iter().filter(|one| one.parent.as_ref() == Some(&parent));
        leaving.extend(children.cloned());
    }
    let instances: Vec<Instance> = records::within(tx, &leaving[0].tenant)?;
    for mut one in leaving.into_iter().rev() {
        if one.state.is_running() {
            return Err(Failure::unprocessable(format!(
                "Backup {} cannot be deleted because it is running.",
                one.id
            )));
        }
        if one.is_real && instances.iter().any(|new| is_made_of(new, &one.id)) {
            return Err(Failure::unprocessable(format!(
                "Backup {} cannot be deleted because an instance is made of it.",
                one.id
            )));
        }
        if !one.is_leaving {
            one.is_leaving = true;
            records::put(tx, &one)?;
            find::plan(tx, call, &one.id, &Job::DeleteBackup)?;
        }
    }
    Ok(())
}

/// Whether an instance still waits for the files of a backup.
fn is_made_of(instance: &Instance, backup: &str) -> bool {
    instance.task == Task::Building && instance.backup.as_deref() == Some(backup)
}

fn strategy_view(strategy: &Strategy) -> Value {
    json!({
        "project_id": strategy.tenant, "instance_id": strategy.instance, "backend": "swift",
        "swift_container": strategy.container,
    })
}

/// The strategy of an instance, else of its project.
fn strategy_for(tx: &mut Tx<'_>, tenant: &str, instance: &str) -> Answer<Option<Strategy>> {
    let all: Vec<Strategy> = records::within(tx, tenant)?;
    let of = |id: &str| all.iter().find(|strategy| strategy.instance == id).cloned();
    Ok(of(instance).or_else(|| of("")))
}

/// The project that a strategy call is about.
fn strategy_project(call: &Call) -> Answer<&str> {
    let own = call.caller.project.as_str();
    let project = call.query("project_id").unwrap_or(own);
    if project != own && !call.caller.is_admin {
        return Err(Failure::other_tenant(own));
    }
    Ok(project)
}

/// `GET /backup_strategies`
pub(crate) fn strategies(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let project = strategy_project(call)?;
    let mut all: Vec<Strategy> = records::within(tx, project)?;
    if let Some(instance) = call.filter("instance_id") {
        all.retain(|strategy| strategy.instance == instance);
    }
    Ok(Done::ok(json!({"backup_strategies": all.iter().map(strategy_view).collect::<Vec<_>>()})))
}

/// `POST /backup_strategies`
pub(crate) fn set_strategy(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("backup_strategy")?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (tenant, instance) = (call.caller.project.clone(), text("instance_id"));
    let id = format!("{tenant}/{instance}");
    let strategy = Strategy { id, tenant, instance, container: text("swift_container") };
    records::put(tx, &strategy)?;
    Ok(Done::accepted_with(json!({"backup_strategy": strategy_view(&strategy)})))
}

/// `DELETE /backup_strategies`
pub(crate) fn delete_strategy(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let project = strategy_project(call)?;
    let instance = call.query("instance_id").unwrap_or_default();
    records::delete::<Strategy>(tx, &format!("{project}/{instance}"))?;
    Ok(Done::accepted())
}
