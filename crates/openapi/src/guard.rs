//! Schemas that would take the validator too deep.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

/// The longest chain of schemas that all speak of the same value.
const CHAIN: usize = 64;

/// Refuses schemas that stand for themselves, or that stack up without end.
pub(crate) fn sound(schema: &Value) -> Result<()> {
    let none = Map::new();
    let parts = schema.get("$defs").and_then(Value::as_object).unwrap_or(&none);
    let mut known = HashMap::new();
    let mut open = Vec::new();
    length(schema, parts, &mut known, &mut open).map(drop)
}

/// The longest chain that begins with the schema.
fn length<'s>(
    schema: &'s Value,
    parts: &'s Map<String, Value>,
    known: &mut HashMap<&'s str, usize>,
    open: &mut Vec<&'s str>,
) -> Result<usize> {
    let mut names = Vec::new();
    same_value(schema, &mut names);
    let mut longest = 0;
    for name in names {
        let Some((name, part)) = parts.get_key_value(name) else { continue };
        let below = match known.get(name.as_str()) {
            Some(below) => *below,
            None if open.contains(&name.as_str()) => {
                return Err(Error::new(ErrorKind::Reference, "a schema is made of itself, without end"));
            }
            None if open.len() >= CHAIN => return Err(too_long()),
            None => {
                open.push(name);
                let below = length(part, parts, known, open)?;
                open.pop();
                known.insert(name, below);
                below
            }
        };
        longest = longest.max(below + 1);
        if longest > CHAIN {
            return Err(too_long());
        }
    }
    Ok(longest)
}

fn too_long() -> Error {
    Error::new(ErrorKind::TooLarge, format!("more than {CHAIN} schemas stack up on one value"))
}

/// The schemas that a schema applies to the very value that it is applied to.
fn same_value<'s>(schema: &'s Value, names: &mut Vec<&'s str>) {
    let Some(keywords) = schema.as_object() else { return };
    for (key, value) in keywords {
        match (key.as_str(), value) {
            ("$ref", Value::String(target)) => names.extend(target.strip_prefix("#/$defs/")),
            ("allOf" | "anyOf" | "oneOf", Value::Array(list)) => {
                list.iter().for_each(|inner| same_value(inner, names))
            }
            ("not" | "if" | "then" | "else", inner) => same_value(inner, names),
            ("dependentSchemas", Value::Object(map)) => {
                map.values().for_each(|inner| same_value(inner, names))
            }
            _ => {}
        }
    }
}
