//! Clusters of all projects.

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::super::call::{Call, Done};
use super::super::super::error::{Answer, Failure};
use super::super::super::find;
use super::super::super::model::{Cluster, ClusterTask, time_text};
use super::super::super::schema::{bodies, check};
use super::super::super::storage::{now, records};
use super::super::clusters;

fn view_of(tx: &mut Tx<'_>, call: &Call, cluster: &Cluster, with_servers: bool) -> Answer<Value> {
    let mut out = clusters::view_of(tx, call, cluster, with_servers)?;
    out["tenant_id"] = json!(cluster.tenant);
    out["deleted"] = json!(cluster.deleted_at.is_some());
    if let Some(at) = cluster.deleted_at {
        out["deleted_at"] = json!(time_text(at));
    }
    Ok(out)
}

/// `GET /mgmt/clusters`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let mut all: Vec<Cluster> = records::all(tx)?;
    match call.query("deleted").map(str::to_ascii_lowercase).as_deref() {
        Some("true") => all.retain(|cluster| cluster.deleted_at.is_some()),
        Some("false") => all.retain(|cluster| cluster.deleted_at.is_none()),
        _ => {}
    }
    let views: Answer<Vec<Value>> = all.iter().map(|cluster| view_of(tx, call, cluster, false)).collect();
    Ok(Done::ok(json!({"clusters": views?})))
}

/// `GET /mgmt/clusters/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let cluster = find::cluster(tx, call, call.param("id"))?;
    Ok(Done::ok(json!({"cluster": view_of(tx, call, &cluster, true)?})))
}

/// Checks a body by the action that stands first in it.
///
/// # Errors
/// 400; 500 for a body without an action, as the original fails.
pub(crate) fn check_body(body: &Value) -> Answer<()> {
    let name = body.as_object().and_then(|map| map.keys().next()).ok_or_else(Failure::crash)?;
    if name == "reset-task" { check(&bodies::action(name), body) } else { Ok(()) }
}

/// `POST /mgmt/clusters/{id}/action`
pub(crate) fn act(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let mut cluster = find::cluster(tx, call, call.param("id"))?;
    if call.body.as_ref().is_none_or(|body| body.get("reset-task").is_none()) {
        return Err(Failure::bad("Invalid cluster action requested."));
    }
    cluster.task = ClusterTask::None;
    cluster.updated = now(tx);
    records::put(tx, &cluster)?;
    Ok(Done::accepted())
}
