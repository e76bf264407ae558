//! Queues.

use http::header::{CONTENT_TYPE, HeaderValue};
use pentad_core::{Body, Call, Draft, List, Op, RetryPolicy, decode};
use serde_json::json;

use crate::claim::Claim;
use crate::client::Client;
use crate::error::unsupported;
use crate::model::{self, Metadata, Stats};
use crate::subscription::Subscription;
use crate::version::Version;
use crate::{limit, list, ops, wire};

/// Media type of metadata patches.
pub(crate) const PATCH_TYPE: &str = "application/openstack-messaging-v2.0-json-patch";

/// A handle on one queue. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    name: String,
}

/// Which queues to list. Awaited lists have one page; `.items()` follows markers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct QueueQuery {
    detailed: bool,
    name: Option<String>,
    with_count: bool,
    filters: Vec<(String, String)>,
}

impl QueueQuery {
    /// All queues, names only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also their metadata.
    pub const fn detailed(mut self, detailed: bool) -> Self {
        self.detailed = detailed;
        self
    }

    /// Only names in which this regular expression is found. v2.
    pub fn name(mut self, expression: impl Into<String>) -> Self {
        self.name = Some(expression.into());
        self
    }

    /// Also how many queues the project has: `total` of each page. v2.
    pub const fn with_count(mut self, count: bool) -> Self {
        self.with_count = count;
        self
    }

    /// Only queues whose metadata has this value; what reads as an integer is compared as one. v2.
    pub fn filter(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.filters.push((key.into(), value.into()));
        self
    }

    fn needs_v2(&self) -> bool {
        self.name.is_some() || self.with_count || !self.filters.is_empty()
    }
}

/// What a purge removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Purge {
    /// All messages, claimed ones included.
    Messages,
    /// All subscriptions.
    Subscriptions,
}

impl Client {
    /// The queues of the project, by name.
    ///
    /// `GET /{version}/queues`
    ///
    /// # Shapes
    /// v1 answers an empty list with 204. Drivers without MongoDB ignore `name` and filters.
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for a name, a count or a filter before v2.
    /// # Source
    /// Zaqar reference 6.6.
    pub fn queues(&self, query: QueueQuery) -> List<model::Queue> {
        let mut draft = self.op(&ops::QUEUE_LIST);
        if query.needs_v2() && self.version() != Version::V2 {
            draft = draft.refuse(unsupported("zaqar.queue.list", self.version(), &[Version::V2]));
        }
        if query.detailed {
            draft = draft.query("detailed", "true");
        }
        draft = draft.query_opt("name", query.name);
        if query.with_count {
            draft = draft.query("with_count", "true");
        }
        for (key, value) in query.filters {
            draft = draft.query(key, value);
        }
        draft
            .list(list::cursor, list::page::<model::Queue>)
            .size_query(list::SIZE)
            .page_sizes(self.service_limits().page.clone())
    }
}

impl Queue {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client that made the handle.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn version(&self) -> Version {
        self.client.version()
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        self.client.queue_op(op, &self.name)
    }

    /// Creates the queue; `true` if it did not exist. An existing one stays as it is.
    ///
    /// From v1.1 on a queue also comes into being with its first message.
    /// # Source
    /// Zaqar reference 6.1.
    pub fn create(&self) -> Call<bool> {
        self.op(&ops::QUEUE_CREATE).call(wire::created)
    }

    /// Creates the queue with metadata; `true` if it did not exist. Metadata of an existing one is not changed.
    ///
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) in v1, which sets metadata in a call of its own;
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for settings out of range.
    /// # Source
    /// Zaqar reference 6.1.
    pub fn create_with(&self, metadata: &Metadata) -> Call<bool> {
        let mut draft = self.op(&ops::QUEUE_CREATE);
        if self.version() == Version::V1 {
            let there = [Version::V1_1, Version::V2];
            draft = draft.refuse(unsupported("zaqar.queue.create with metadata", Version::V1, &there));
        }
        self.metadata_body(draft, metadata).call(wire::created)
    }

    pub(crate) fn metadata_body(&self, draft: Draft, metadata: &impl serde::Serialize) -> Draft {
        match serde_json::to_vec(metadata) {
            Ok(bytes) => {
                let most = self.client.service_limits().metadata_bytes;
                draft
                    .check(limit::size("metadata", bytes.len(), most))
                    .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
                    .body(Body::Bytes(bytes.into()))
            }
            Err(error) => draft.refuse(
                pentad_core::Error::invalid("metadata", "cannot be written as JSON").with_source(error),
            ),
        }
    }

    /// Whether the queue exists.
    ///
    /// v1 has a question of its own; v2 is asked to change nothing, which only an existing queue admits.
    /// # Errors
    /// [`Unsupported`](pentad_core::ErrorKind::Unsupported) in v1.1, where every queue looks like an empty one.
    /// # Source
    /// Zaqar reference 6.2.
    pub fn exists(&self) -> Call<bool> {
        let draft = match self.version() {
            Version::V1 => self.op(&ops::QUEUE_EXISTS),
            Version::V1_1 => {
                let there = [Version::V1, Version::V2];
                self.op(&ops::QUEUE_GET).refuse(unsupported("zaqar.queue.exists", Version::V1_1, &there))
            }
            Version::V2 => self
                .op(&ops::QUEUE_UPDATE)
                .json(&json!([]))
                .header(CONTENT_TYPE, HeaderValue::from_static(PATCH_TYPE)),
        };
        draft.accept(wire::is_not_found).call(wire::exists)
    }

    /// Removes the queue with its messages and metadata; its subscriptions stay. A missing one is fine.
    ///
    /// # Source
    /// Zaqar reference 6.5.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::QUEUE_DELETE).call(decode::empty)
    }

    /// Counts of messages.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) for a missing queue in v1; later versions answer zeros.
    /// # Source
    /// Zaqar reference 6.7.
    pub fn stats(&self) -> Call<Stats> {
        self.op(&ops::QUEUE_GET_STATS).call(wire::stats)
    }

    /// Removes messages, subscriptions or, without any word, both. A missing queue is fine. v2.
    ///
    /// # Retry
    /// Not idempotent: a repetition would remove what was posted meanwhile.
    /// # Source
    /// Zaqar reference 6.8.
    pub fn purge(&self, what: &[Purge]) -> Call<()> {
        let draft = self.op(&ops::QUEUE_PURGE);
        match what {
            [] => draft.call(decode::empty),
            what => draft.json(&json!({ "resource_types": what })).call(decode::empty),
        }
    }

    /// A claim of this queue by id; nothing is sent.
    pub fn claim(&self, id: impl Into<String>) -> Claim {
        Claim::new(self.clone(), id.into())
    }

    /// A subscription of this queue by id; nothing is sent.
    pub fn subscription(&self, id: impl Into<String>) -> Subscription {
        Subscription::new(self.clone(), id.into())
    }
}

/// Asked once: whoever wants to know whether the service is well wants to know it now.
pub(crate) fn once() -> RetryPolicy {
    RetryPolicy::none()
}
