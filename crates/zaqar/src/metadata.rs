//! Changing metadata.

use http::header::{CONTENT_TYPE, HeaderValue};
use pentad_core::{Call, Draft, Error, Result, Work, decode, work::Scope};
use serde::Serialize;
use serde_json::Value;

use crate::error::unsupported;
use crate::model::{Metadata, RESERVED};
use crate::ops;
use crate::queue::{PATCH_TYPE, Queue};
use crate::version::Version;

/// A change of metadata: steps in order, all of them or none. v2.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(transparent)]
#[must_use]
pub struct MetadataPatch(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Step {
    Add { path: String, value: Value },
    Replace { path: String, value: Value },
    Remove { path: String },
}

impl MetadataPatch {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member, whether or not it is there.
    pub fn add(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.push(Step::Add { path: pointer(name), value: value.into() });
        self
    }

    /// Sets a member that is there; a missing one is a conflict, unless it is one of the service's settings.
    pub fn replace(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.push(Step::Replace { path: pointer(name), value: value.into() });
        self
    }

    /// Removes a member; a missing one is a conflict, unless it is one of the service's settings.
    pub fn remove(mut self, name: &str) -> Self {
        self.0.push(Step::Remove { path: pointer(name) });
        self
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What turns `now`, as the service shows it, into `wanted`.
    ///
    /// The service shows its settings whether or not they are stored. Each one that is not wanted goes back to its default;
    /// each one that is wanted is set, also where it shows as null. (The Python client sets those and removes them again.)
    fn between(now: &Metadata, wanted: &Metadata) -> Self {
        let set = wanted.iter().fold(Self::new(), |patch, (name, value)| patch.add(name, value.clone()));
        let gone = now.iter().filter(|(name, value)| {
            let shown = RESERVED.contains(&name.as_str()) && value.is_null();
            !wanted.contains_key(name.as_str()) && !shown
        });
        gone.fold(set, |patch, (name, _)| patch.remove(name))
    }
}

/// The path of a member (`~` and `/` have escapes).
fn pointer(name: &str) -> String {
    format!("/metadata/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Queue {
    /// Reads the metadata: the users' own and the service's settings.
    ///
    /// # Shapes
    /// v2 shows all settings, with their defaults where none is stored; a missing queue looks like one without metadata
    /// in v1.1 and v2.
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) for a missing queue in v1.
    /// # Source
    /// Zaqar reference 6.3.
    pub fn metadata(&self) -> Call<Metadata> {
        let op = if self.version() == Version::V1 { &ops::QUEUE_GET_METADATA } else { &ops::QUEUE_GET };
        self.op(op).call(decode::json)
    }

    /// Changes members of the metadata and gives all of it. v2.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) for a missing queue; [`Conflict`](pentad_core::ErrorKind::Conflict) for a step
    /// that needs a member which is not there; [`Invalid`](pentad_core::ErrorKind::Invalid) for settings out of range.
    /// # Retry
    /// Not repeated: a step that was done may be a conflict when it is done again.
    /// # Source
    /// Zaqar reference 6.4.
    pub fn update_metadata(&self, patch: &MetadataPatch) -> Call<Metadata> {
        self.patch(patch).call(decode::json)
    }

    fn patch(&self, patch: &MetadataPatch) -> Draft {
        let draft = self.op(&ops::QUEUE_UPDATE);
        self.metadata_body(draft, patch).header(CONTENT_TYPE, HeaderValue::from_static(PATCH_TYPE))
    }

    /// Replaces all metadata: v1 in one request, v2 by reading it and sending what differs.
    ///
    /// Somebody who adds a member between the two requests keeps it.
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) in v1.1; [`NotFound`](pentad_core::ErrorKind::NotFound) for a missing queue;
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for settings out of range, and in v1 for any name that begins with `_`.
    /// # Source
    /// Zaqar reference 6.4.
    pub fn replace_metadata(&self, metadata: &Metadata) -> Work<()> {
        let (queue, wanted) = (self.clone(), metadata.clone());
        let session = self.client().session();
        match self.version() {
            Version::V1 => {
                let draft = self.op(&ops::QUEUE_SET_METADATA).check(no_settings(metadata));
                let preview = self.metadata_body(draft, metadata).request();
                Work::new(session, &ops::QUEUE_SET_METADATA, preview, move |scope| {
                    Box::pin(async move {
                        let draft = queue.op(&ops::QUEUE_SET_METADATA);
                        scope.run(queue.metadata_body(draft, &wanted).call(decode::empty)).await
                    })
                })
            }
            Version::V1_1 => {
                let there = [Version::V1, Version::V2];
                let refused = Err(unsupported("zaqar.queue.set_metadata", Version::V1_1, &there));
                Work::new(session, &ops::QUEUE_SET_METADATA, refused, |_| {
                    Box::pin(std::future::ready(Ok(())))
                })
            }
            Version::V2 => {
                let preview = self.op(&ops::QUEUE_GET).request();
                Work::new(session, &ops::QUEUE_UPDATE, preview, move |scope| {
                    Box::pin(async move { queue.replaced(&scope, &wanted).await })
                })
            }
        }
    }

    async fn replaced(&self, scope: &Scope, wanted: &Metadata) -> Result<()> {
        let now = scope.run(self.metadata()).await?;
        scope.run(self.update_metadata(&MetadataPatch::between(&now, wanted))).await.map(drop)
    }
}

fn no_settings(metadata: &Metadata) -> Result<()> {
    match metadata.keys().find(|name| name.starts_with('_')) {
        Some(name) => {
            Err(Error::invalid("metadata", format!("{name:?}: v1 sets no names that begin with _")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Metadata {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn settings_that_show_as_null_can_be_set_and_are_not_removed_again() {
        let now =
            map(json!({"team": "blue", "old": 1, "_default_message_ttl": 3600, "_dead_letter_queue": null}));
        let wanted = map(json!({"team": "red", "_dead_letter_queue": "dead"}));
        let patch = serde_json::to_value(MetadataPatch::between(&now, &wanted)).unwrap();
        assert_eq!(
            patch,
            json!([
                {"op": "add", "path": "/metadata/team", "value": "red"},
                {"op": "add", "path": "/metadata/_dead_letter_queue", "value": "dead"},
                {"op": "remove", "path": "/metadata/old"},
                {"op": "remove", "path": "/metadata/_default_message_ttl"}
            ])
        );
    }

    #[test]
    fn names_are_escaped_in_pointers() {
        assert_eq!(pointer("a/b~c"), "/metadata/a~1b~0c");
    }
}
