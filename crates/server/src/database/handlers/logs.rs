//! Logs of instances, and the container in which published ones are (OpenStack reference C8).

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::call::{Call, Done};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{Guest, Instance, Log, Task, time_text};
use super::super::storage::{now, records};
use super::super::view;

/// The logs that instances of a manager have.
pub(crate) fn names_of(manager: &str) -> &'static [&'static str] {
    match manager {
        "postgresql" => &["general"],
        "mysql" | "mariadb" | "percona" | "pxc" => &["general", "slow_query"],
        _ => &[],
    }
}

/// An instance with its guest and the names of its logs.
struct Place {
    instance: Instance,
    guest: Guest,
    manager: String,
}

fn place(tx: &mut Tx<'_>, call: &Call) -> Answer<Place> {
    let instance = find::built(tx, call, call.param("id"))?;
    let manager = view::version_of(tx, &instance.version)?.map(|(_, version)| version.manager);
    let guest = records::get::<Guest>(tx, &instance.id)?;
    let fresh = || Guest { id: instance.id.clone(), tenant: instance.tenant.clone(), ..Guest::default() };
    Ok(Place { guest: guest.unwrap_or_else(fresh), manager: manager.unwrap_or_default(), instance })
}

/// The word of C8 for a log.
fn status(log: &Log) -> &'static str {
    match (log.needs_restart, log.is_enabled, log.was_published, log.pending.is_empty()) {
        (true, ..) => "Restart_Required",
        (false, false, false, _) => "Disabled",
        (false, false, true, true) => "Published",
        (false, _, true, false) => "Partial",
        (false, true, true, true) => "Published",
        (false, true, false, true) => "Enabled",
        (false, true, false, false) => "Ready",
    }
}

fn view_of(call: &Call, place: &Place, name: &str, log: &Log) -> Value {
    let (id, manager) = (&place.instance.id, &place.manager);
    let container = log.was_published.then_some(&call.settings.guest_log_container_name);
    let prefix = log.was_published.then(|| prefix(id, manager, name));
    let metafile = log.was_published.then(|| format!("{id}/{manager}-{name}_metafile"));
    json!({
        "name": name, "type": "USER", "status": status(log), "published": log.published,
        "pending": if log.is_enabled { log.pending.len() } else { 0 },
        "container": container, "prefix": prefix, "metafile": metafile,
    })
}

fn prefix(id: &str, manager: &str, name: &str) -> String {
    format!("{id}/{manager}-{name}/")
}

/// `GET /instances/{id}/log`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let place = place(tx, call)?;
    let known = names_of(&place.manager).iter();
    let log = |name: &str| place.guest.logs.get(name).cloned().unwrap_or_default();
    let rows: Vec<Value> = known.map(|name| view_of(call, &place, name, &log(name))).collect();
    Ok(Done::ok(json!({"logs": rows})))
}

/// `POST /instances/{id}/log`
pub(crate) fn act(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let mut place = place(tx, call)?;
    let body = call.body.as_ref().and_then(Value::as_object).ok_or_else(Failure::crash)?;
    let name = body.get("name").and_then(Value::as_str).ok_or_else(Failure::crash)?.to_lowercase();
    let says = |key: &str| body.get(key).is_some_and(is_true);
    if says("enable") && says("disable") {
        return Err(Failure::bad("Cannot enable and disable log."));
    }
    if !names_of(&place.manager).contains(&name.as_str()) {
        return Err(Failure::not_found(format!("Log '{name}' was not found.")));
    }
    let mut log = place.guest.logs.remove(&name).unwrap_or_default();
    let before = log.is_enabled;
    if says("enable") {
        log.is_enabled = true;
    }
    if says("disable") {
        log.is_enabled = false;
    }
    // PostgreSQL takes up another log setting only with a restart.
    if place.manager == "postgresql" && before != log.is_enabled {
        log.needs_restart = true;
        place.instance.task = Task::RestartRequired;
        records::put(tx, &place.instance)?;
    }
    if says("discard") {
        log = Log { is_enabled: log.is_enabled, needs_restart: log.needs_restart, ..Log::default() };
    }
    if says("publish") {
        publish(&mut log, &prefix(&place.instance.id, &place.manager, &name), now(tx));
    }
    let view = view_of(call, &place, &name, &log);
    place.guest.logs.insert(name, log);
    records::put(tx, &place.guest)?;
    Ok(Done::ok(json!({"log": view})))
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        _ => false,
    }
}

/// Moves what is new into the container, as one more part.
fn publish(log: &mut Log, prefix: &str, now: i64) {
    log.is_enabled = true;
    let part = std::mem::take(&mut log.pending);
    if !part.is_empty() || !log.was_published {
        log.published += part.len() as u64;
        log.parts.push((format!("{prefix}log-{}", time_text(now)), part));
    }
    log.was_published = true;
}
