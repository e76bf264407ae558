//! Datastores and versions as everybody sees them (OpenStack reference C14).

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::call::{Call, Done};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{Datastore, Parameter, Version};
use super::super::storage::records;

fn version_view(call: &Call, version: &Version, with_datastore: bool) -> Value {
    let mut out = json!({
        "id": version.id, "name": version.name, "version": version.number,
        "links": call.links("datastores/versions", &version.id),
    });
    if with_datastore {
        out["datastore"] = json!(version.datastore);
    }
    if call.caller.is_admin {
        out["active"] = json!(version.active);
        out["packages"] = json!(version.packages);
        out["image"] = json!(version.image);
        out["registry_ext"] = json!(version.registry_ext);
        out["repl_strategy"] = json!(version.repl_strategy);
        out["image_tags"] = json!(version.image_tags);
    }
    out
}

fn view(call: &Call, datastore: &Datastore, versions: &[Version]) -> Value {
    let versions: Vec<Value> = versions.iter().map(|one| version_view(call, one, false)).collect();
    let mut out = json!({
        "id": datastore.id, "name": datastore.name, "links": call.links("datastores", &datastore.id),
        "versions": versions,
    });
    if let Some(version) = &datastore.default_version {
        out["default_version"] = json!(version);
    }
    out
}

fn versions_of(tx: &mut Tx<'_>, datastore: &Datastore, only_active: bool) -> Answer<Vec<Version>> {
    let mut all: Vec<Version> = records::owned(tx, &datastore.id)?;
    all.retain(|version| version.active || !only_active);
    Ok(all)
}

/// `GET /datastores`: without active versions only for administrators.
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let only_active = !call.caller.is_admin;
    let mut out = Vec::new();
    for datastore in records::all::<Datastore>(tx)? {
        let versions = versions_of(tx, &datastore, only_active)?;
        if !(only_active && versions.is_empty()) {
            out.push(view(call, &datastore, &versions));
        }
    }
    Ok(Done::ok(json!({"datastores": out})))
}

/// `GET /datastores/{datastore}`: with active versions for everybody.
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let datastore = find::datastore(tx, call.param("datastore"))?;
    let versions = versions_of(tx, &datastore, true)?;
    Ok(Done::ok(json!({"datastore": view(call, &datastore, &versions)})))
}

/// `DELETE /datastores/{datastore}`
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    if !call.caller.is_admin {
        return Err(Failure::policy("datastore:delete"));
    }
    let given = call.param("datastore");
    let datastore = find::datastore(tx, given)?;
    if !versions_of(tx, &datastore, false)?.is_empty() {
        return Err(Failure::bad(format!("Datastore versions exist for datastore {given}.")));
    }
    records::delete::<Datastore>(tx, &datastore.id)?;
    Ok(Done::accepted())
}

/// `GET /datastores/{datastore}/versions`
pub(crate) fn versions(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let datastore = find::datastore(tx, call.param("datastore"))?;
    let all = versions_of(tx, &datastore, !call.caller.is_admin)?;
    Ok(Done::ok(json!({"versions": all.iter().map(|one| version_view(call, one, true)).collect::<Vec<_>>()})))
}

/// `GET /datastores/{datastore}/versions/{version}`
pub(crate) fn version(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let found = version_in_path(tx, call)?;
    Ok(Done::ok(json!({"version": version_view(call, &found, true)})))
}

/// `GET /datastores/versions/{version}`
pub(crate) fn version_by_id(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let found = find::version(tx, call.param("version"))?;
    Ok(Done::ok(json!({"version": version_view(call, &found, true)})))
}

fn version_in_path(tx: &mut Tx<'_>, call: &Call) -> Answer<Version> {
    let datastore = find::datastore(tx, call.param("datastore"))?;
    find::version_in(tx, &datastore, call.param("version"), None)
}

fn parameter_view(parameter: &Parameter) -> Value {
    let mut out = json!({
        "name": parameter.name, "datastore_version_id": parameter.version,
        "restart_required": parameter.restart_required, "type": parameter.data_type,
    });
    for (name, bound) in [("max", parameter.max), ("min", parameter.min)] {
        if let Some(bound) = bound {
            out[name] = json!(bound);
        }
    }
    out
}

/// The parameters of a version, by name.
pub(crate) fn parameters_of(tx: &mut Tx<'_>, version: &str) -> Answer<Vec<Parameter>> {
    let mut all: Vec<Parameter> = records::owned(tx, version)?;
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

fn parameters_in(tx: &mut Tx<'_>, version: &Version) -> Answer<Done> {
    let all = parameters_of(tx, &version.id)?;
    let all: Vec<Value> = all.iter().map(parameter_view).collect();
    Ok(Done::ok(json!({"configuration-parameters": all})))
}

fn parameter_in(tx: &mut Tx<'_>, call: &Call, version: &Version) -> Answer<Done> {
    let name = call.param("name");
    let all = parameters_of(tx, &version.id)?;
    let found = all.iter().find(|parameter| parameter.name == name);
    Ok(Done::ok(parameter_view(found.ok_or_else(|| Failure::missing(name))?)))
}

/// `GET /datastores/{datastore}/versions/{version}/parameters`
pub(crate) fn parameters(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let version = version_in_path(tx, call)?;
    parameters_in(tx, &version)
}

/// `GET /datastores/versions/{version}/parameters`
pub(crate) fn parameters_by_version(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let version = find::version(tx, call.param("version"))?;
    parameters_in(tx, &version)
}

/// `GET /datastores/{datastore}/versions/{version}/parameters/{name}`
pub(crate) fn parameter(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let version = version_in_path(tx, call)?;
    parameter_in(tx, call, &version)
}

/// `GET /datastores/versions/{version}/parameters/{name}`
pub(crate) fn parameter_by_version(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let version = find::version(tx, call.param("version"))?;
    parameter_in(tx, call, &version)
}
