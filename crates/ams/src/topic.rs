//! Topics.

use futures_util::FutureExt;
use http::StatusCode;
use pentad_core::{Call, Draft, List, Op, Work, decode};
use serde::Serialize;
use serde_json::json;

use crate::client::{Client, named};
use crate::ensure::ensure;
use crate::message::Message;
use crate::model::{self, Acl, Metric};
use crate::publisher::{Publisher, PublisherOptions};
use crate::{list, ops, wire};

/// A handle on one topic. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Topic {
    client: Client,
    name: String,
}

#[derive(Serialize)]
struct Publish<'a> {
    messages: &'a [Message],
}

impl Client {
    /// The topics of the project, newest first.
    ///
    /// `GET /projects/{project}/topics`
    ///
    /// # Shapes
    /// Publishers without another role see only the topics that list them. Without a page size all come in one page.
    /// # Source
    /// AMS reference 6 and 11.2.
    pub fn topics(&self) -> List<model::Topic> {
        self.project_op(&ops::TOPIC_LIST)
            .list(list::cursor, list::page::<model::Topic>)
            .size_query(list::SIZE)
    }
}

impl Topic {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The short name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client that made the handle.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn op(&self, op: &'static Op) -> Draft {
        named(self.client.project_op(op), "topic", &self.name)
    }

    /// Reads the topic.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it, or the project, does not exist.
    /// # Source
    /// AMS reference 11.2.
    pub fn get(&self) -> Call<model::Topic> {
        self.op(&ops::TOPIC_GET).call(decode::json)
    }

    /// Reads the topic, or nothing if it does not exist.
    ///
    /// # Source
    /// AMS reference 11.2.
    pub fn find(&self) -> Call<Option<model::Topic>> {
        self.op(&ops::TOPIC_GET).accept(|status, _| status == StatusCode::NOT_FOUND).call(wire::found)
    }

    /// Creates the topic.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if it exists; with
    /// [`may_have_applied`](pentad_core::Error::may_have_applied) it may be this very call's.
    /// # Source
    /// AMS reference 11.2.
    pub fn create(&self) -> Call<model::Topic> {
        self.op(&ops::TOPIC_CREATE).call(decode::json)
    }

    /// Creates the topic with a schema of the same project that its messages must fit.
    ///
    /// # Errors
    /// As [`create`](Self::create); [`NotFound`](pentad_core::ErrorKind::NotFound) if the schema does not exist.
    /// # Source
    /// AMS reference 11.2.
    pub fn create_with_schema(&self, schema: &str) -> Call<model::Topic> {
        let draft = self.op(&ops::TOPIC_CREATE).check(crate::name::check("schema", schema));
        draft.json(&json!({ "schema": self.schema_path(schema) })).call(decode::json)
    }

    /// Reads the topic, or creates it if it does not exist.
    ///
    /// Whoever else creates or deletes it meanwhile, the result is a topic that existed during the call.
    ///
    /// # Source
    /// AMS reference 11.2.
    pub fn ensure(&self) -> Work<model::Topic> {
        let topic = self.clone();
        let preview = self.op(&ops::TOPIC_GET).request();
        Work::new(self.client.session(), &ops::TOPIC_GET, preview, move |scope| {
            async move { ensure(&scope, || topic.find(), || topic.create()).await }.boxed()
        })
    }

    /// Deletes the topic. Its subscriptions stay, and answer `Subscription's topic doesn't exist` from then on.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist.
    /// # Source
    /// AMS reference 11.2.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::TOPIC_DELETE).call(decode::empty)
    }

    /// Stores messages and gives their identifiers, which are their positions in the topic.
    ///
    /// `POST /projects/{project}/topics/{topic}:publish`
    ///
    /// # Shapes
    /// Data is bytes here and base64 on the wire. No messages are a valid request with an empty answer. With other
    /// publishers at work two answers may name the same identifier; pulls always report the true position.
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) and [`TooLarge`](pentad_core::ErrorKind::TooLarge) before sending for a message without
    /// content or above the record limit; [`Invalid`](pentad_core::ErrorKind::Invalid) too if one does not fit the topic's schema
    /// (then none is stored); [`Forbidden`](pentad_core::ErrorKind::Forbidden) for publishers whom the topic does not list.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent. Messages are stored one by
    /// one; after a failure in the middle the first of them are there.
    /// # Source
    /// AMS reference 11.3 to 11.5.
    pub fn publish(&self, messages: impl Into<Vec<Message>>) -> Call<Vec<String>> {
        let messages = messages.into();
        let draft = self.op(&ops::TOPIC_PUBLISH).check(self.client.check_messages(&messages));
        draft.json(&Publish { messages: &messages }).call(wire::message_ids)
    }

    /// A publisher that collects messages into batches and gives each its own future for its identifier.
    pub fn publisher(&self, options: PublisherOptions) -> Publisher {
        Publisher::new(self.clone(), options)
    }

    /// Who may publish.
    ///
    /// # Source
    /// AMS reference 3.2 and 11.2.
    pub fn acl(&self) -> Call<Acl> {
        self.op(&ops::TOPIC_ACL).call(decode::json)
    }

    /// Sets who may publish, by user name; nobody is a valid list.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) naming the users who do not exist or are no members of the project.
    /// # Source
    /// AMS reference 11.2.
    pub fn modify_acl(&self, users: &[impl AsRef<str>]) -> Call<()> {
        self.op(&ops::TOPIC_MODIFY_ACL).json(&wire::acl_body(users)).call(decode::empty)
    }

    /// Counters: subscriptions, messages, bytes, messages per day, publishing rate.
    ///
    /// # Source
    /// AMS reference 8.6.
    pub fn metrics(&self) -> Call<Vec<Metric>> {
        self.op(&ops::TOPIC_METRICS).call(wire::metrics)
    }

    /// Ties a schema of the same project to the topic.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if topic or schema does not exist.
    /// # Source
    /// AMS reference 11.2.
    pub fn attach_schema(&self, schema: &str) -> Call<()> {
        let draft = self.op(&ops::TOPIC_ATTACH_SCHEMA).check(crate::name::check("schema", schema));
        draft.json(&json!({ "schema": self.schema_path(schema) })).call(decode::empty)
    }

    /// Frees the topic of its schema.
    ///
    /// # Source
    /// AMS reference 11.2.
    pub fn detach_schema(&self) -> Call<()> {
        self.op(&ops::TOPIC_DETACH_SCHEMA).call(decode::empty)
    }

    /// Full names of the topic's subscriptions.
    ///
    /// # Source
    /// AMS reference 11.2.
    pub fn subscriptions(&self) -> Call<Vec<String>> {
        self.op(&ops::TOPIC_SUBSCRIPTIONS).call(list::whole)
    }

    fn schema_path(&self, schema: &str) -> String {
        format!("projects/{}/schemas/{schema}", self.client.project_name())
    }
}
