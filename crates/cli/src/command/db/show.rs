//! Results as users of the original commands know them: nested parts in columns of their own.

use serde_json::{Map, Value, json};

use crate::command::run::value;
use crate::output::View;

/// Columns of instances.
pub(super) const INSTANCES: View = View::of(&[
    "id",
    "name",
    "datastore",
    "datastore_version",
    "status",
    "operating_status",
    "public",
    "addresses",
    "flavor_id",
    "size",
    "role",
]);
/// Columns of instances of all projects.
pub(super) const MANAGED: View = View::of(&[
    "id",
    "name",
    "datastore",
    "datastore_version",
    "status",
    "operating_status",
    "public",
    "addresses",
    "flavor_id",
    "size",
    "role",
    "server_id",
    "tenant_id",
]);
/// Columns of backups.
pub(super) const BACKUPS: View =
    View::of(&["id", "instance_id", "name", "status", "parent_id", "updated", "project_id"]);
/// Columns of clusters.
pub(super) const CLUSTERS: View = View::of(&["id", "name", "datastore", "datastore_version", "task_name"]);

/// A model of the library as a row: a failure to express it shows as nothing.
fn members(model: &impl serde::Serialize) -> Map<String, Value> {
    match value(model) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn put(row: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
    row.insert(key.to_owned(), value.into());
}

fn part<'a>(row: &'a Map<String, Value>, key: &str, inner: &str) -> Option<&'a Value> {
    row.get(key)?.get(inner)
}

/// Replaces `datastore` by its name, its version beside it.
fn datastore(row: &mut Map<String, Value>) {
    let Some(Value::Object(parts)) = row.remove("datastore") else { return };
    for (from, to) in [
        ("type", "datastore"),
        ("version", "datastore_version"),
        ("version_number", "datastore_version_number"),
    ] {
        if let Some(value) = parts.get(from) {
            put(row, to, value.clone());
        }
    }
}

/// An instance, in lists and alone.
pub(super) fn instance(model: &impl serde::Serialize) -> Value {
    let mut row = members(model);
    row.remove("links");
    let flavor = part(&row, "flavor", "id").cloned().unwrap_or_default();
    put(&mut row, "flavor_id", flavor);
    let size = part(&row, "volume", "size").cloned().unwrap_or_default();
    let used = part(&row, "volume", "used").cloned();
    put(&mut row, "size", size);
    if let Some(used) = used {
        put(&mut row, "volume_used", used);
    }
    let role = match (row.contains_key("replica_of"), row.contains_key("replicas")) {
        (true, _) => "replica",
        (false, true) => "primary",
        (false, false) => "",
    };
    put(&mut row, "role", role);
    let public = part(&row, "access", "is_public").cloned();
    let cidrs = part(&row, "access", "allowed_cidrs").cloned();
    put(&mut row, "public", public.unwrap_or(json!(false)));
    if let Some(cidrs) = cidrs {
        put(&mut row, "allowed_cidrs", cidrs);
    }
    let addresses = row.get("addresses").and_then(Value::as_array).cloned().unwrap_or_default();
    let addresses: Vec<Value> = addresses.iter().map(|place| place["address"].clone()).collect();
    let addresses = if addresses.is_empty() { row.get("ip").cloned() } else { Some(json!(addresses)) };
    put(&mut row, "addresses", addresses.unwrap_or(json!([])));
    for key in ["configuration", "replica_of"] {
        if let Some(id) = part(&row, key, "id").cloned() {
            put(&mut row, key, id);
        }
    }
    if let Some(replicas) = row.get("replicas").and_then(Value::as_array) {
        let ids: Vec<Value> = replicas.iter().map(|replica| replica["id"].clone()).collect();
        put(&mut row, "replicas", ids);
    }
    if let Some(fault) = row.remove("fault") {
        put(&mut row, "fault", fault["message"].clone());
        put(&mut row, "fault_date", fault["created"].clone());
    }
    datastore(&mut row);
    for nested in ["flavor", "volume", "access", "ip"] {
        row.remove(nested);
    }
    Value::Object(row)
}

/// A backup.
pub(super) fn backup(model: &impl serde::Serialize) -> Value {
    let mut row = members(model);
    datastore(&mut row);
    Value::Object(row)
}

/// A cluster.
pub(super) fn cluster(model: &impl serde::Serialize) -> Value {
    let mut row = members(model);
    row.remove("links");
    if let Some(task) = row.remove("task") {
        put(&mut row, "task_name", task["name"].clone());
        put(&mut row, "task_description", task["description"].clone());
    }
    let count = row.get("instances").and_then(Value::as_array).map_or(0, Vec::len);
    put(&mut row, "instance_count", count);
    datastore(&mut row);
    Value::Object(row)
}

/// A user: the names of its databases in one column.
pub(super) fn user(model: &impl serde::Serialize) -> Value {
    let mut row = members(model);
    let databases = row.get("databases").and_then(Value::as_array).cloned().unwrap_or_default();
    let names: Vec<Value> = databases.iter().map(|database| database["name"].clone()).collect();
    put(&mut row, "databases", names);
    Value::Object(row)
}

/// Any other thing, without its links.
pub(super) fn plain(model: &impl serde::Serialize) -> Value {
    let mut row = members(model);
    row.remove("links");
    Value::Object(row)
}
