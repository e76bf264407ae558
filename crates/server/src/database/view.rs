//! Instances as callers see them (OpenStack reference C7.1).

use pentad_store::Tx;
use serde_json::{Value, json};

use super::call::Call;
use super::model::{Backup, Configuration, Datastore, Instance, Task, Version, time_text};
use super::storage::{Db, records};

/// Whether a backup of an instance is being made.
pub(crate) fn has_running_backup(tx: &mut Tx<'_>, instance: &str) -> Db<bool> {
    let backups: Vec<Backup> = records::owned(tx, instance)?;
    Ok(backups.iter().any(|backup| backup.state.is_running()))
}

/// The instances that replicate one.
pub(crate) fn replicas(tx: &mut Tx<'_>, instance: &Instance) -> Db<Vec<Instance>> {
    records::owned(tx, &instance.id)
}

/// A version with its datastore.
pub(crate) fn version_of(tx: &mut Tx<'_>, id: &str) -> Db<Option<(Datastore, Version)>> {
    let Some(version) = records::get::<Version>(tx, id)? else { return Ok(None) };
    Ok(records::get(tx, &version.datastore)?.map(|datastore| (datastore, version)))
}

/// The flavor of an instance as a reference.
pub(crate) fn flavor(call: &Call, id: &str) -> Value {
    json!({"id": id, "links": call.links("flavors", id)})
}

/// One item of a list.
pub(crate) fn summary(tx: &mut Tx<'_>, call: &Call, instance: &Instance) -> Db<Value> {
    let running = instance.task == Task::None && has_running_backup(tx, &instance.id)?;
    let found = version_of(tx, &instance.version)?;
    let (kind, version) = found.map_or((None, None), |(d, v)| (Some(d.name), Some(v.name)));
    let mut out = json!({
        "id": instance.id, "name": instance.name, "status": instance.status(running),
        "operating_status": instance.operating_status(), "links": call.links("instances", &instance.id),
        "flavor": flavor(call, &instance.flavor), "datastore": {"type": kind, "version": version},
        "region": instance.region, "access": {},
    });
    if call.caller.is_admin {
        out["tenant_id"] = json!(instance.tenant);
    }
    if let Some(size) = instance.volume_size {
        out["volume"] = json!({"size": size});
    }
    add_addresses(instance, &mut out);
    if let Some(source) = &instance.replica_of {
        out["replica_of"] = json!({"id": source, "links": call.links("instances", source)});
    }
    let replicas = replicas(tx, instance)?;
    if !replicas.is_empty() {
        let links = |one: &Instance| json!({"id": one.id, "links": call.links("instances", &one.id)});
        out["replicas"] = replicas.iter().map(links).collect();
    }
    if let Some(access) = instance.access.as_ref().filter(|access| !is_empty(access)) {
        out["access"] = access.clone();
    } else if out.get("addresses").is_some() {
        out["access"] = json!({"is_public": false});
    }
    Ok(out)
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Adds where the database is; while it is built that is not known.
fn add_addresses(instance: &Instance, out: &mut Value) {
    let Some(address) = instance.address.as_ref().filter(|_| instance.task != Task::Building) else { return };
    out["ip"] = json!([address]);
    let mut private = json!({"address": address, "type": "private", "network": instance.network});
    if let Some(port) = instance.port {
        // Several real databases share this machine's address.
        private["port"] = json!(port);
    }
    let mut all = vec![private];
    let is_public = instance.access.as_ref().is_some_and(|access| access["is_public"] == json!(true));
    if is_public {
        out["ip"] = json!([address, address]);
        all.push(json!({"address": address, "type": "public"}));
    }
    out["addresses"] = Value::Array(all);
}

/// One instance with everything that lists leave out. The space that is used is told of one instance alone, and only
/// while its agent answers.
pub(crate) fn detail(
    tx: &mut Tx<'_>,
    call: &Call,
    instance: &Instance,
    used: Option<f64>,
    password: Option<&str>,
) -> Db<Value> {
    let mut out = summary(tx, call, instance)?;
    out["created"] = json!(time_text(instance.created));
    out["updated"] = json!(time_text(instance.updated));
    out["service_status_updated"] = json!(time_text(instance.health_at));
    if let Some((_, version)) = version_of(tx, &instance.version)? {
        out["datastore"]["version_number"] = json!(version.number);
    }
    if let Some(fault) = &instance.fault {
        let details = call.caller.is_admin.then_some(&fault.details);
        out["fault"] = json!({"message": fault.message, "created": time_text(fault.at), "details": details});
    }
    if let Some(id) = &instance.configuration
        && let Some(group) = records::get::<Configuration>(tx, id)?
    {
        out["configuration"] =
            json!({"id": group.id, "name": group.name, "links": call.links("configurations", id)});
    }
    if let Some(locality) = &instance.locality {
        out["locality"] = json!(locality);
    }
    add_usage(instance, used, &mut out);
    if let Some(password) = password {
        out["password"] = json!(password);
    }
    for (name, value) in [("cluster_id", &instance.cluster), ("shard_id", &instance.shard)] {
        if let Some(value) = value {
            out[name] = json!(value);
        }
    }
    if call.caller.is_admin {
        out["server_id"] = json!(instance.server_id);
        out["volume_id"] = json!(instance.volume_id);
        out["encrypted_rpc_messaging"] = json!(true);
    }
    Ok(out)
}

/// Adds the GB that the data of an instance take.
pub(crate) fn add_usage(instance: &Instance, used: Option<f64>, out: &mut Value) {
    let Some(used) = used else { return };
    match instance.volume_size {
        #[expect(clippy::cast_precision_loss, reason = "sizes are a few GB")]
        Some(size) => {
            let percent = (used * 10_000.0 / size as f64).round() / 100.0;
            out["volume"]["used"] = json!(used);
            out["volume"]["used_percent"] = json!(percent);
        }
        None => out["local_storage"] = json!({"used": used}),
    }
}

/// Whether the agent of an instance is asked at all, in this state.
pub(crate) fn agent_answers(instance: &Instance) -> bool {
    let word = instance.status(false);
    !["BUILD", "REBOOT", "RESIZE", "PROMOTE", "EJECT", "UPGRADE", "SHUTDOWN"].contains(&word)
}
