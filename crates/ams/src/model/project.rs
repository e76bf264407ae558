use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Other;
use crate::when;

/// A project. The service leaves out every key that is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// When it was created, to the second.
    #[serde(
        default,
        deserialize_with = "when::lenient",
        serialize_with = "when::write",
        skip_serializing_if = "Option::is_none"
    )]
    pub created_on: Option<Timestamp>,
    /// When it was last changed, to the second.
    #[serde(
        default,
        deserialize_with = "when::lenient",
        serialize_with = "when::write",
        skip_serializing_if = "Option::is_none"
    )]
    pub modified_on: Option<Timestamp>,
    /// Name of the user who created it; empty when a service token did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}
