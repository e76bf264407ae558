//! The parameters of a version.

use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::super::call::{Call, Done};
use super::super::super::error::{Answer, Failure};
use super::super::super::find;
use super::super::super::model::Parameter;
use super::super::super::storage::records;
use super::super::datastores::parameters_of;

fn view_of(parameter: &Parameter) -> Value {
    let mut out = json!({
        "name": parameter.name, "datastore_version_id": parameter.version,
        "restart_required": parameter.restart_required, "type": parameter.data_type,
    });
    for (name, bound) in [("max_size", parameter.max), ("min_size", parameter.min)] {
        if let Some(bound) = bound {
            out[name] = json!(bound);
        }
    }
    out
}

fn by_name(tx: &mut Tx<'_>, version: &str, name: &str) -> Answer<Parameter> {
    let all = parameters_of(tx, version)?;
    all.into_iter().find(|parameter| parameter.name == name).ok_or_else(|| Failure::missing(name))
}

/// `GET /mgmt/datastores/versions/{version}/parameters`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let version = find::version(tx, call.param("version"))?;
    let all = parameters_of(tx, &version.id)?;
    Ok(Done::ok(json!({"configuration-parameters": all.iter().map(view_of).collect::<Vec<_>>()})))
}

/// `GET /mgmt/datastores/versions/{version}/parameters/{name}`
pub(crate) fn show(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let version = find::version(tx, call.param("version"))?;
    Ok(Done::ok(view_of(&by_name(tx, &version.id, call.param("name"))?)))
}

/// The bounds of a parameter in a body: integers need both.
fn bounds(body: &Map<String, Value>) -> Answer<(Option<i64>, Option<i64>)> {
    if body.get("data_type").and_then(Value::as_str) != Some("integer") {
        return Ok((None, None));
    }
    let bound = |name: &str| match body.get(name) {
        None => Err(Failure::bad(format!("{name} is required for integer data type."))),
        Some(Value::Number(number)) => number.as_i64().ok_or_else(Failure::crash),
        Some(Value::String(text)) => text.trim().parse().map_err(|_| Failure::crash()),
        Some(_) => Err(Failure::crash()),
    };
    let (max, min) = (bound("max_size")?, bound("min_size")?);
    if max < min {
        return Err(Failure::bad("max_size must be greater than or equal to min_size."));
    }
    Ok((Some(min), Some(max)))
}

/// `POST /mgmt/datastores/versions/{version}/parameters`
pub(crate) fn create(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("configuration-parameter")?;
    let (min, max) = bounds(body)?;
    let version = find::version(tx, call.param("version"))?.id;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if parameters_of(tx, &version)?.iter().any(|known| known.name == name) {
        return Err(Failure::bad(format!(
            "{name} parameter already exists for datastore version {version}."
        )));
    }
    let mut parameter = Parameter {
        id: format!("{version}/{name}"),
        version,
        name,
        restart_required: false,
        data_type: String::new(),
        max,
        min,
    };
    fill(&mut parameter, body);
    records::put(tx, &parameter)?;
    Ok(Done::ok(view_of(&parameter)))
}

fn fill(parameter: &mut Parameter, body: &Map<String, Value>) {
    parameter.restart_required = body.get("restart_required").and_then(Value::as_i64) == Some(1);
    let kind = body.get("data_type").and_then(Value::as_str).unwrap_or_default();
    kind.clone_into(&mut parameter.data_type);
}

/// `PUT /mgmt/datastores/versions/{version}/parameters/{name}`
pub(crate) fn update(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let body = call.object("configuration-parameter")?;
    let (min, max) = bounds(body)?;
    let version = find::version(tx, call.param("version"))?;
    let mut parameter = by_name(tx, &version.id, call.param("name"))?;
    (parameter.min, parameter.max) = (min, max);
    fill(&mut parameter, body);
    records::put(tx, &parameter)?;
    Ok(Done::ok(view_of(&parameter)))
}

/// `DELETE /mgmt/datastores/versions/{version}/parameters/{name}`
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let (version, name) = (call.param("version"), call.param("name"));
    let known = parameters_of(tx, version)?;
    let Some(parameter) = known.iter().find(|known| known.name == name) else {
        return Err(Failure::bad(format!("Parameter {name} does not exist in the database.")));
    };
    records::delete::<Parameter>(tx, &parameter.id)?;
    Ok(Done::nothing())
}
