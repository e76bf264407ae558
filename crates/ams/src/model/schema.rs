use serde::{Deserialize, Serialize};

use super::Other;
use crate::name;

/// A schema that messages of a topic must fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    /// Identifier.
    #[serde(default)]
    pub uuid: String,
    /// Full name, `projects/P/schemas/X`.
    pub name: String,
    /// Its language.
    #[serde(rename = "type")]
    pub kind: SchemaKind,
    /// The schema itself.
    #[serde(default)]
    pub schema: serde_json::Value,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

impl Schema {
    /// The name without its project.
    pub fn short_name(&self) -> &str {
        name::short(&self.name)
    }
}

/// The language of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaKind {
    /// JSON Schema; messages are JSON documents.
    Json,
    /// Avro; messages are Avro binary.
    Avro,
    /// A language that this version does not know.
    Other(String),
}

impl SchemaKind {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Json => "json",
            Self::Avro => "avro",
            Self::Other(text) => text,
        }
    }
}

impl From<String> for SchemaKind {
    fn from(text: String) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "json" => Self::Json,
            "avro" => Self::Avro,
            _ => Self::Other(text),
        }
    }
}

impl From<&str> for SchemaKind {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl Serialize for SchemaKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for SchemaKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
