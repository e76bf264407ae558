//! A collection that behaves: filter, order, select, pages, and changes.

use http::{Method, StatusCode};
use pentad_rql::{Expr, Operator, Plan, Property, Schema, Value as Literal, parse};
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
        let plan = match query(incoming)
            .and_then(|query| Plan::new(&query, &Schema::open()).map_err(|error| error.to_string()))
        {
            Ok(plan) => plan,
            Err(text) => return wrong(text),
        };
        let mut items: Vec<Value> = self.items.iter().filter(|item| plan.matches(item)).cloned().collect();
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

/// Selection, filter, ordering, parameters that are RQL's short form, and search, as one.
fn query(incoming: &Incoming) -> Result<Expr, String> {
    let mut terms = vec![parse(&incoming.text()).map_err(|error| error.to_string())?];
    for (name, value) in incoming.params.iter().filter(|param| !matches!(param.0.as_str(), LIMIT | OFFSET)) {
        if name == SEARCH && value.is_empty() {
            continue;
        }
        // `size=gt=5` has its lookup in the value.
        if let Some(Ok(term)) = value.contains('=').then(|| parse(&format!("{name}={value}"))) {
            terms.push(term);
            continue;
        }
        let property = Property::new(name.as_str()).map_err(|error| error.to_string())?;
        terms.push(Expr::Test { property, operator: Operator::Eq, value: Literal::Text(value.clone()) });
    }
    Ok(Expr::And(terms))
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

fn missing() -> Reply {
    Reply::error(StatusCode::NOT_FOUND, "RES_001", "Object not found.")
}
