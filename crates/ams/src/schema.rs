//! Schemas of a project.

use bytes::Bytes;
use pentad_core::{Call, Draft, Op, Result, decode};
use serde_json::{Map, Value, json};

use crate::client::{Client, named};
use crate::message::Message;
use crate::model::{self, SchemaKind};
use crate::{list, name, ops, wire};

/// A handle on one schema. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Schema {
    client: Client,
    name: String,
}

/// Changes to a schema; what is not set stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SchemaUpdate {
    name: Option<String>,
    kind: Option<SchemaKind>,
    schema: Option<Value>,
}

impl SchemaUpdate {
    /// Nothing set yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Renames the schema, within its project.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Replaces language and content.
    #[must_use]
    pub fn content(mut self, kind: SchemaKind, schema: Value) -> Self {
        self.kind = Some(kind);
        self.schema = Some(schema);
        self
    }

    fn body(&self, project: &str) -> Result<Value> {
        let mut body = Map::new();
        if let Some(name) = &self.name {
            name::check("name", name)?;
            body.insert("name".to_owned(), format!("projects/{project}/schemas/{name}").into());
        }
        if let Some(kind) = &self.kind {
            body.insert("type".to_owned(), kind.as_str().into());
        }
        if let Some(schema) = &self.schema {
            body.insert("schema".to_owned(), schema.clone());
        }
        Ok(body.into())
    }
}

impl Client {
    /// All schemas of the project. The service does not page them.
    ///
    /// # Source
    /// AMS reference 14.2.
    pub fn schemas(&self) -> Call<Vec<model::Schema>> {
        self.project_op(&ops::SCHEMA_LIST).call(list::whole)
    }
}

impl Schema {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The short name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn op(&self, op: &'static Op) -> Draft {
        named(self.client.project_op(op), "schema", &self.name)
    }

    /// Reads the schema.
    ///
    /// # Source
    /// AMS reference 14.2.
    pub fn get(&self) -> Call<model::Schema> {
        self.op(&ops::SCHEMA_GET).call(decode::json)
    }

    /// Creates the schema.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if it exists; [`Invalid`](pentad_core::ErrorKind::Invalid) if the
    /// content is no schema of its language.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// AMS reference 14.2.
    pub fn create(&self, kind: &SchemaKind, schema: &Value) -> Call<model::Schema> {
        self.op(&ops::SCHEMA_CREATE)
            .json(&json!({ "type": kind.as_str(), "schema": schema }))
            .call(decode::json)
    }

    /// Changes the schema.
    ///
    /// # Source
    /// AMS reference 14.2.
    pub fn update(&self, update: &SchemaUpdate) -> Call<model::Schema> {
        let draft = self.op(&ops::SCHEMA_UPDATE);
        match update.body(self.client.project_name()) {
            Ok(body) => draft.json(&body),
            Err(error) => draft.refuse(error),
        }
        .call(decode::json)
    }

    /// Deletes the schema; topics that use it lose it.
    ///
    /// # Source
    /// AMS reference 14.2.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::SCHEMA_DELETE).call(decode::empty)
    }

    /// Checks a document against a JSON schema; the answer is the service's sentence.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) naming what does not fit.
    /// # Source
    /// AMS reference 14.2 and 14.3.
    pub fn validate(&self, document: &Value) -> Call<String> {
        self.op(&ops::SCHEMA_VALIDATE).json(document).call(wire::text)
    }

    /// Checks Avro binary against an Avro schema; the answer is the service's sentence.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) naming what does not fit.
    /// # Source
    /// AMS reference 14.2 and 14.3.
    pub fn validate_avro(&self, binary: impl Into<Bytes>) -> Call<String> {
        let data = Message::new(binary).wire_data();
        self.op(&ops::SCHEMA_VALIDATE).json(&json!({ "data": data })).call(wire::text)
    }
}
