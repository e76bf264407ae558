//! The validator: as much of draft 4 as the schemas use.

use std::sync::LazyLock;

use pentad_core::redact;
use regex::Regex;
use serde_json::{Map, Value};

use super::super::error::{Answer, Failure};
use crate::reply::python::repr;

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Index(usize),
    Name(String),
}

/// One thing that is wrong.
struct Wrong {
    path: Vec<Step>,
    message: String,
    /// What is wrong with each alternative, if none fits.
    below: Vec<String>,
}

/// Refuses a body that does not fit.
///
/// # Errors
/// 400 with everything that is wrong; 500 if the body itself is what is wrong, which the original stumbles over.
pub(crate) fn check(schema: &Value, body: &Value) -> Answer<()> {
    let mut wrong = Vec::new();
    visit(schema, body, &mut Vec::new(), &mut wrong);
    if wrong.is_empty() {
        return Ok(());
    }
    // Stable: what stands at one place stays in the order of the schema.
    wrong.sort_by(|a, b| a.path.cmp(&b.path));
    let mut texts = Vec::new();
    for one in wrong {
        let Some(path) = shown(&one.path) else { return Err(Failure::crash()) };
        texts.push(format!("{path} {}", one.message));
        texts.extend(one.below);
    }
    Err(Failure::bad(format!("Validation error: {}", texts.join("; "))))
}

/// `instance['volume']['size']`; `None` for the body itself.
fn shown(path: &[Step]) -> Option<String> {
    let (first, rest) = path.split_first()?;
    let mut out = match first {
        Step::Name(name) => name.clone(),
        Step::Index(index) => index.to_string(),
    };
    for step in rest {
        match step {
            Step::Name(name) => out.push_str(&format!("[{}]", repr(&Value::from(name.as_str())))),
            Step::Index(index) => out.push_str(&format!("[{index}]")),
        }
    }
    Some(out)
}

fn visit(schema: &Value, value: &Value, path: &mut Vec<Step>, wrong: &mut Vec<Wrong>) {
    let Value::Object(rules) = schema else { return };
    for (rule, operand) in rules {
        match rule.as_str() {
            "properties" => members(operand, value, path, wrong),
            "items" => items(operand, value, path, wrong),
            "oneOf" => one_of(operand, value, path, wrong),
            _ => {
                // What stands in an error is read by others than the one who sent it.
                let hidden = matches!(path.last(), Some(Step::Name(name)) if redact::is_secret(name));
                let stand_in = Value::from("***");
                let shown = if hidden { &stand_in } else { value };
                for message in faults(rule, operand, (value, shown), rules) {
                    wrong.push(Wrong { path: path.clone(), message, below: Vec::new() });
                }
            }
        }
    }
}

fn members(schemas: &Value, value: &Value, path: &mut Vec<Step>, wrong: &mut Vec<Wrong>) {
    let (Value::Object(schemas), Value::Object(map)) = (schemas, value) else { return };
    for (name, schema) in schemas {
        if let Some(member) = map.get(name) {
            path.push(Step::Name(name.clone()));
            visit(schema, member, path, wrong);
            path.pop();
        }
    }
}

fn items(schema: &Value, value: &Value, path: &mut Vec<Step>, wrong: &mut Vec<Wrong>) {
    let Value::Array(list) = value else { return };
    for (index, item) in list.iter().enumerate() {
        path.push(Step::Index(index));
        visit(schema, item, path, wrong);
        path.pop();
    }
}

fn one_of(schemas: &Value, value: &Value, path: &[Step], wrong: &mut Vec<Wrong>) {
    let Value::Array(schemas) = schemas else { return };
    let mut below = Vec::new();
    for schema in schemas {
        let mut inner = Vec::new();
        visit(schema, value, &mut Vec::new(), &mut inner);
        if inner.is_empty() {
            return;
        }
        below.extend(inner.into_iter().map(|one| one.message));
    }
    let message = format!("{} is not valid under any of the given schemas", repr(value));
    wrong.push(Wrong { path: path.to_vec(), message, below });
}

/// What a rule without parts finds wrong.
fn faults(
    rule: &str,
    operand: &Value,
    (value, shown): (&Value, &Value),
    rules: &Map<String, Value>,
) -> Vec<String> {
    let fault = match (rule, value) {
        ("type", _) => wrong_type(operand, value, shown),
        ("enum", _) => none_of(operand, value, shown),
        ("required", Value::Object(map)) => return absent(operand, map),
        ("additionalProperties", Value::Object(map)) if *operand == Value::Bool(false) => extra(rules, map),
        ("minProperties", Value::Object(map)) => few(map.len(), operand, shown),
        ("minItems", Value::Array(list)) => few(list.len(), operand, shown),
        ("maxItems", Value::Array(list)) => many(list.len(), operand, shown),
        ("minLength", Value::String(text)) => few(text.chars().count(), operand, shown),
        ("maxLength", Value::String(text)) => many(text.chars().count(), operand, shown),
        ("uniqueItems", Value::Array(list)) => {
            repeats(list).then(|| format!("{} has non-unique elements", repr(value)))
        }
        ("pattern", Value::String(text)) => unlike(operand, text, shown),
        ("minimum" | "maximum", Value::Number(_)) => outside(rule, operand, value),
        _ => None,
    };
    fault.into_iter().collect()
}

fn wrong_type(operand: &Value, value: &Value, shown: &Value) -> Option<String> {
    let kind = operand.as_str()?;
    let fits = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => true,
    };
    (!fits).then(|| format!("{} is not of type '{kind}'", repr(shown)))
}

fn none_of(operand: &Value, value: &Value, shown: &Value) -> Option<String> {
    let allowed = operand.as_array()?;
    (!allowed.contains(value)).then(|| format!("{} is not one of {}", repr(shown), repr(operand)))
}

fn absent(operand: &Value, map: &Map<String, Value>) -> Vec<String> {
    let names = operand.as_array().into_iter().flatten().filter_map(Value::as_str);
    let absent = names.filter(|name| !map.contains_key(*name));
    absent.map(|name| format!("{} is a required property", repr(&Value::from(name)))).collect()
}

fn extra(rules: &Map<String, Value>, map: &Map<String, Value>) -> Option<String> {
    let known = rules.get("properties").and_then(Value::as_object);
    let mut extra: Vec<&String> =
        map.keys().filter(|name| !known.is_some_and(|known| known.contains_key(*name))).collect();
    extra.sort_unstable();
    let shown: Vec<String> = extra.iter().map(|name| repr(&Value::from(name.as_str()))).collect();
    let verb = if shown.len() == 1 { "was" } else { "were" };
    let list = shown.join(", ");
    (!shown.is_empty()).then(|| format!("Additional properties are not allowed ({list} {verb} unexpected)"))
}

fn few(length: usize, operand: &Value, value: &Value) -> Option<String> {
    let least = operand.as_u64()?;
    let what = if least == 1 { "should be non-empty" } else { "is too short" };
    ((length as u64) < least).then(|| format!("{} {what}", repr(value)))
}

fn many(length: usize, operand: &Value, value: &Value) -> Option<String> {
    (length as u64 > operand.as_u64()?).then(|| format!("{} is too long", repr(value)))
}

fn repeats(list: &[Value]) -> bool {
    let mut seen: Vec<String> = list.iter().map(Value::to_string).collect();
    seen.sort_unstable();
    seen.windows(2).any(|pair| pair[0] == pair[1])
}

fn outside(rule: &str, operand: &Value, value: &Value) -> Option<String> {
    let (bound, number) = (operand.as_f64()?, value.as_f64()?);
    let shown = repr(value);
    match rule {
        "minimum" if number < bound => Some(format!("{shown} is less than the minimum of {}", repr(operand))),
        "maximum" if number > bound => {
            Some(format!("{shown} is greater than the maximum of {}", repr(operand)))
        }
        _ => None,
    }
}

fn unlike(operand: &Value, text: &str, value: &Value) -> Option<String> {
    let pattern = operand.as_str()?;
    let fits = pattern_of(pattern).is_none_or(|regex| regex.is_match(text));
    (!fits).then(|| format!("{} does not match {}", repr(value), repr(operand)))
}

/// The compiled form of a pattern of the schemas.
fn pattern_of(pattern: &str) -> Option<&'static Regex> {
    static ALL: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
        let compiled = super::bodies::PATTERNS.iter().map(|text| Some((*text, Regex::new(text).ok()?)));
        compiled.flatten().collect()
    });
    ALL.iter().find(|(text, _)| *text == pattern).map(|(_, regex)| regex)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::bodies;
    use super::*;

    fn message(body: &Value) -> String {
        check(&bodies::INSTANCE_CREATE, body).unwrap_err().message().to_owned()
    }

    #[test]
    fn every_fault_of_a_body_is_named_in_the_words_of_the_original() {
        let body = json!({"instance": {
            "name": "", "flavorRef": true, "volume": {"size": "0"}, "users": [{"name": "a"}], "nics": [{"x": 1}],
        }});
        assert_eq!(
            message(&body),
            "Validation error: instance['flavorRef'] True is not valid under any of the given schemas; True is not \
             of type 'string'; True is not of type 'integer'; instance['name'] '' should be non-empty; \
             instance['name'] '' does not match '^.*[0-9a-zA-Z]+.*$'; instance['nics'][0] Additional properties are \
             not allowed ('x' was unexpected); instance['users'][0] 'password' is a required property; \
             instance['volume']['size'] '0' is not valid under any of the given schemas; '0' is not of type \
             'integer'; '0' does not match '^0*[1-9]+[0-9]*$'"
        );
    }

    #[test]
    fn bounds_lists_and_escapes_read_as_python_writes_them() {
        let body = json!({"instance": {"name": "a", "nics": [{}, {}], "replica_count": 9,
                          "access": {"is_public": "x", "allowed_cidrs": ["a", "a"]}, "datastore": []}});
        let text = message(&body);
        for part in [
            "instance['access']['allowed_cidrs'] ['a', 'a'] has non-unique elements; instance['access']",
            "['allowed_cidrs'][0] 'a' does not match '^([0-9]{1,3}\\\\.){3}",
            "instance['datastore'] [] is not of type 'object'; instance['nics'] [{}, {}] is too long; ",
            "instance['replica_count'] 9 is greater than the maximum of 3",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }

    #[test]
    fn a_body_without_its_one_key_is_a_crash_of_the_original() {
        let failure = check(&bodies::INSTANCE_CREATE, &json!({})).unwrap_err();
        assert!(failure.message().starts_with("Internal Server Error."), "{}", failure.message());
    }
}
