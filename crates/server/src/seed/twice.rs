//! What must not be in a section twice: names within a list, and tokens anywhere.

use std::collections::HashMap;

use pentad_core::redact;
use serde_json::Value;

use crate::service::SeedError;

/// Members beside a name that make it another's: the same name in two projects is two things.
const SCOPES: [&str; 9] =
    ["project", "project_id", "domain", "domain_id", "account", "datastore", "collection", "region", "type"];

/// Refuses the second of two equal names or tokens, at its place.
pub(super) fn check(section: &str, value: &Value) -> Result<(), SeedError> {
    let mut tokens = HashMap::new();
    walk(section, value, &mut tokens)
}

fn walk<'v>(place: &str, value: &'v Value, tokens: &mut HashMap<&'v str, String>) -> Result<(), SeedError> {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let place = format!("{place}.{name}");
                match member.as_str().filter(|_| is_token(name)) {
                    Some(token) => match tokens.get(token) {
                        Some(first) => {
                            let why = format!("the same as {first}; each must be its own");
                            return Err(SeedError::new(place, why));
                        }
                        None => drop(tokens.insert(token, place)),
                    },
                    None => walk(&place, member, tokens)?,
                }
            }
            Ok(())
        }
        Value::Array(items) => {
            names(place, items)?;
            for (index, item) in items.iter().enumerate() {
                walk(&format!("{place}[{index}]"), item, tokens)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn names(place: &str, items: &[Value]) -> Result<(), SeedError> {
    let mut seen: HashMap<(&str, Vec<Option<&Value>>), usize> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        let Some(name) = item.get("name").and_then(Value::as_str) else { continue };
        let scope = SCOPES.iter().map(|scope| item.get(scope)).collect();
        if let Some(first) = seen.insert((name, scope), index) {
            let why = format!("{name:?} is the name of {place}[{first}] already");
            return Err(SeedError::new(format!("{place}[{index}].name"), why));
        }
    }
    Ok(())
}

/// Passwords may be alike; what says who somebody is may not.
fn is_token(name: &str) -> bool {
    let plain = name.replace(['-', '_'], "").to_ascii_lowercase();
    redact::is_secret(name) && (plain.ends_with("token") || plain.ends_with("apikey"))
}
