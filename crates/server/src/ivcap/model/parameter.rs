//! Parameters of services, and the values that orders give them (IVCAP reference 7.2, 7.3, 8.5).

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ivcap::error::{Answer, Failure};

/// Parameters of one service, and values of one order.
const MOST: usize = 500;

/// The types that clients know.
const TYPES: [&str; 7] = ["string", "int", "float", "bool", "option", "artifact", "collection"];

/// The definition of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// Required by clients of the modern dialect.
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    /// A text whatever the type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) optional: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) constant: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unary: Option<bool>,
    /// Always there: clients of the modern dialect walk it without looking.
    pub(crate) options: Vec<Choice>,
}

/// One of the values that a parameter may have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    pub(crate) name: String,
    /// A text, a number or a yes or no, as it was sent.
    #[serde(default)]
    pub(crate) value: Value,
}

/// Refuses definitions that no client could use.
///
/// # Errors
/// 422.
pub(crate) fn check_parameters(parameters: &[Parameter]) -> Answer<()> {
    if parameters.len() > MOST {
        return Err(Failure::invalid("parameters", parameters.len(), format_args!("there may be {MOST}")));
    }
    let mut names = HashSet::new();
    for parameter in parameters {
        let name = &parameter.name;
        if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
            return Err(Failure::invalid("parameters", name, "a parameter needs a name of 1 to 128 bytes"));
        }
        if !names.insert(same(name)) {
            return Err(Failure::invalid("parameters", name, "this name is there twice"));
        }
        if !TYPES.contains(&parameter.kind.as_str()) {
            let why = format_args!("the type of '{name}' must be one of {}", TYPES.join(", "));
            return Err(Failure::invalid("parameters", &parameter.kind, why));
        }
    }
    Ok(())
}

/// Names are told apart neither by `-` and `_`: clients send the one for the other.
fn same(name: &str) -> String {
    name.replace('_', "-")
}

/// Checks the values of an order against the definitions, and adds the defaults of what is not given.
///
/// # Errors
/// 422 naming the parameter.
pub(crate) fn check_given(defined: &[Parameter], given: &[Given]) -> Answer<Vec<Given>> {
    if given.len() > MOST {
        return Err(Failure::invalid("parameters", given.len(), format_args!("there may be {MOST}")));
    }
    let mut all: Vec<Given> = Vec::new();
    for one in given {
        let found = defined.iter().find(|parameter| same(&parameter.name) == same(&one.name));
        let parameter = found.ok_or_else(|| {
            Failure::invalid(&one.name, text(&one.value), "the service has no parameter of this name")
        })?;
        if all.iter().any(|other| other.name == parameter.name) {
            return Err(Failure::invalid(&one.name, text(&one.value), "this parameter is given twice"));
        }
        if one.value.is_null() {
            continue;
        }
        parameter.check(&one.value)?;
        all.push(Given { name: parameter.name.clone(), value: one.value.clone() });
    }
    for parameter in defined {
        if all.iter().any(|one| one.name == parameter.name) {
            continue;
        }
        match &parameter.default {
            Some(default) if !default.is_empty() => {
                all.push(Given { name: parameter.name.clone(), value: Value::from(default.as_str()) });
            }
            _ if parameter.optional == Some(true) => {}
            _ => return Err(Failure::missing(&parameter.name)),
        }
    }
    Ok(all)
}

/// A value as one word.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Parameter {
    fn check(&self, value: &Value) -> Answer<()> {
        let text = text(value);
        let (fits, what) = match self.kind.as_str() {
            "int" => (text.parse::<i64>().is_ok(), "a whole number"),
            "float" => (text.parse::<f64>().is_ok_and(f64::is_finite), "a number"),
            "bool" => (matches!(text.to_ascii_lowercase().as_str(), "true" | "false"), "true or false"),
            "option" => {
                (self.options.iter().any(|option| option.value.as_ref() == Some(&text)), "one of the options")
            }
            "artifact" => (is_artifact(&text), "the URN of an artifact or a URL"),
            "collection" => (crate::ivcap::urn::is_urn(&text) && text.starts_with("urn:"), "a URN"),
            _ => (!value.is_array() && !value.is_object(), "a text"),
        };
        if fits { Ok(()) } else { Err(Failure::invalid(&self.name, text, format_args!("must be {what}"))) }
    }
}

fn is_artifact(text: &str) -> bool {
    const STARTS: [&str; 5] = ["urn:ivcap:artifact:", "http://", "https://", "urn:http://", "urn:https://"];
    STARTS.iter().any(|start| text.strip_prefix(start).is_some_and(|rest| !rest.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn defined() -> Vec<Parameter> {
        let all = json!([
            {"name": "region", "type": "string"},
            {"name": "min-size", "type": "int", "default": "3"},
            {"name": "threshold", "type": "float", "optional": true},
            {"name": "loud", "type": "bool", "optional": true},
            {"name": "mode", "type": "option", "optional": true, "options": [{"value": "fast"}, {"value": "exact"}]},
            {"name": "image", "type": "artifact", "optional": true},
            {"name": "set", "type": "collection", "optional": true},
        ]);
        serde_json::from_value(all).unwrap()
    }

    fn check(given: Value) -> Answer<Vec<Given>> {
        let mut given: Vec<Given> = serde_json::from_value(given).unwrap();
        given.push(Given { name: "region".to_owned(), value: json!("here") });
        check_given(&defined(), &given)
    }

    #[test]
    fn values_keep_their_type_and_defaults_fill_in() {
        let all = check(json!([{"name": "min_size", "value": 7}, {"name": "loud", "value": true}])).unwrap();
        let value = |name: &str| all.iter().find(|one| one.name == name).map(|one| one.value.clone());
        assert_eq!(value("min-size"), Some(json!(7)));
        assert_eq!(value("loud"), Some(json!(true)));
        assert_eq!(value("mode"), None);
        assert_eq!(check(json!([])).unwrap()[1].value, json!("3"));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        for (name, value) in [
            ("min-size", json!("many")),
            ("threshold", json!("nan")),
            ("loud", json!("yes")),
            ("mode", json!("slow")),
            ("image", json!("urn:ivcap:order:1")),
            ("set", json!("trip 1")),
            ("nothing", json!(1)),
            ("region", json!("again")),
        ] {
            let refused = check(json!([{"name": name, "value": value}])).unwrap_err();
            assert_eq!(refused.code(), 422, "{name}");
        }
        assert_eq!(check_given(&defined(), &[]).unwrap_err(), Failure::missing("region"));
    }

    #[test]
    fn definitions_that_break_clients_are_refused() {
        let of = |value| check_parameters(&serde_json::from_value::<Vec<Parameter>>(value).unwrap());
        assert!(check_parameters(&defined()).is_ok());
        assert!(of(json!([{"name": "a", "type": "date"}])).is_err());
        assert!(of(json!([{"name": "", "type": "int"}])).is_err());
        assert!(of(json!([{"name": "a-b", "type": "int"}, {"name": "a_b", "type": "int"}])).is_err());
    }
}
