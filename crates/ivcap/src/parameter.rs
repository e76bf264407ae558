//! Values for the parameters of a service, checked before anything is sent.

use std::collections::BTreeSet;

use pentad_core::{Error, ErrorKind, Result};
use serde_json::{Number, Value};

use crate::model::{Given, Parameter, ParameterType, Service};
use crate::urn::ARTIFACT;

/// Values for parameters by name. A `_` stands for a `-` where the service has such a name.
///
/// # Example
/// ```
/// use pentad_ivcap::Arguments;
/// let arguments = Arguments::new().set("region", "upper valley").set("threshold", 0.5).text("mode", "fast");
/// # let _ = arguments;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Arguments(Vec<(String, Argument)>);

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Value(Value),
    /// A text that is read as the parameter's type says.
    Text(String),
}

impl Arguments {
    /// None.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a value of the parameter's own type; one that was set before is replaced.
    pub fn set(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.put(name.into(), Argument::Value(value.into()))
    }

    /// Sets a value from a text, as from a command line: it is read as the parameter's type says.
    pub fn text(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.put(name.into(), Argument::Text(text.into()))
    }

    fn put(mut self, name: String, argument: Argument) -> Self {
        self.0.retain(|known| known.0 != name);
        self.0.push((name, argument));
        self
    }

    /// Values as they are, for a service whose parameters are not looked at.
    pub(crate) fn unchecked(self) -> Vec<Given> {
        let plain = |argument| match argument {
            Argument::Value(value) => value,
            Argument::Text(text) => Value::String(text),
        };
        self.0.into_iter().map(|(name, argument)| Given::new(name, plain(argument))).collect()
    }

    /// The values under their wire names, if the service can take them.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) naming an unknown, wrong or missing parameter.
    pub fn check(self, service: &Service) -> Result<Vec<Given>> {
        let mut given = Vec::with_capacity(self.0.len());
        for (name, argument) in self.0 {
            let parameter = service.parameter(&name).ok_or_else(|| unknown(&name, service))?;
            let value = match argument {
                Argument::Value(value) => value,
                Argument::Text(text) => parameter.read(&text)?,
            };
            parameter.check(&value)?;
            if given.iter().any(|known: &Given| known.name.as_deref() == Some(&parameter.name)) {
                return Err(Error::invalid(&parameter.name, "is given twice"));
            }
            given.push(Given::new(parameter.name.as_str(), value));
        }
        let names: BTreeSet<&str> = given.iter().filter_map(|given| given.name.as_deref()).collect();
        let missing: Vec<&str> = service.mandatory().filter(|name| !names.contains(name)).collect();
        if missing.is_empty() {
            return Ok(given);
        }
        let message = format!("missing mandatory parameters: {}", missing.join(", "));
        Err(Error::new(ErrorKind::Invalid, message))
    }
}

impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Arguments {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::new(), |all, (name, value)| all.set(name, value))
    }
}

fn unknown(name: &str, service: &Service) -> Error {
    let known: Vec<_> = service.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    let known =
        if known.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", known.join(", ")) };
    Error::invalid(name, "is no parameter of this service").with_hint(known)
}

impl Service {
    /// A parameter by its wire name, or with `_` in place of each `-`.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        let exact = self.parameters.iter().find(|parameter| parameter.name == name);
        let spelled = || self.parameters.iter().find(|parameter| parameter.name.replace('-', "_") == name);
        exact.or_else(spelled)
    }

    /// Wire names of the parameters that must be given.
    pub fn mandatory(&self) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(|parameter| !parameter.is_optional())
            .map(|parameter| parameter.name.as_str())
    }
}

impl Parameter {
    /// Whether it may be left out: it says so, or has a default.
    pub fn is_optional(&self) -> bool {
        self.optional.unwrap_or(false) || self.default.as_deref().is_some_and(|default| !default.is_empty())
    }

    /// Whether it cannot be changed.
    pub fn is_constant(&self) -> bool {
        self.constant.unwrap_or(false)
    }

    /// Checks a value against the type (IVCAP reference 8.5). Numbers without a fraction are fine for `float`; `true` and
    /// `false` are no `int`. Types that this client does not know take anything.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) naming the parameter.
    pub fn check(&self, value: &Value) -> Result<()> {
        let text = value.as_str();
        let fits = match &self.kind {
            ParameterType::String => text.is_some(),
            ParameterType::Int => value.is_i64() || value.is_u64(),
            ParameterType::Float => value.is_number(),
            ParameterType::Bool => value.is_boolean(),
            ParameterType::Option => {
                text.is_some_and(|text| self.options.iter().any(|known| known.value.as_deref() == Some(text)))
            }
            ParameterType::Artifact => text.is_some_and(is_artifact),
            ParameterType::Collection => text.is_some_and(|text| text.starts_with("urn:")),
            ParameterType::Other(_) => true,
        };
        if fits {
            Ok(())
        } else {
            Err(Error::invalid(&self.name, format!("{value} is not {}", self.expected())))
        }
    }

    /// Reads a text as this parameter's type says.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) naming the parameter.
    pub fn read(&self, text: &str) -> Result<Value> {
        let wrong = || Error::invalid(&self.name, format!("{text:?} is not {}", self.expected()));
        match &self.kind {
            ParameterType::Int => text.parse::<i64>().map(Value::from).map_err(|_| wrong()),
            ParameterType::Float => {
                let number = text.parse::<f64>().ok().and_then(Number::from_f64);
                number.map(Value::Number).ok_or_else(wrong)
            }
            ParameterType::Bool => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" | "on" => Ok(Value::Bool(true)),
                "false" | "no" | "0" | "off" => Ok(Value::Bool(false)),
                _ => Err(wrong()),
            },
            _ => Ok(Value::String(text.to_owned())),
        }
    }

    fn expected(&self) -> String {
        match &self.kind {
            ParameterType::String => "a text".to_owned(),
            ParameterType::Int => "a whole number".to_owned(),
            ParameterType::Float => "a number".to_owned(),
            ParameterType::Bool => "true or false".to_owned(),
            ParameterType::Option => {
                let known: Vec<_> =
                    self.options.iter().filter_map(|choice| choice.value.as_deref()).collect();
                format!("one of {}", known.join(", "))
            }
            ParameterType::Artifact => format!("an artifact ({ARTIFACT}… or an address on the web)"),
            ParameterType::Collection => "a collection (urn:…)".to_owned(),
            ParameterType::Other(kind) => format!("of type {kind}"),
        }
    }
}

fn is_artifact(text: &str) -> bool {
    [ARTIFACT, "http://", "https://", "urn:http://", "urn:https://"]
        .iter()
        .any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn service() -> Service {
        serde_json::from_value(json!({"id": "urn:ivcap:service:1", "parameters": [
            {"name": "region-name", "type": "string"},
            {"name": "threshold", "type": "float", "default": "0.5"},
            {"name": "count", "type": "int", "optional": true},
            {"name": "mode", "type": "option", "optional": true, "options": [{"value": "fast"}, {"value": "exact"}]},
            {"name": "image", "type": "artifact", "optional": true},
            {"name": "deep", "type": "bool", "optional": true},
            {"name": "set", "type": "collection", "optional": true},
        ]}))
        .unwrap()
    }

    fn given(arguments: Arguments) -> Result<Vec<(String, Value)>> {
        let pairs = arguments.check(&service())?;
        Ok(pairs.into_iter().map(|given| (given.name.unwrap(), given.value)).collect())
    }

    #[test]
    fn names_with_a_hyphen_are_reached_with_an_underscore_and_sent_as_they_are() {
        for name in ["region-name", "region_name"] {
            assert_eq!(
                given(Arguments::new().set(name, "x")).unwrap(),
                [("region-name".to_owned(), json!("x"))]
            );
        }
        let twice = Arguments::new().set("region-name", "x").set("region_name", "y");
        assert!(given(twice).unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn missing_unknown_and_wrong_values_are_named() {
        let missing = given(Arguments::new()).unwrap_err();
        assert!(missing.to_string().contains("region-name"), "{missing}");
        let unknown = given(Arguments::new().set("region_name", "x").set("regoin", 1)).unwrap_err();
        assert!(unknown.to_string().contains("regoin") && unknown.hint().unwrap().contains("threshold"));
        for (name, value) in [
            ("threshold", json!("0.5")),
            ("count", json!(1.5)),
            ("count", json!(true)),
            ("mode", json!("slow")),
            ("image", json!("urn:x:y")),
            ("deep", json!("true")),
            ("set", json!("things")),
            ("region-name", json!(1)),
        ] {
            let wrong = Arguments::new().set("region-name", "x").set(name, value.clone());
            let error = given(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(name), "{name} {value}: {error}");
        }
    }

    #[test]
    fn texts_become_what_the_parameter_wants() {
        let all = Arguments::new()
            .text("region_name", "7")
            .text("threshold", "2")
            .text("count", "3")
            .text("deep", "yes")
            .text("mode", "fast");
        let values: Vec<_> = given(all).unwrap().into_iter().map(|pair| pair.1).collect();
        assert_eq!(values, [json!("7"), json!(2.0), json!(3), json!(true), json!("fast")]);
        assert!(given(Arguments::new().text("region_name", "x").text("count", "3.5")).is_err());
        assert!(given(Arguments::new().text("region_name", "x").text("threshold", "NaN")).is_err());
    }
}
