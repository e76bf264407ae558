//! Metadata: records in the old dialects, aspects in the modern one, under one surface.

use bytes::Bytes;
use http::response::Parts;
use pentad_core::{Call, Context, Draft, Error, ErrorKind, List, Result, decode};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::dialect::Dialect;
use crate::list::listing;
use crate::query::RecordQuery;
use crate::urn::{check, check_policy};
use crate::{model, ops};

/// Something to be said about an entity.
///
/// # Example
/// ```
/// use pentad_ivcap::NewRecord;
/// use serde_json::json;
/// let record = NewRecord::new("urn:ivcap:artifact:9a", json!({"$schema": "urn:acme:schema:label.1", "label": "cat"}));
/// # let _ = record;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct NewRecord {
    entity: String,
    aspect: Value,
    schema: Option<String>,
    policy: Option<String>,
}

impl NewRecord {
    /// This aspect of this entity. The schema is what `$schema` in it says, unless another is [given](Self::schema).
    pub fn new(entity: impl Into<String>, aspect: Value) -> Self {
        Self { entity: entity.into(), aspect, schema: None, policy: None }
    }

    /// The schema.
    pub fn schema(mut self, urn: impl Into<String>) -> Self {
        self.schema = Some(urn.into());
        self
    }

    /// Who may see it; not in [`L23`](Dialect::L23).
    pub fn policy(mut self, urn: impl Into<String>) -> Self {
        self.policy = Some(urn.into());
        self
    }

    fn settled(&self, dialect: Dialect) -> Result<String> {
        check("entity", &self.entity)?;
        check_policy(self.policy.as_deref())?;
        if self.policy.is_some() && dialect == Dialect::L23 {
            return Err(Error::new(ErrorKind::Unsupported, "metadata has no policy in this dialect"));
        }
        if !dialect.is_old() && !self.aspect.is_object() {
            return Err(Error::invalid("aspect", "must be an object"));
        }
        let schema = self.schema.as_deref().or_else(|| self.aspect.get("$schema")?.as_str());
        let schema = schema.filter(|schema| !schema.is_empty());
        let schema = schema
            .ok_or_else(|| Error::invalid("schema", "is missing (also not in the aspect's $schema)"))?;
        check("schema", schema)?;
        Ok(schema.to_owned())
    }

    /// Entity, schema and content, for local mode.
    pub(crate) fn parts(self) -> Result<(String, String, Value)> {
        let schema = self.settled(Dialect::Modern)?;
        Ok((self.entity, schema, self.aspect))
    }

    /// As the original sends it: schema and entity go before the user's own members, which win.
    fn modern_body(&self, schema: &str) -> Value {
        let mut body = Map::new();
        body.insert("$schema".to_owned(), Value::from(schema));
        body.insert("$entity".to_owned(), Value::from(self.entity.as_str()));
        if let Value::Object(own) = &self.aspect {
            body.extend(own.clone());
        }
        Value::Object(body)
    }

    /// Completes a call that adds or replaces this record.
    fn send(self, draft: Draft, dialect: Dialect) -> Call<model::Record> {
        let schema = match self.settled(dialect) {
            Ok(schema) => schema,
            Err(error) => return draft.refuse(error).call(added),
        };
        let draft = if dialect.is_old() {
            draft
                .query("entity-id", self.entity.as_str())
                .query("schema", schema.as_str())
                .query_opt("policy-id", self.policy.as_deref())
                .json(&self.aspect)
        } else {
            draft
                .query("entity", self.entity.as_str())
                .query("schema", schema.as_str())
                .query_opt("policy", self.policy.as_deref())
                .json(&self.modern_body(&schema))
        };
        let Self { entity, aspect, policy, .. } = self;
        draft.call(added).map(move |record| model::Record {
            entity,
            schema,
            content: Some(aspect),
            policy,
            ..record
        })
    }
}

/// The name of a new record.
fn added(context: &Context, parts: Parts, body: Bytes) -> Result<model::Record> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(alias = "record-id")]
        id: String,
    }
    let Answer { id } = decode::json(context, parts, body)?;
    Ok(model::Record { id, ..model::Record::default() })
}

/// A handle on one metadata record. Making one sends nothing.
#[derive(Clone, Debug)]
pub struct Record {
    client: Client,
    id: String,
}

impl Client {
    /// Says something about an entity, beside whatever is said already.
    ///
    /// # Shapes
    /// The record as it was given, under its new name; nothing else is read back.
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) before sending for a missing schema, a policy that is none, or (modern dialect) an
    /// aspect that is no object; [`Unsupported`](ErrorKind::Unsupported) for a policy in the oldest dialect.
    /// # Retry
    /// Not idempotent.
    /// # Source
    /// IVCAP reference 7.7 and 7.8; the original's `add_metadata` and `add_aspect`.
    pub fn add_metadata(&self, record: NewRecord) -> Call<model::Record> {
        let op = if self.dialect().is_old() { &ops::METADATA_CREATE } else { &ops::ASPECT_CREATE };
        record.send(self.op(op), self.dialect())
    }

    /// Says something about an entity in place of the one record of that entity and schema.
    ///
    /// # Errors
    /// As [`add_metadata`](Self::add_metadata); [`Conflict`](ErrorKind::Conflict) if there are several such records, see
    /// [`is_not_unique`](crate::ErrorExt::is_not_unique): nothing is changed then.
    /// # Source
    /// IVCAP reference 7.7 and 7.8; the original's `update_aspect`.
    pub fn update_metadata(&self, record: NewRecord) -> Call<model::Record> {
        let op = if self.dialect().is_old() { &ops::METADATA_REPLACE } else { &ops::ASPECT_REPLACE };
        record.send(self.op(op), self.dialect())
    }

    /// What is said about entities, now or [at any past moment](RecordQuery::at).
    ///
    /// # Source
    /// IVCAP reference 7.7 and 7.8; the original's `search_metadata` and `list_aspects`.
    pub fn metadata(&self, query: RecordQuery) -> List<model::Record> {
        if self.dialect().is_old() {
            listing(query.apply_old(self.op(&ops::METADATA_LIST)), self.dialect())
        } else {
            self.aspects(query)
        }
    }

    /// As [`metadata`](Self::metadata), modern dialect only.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) in the old dialects.
    /// # Source
    /// IVCAP reference 7.8.
    pub fn aspects(&self, query: RecordQuery) -> List<model::Record> {
        listing(query.apply_modern(self.op(&ops::ASPECT_LIST)), self.dialect())
    }

    /// One metadata record by its name; nothing is sent.
    pub fn record(&self, id: impl Into<String>) -> Record {
        Record { client: self.clone(), id: id.into() }
    }
}

impl Record {
    /// The name in the platform.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Reads the record, also one that was taken back.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it never existed.
    /// # Source
    /// IVCAP reference 7.7 and 7.8; the Python client's `Metadata._refresh` fails before it asks.
    pub fn get(&self) -> Call<model::Record> {
        let op = if self.client.dialect().is_old() { &ops::METADATA_GET } else { &ops::ASPECT_GET };
        self.client.id_op(op, "id", &self.id).call(decode::json)
    }

    /// Takes the record back: from now on it does not hold. It stays readable, and listings at a moment before still hold
    /// it.
    ///
    /// # Source
    /// IVCAP reference 7.7 and 7.8.
    pub fn retract(&self) -> Call<()> {
        let op = if self.client.dialect().is_old() { &ops::METADATA_DELETE } else { &ops::ASPECT_DELETE };
        self.client.id_op(op, "id", &self.id).call(decode::empty)
    }

    /// Takes the record back and says this instead; what is not given is taken over. Not in [`L23`](Dialect::L23).
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if it does not exist; [`Unsupported`](ErrorKind::Unsupported) in the oldest dialect.
    /// # Retry
    /// Not idempotent.
    /// # Source
    /// IVCAP reference 7.7.
    pub fn update(&self, aspect: &Value, changes: RecordChange) -> Call<model::Record> {
        self.client
            .id_op(&ops::METADATA_UPDATE, "id", &self.id)
            .check(check_policy(changes.policy.as_deref()))
            .query_opt("entity-id", changes.entity)
            .query_opt("schema", changes.schema)
            .query_opt("policy-id", changes.policy)
            .json(aspect)
            .call(added)
    }
}

/// What else changes when a record is [updated](Record::update).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct RecordChange {
    entity: Option<String>,
    schema: Option<String>,
    policy: Option<String>,
}

impl RecordChange {
    /// Nothing else.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another entity.
    pub fn entity(mut self, urn: impl Into<String>) -> Self {
        self.entity = Some(urn.into());
        self
    }

    /// Another schema.
    pub fn schema(mut self, urn: impl Into<String>) -> Self {
        self.schema = Some(urn.into());
        self
    }

    /// Another policy.
    pub fn policy(mut self, urn: impl Into<String>) -> Self {
        self.policy = Some(urn.into());
        self
    }
}
