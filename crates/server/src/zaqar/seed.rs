//! What an installation starts with: the section `zaqar` of a seed file. Without one there is nothing.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Zaqar;
use super::check::is_queue_name;
use super::storage::queues;
use super::validate::{self, BadMetadata};
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

/// Creates what the section says. A queue that exists takes the metadata of the seed.
pub(super) async fn seed(zaqar: &Zaqar, section: Value) -> Result<(), SeedError> {
    let section: Option<Section> = serde_json::from_value(section).map_err(|e| SeedError::new("zaqar", e))?;
    let queues = section.unwrap_or_default().queues;
    let settings = zaqar.settings();
    for (index, queue) in queues.iter().enumerate() {
        let place = format!("zaqar.queues[{index}]");
        if !is_queue_name(&queue.name) {
            let why = format!("\"{}\" is no name: up to 64 letters, digits, _, - and . are", queue.name);
            return Err(SeedError::new(format!("{place}.name"), why));
        }
        if let Err(BadMetadata::Value(why) | BadMetadata::Exception(why)) =
            validate::metadata(&queue.metadata, &settings)
        {
            return Err(SeedError::new(format!("{place}.metadata"), why));
        }
        let (queue, text) = (queue.clone(), Value::Object(queue.metadata.clone()).to_string());
        let stored = zaqar.write(move |tx| {
            if !queues::create(tx, &queue.project, &queue.name, &text)? && !queue.metadata.is_empty() {
                queues::set_metadata(tx, &queue.project, &queue.name, &text)?;
            }
            Ok(())
        });
        stored.await.map_err(|failure| SeedError::new(place, failure.text()))?;
    }
    Ok(())
}
