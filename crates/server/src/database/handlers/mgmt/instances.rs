//! Instances of all projects.

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::super::call::{Call, Done};
use super::super::super::error::{Answer, Failure};
use super::super::super::find;
use super::super::super::model::{Flavor, Gone, Guest, Health, Instance, ServerState, Task, time_text};
use super::super::super::schema::{bodies, check};
use super::super::super::storage::jobs::Job;
use super::super::super::storage::now;
use super::super::super::storage::records::{self, Record as _, Select};
use super::super::super::view;
use super::super::actions::{begin, fail_backups};
use super::super::instances::used;

/// An instance as administrators see it.
fn view_of(tx: &mut Tx<'_>, call: &Call, instance: &Instance) -> Answer<Value> {
    let mut out = view::detail(tx, call, instance, None, None)?;
    out["server"] = if instance.deleted_at.is_some() {
        Value::Null
    } else {
        json!({
            "id": instance.server_id, "name": instance.name, "status": instance.server.word(),
            "tenant_id": instance.tenant, "host": "local", "deleted": false, "deleted_at": null, "local_id": 0,
        })
    };
    out["service_status"] = json!(instance.health.word());
    out["tenant_id"] = json!(instance.tenant);
    out["deleted"] = json!(instance.deleted_at.is_some());
    out["deleted_at"] = json!(instance.deleted_at.map(time_text));
    out["task_description"] = json!(instance.task.description());
    Ok(out)
}

/// `GET /mgmt/instances`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let word = call.query("deleted").map(str::to_ascii_lowercase);
    // One that is gone is stored as it was.
    let kinds: &[&str] = match word.as_deref() {
        Some("true") => &[Gone::KIND],
        Some("false") => &[Instance::KIND],
        _ => &[Instance::KIND, Gone::KIND],
    };
    let alone = |instance: &Instance| instance.cluster.is_none();
    let keep = (!call.says_true("include_clustered")).then_some(alone);
    let select = Select { scope: call.filter("project_id"), ..Select::default() };
    let mut page = call.page_by_offset(tx, kinds, select, keep)?;
    page.items.sort_by_key(|instance| std::cmp::Reverse(instance.created));
    let views: Answer<Vec<Value>> = page.items.iter().map(|one| view_of(tx, call, one)).collect();
    Ok(call.paged("instances", views?, page.next.as_deref()))
}

/// `GET /mgmt/instances/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let id = call.param("id");
    let instance = match records::get::<Gone>(tx, id)? {
        Some(gone) if call.says_true("deleted") => gone.0,
        _ => find::instance(tx, call, id)?,
    };
    let mut out = view_of(tx, call, &instance)?;
    if out["server"].is_object() {
        out["server"]["addresses"] = json!({"private": [{"addr": instance.address, "version": 4}]});
    } else {
        out["server"] = json!({"id": instance.server_id});
    }
    if let Some(root) = &instance.root {
        out["root_enabled"] = json!(time_text(root.enabled_at));
        out["root_enabled_by"] = json!(root.user);
    }
    out["volume"] = volume(tx, &instance)?;
    out["guest_status"] = json!({"state_description": instance.health.description()});
    Ok(Done::ok(json!({"instance": out})))
}

fn volume(tx: &mut Tx<'_>, instance: &Instance) -> Answer<Value> {
    let (Some(id), Some(size)) = (&instance.volume_id, instance.volume_size) else { return Ok(Value::Null) };
    if instance.deleted_at.is_some() {
        return Ok(json!({"id": id}));
    }
    let used = used(tx, instance)?;
    Ok(json!({
        "attachments": [{"server_id": instance.server_id, "device": "/dev/vdb"}], "availability_zone": "nova",
        "created_at": time_text(instance.created), "id": id, "size": size, "status": "in-use", "used": used,
        "total": used.map(|_| size),
    }))
}

const ACTIONS: [&str; 5] = ["stop", "reboot", "migrate", "reset-task-status", "rebuild"];

/// Checks a body by the action that stands first in it.
///
/// # Errors
/// 400; 500 for a body without an action, as the original fails.
pub(crate) fn check_body(body: &Value) -> Answer<()> {
    let map = body.as_object().ok_or_else(Failure::crash)?;
    let name = map.keys().next().ok_or_else(Failure::crash)?;
    match name.as_str() {
        "rebuild" => check(&bodies::REBUILD, body),
        "stop" | "reboot" | "migrate" => check(&bodies::action(name), body),
        _ => Ok(()),
    }
}

/// `POST /mgmt/instances/{id}/action`
pub(crate) fn act(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.body.as_ref().and_then(Value::as_object).ok_or_else(Failure::crash)?;
    let instance = find::instance(tx, call, call.param("id"))?;
    let mut selected = None;
    for name in body.keys() {
        if !ACTIONS.contains(&name.as_str()) {
            return Err(Failure::bad(format!("Invalid instance action: {name}")));
        }
        if selected.is_some() {
            return Err(Failure::bad("Only one action can be specified per request."));
        }
        selected = Some(name.as_str());
    }
    run(tx, call, instance, selected.unwrap_or_default())?;
    Ok(Done::accepted())
}

fn run(tx: &mut Tx<'_>, call: &Call, mut instance: Instance, action: &str) -> Answer<()> {
    match action {
        "stop" => find::plan(tx, call, &instance.id, &Job::Stop),
        "reboot" => {
            instance.server = ServerState::Active;
            instance.set_health(Health::Restarting, now(tx));
            begin(tx, call, &mut instance, Task::Rebooting, Some(&Job::Restart))
        }
        "migrate" => {
            find::check_idle(tx, &instance)?;
            begin(tx, call, &mut instance, Task::Migrating, Some(&Job::Migrate))
        }
        "rebuild" => {
            find::check_idle(tx, &instance)?;
            begin(tx, call, &mut instance, Task::Upgrading, Some(&Job::Rebuild))
        }
        _ => {
            begin(tx, call, &mut instance, Task::None, None)?;
            fail_backups(tx, &instance.id)
        }
    }
}

/// `GET /mgmt/instances/{id}/diagnostics`
pub(crate) fn diagnostics(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::instance(tx, call, call.param("id"))?;
    let agent = records::get::<Guest>(tx, &instance.id)?.map_or(0, |guest| guest.agent);
    Ok(Done::ok(json!({"diagnostics": {
        "version": (agent + 1).to_string(), "threads": 2, "fdSize": 64, "vmSize": 29096, "vmPeak": 29160,
        "vmRss": 2872, "vmHwm": 2872,
    }})))
}

/// `GET /mgmt/instances/{id}/hwinfo`
pub(crate) fn hardware(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::instance(tx, call, call.param("id"))?;
    let flavor: Option<Flavor> = records::get(tx, &instance.flavor)?;
    let (ram, cpus) = flavor.map_or((512, 1), |flavor| (flavor.ram, flavor.vcpus));
    Ok(Done::ok(json!({"hwinfo": {"mem_total": ram * 1024, "num_cpus": cpus}})))
}

/// `GET /mgmt/instances/{id}/rpc_ping`
pub(crate) fn ping(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    find::instance(tx, call, call.param("id"))?;
    Ok(Done::nothing())
}

/// `POST /mgmt/instances/{id}/upgrade`: of the agent.
pub(crate) fn upgrade(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let id = call.param("id");
    if let Some(mut guest) = records::get::<Guest>(tx, id)? {
        guest.agent += 1;
        records::put(tx, &guest)?;
    }
    Ok(Done::accepted())
}
