//! The form of the section `connect` of a seed file.

use std::collections::BTreeMap;

use http::Method;
use pentad_rql::{FieldType, Kind};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::declared::{Action, States, Transition};

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Section {
    pub(super) api_keys: Vec<SeedKey>,
    pub(super) collections: Vec<SeedCollection>,
    /// Resources by the path of their collection: for nested ones.
    pub(super) resources: BTreeMap<String, Vec<Map<String, Value>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedKey {
    pub(super) key: String,
    #[serde(default)]
    pub(super) name: Option<String>,
}

impl std::fmt::Debug for SeedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SeedKey(..)")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedCollection {
    pub(super) path: String,
    pub(super) prefix: Option<String>,
    pub(super) fields: BTreeMap<String, SeedField>,
    /// Whether there are no other fields.
    pub(super) closed: bool,
    pub(super) max_ordering: Option<usize>,
    /// Paths with an index of their own; all if absent.
    pub(super) indexes: Option<Vec<String>>,
    pub(super) status: Option<SeedStates>,
    pub(super) actions: Vec<SeedAction>,
    pub(super) resources: Vec<Map<String, Value>>,
}

/// `datetime`, or a mapping.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum SeedField {
    Name(String),
    Full(FullField),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FullField {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    scale: Option<usize>,
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    nullable: bool,
    #[serde(default)]
    search: bool,
    #[serde(default = "yes")]
    sort: bool,
    #[serde(default)]
    hidden: bool,
}

fn yes() -> bool {
    true
}

impl SeedField {
    /// The declaration, or why it is none.
    pub(super) fn field_type(self) -> Result<FieldType, String> {
        let full = match self {
            Self::Name(name) => return Ok(FieldType::new(kind(&name, None, Vec::new())?)),
            Self::Full(full) => full,
        };
        let name = full.kind.unwrap_or_else(|| "any".to_owned());
        let mut field = FieldType::new(kind(&name, full.scale, full.members)?);
        if full.nullable {
            field = field.nullable();
        }
        if full.search {
            field = field.searchable();
        }
        if !full.sort {
            field = field.unsortable();
        }
        if full.hidden {
            field = field.hidden();
        }
        Ok(field)
    }
}

fn kind(name: &str, scale: Option<usize>, members: Vec<String>) -> Result<Kind, String> {
    Ok(match name {
        "any" => Kind::Any,
        "text" | "string" => Kind::Text,
        "integer" => Kind::Integer,
        "decimal" | "number" => Kind::Decimal { scale: scale.unwrap_or(2) },
        "boolean" => Kind::Boolean,
        "date" => Kind::Date,
        "datetime" => Kind::DateTime,
        "choice" | "enum" if !members.is_empty() => Kind::Choice(members),
        "choice" | "enum" => return Err("choice: needs its members".to_owned()),
        other => {
            return Err(format!(
                "no type \"{other}\"; there are any, text, integer, decimal, boolean, date, datetime, choice"
            ));
        }
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeedStates {
    #[serde(default = "status")]
    field: String,
    #[serde(default)]
    initial: Option<String>,
    #[serde(default)]
    transitions: Vec<SeedTransition>,
}

fn status() -> String {
    "status".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedTransition {
    action: String,
    #[serde(default)]
    from: Vec<String>,
    to: String,
    #[serde(default)]
    error_code: Option<String>,
    #[serde(default)]
    error: Option<String>,
}

impl SeedStates {
    /// What they mean.
    pub(super) fn states(self) -> States {
        let transition = |seed: SeedTransition| Transition {
            action: seed.action,
            from: seed.from,
            to: seed.to,
            code: seed.error_code,
            error: seed.error,
        };
        let transitions = self.transitions.into_iter().map(transition).collect();
        States { field: self.field, initial: self.initial, transitions }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SeedAction {
    name: String,
    methods: Vec<String>,
    /// `resource` (the default) or `collection`.
    on: Option<String>,
    status: Option<u16>,
    answer: Option<Value>,
    text: Option<String>,
    content_type: Option<String>,
    set: Map<String, Value>,
    merge: bool,
}

impl SeedAction {
    /// What it means, or why nothing.
    pub(super) fn action(self) -> Result<Action, String> {
        if self.name.is_empty() || self.name.contains('/') {
            return Err("name: must be one segment of a path".to_owned());
        }
        let on_collection = match self.on.as_deref() {
            None | Some("resource") => false,
            Some("collection") => true,
            Some(other) => return Err(format!("on: \"{other}\" is neither resource nor collection")),
        };
        let methods: Result<Vec<Method>, String> = self
            .methods
            .iter()
            .map(|method| match method.to_ascii_uppercase().as_str() {
                "GET" => Ok(Method::GET),
                "POST" => Ok(Method::POST),
                "PUT" => Ok(Method::PUT),
                "DELETE" => Ok(Method::DELETE),
                "PATCH" => Ok(Method::PATCH),
                _ => Err(format!("methods: there is no {method}")),
            })
            .collect();
        let status = self.status.unwrap_or(200);
        if !(200..600).contains(&status) {
            return Err(format!("status: {status} is none of an answer"));
        }
        let content_type = self.content_type.unwrap_or_else(|| "text/plain; charset=utf-8".to_owned());
        if http::HeaderValue::from_str(&content_type).is_err() {
            return Err("content_type: not usable in a header".to_owned());
        }
        Ok(Action {
            methods: Some(methods?)
                .filter(|methods| !methods.is_empty())
                .unwrap_or_else(|| vec![Method::POST]),
            on_collection,
            status,
            answer: self.answer,
            text: self.text.map(|text| (text, content_type)),
            set: self.set,
            merge: self.merge,
            name: self.name,
        })
    }
}

/// The action of a transition that has no declaration of its own.
pub(super) fn plain_action(name: &str) -> Action {
    Action {
        name: name.to_owned(),
        methods: vec![Method::POST],
        on_collection: false,
        status: 200,
        answer: None,
        text: None,
        set: Map::new(),
        merge: false,
    }
}
