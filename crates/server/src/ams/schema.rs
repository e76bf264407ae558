//! Checking messages against JSON Schema and Avro (AMS reference 14).

mod avro;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::error::Failure;
use super::storage::pack::Entries;

/// A compiled schema.
pub(crate) enum Validator {
    /// JSON Schema.
    Json(Box<jsonschema::Validator>),
    /// Avro, binary encoding without a container.
    Avro(Box<apache_avro::Schema>),
}

impl std::fmt::Debug for Validator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Json(_) => "Json(..)",
            Self::Avro(_) => "Avro(..)",
        })
    }
}

impl Validator {
    /// Compiles a schema document of type `json` or `avro`.
    ///
    /// # Errors
    /// 400 with the reason why the document is no schema.
    pub(crate) fn new(kind: &str, body: &str) -> Result<Self, Failure> {
        if kind == "avro" {
            let schema = apache_avro::Schema::parse_str(body).map_err(|e| Failure::invalid(e.to_string()))?;
            if avro::recurses(&schema, &mut Vec::new()) {
                return Err(Failure::invalid("Avro schemas that contain themselves are not supported"));
            }
            return Ok(Self::Avro(Box::new(schema)));
        }
        let document: Value = serde_json::from_str(body).map_err(|e| Failure::invalid(e.to_string()))?;
        let validator = jsonschema::validator_for(&document).map_err(|e| Failure::invalid(e.to_string()))?;
        Ok(Self::Json(Box::new(validator)))
    }

    /// Checks all messages of a packed segment; `first` is the index of its first message in the request.
    ///
    /// # Errors
    /// 400 with the text of AMS reference 14.3 for the first message that does not fit.
    pub(crate) fn check_all(&self, packed: &[u8], first: usize) -> Result<(), Failure> {
        for (index, entry) in (first..).zip(Entries::of(packed)) {
            let data = entry.data_text();
            let bytes = STANDARD.decode(&data).map_err(|e| {
                Failure::invalid(format!("Message {index} is not in valid base64 enocding,{e}"))
            })?;
            self.check(index, &bytes)?;
        }
        Ok(())
    }

    /// Checks one decoded payload.
    pub(crate) fn check(&self, index: usize, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Json(validator) => {
                let value: Value = serde_json::from_slice(bytes).map_err(|e| {
                    Failure::invalid(format!("Message {index} data is not valid JSON format,{e}"))
                })?;
                check_json(validator, index, &value)
            }
            Self::Avro(schema) => avro::check(schema, bytes)
                .map_err(|why| Failure::invalid(format!("Message {index} is not valid.{why}"))),
        }
    }
}

/// Violations told at most; the rest of a hopeless message adds nothing.
const MOST: usize = 100;

fn check_json(validator: &jsonschema::Validator, index: usize, value: &Value) -> Result<(), Failure> {
    let found: Vec<String> = validator.iter_errors(value).take(MOST).map(|error| violation(&error)).collect();
    match found.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::invalid(format!("Message {index} data is not valid,{one}"))),
        several => {
            let items: String = (1..).zip(several).map(|(n, text)| format!("{n}){text}.")).collect();
            Err(Failure::invalid(format!("Message {index} data is not valid.{items}")))
        }
    }
}

/// One violation as the service words it: the place, a colon, what is wrong.
fn violation(error: &jsonschema::ValidationError<'_>) -> String {
    use jsonschema::error::ValidationErrorKind as Kind;
    let path = error.instance_path().to_string();
    let place = match path.trim_start_matches('/').replace('/', ".") {
        root if root.is_empty() => "(root)".to_owned(),
        place => place,
    };
    match error.kind() {
        Kind::Required { property } => {
            format!("{place}: {} is required", property.as_str().unwrap_or_default())
        }
        Kind::AdditionalProperties { unexpected } => {
            format!("{place}: Additional property {} is not allowed", unexpected.join(", "))
        }
        Kind::Type { kind } => {
            let expected = match kind {
                jsonschema::error::TypeKind::Single(one) => one.to_string(),
                jsonschema::error::TypeKind::Multiple(many) => {
                    many.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(",")
                }
            };
            format!("{place}: Invalid type. Expected: {expected}, given: {}", type_name(error.instance()))
        }
        _ => format!("{place}: {error}"),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
