//! Flavors, volume types and limits (OpenStack reference C16).

use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::call::{Call, Done};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::limits::RateView;
use super::super::model::Flavor;
use super::super::quota;
use super::super::storage::records;

/// A flavor. The id is a number only where it reads as one.
fn view(call: &Call, flavor: &Flavor) -> Value {
    let digits = flavor.id.bytes().all(|byte| byte.is_ascii_digit()) && !flavor.id.starts_with('0');
    let id: Option<u64> = if digits { flavor.id.parse().ok() } else { None };
    json!({
        "id": id, "links": call.links("flavors", &flavor.id), "name": flavor.name, "ram": flavor.ram,
        "vcpus": flavor.vcpus, "disk": flavor.disk, "ephemeral": flavor.ephemeral, "str_id": flavor.id,
    })
}

/// `GET /flavors`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let all: Vec<Flavor> = records::all(tx)?;
    Ok(Done::ok(json!({"flavors": all.iter().map(|one| view(call, one)).collect::<Vec<_>>()})))
}

/// `GET /flavors/{id}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let id = call.param("id");
    let found: Option<Flavor> = records::get(tx, id)?;
    let found = found.ok_or_else(|| Failure::missing(id))?;
    Ok(Done::ok(json!({"flavor": view(call, &found)})))
}

/// `GET …/versions/{version}/flavors`: those that the version is bound to, all if it is bound to none.
pub(crate) fn of_version(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let bound = bound_version(tx, call)?.map(|version| version.flavors).unwrap_or_default();
    let mut all: Vec<Flavor> = records::all(tx)?;
    all.retain(|flavor| bound.is_empty() || bound.contains(&flavor.id));
    Ok(Done::ok(json!({"flavors": all.iter().map(|one| view(call, one)).collect::<Vec<_>>()})))
}

/// `GET …/versions/{version}/volume-types`
pub(crate) fn volume_types(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let bound = bound_version(tx, call)?.map(|version| version.volume_types).unwrap_or_default();
    let known = call.settings.volume_types.iter().filter(|name| bound.is_empty() || bound.contains(name));
    let row = |name: &String| json!({"id": name, "name": name, "is_public": true, "description": null});
    Ok(Done::ok(json!({"volume_types": known.map(row).collect::<Vec<_>>()})))
}

/// The version of the path. The original looks for what is bound to it and for nothing else, so that any text does.
fn bound_version(tx: &mut Tx<'_>, call: &Call) -> Answer<Option<super::super::model::Version>> {
    let (datastore, version) = (call.param("datastore"), call.param("version"));
    let found = find::datastore(tx, datastore).and_then(|found| find::version_in(tx, &found, version, None));
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Failure::Fault { status, .. }) if status.is_client_error() => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// `GET /limits`
pub(crate) fn limits(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let mut absolute = json!({"verb": "ABSOLUTE"});
    for (name, limit) in quota::limits(tx, &call.settings, &call.caller.project)? {
        absolute[format!("max_{name}")] = json!(limit);
    }
    let mut all = vec![absolute];
    all.extend(call.rates.iter().map(rate));
    Ok(Done::ok(json!({"limits": all})))
}

fn rate(rate: &RateView) -> Value {
    json!({
        "nextAvailable": format!("{}Z", super::super::model::time_text(rate.next)),
        "remaining": rate.remaining, "unit": "MINUTE", "value": rate.value, "verb": rate.verb,
        "uri": rate.uri, "regex": rate.regex,
    })
}
