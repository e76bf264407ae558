//! Bodies of pools and flavors, checked as the original's JSON schemas do (Zaqar reference 11).

use serde_json::{Map, Value};

use super::context::Call;
use super::error::Failure;
use crate::reply::python::repr;

/// Longest text, in characters.
const LONGEST: usize = 255;
/// Highest weight.
const HEAVIEST: i64 = u32::MAX as i64;

/// Reads the JSON of a request.
pub(crate) async fn load(call: &mut Call) -> Result<Value, Failure> {
    let text = if call.length().is_some() { call.load().await? } else { &[] };
    serde_json::from_slice(text).map_err(|_| Failure::body("JSON could not be parsed."))
}

/// 400 with the text of a schema error.
pub(crate) fn violation(text: &str) -> Failure {
    let quote = if text.contains('\'') { '"' } else { '\'' };
    Failure::body(format!("({quote}{text}{quote},): {text}"))
}

/// A field of a pool, if it is there.
fn field<'v>(
    map: &'v Map<String, Value>,
    name: &str,
    kind: &str,
    fits: fn(&Value) -> bool,
) -> Result<Option<&'v Value>, Failure> {
    match map.get(name) {
        Some(value) if !fits(value) => Err(violation(&format!("{} is not of type '{kind}'", repr(value)))),
        value => Ok(value),
    }
}

fn text<'v>(map: &'v Map<String, Value>, name: &str) -> Result<Option<&'v str>, Failure> {
    let value = field(map, name, "string", Value::is_string)?;
    if let Some(value) = value.filter(|value| value.as_str().is_some_and(|t| t.chars().count() > LONGEST)) {
        return Err(violation(&format!("{} is too long", repr(value))));
    }
    Ok(value.and_then(Value::as_str))
}

fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0)
}

/// The weight of a pool.
pub(crate) fn weight(map: &Map<String, Value>) -> Result<Option<i64>, Failure> {
    let Some(value) = field(map, "weight", "integer", is_integer)? else { return Ok(None) };
    #[expect(clippy::cast_possible_truncation, reason = "whole, and bounded right after")]
    let weight = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)).unwrap_or(i64::MAX);
    let text = repr(value);
    match weight {
        ..0 => Err(violation(&format!("{text} is less than the minimum of 0"))),
        0..=HEAVIEST => Ok(Some(weight)),
        _ => Err(violation(&format!("{text} is greater than the maximum of {HEAVIEST}"))),
    }
}

/// The URI of a pool.
pub(crate) fn uri(map: &Map<String, Value>) -> Result<Option<String>, Failure> {
    Ok(text(map, "uri")?.map(str::to_owned))
}

/// The flavor of a pool.
pub(crate) fn flavor(map: &Map<String, Value>) -> Result<Option<String>, Failure> {
    Ok(text(map, "flavor")?.map(str::to_owned))
}

/// An object under a name.
pub(crate) fn object(map: &Map<String, Value>, name: &str) -> Result<Option<Value>, Failure> {
    Ok(field(map, name, "object", Value::is_object)?.cloned())
}

/// The names of pools of a flavor.
pub(crate) fn pool_list(map: &Map<String, Value>) -> Result<Option<Vec<String>>, Failure> {
    let Some(Value::Array(list)) = field(map, "pool_list", "array", Value::is_array)? else {
        return Ok(None);
    };
    // What is no name names no pool, and is refused as such.
    let name = |value: &Value| value.as_str().map_or_else(|| repr(value), str::to_owned);
    Ok(Some(list.iter().map(name).collect()))
}

/// The object that a body must be.
pub(crate) fn top(body: Value) -> Result<Map<String, Value>, Failure> {
    match body {
        Value::Object(map) => Ok(map),
        other => Err(violation(&format!("{} is not of type 'object'", repr(&other)))),
    }
}

/// Fields that must be there, and that no others may be.
pub(crate) fn fields(map: &Map<String, Value>, required: &[&str], known: &[&str]) -> Result<(), Failure> {
    if let Some(name) = required.iter().find(|name| !map.contains_key(**name)) {
        return Err(violation(&format!("'{name}' is a required property")));
    }
    let more: Vec<String> =
        map.keys().filter(|key| !known.contains(&key.as_str())).map(|key| format!("'{key}'")).collect();
    let were = if more.len() == 1 { "was" } else { "were" };
    if more.is_empty() {
        return Ok(());
    }
    Err(violation(&format!("Additional properties are not allowed ({} {were} unexpected)", more.join(", "))))
}
