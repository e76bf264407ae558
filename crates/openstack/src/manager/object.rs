//! Things whose attributes only the service knows (OpenStack reference A16.1, A16.2).

use std::fmt;

use pentad_core::redact;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use super::Resource;

/// A thing of which this library knows no more than that it is a JSON object.
#[derive(Clone)]
pub struct Object {
    class: String,
    id: String,
    info: Map<String, Value>,
}

impl Object {
    /// A thing of a class with these attributes.
    pub fn new(class: &str, info: Map<String, Value>) -> Self {
        let id = id_in(&info).unwrap_or_default();
        Self { class: class.to_owned(), id, info }
    }

    /// Its attributes.
    pub const fn info(&self) -> &Map<String, Value> {
        &self.info
    }

    /// Its attributes, to keep.
    pub fn into_info(self) -> Map<String, Value> {
        self.info
    }

    /// An attribute that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.info.get(name)?.as_str()
    }
}

impl std::ops::Index<&str> for Object {
    type Output = Value;

    /// An attribute; `null` if there is none.
    fn index(&self, name: &str) -> &Value {
        self.info.get(name).unwrap_or(&Value::Null)
    }
}

impl Resource for Object {
    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.text("name").or_else(|| self.text("display_name"))
    }

    fn human_id(&self) -> Option<String> {
        self.name().map(human_id)
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        self.info.get(name).cloned()
    }

    fn of_class(mut self, class: &str) -> Self {
        class.clone_into(&mut self.class);
        self
    }
}

impl PartialEq for Object {
    /// Things of one class are equal if their ids are, or without ids if all else is.
    fn eq(&self, other: &Self) -> bool {
        let ids = (self.info.get("id"), other.info.get("id"));
        self.class == other.class
            && match ids {
                (Some(own), Some(others)) => own == others,
                _ => self.info == other.info,
            }
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(|info| Self::new("Resource", info))
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.info.serialize(serializer)
    }
}

impl fmt::Display for Object {
    /// `<Server id=1, name=web>`: sorted, secrets hidden.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = Value::Object(self.info.clone());
        redact::json(&mut shown);
        let mut pairs: Vec<(&String, &Value)> = shown
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !name.starts_with('_') && *name != "manager")
            .collect();
        pairs.sort_by_key(|(name, _)| *name);
        write!(f, "<{}", self.class)?;
        for (index, (name, value)) in pairs.into_iter().enumerate() {
            f.write_str(if index == 0 { " " } else { ", " })?;
            match value {
                Value::String(text) => write!(f, "{name}={text}")?,
                other => write!(f, "{name}={other}")?,
            }
        }
        f.write_str(">")
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What identifies a thing: its `uuid` if it has one, else its `id`.
pub(super) fn id_in(info: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| match info.get(name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    text("uuid").or_else(|| text("id"))
}

/// A name as one word of small letters: `Ünï  Côde--Name_1!` is `uni-code-name_1`.
///
/// # Source
/// OpenStack reference A16.2.
pub fn human_id(name: &str) -> String {
    let plain: String = name
        .nfkd()
        .filter(char::is_ascii)
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || c.is_ascii_whitespace())
        .collect();
    let mut slug = String::new();
    for letter in plain.trim().chars() {
        if letter == '-' || letter.is_ascii_whitespace() {
            if !slug.ends_with('-') {
                slug.push('-');
            }
        } else {
            slug.push(letter.to_ascii_lowercase());
        }
    }
    slug
}
