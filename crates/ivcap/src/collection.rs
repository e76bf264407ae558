//! Collections: named sets of entities, kept as aspects (IVCAP reference 9.8). Modern dialect.

use jiff::Timestamp;
use pentad_core::work::Scope;
use pentad_core::{Call, Error, ErrorKind, List, Result, Work};
use serde_json::{Value, json};

use crate::client::Client;
use crate::metadata::NewRecord;
use crate::query::RecordQuery;
use crate::{model, ops};

/// Schema of the aspect that defines a collection.
pub(crate) const DEFINITION: &str = "urn:ivcap:schema:collection.1";
/// Schema of the aspects that make things its members.
pub(crate) const MEMBERSHIP: &str = "urn:ivcap:schema:collection-item.1";

/// A handle on one collection. Making one sends nothing.
#[derive(Clone, Debug)]
pub struct Collection {
    client: Client,
    urn: String,
}

impl Client {
    /// A collection by its URN; nothing is sent.
    pub fn collection(&self, urn: impl Into<String>) -> Collection {
        Collection { client: self.clone(), urn: urn.into() }
    }

    /// The definitions of collections; `name` is a condition of a JSON path such as `starts with "trip"`.
    ///
    /// # Source
    /// IVCAP reference 9.8.
    pub fn collections(&self, name: Option<&str>, at: Option<Timestamp>) -> List<model::Record> {
        let mut query = RecordQuery::new().schema(DEFINITION).filter("");
        if let Some(name) = name {
            query = query.path(format!("$.name ? (@ {name})"));
        }
        self.aspects(at.into_iter().fold(query, RecordQuery::at))
    }
}

impl Collection {
    /// The URN.
    pub fn urn(&self) -> &str {
        &self.urn
    }

    fn query(&self, schema: &str) -> RecordQuery {
        RecordQuery::new().entity(&self.urn).schema(schema).filter("")
    }

    /// Defines the collection, or defines it anew.
    ///
    /// # Source
    /// IVCAP reference 9.8, `create_collection`.
    pub fn create(&self, name: &str, description: Option<&str>, policy: Option<&str>) -> Work<model::Record> {
        let mut aspect = json!({"name": name});
        if let Some(description) = description {
            aspect["description"] = json!(description);
        }
        let mut record = NewRecord::new(&self.urn, aspect).schema(DEFINITION);
        if let Some(policy) = policy {
            record = record.policy(policy);
        }
        let list = self.client.aspects(self.query(DEFINITION).without_content()).page_size(1);
        let (client, preview) = (self.client.clone(), list.request());
        Work::new(self.client.session(), &ops::ASPECT_REPLACE, preview, move |scope| {
            Box::pin(async move {
                // Some platforms answer 403 when there is nothing to replace.
                let call = if scope.page(list).await?.items.is_empty() {
                    client.add_metadata(record)
                } else {
                    client.update_metadata(record)
                };
                scope.run(call).await
            })
        })
    }

    /// Reads the definition.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such collection.
    /// # Source
    /// IVCAP reference 9.8, `get_collection`.
    pub fn get(&self, at: Option<Timestamp>) -> Work<model::Record> {
        let query = at.into_iter().fold(self.query(DEFINITION), RecordQuery::at);
        let list = self.client.aspects(query).page_size(2);
        Work::new(self.client.session(), &ops::ASPECT_LIST, list.request(), move |scope| {
            Box::pin(async move { scope.page(list).await?.items.into_iter().next().ok_or_else(missing) })
        })
    }

    /// The members, as their membership records: `content["item"]` is the member.
    ///
    /// # Source
    /// IVCAP reference 9.8, `Collection.items`.
    pub fn items(&self, at: Option<Timestamp>) -> List<model::Record> {
        self.client.aspects(at.into_iter().fold(self.query(MEMBERSHIP), RecordQuery::at))
    }

    fn membership(&self, item: &str) -> List<model::Record> {
        let quoted = Value::from(item).to_string();
        let query = self.query(MEMBERSHIP).path(format!("$.item ? (@ == {quoted})"));
        self.client.aspects(query).page_size(1)
    }

    /// Adds a member; `None` if it is one already. Where the platform cannot tell, it is added.
    ///
    /// # Source
    /// IVCAP reference 9.8, `add_item`.
    pub fn add(&self, item: &str) -> Work<Option<model::Record>> {
        let found = self.membership(item);
        let aspect = json!({"collection": self.urn, "item": item});
        let record = NewRecord::new(&self.urn, aspect).schema(MEMBERSHIP);
        let (client, preview) = (self.client.clone(), found.request());
        Work::new(self.client.session(), &ops::ASPECT_CREATE, preview, move |scope| {
            Box::pin(async move {
                match scope.page(found).await {
                    Ok(page) if !page.items.is_empty() => return Ok(None),
                    Err(error) if error.status().is_none() => return Err(error),
                    _ => {}
                }
                scope.run(client.add_metadata(record)).await.map(Some)
            })
        })
    }

    /// Removes a member; `false` if it was none.
    ///
    /// # Source
    /// IVCAP reference 9.8, `remove_item`.
    pub fn remove(&self, item: &str) -> Work<bool> {
        let found = self.membership(item);
        let (client, preview) = (self.client.clone(), found.request());
        Work::new(self.client.session(), &ops::ASPECT_DELETE, preview, move |scope| {
            Box::pin(async move {
                let Some(record) = scope.page(found).await?.items.into_iter().next() else {
                    return Ok(false);
                };
                scope.run(retract(&client, &record)).await?;
                Ok(true)
            })
        })
    }

    /// Retracts all memberships and the definition; gives their number.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is no such collection.
    /// # Source
    /// IVCAP reference 9.8, `retract_collection`.
    pub fn retract(&self) -> Work<usize> {
        let (collection, preview) = (self.clone(), self.items(None).request());
        Work::new(self.client.session(), &ops::ASPECT_DELETE, preview, move |scope| {
            Box::pin(async move {
                let definition = scope.nested(collection.get(None)).await?;
                let members = collection.retract_all(&scope).await?;
                scope.run(retract(&collection.client, &definition)).await?;
                Ok(members + 1)
            })
        })
        .unlimited()
    }

    /// Pages keep the moment of the first one, so that what is retracted meanwhile hides nothing.
    async fn retract_all(&self, scope: &Scope) -> Result<usize> {
        let mut pages = scope.pages(self.items(None));
        let mut count = 0;
        while let Some(page) = pages.next().await.transpose()? {
            for record in page.items {
                scope.run(retract(&self.client, &record)).await?;
                count += 1;
            }
        }
        Ok(count)
    }
}

fn retract(client: &Client, record: &model::Record) -> Call<()> {
    client.record(&record.id).retract()
}

fn missing() -> Error {
    Error::new(ErrorKind::NotFound, "there is no such collection")
}
