//! A collection that behaves: filter, order, select, pages, and changes.

use http::{Method, StatusCode};
use pentad_rql::{Plan, Schema, parse};
use serde_json::{Map, Value, json};

use super::answer::Reply;
use super::compare::Incoming;
use crate::page::{LIMIT, OFFSET, SEARCH};

/// Pages where nobody asks for a size.
const PAGE: u64 = 100;

/// Stored resources of one collection.
#[derive(Debug)]
pub(super) struct Stored {
    path: String,
    items: Vec<Value>,
    next: u64,
}

impl Stored {
    pub(super) const fn new(path: String, items: Vec<Value>) -> Self {
        Self { path, items, next: 1 }
    }

    /// The answer, if the request is about the collection or one of its resources.
    pub(super) fn answer(&mut self, incoming: &Incoming) -> Option<Reply> {
        let rest = incoming.path.strip_prefix(&self.path)?;
        if rest.is_empty() {
            return self.whole(incoming);
        }
        let id = rest.strip_prefix('/').filter(|id| !id.contains('/'))?;
        let at = self.items.iter().position(|item| is(item, id));
        match (incoming.method.as_str(), at) {
            ("GET" | "PUT" | "DELETE", None) => Some(missing()),
            ("GET", Some(at)) => Some(Reply::json(StatusCode::OK, &self.items[at])),
            ("PUT", Some(at)) => {
                merge(&mut self.items[at], &incoming.json()?);
                Some(Reply::json(StatusCode::OK, &self.items[at]))
            }
            ("DELETE", Some(at)) => {
                self.items.remove(at);
                Some(Reply::new(StatusCode::NO_CONTENT))
            }
            _ => None,
        }
    }

    fn whole(&mut self, incoming: &Incoming) -> Option<Reply> {
        match incoming.method {
            Method::GET => Some(self.list(incoming)),
            Method::POST => Some(match incoming.json() {
                Some(Value::Array(items)) => {
                    let made: Vec<Value> = items.into_iter().map(|item| self.create(item)).collect();
                    Reply::json(StatusCode::CREATED, &json!(made))
                }
                item => Reply::json(StatusCode::CREATED, &self.create(item.unwrap_or_else(|| json!({})))),
            }),
            Method::PUT => {
                let changes = incoming.json()?.as_array()?.clone();
                let mut changed = Vec::new();
                for change in changes {
                    let Some(item) = self.items.iter_mut().find(|item| item["id"] == change["id"]) else {
                        return Some(missing());
                    };
                    merge(item, &change);
                    changed.push(item.clone());
                }
                Some(Reply::json(StatusCode::OK, &json!(changed)))
            }
            Method::DELETE => {
                let gone = incoming.json()?.as_array()?.clone();
                self.items.retain(|item| !gone.iter().any(|gone| gone["id"] == item["id"]));
                Some(Reply::new(StatusCode::NO_CONTENT))
            }
            _ => None,
        }
    }

    fn list(&self, incoming: &Incoming) -> Reply {
        let wrong = |text: String| Reply::error(StatusCode::BAD_REQUEST, "VAL_001", &text);
        let schema = Schema::open();
        let plan = match parse(&incoming.text()) {
            Err(error) => return wrong(error.to_string()),
            Ok(query) => match Plan::new(&query, &schema) {
                Err(error) => return wrong(error.to_string()),
                Ok(plan) => plan,
            },
        };
        let search = incoming.param(SEARCH).map(|text| text.trim_matches('*').to_lowercase());
        let found = |item: &&Value| search.as_deref().is_none_or(|text| contains(item, text));
        let mut items: Vec<Value> =
            self.items.iter().filter(|item| plan.matches(item)).filter(found).cloned().collect();
        items.sort_by(|a, b| plan.compare(a, b));
        for item in &mut items {
            plan.selection().apply(item);
        }
        Reply::page(&items, incoming.number(OFFSET).unwrap_or(0), incoming.number(LIMIT).unwrap_or(PAGE))
    }

    fn create(&mut self, item: Value) -> Value {
        let mut item = if item.is_object() { item } else { Value::Object(Map::new()) };
        if item["id"].is_null() {
            let letters: String = self.path.rsplit('/').next().unwrap_or_default().chars().take(3).collect();
            item["id"] = json!(format!("{}-{:03}", letters.to_uppercase(), self.next));
            self.next += 1;
        }
        self.items.push(item.clone());
        item
    }
}

fn is(item: &Value, id: &str) -> bool {
    match &item["id"] {
        Value::String(text) => text == id,
        Value::Number(number) => id.parse().is_ok_and(|id: serde_json::Number| id == *number),
        _ => false,
    }
}

fn merge(item: &mut Value, change: &Value) {
    if let (Some(item), Some(change)) = (item.as_object_mut(), change.as_object()) {
        item.extend(change.clone());
    }
}

fn contains(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own.to_lowercase().contains(text),
        Value::Array(items) => items.iter().any(|item| contains(item, text)),
        Value::Object(members) => members.values().any(|item| contains(item, text)),
        _ => false,
    }
}

fn missing() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, "RES_001", "Object not found.")
}
