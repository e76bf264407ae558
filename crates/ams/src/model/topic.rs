use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Other;
use crate::{name, when};

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// Full name, `/projects/P/topics/T`.
    pub name: String,
    /// Full name of the schema that messages must fit, `projects/P/schemas/X`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// When it was created, to the second.
    #[serde(
        default,
        deserialize_with = "when::lenient",
        serialize_with = "when::write",
        skip_serializing_if = "Option::is_none"
    )]
    pub created_on: Option<Timestamp>,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

impl Topic {
    /// The name without its project.
    pub fn short_name(&self) -> &str {
        name::short(&self.name)
    }

    /// The project that the topic belongs to.
    pub fn project(&self) -> Option<&str> {
        name::project_of(&self.name)
    }
}
