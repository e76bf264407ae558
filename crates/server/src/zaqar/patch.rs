//! JSON patch of queue metadata (Zaqar reference 6.4).

use serde_json::Value;

use super::error::Failure;
use super::metadata::{Metadata, reserved};
use super::settings::Settings;

/// One step of a patch.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// Sets a key.
    Add(String, Value),
    /// Sets a key that is there, or reserved.
    Replace(String, Value),
    /// Takes a key away.
    Remove(String),
}

/// Reads a patch.
pub(crate) fn parse(changes: &[Value]) -> Result<Vec<Change>, Failure> {
    changes.iter().map(|change| step(change).map_err(Failure::body)).collect()
}

const OPERATIONS: &str = "add, remove, replace";

fn step(change: &Value) -> Result<Change, String> {
    let Value::Object(change) = change else { return Err("Operations must be JSON objects.".to_owned()) };
    let op = match change.get("op") {
        None | Some(Value::Null) => {
            let text = "Unable to find `op` in JSON Schema change. It must be one of the following:";
            return Err(format!("{text} {OPERATIONS}."));
        }
        Some(Value::String(op)) if ["add", "remove", "replace"].contains(&op.as_str()) => op.as_str(),
        Some(op) => {
            let op = op.as_str().map_or_else(|| op.to_string(), str::to_owned);
            return Err(format!("Invalid operation: `{op}`. It must be one of the following: {OPERATIONS}."));
        }
    };
    let path = change.get("path").ok_or("Unable to find 'path' in JSON Schema change")?;
    let parts = pointer(path.as_str().ok_or("Pointer must be a string.")?)?;
    let [root, key] = parts.as_slice() else {
        let path = parts.join("/");
        return Err(format!("Invalid JSON pointer for this resource: '/{path}, e.g /metadata/key'"));
    };
    if op == "remove" {
        return Ok(Change::Remove(key.clone()));
    }
    let value = change.get("value").cloned();
    let value = value.ok_or_else(|| format!("Operation \"{op}\" requires a member named \"value\"."))?;
    if root.to_lowercase() != "metadata" {
        return Err("The root of path must be metadata, e.g /metadata/key.".to_owned());
    }
    Ok(match op {
        "add" => Change::Add(key.clone(), value),
        _ => Change::Replace(key.clone(), value),
    })
}

/// The parts of a pointer.
fn pointer(text: &str) -> Result<Vec<String>, String> {
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("Pointer `{text}` does not start with \"/\"."));
    };
    let segments: Vec<&str> = rest.split('/').collect();
    let inner = segments.get(1..segments.len().saturating_sub(1)).unwrap_or_default();
    if inner.iter().any(|segment| segment.trim().is_empty()) {
        return Err(format!("Pointer `{text}` contains adjacent \"/\"."));
    }
    if text.len() > 1 && text.ends_with('/') {
        return Err(format!("Pointer `{text}` end with \"/\"."));
    }
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '~' && !matches!(chars.next(), Some('0' | '1')) {
            return Err(format!("Pointer `{text}` contains \"~\" not part of a recognized escape sequence."));
        }
    }
    let part = |part: &str| part.replace("~1", "/").replace("~0", "~").trim().to_owned();
    Ok(text.trim_start_matches('/').split('/').map(part).collect())
}

/// Applies a patch in order.
pub(crate) fn apply(metadata: &mut Metadata, changes: &[Change], settings: &Settings) -> Result<(), Failure> {
    let reserved = reserved(settings);
    let is_reserved = |key: &str| reserved.iter().any(|(name, _)| *name == key);
    for change in changes {
        match change {
            Change::Add(key, value) => {
                metadata.insert(key.clone(), value.clone());
            }
            Change::Replace(key, value) => {
                if !metadata.contains_key(key) && !is_reserved(key) {
                    return Err(Failure::conflict(format!("Can't replace non-existent object {key}.")));
                }
                metadata.insert(key.clone(), value.clone());
            }
            Change::Remove(key) => {
                if metadata.shift_remove(key).is_none() && !is_reserved(key) {
                    return Err(Failure::conflict(format!("Can't remove non-existent object {key}.")));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(change: Value) -> String {
        parse(&[change]).unwrap_err().text().to_owned()
    }

    #[test]
    fn each_fault_of_a_step_has_its_text() {
        let at = |path: &str| refusal(json!({"op": "add", "path": path, "value": 1}));
        assert_eq!(refusal(json!(1)), "Operations must be JSON objects.");
        assert_eq!(
            refusal(json!({"path": "/metadata/x"})),
            "Unable to find `op` in JSON Schema change. It must be one of the following: add, remove, replace."
        );
        assert_eq!(
            refusal(json!({"op": "test", "path": "/metadata/x"})),
            "Invalid operation: `test`. It must be one of the following: add, remove, replace."
        );
        assert_eq!(refusal(json!({"op": "add", "value": 1})), "Unable to find 'path' in JSON Schema change");
        assert_eq!(
            refusal(json!({"op": "add", "path": "/metadata/x"})),
            "Operation \"add\" requires a member named \"value\"."
        );
        assert_eq!(at("metadata/x"), "Pointer `metadata/x` does not start with \"/\".");
        assert_eq!(at("/metadata//x"), "Pointer `/metadata//x` contains adjacent \"/\".");
        assert_eq!(at("/metadata/x/"), "Pointer `/metadata/x/` end with \"/\".");
        let escape = "Pointer `/metadata/~x` contains \"~\" not part of a recognized escape sequence.";
        assert_eq!(at("/metadata/~x"), escape);
        assert_eq!(at("/metadata"), "Invalid JSON pointer for this resource: '/metadata, e.g /metadata/key'");
        assert_eq!(at("/other/x"), "The root of path must be metadata, e.g /metadata/key.");
    }

    #[test]
    fn steps_are_applied_in_order_and_reserved_keys_need_not_be_there() {
        let settings = Settings::default();
        let mut metadata: Metadata = json!({"a": 1}).as_object().unwrap().clone();
        let changes = parse(&[
            json!({"op": "add", "path": "/metadata/a~1b", "value": 2}),
            json!({"op": "replace", "path": "/metadata/_max_claim_count", "value": 3}),
            json!({"op": "remove", "path": "/anything/a"}),
            json!({"op": "remove", "path": "/metadata/_dead_letter_queue"}),
        ]);
        apply(&mut metadata, &changes.unwrap(), &settings).unwrap();
        assert_eq!(Value::Object(metadata.clone()), json!({"a/b": 2, "_max_claim_count": 3}));
        let gone = parse(&[json!({"op": "remove", "path": "/metadata/a"})]).unwrap();
        let refused = apply(&mut metadata, &gone, &settings).unwrap_err();
        assert_eq!(refused.text(), "Can't remove non-existent object a.");
    }
}
