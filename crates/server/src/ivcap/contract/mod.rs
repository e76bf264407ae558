//! This API as a document: what the platform's API documents demand, where this server has it, and what it has beside
//! that. The files beside this one hold those demands without their texts, where answers are known to differ
//! (`deviations.json`), and the operations that no document of the platform has (`own.json`).

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::routes::{self, Gate};

const L23: &str = include_str!("0.25.json");
const L28: &str = include_str!("0.28.json");
const M44: &str = include_str!("0.44.json");
const M48: &str = include_str!("0.48.json");
const OWN: &str = include_str!("own.json");
const DEVIATIONS: &str = include_str!("deviations.json");

/// What answers of the old dialects call the schemas that describe their items.
const ALIASES: [(&str, &str); 2] = [("service", "ServiceStatusRT"), ("order", "OrderStatusRT")];

/// The documents of all dialects, without an address.
static DOCUMENTS: LazyLock<HashMap<&'static str, Value>> = LazyLock::new(|| {
    // What an earlier one says counts.
    let all: [(Dialect, &[(&str, &str)]); 3] = [
        (Dialect::L23, &[("0.25", L23), ("0.28", L28), ("", OWN)]),
        (Dialect::L28, &[("0.28", L28), ("", OWN)]),
        (Dialect::M, &[("0.48", M48), ("0.44", M44), ("0.28", L28), ("", OWN)]),
    ];
    all.into_iter().map(|(dialect, parts)| (dialect.level(), document(dialect, parts))).collect()
});

/// The document of a dialect for callers of this address.
pub(crate) fn of(dialect: Dialect, base: &str) -> Value {
    let mut document = DOCUMENTS.get(dialect.level()).cloned().unwrap_or_default();
    if let Value::Object(members) = &mut document {
        members.insert("servers".to_owned(), json!([{"url": base}]));
    }
    document
}

/// A path without the names of its parameters.
fn shape(path: &str) -> String {
    let part = |part: &'_ str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// Takes from each part what this server has and no part before it said.
fn document(dialect: Dialect, parts: &[(&str, &str)]) -> Value {
    let table = routes::table();
    let routes = table.routes().iter().filter(|route| dialect.is_modern() || !route.handler.modern);
    let mut left: BTreeMap<(String, String), (&str, Gate)> = routes
        .map(|route| {
            let method = route.method.as_str().to_ascii_lowercase();
            ((method, shape(route.template)), (route.name, route.handler.gate))
        })
        .collect();
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for (level, text) in parts {
        let part = amended(level, serde_json::from_str(text).unwrap_or_default());
        for (path, method, operation) in operations(&part) {
            let Some((name, gate)) = left.remove(&(method.clone(), shape(path))) else { continue };
            let place = paths.entry(path.clone()).or_insert_with(|| json!({}));
            place[method] = described(operation.clone(), name, gate);
        }
        for (name, schema) in part["components"]["schemas"].as_object().into_iter().flatten() {
            schemas.entry(name.clone()).or_insert_with(|| schema.clone());
        }
    }
    for (alias, schema) in ALIASES {
        if schemas.contains_key(schema) {
            schemas.insert(alias.to_owned(), json!({"$ref": format!("#/components/schemas/{schema}")}));
        }
    }
    json!({
        "openapi": "3.0.3",
        "info": {"title": "IVCAP", "version": dialect.level()},
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    })
}

fn operations(part: &Value) -> impl Iterator<Item = (&String, String, &Value)> {
    let paths = part["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        item.as_object()
            .into_iter()
            .flatten()
            .map(move |(method, operation)| (path, method.clone(), operation))
    })
}

/// An operation with its name here and with what it needs.
fn described(mut operation: Value, name: &str, gate: Gate) -> Value {
    operation["operationId"] = json!(name.trim_start_matches("ivcap:").replace(':', "#"));
    match gate {
        Gate::Open => operation["security"] = json!([]),
        Gate::Read => operation["x-scope"] = json!("consumer:read"),
        Gate::Write => operation["x-scope"] = json!("consumer:write"),
    }
    operation
}

/// A document with the places where answers differ from it.
fn amended(level: &str, mut document: Value) -> Value {
    let known: Value = serde_json::from_str(DEVIATIONS).unwrap_or_default();
    let rows = |name: &str| known[name].as_array().cloned().unwrap_or_default();
    for row in rows("schemas").iter().filter(|row| row["level"] == level) {
        let place = format!("/components/schemas/{}/properties", row["schema"].as_str().unwrap_or_default());
        if let (Some(properties), Some(member)) = (document.pointer_mut(&place), row["member"].as_str()) {
            properties[member] = row["instead"].clone();
        }
    }
    let statuses = rows("statuses");
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let here = format!("{method} {path}");
            let is_here = |row: &&Value| {
                (row["level"] == "*" || row["level"] == level) && row["operation"].as_str() == Some(&here)
            };
            for row in statuses.iter().filter(is_here) {
                let why = row["why"].as_str().unwrap_or_default();
                operation["responses"][row["status"].to_string()] = json!({"description": why});
            }
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let table = routes::table();
        for dialect in [Dialect::L23, Dialect::L28, Dialect::M] {
            let document = of(dialect, "http://h");
            let described: Vec<_> =
                operations(&document).map(|(path, method, _)| (method, shape(path))).collect();
            let mut routes =
                table.routes().iter().filter(|route| dialect.is_modern() || !route.handler.modern);
            let count = routes.clone().count();
            let missing = routes.find(|route| {
                !described.contains(&(route.method.as_str().to_ascii_lowercase(), shape(route.template)))
            });
            assert_eq!(missing.map(|route| route.name), None, "{}", dialect.level());
            assert_eq!(described.len(), count, "{}", dialect.level());
        }
    }

    #[test]
    fn every_reference_leads_to_a_schema_and_every_answer_says_something() {
        for dialect in [Dialect::L23, Dialect::L28, Dialect::M] {
            let document = of(dialect, "http://h");
            let mut found = vec![];
            references(&document, &mut found);
            for reference in found {
                let place = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(place).is_some(), "{reference} in {}", dialect.level());
            }
            for (path, method, operation) in operations(&document) {
                let responses = operation["responses"].as_object().unwrap();
                assert!(!responses.is_empty(), "{method} {path}");
                let in_path = path.matches('{').count();
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let named = parameters.iter().filter(|parameter| parameter["in"] == "path").count();
                assert_eq!(named, in_path, "{method} {path}");
            }
        }
        // What answers of the old dialects point to.
        let old = of(Dialect::L28, "http://h");
        assert!(ALIASES.iter().all(|(alias, _)| old["components"]["schemas"][alias].is_object()));
    }

    #[test]
    fn what_differs_from_a_document_is_told_as_it_is() {
        let old = of(Dialect::L23, "http://h");
        assert_eq!(
            old["components"]["schemas"]["OrderStatusRT"]["properties"]["id"],
            json!({"type": "string"})
        );
        assert!(of(Dialect::M, "http://h")["paths"]["/1/artifacts"]["post"]["responses"]["412"].is_object());
        assert_eq!(old["paths"]["/1/authinfo.yaml"]["get"]["security"], json!([]));
        assert_eq!(old["paths"]["/1/services"]["post"]["x-scope"], "consumer:write");
    }
}
