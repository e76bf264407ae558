//! Services and their parameters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shape::{listed, reference, texts, when};

texts! {
    /// Whether a service takes orders.
    ServiceStatus {
        /// It does.
        Active = "active",
        /// It does not.
        Inactive = "inactive",
        /// It cannot.
        Error = "error",
    }
}

texts! {
    /// Type of a parameter.
    ParameterType {
        /// Text.
        String = "string",
        /// A whole number.
        Int = "int",
        /// A number.
        Float = "float",
        /// `true` or `false`.
        Bool = "bool",
        /// One of the parameter's options.
        Option = "option",
        /// The name of an artifact, or an address on the web.
        Artifact = "artifact",
        /// The name of a collection.
        Collection = "collection",
    }
}

/// A service (IVCAP reference 7.2). In listings only some fields are there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Service {
    /// Its name in the platform.
    #[serde(default)]
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// What it does.
    #[serde(default)]
    pub description: Option<String>,
    /// Whether it takes orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ServiceStatus>,
    /// Who offers it (old dialects).
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The account that pays for its upkeep.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Who may use it.
    #[serde(default, deserialize_with = "reference", skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The provider's own name for it (old dialects).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_ref: Option<String>,
    /// An address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub banner: Option<String>,
    /// Words to find it by.
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What it wants to know; empty in listings.
    #[serde(default, deserialize_with = "listed", skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What kind of controller runs it (modern dialect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller_schema: Option<String>,
    /// How it is run (modern dialect).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<Value>,
    /// When this state of it began.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// When this state of it ended.
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// When it was published (services made of workflows).
    #[serde(default, deserialize_with = "when", skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// How well it fits a search in free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Whatever else the platform says.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What a service wants to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Parameter {
    /// Its name on the wire; may hold a `-`.
    pub name: String,
    /// Its type.
    #[serde(rename = "type", default = "text")]
    pub kind: ParameterType,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What is taken when nothing is given; a text whatever the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Whether it cannot be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<bool>,
    /// Whether it may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optional: Option<bool>,
    /// Whether it is a flag without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unary: Option<bool>,
    /// What may be chosen.
    #[serde(default, deserialize_with = "listed")]
    pub options: Vec<Choice>,
}

const fn text() -> ParameterType {
    ParameterType::String
}

/// One of the values that may be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Choice {
    /// The value.
    #[serde(default)]
    pub value: Option<String>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
