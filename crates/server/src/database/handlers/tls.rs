//! TLS of the databases themselves (OpenStack reference C8).

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::call::{Call, Done, is_true};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::Instance;
use super::super::storage::{now, records};
use super::super::view;

const BUILT_IN: &str = "builtin";
const MODES: [&str; 3] = ["basic", "enforced", "mtls"];

fn view_of(instance: &Instance) -> Value {
    let mode = instance.tls_mode.as_deref().unwrap_or(BUILT_IN);
    let mut out = json!({
        "status": "enabled", "mode": mode,
        "certificate": {"cn": instance.id, "san": [instance.address], "expire_at": null},
    });
    if let Some(container) = &instance.tls_container {
        out["container_ref"] = json!(container);
    }
    out
}

/// `GET /instances/{id}/ssl`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::built(tx, call, call.param("id"))?;
    Ok(Done::ok(json!({"ssl": view_of(&instance)})))
}

/// `POST /instances/{id}/ssl`
pub(crate) fn act(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let mut instance = find::built(tx, call, call.param("id"))?;
    find::check_idle(tx, &instance)?;
    let body = call.object("ssl")?;
    let says = |name: &str| body.get(name).is_some_and(is_true);
    let container = body.get("container_ref").and_then(Value::as_str);
    if says("enable") && container.is_none() {
        return Err(Failure::bad("You should provide container_ref for enabling ssl."));
    }
    if ["enable", "disable", "rollback"].into_iter().filter(|name| says(name)).count() > 1 {
        return Err(Failure::bad("Cannot do several operations at once."));
    }
    if says("rollback") {
        set(tx, &mut instance, None, None)?;
        return Ok(Done::ok(json!({"ssl": view_of(&instance)})));
    }
    if instance.replica_of.is_some() {
        return Err(Failure::bad(
            "Unable to modify ssl on the replica. Please perform the action on the primary instead.",
        ));
    }
    let mode = body.get("mode").and_then(Value::as_str).unwrap_or(MODES[0]);
    if !MODES.contains(&mode) {
        let all = MODES.join(", ");
        return Err(Failure::bad(format!("Unknown SSL mode. Available options are: {all}")));
    }
    let (mode, container) = if says("disable") { (None, None) } else { (Some(mode), container) };
    let mut all = view::replicas(tx, &instance)?;
    for replica in &all {
        find::check_idle(tx, replica)?;
    }
    for replica in &mut all {
        set(tx, replica, mode, container)?;
    }
    set(tx, &mut instance, mode, container)?;
    Ok(Done::ok(json!({"ssl": view_of(&instance)})))
}

fn set(tx: &mut Tx<'_>, instance: &mut Instance, mode: Option<&str>, container: Option<&str>) -> Answer<()> {
    instance.tls_mode = mode.map(str::to_owned);
    instance.tls_container = container.map(str::to_owned);
    instance.updated = now(tx);
    Ok(records::put(tx, instance)?)
}
