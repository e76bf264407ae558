//! A schema of the document as JSON Schema 2020-12 that stands alone.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use crate::check::Way;
use crate::document::{Document, Line};
use crate::error::{Error, ErrorKind, Result};
use crate::tree::{Kind, Node};

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "array", "object", "null"];

/// The most schemas that one schema may refer to, directly or not.
const PARTS: usize = 1_000;

/// The schema and all that it refers to.
pub(crate) fn alone(document: &Document, schema: Node<'_>, way: Way) -> Result<Value> {
    let mut writer = Writer { document, way, names: HashMap::new(), open: Vec::new() };
    let mut whole = match writer.schema(schema)? {
        Value::Object(map) => map,
        other => return Ok(other),
    };
    let mut parts = Map::new();
    while let Some((name, node)) = writer.open.pop() {
        let part = writer.schema(node)?;
        parts.insert(name, part);
    }
    if !parts.is_empty() {
        whole.insert("$defs".to_owned(), Value::Object(parts));
    }
    Ok(Value::Object(whole))
}

struct Writer<'d> {
    document: &'d Document,
    way: Way,
    names: HashMap<u32, String>,
    open: Vec<(String, Node<'d>)>,
}

impl<'d> Writer<'d> {
    fn schema(&mut self, node: Node<'d>) -> Result<Value> {
        match node.kind() {
            Kind::Bool => return Ok(Value::Bool(node.as_bool() == Some(true))),
            Kind::Object => {}
            _ => return Ok(Value::Bool(true)),
        }
        let mut out = Map::new();
        if node.get("$ref").is_some_and(|reference| reference.as_str().is_some()) {
            out.insert("$ref".to_owned(), self.reference(node)?);
            if self.document.line() == Line::V3_0 {
                return Ok(Value::Object(out));
            }
        }
        for (key, value) in node.entries() {
            if let Some(value) = self.keyword(node, key, value)? {
                out.insert(key.to_owned(), value);
            }
        }
        self.bounds(node, &mut out);
        Ok(self.nullable(node, out))
    }

    fn reference(&mut self, node: Node<'d>) -> Result<Value> {
        let document = self.document;
        let target = document.resolve(node)?;
        let next = self.names.len();
        let name = match self.names.get(&target.offset()) {
            Some(name) => name.clone(),
            None if next >= PARTS => {
                let text = format!("a schema refers to more than {PARTS} others, directly or not");
                return Err(Error::new(ErrorKind::TooLarge, text));
            }
            None => {
                let name = format!("s{next}");
                self.names.insert(target.offset(), name.clone());
                self.open.push((name.clone(), target));
                name
            }
        };
        Ok(Value::String(format!("#/$defs/{name}")))
    }

    /// A keyword as the validator takes it. What it would refuse, or what asserts nothing, is left out: one slip in a
    /// schema must not make the rest of it useless.
    fn keyword(&mut self, owner: Node<'d>, key: &str, value: Node<'d>) -> Result<Option<Value>> {
        Ok(match key {
            "properties" | "patternProperties" | "dependentSchemas" => Some(self.map(value)?),
            "items" if value.kind() == Kind::Array => None,
            "items"
            | "additionalProperties"
            | "not"
            | "contains"
            | "propertyNames"
            | "if"
            | "then"
            | "else"
            | "unevaluatedItems"
            | "unevaluatedProperties" => Some(self.schema(value)?),
            "allOf" | "anyOf" | "oneOf" | "prefixItems" if !value.is_empty() => Some(self.list(value)?),
            "required" => Some(self.required(owner, value)?),
            "type" => types(value),
            "enum" => (value.kind() == Kind::Array && !value.is_empty()).then(|| value.to_value()),
            "const" => Some(value.to_value()),
            "format" => value.as_str().map(Value::from),
            "pattern" => value.as_str().filter(|pattern| compiles(pattern)).map(Value::from),
            "uniqueItems" => value.as_bool().map(Value::from),
            "maximum" | "minimum" | "exclusiveMaximum" | "exclusiveMinimum" => {
                value.as_number().map(Value::Number)
            }
            "multipleOf" => value.as_number().filter(|number| number.as_f64() > Some(0.0)).map(Value::Number),
            "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties"
            | "maxContains" | "minContains" => {
                value.as_number().filter(serde_json::Number::is_u64).map(Value::Number)
            }
            _ => None,
        })
    }

    fn map(&mut self, node: Node<'d>) -> Result<Value> {
        let mut out = Map::new();
        for (name, schema) in node.entries() {
            out.insert(name.to_owned(), self.schema(schema)?);
        }
        Ok(Value::Object(out))
    }

    fn list(&mut self, node: Node<'d>) -> Result<Value> {
        node.items().map(|schema| self.schema(schema)).collect()
    }

    /// What must be there, without what only the other side writes.
    fn required(&self, owner: Node<'d>, names: Node<'d>) -> Result<Value> {
        let foreign = match self.way {
            Way::Request => "readOnly",
            Way::Response => "writeOnly",
        };
        let mut out = Vec::new();
        for name in names.items().filter_map(Node::as_str) {
            let property = owner.get("properties").and_then(|properties| properties.get(name));
            let property = property.map(|property| self.document.resolve(property)).transpose()?;
            let skipped = property.and_then(|property| property.get(foreign)).and_then(Node::as_bool);
            if skipped != Some(true) && !out.iter().any(|known| known == name) {
                out.push(Value::from(name));
            }
        }
        Ok(Value::Array(out))
    }

    /// 3.0's `exclusiveMinimum: true`, and the ranges that `int32` and `int64` mean.
    fn bounds(&self, node: Node<'d>, out: &mut Map<String, Value>) {
        for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            if node.get(flag).and_then(Node::as_bool) == Some(true)
                && let Some(limit) = out.remove(bound)
            {
                out.insert(flag.to_owned(), limit);
            }
        }
        let range = match node.get("format").and_then(Node::as_str) {
            Some("int32") => json!({"minimum": i32::MIN, "maximum": i32::MAX}),
            Some("int64") => json!({"minimum": i64::MIN, "maximum": i64::MAX}),
            _ => return,
        };
        if out.get("type").is_some_and(|kind| kind == "integer" || kind == "number") {
            match out.get_mut("allOf").and_then(Value::as_array_mut) {
                Some(all) => all.push(range),
                None => {
                    out.insert("allOf".to_owned(), json!([range]));
                }
            }
        }
    }

    /// 3.0's `nullable: true`.
    fn nullable(&self, node: Node<'d>, mut out: Map<String, Value>) -> Value {
        let nullable = node.get("nullable").and_then(Node::as_bool) == Some(true);
        if !nullable || self.document.line() != Line::V3_0 {
            return Value::Object(out);
        }
        let composed = ["allOf", "anyOf", "oneOf", "not", "const"].iter().any(|key| out.contains_key(*key));
        match out.get("type").cloned() {
            Some(Value::String(kind)) if !composed => {
                out.insert("type".to_owned(), json!([kind, "null"]));
                if let Some(Value::Array(options)) = out.get_mut("enum")
                    && !options.contains(&Value::Null)
                {
                    options.push(Value::Null);
                }
                Value::Object(out)
            }
            _ => json!({"anyOf": [Value::Object(out), {"type": "null"}]}),
        }
    }
}

fn types(value: Node<'_>) -> Option<Value> {
    let known = |node: Node<'_>| node.as_str().filter(|name| TYPES.contains(name)).map(Value::from);
    if value.kind() != Kind::Array {
        return known(value);
    }
    let mut list: Vec<Value> = Vec::new();
    for name in value.items().filter_map(known) {
        if !list.contains(&name) {
            list.push(name);
        }
    }
    (!list.is_empty()).then_some(Value::Array(list))
}

/// Whether the validator can read the pattern: other languages know expressions that ours does not.
fn compiles(pattern: &str) -> bool {
    jsonschema::draft202012::options().build(&json!({ "pattern": pattern })).is_ok()
}
