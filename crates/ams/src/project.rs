//! Projects.

use http::StatusCode;
use pentad_core::{Call, Draft, Op, Result, decode};
use serde_json::{Map, Value, json};

use crate::client::{Client, named};
use crate::model::{self, Metric};
use crate::{list, name, ops, wire};

/// A handle on one project. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Project {
    pub(crate) client: Client,
    pub(crate) name: String,
}

/// Changes to a project; what is not set stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectUpdate {
    name: Option<String>,
    description: Option<String>,
}

impl ProjectUpdate {
    /// Nothing set yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Renames the project.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the free text; the service takes an empty one as no change.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    fn body(&self) -> Result<Value> {
        let mut body = Map::new();
        if let Some(text) = &self.description {
            body.insert("description".to_owned(), text.clone().into());
        }
        if let Some(name) = &self.name {
            name::check("name", name)?;
            body.insert("name".to_owned(), name.clone().into());
        }
        Ok(body.into())
    }
}

impl Client {
    /// All projects of the service. The service does not page them.
    ///
    /// # Source
    /// AMS reference 10.1.
    pub fn projects(&self) -> Call<Vec<model::Project>> {
        self.op(&ops::PROJECT_LIST).call(list::whole)
    }
}

impl Project {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn op(&self, op: &'static Op) -> Draft {
        named(self.client.op(op), "project", &self.name)
    }

    /// Reads the project.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist; this is said before the credential is checked.
    /// # Source
    /// AMS reference 10.1.
    pub fn get(&self) -> Call<model::Project> {
        self.op(&ops::PROJECT_GET).call(decode::json)
    }

    /// Reads the project, or nothing if it does not exist.
    ///
    /// # Source
    /// AMS reference 10.1.
    pub fn find(&self) -> Call<Option<model::Project>> {
        self.op(&ops::PROJECT_GET).accept(|status, _| status == StatusCode::NOT_FOUND).call(wire::found)
    }

    /// Creates the project.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if it exists.
    /// # Source
    /// AMS reference 10.1.
    pub fn create(&self, description: &str) -> Call<model::Project> {
        self.op(&ops::PROJECT_CREATE).json(&json!({ "description": description })).call(decode::json)
    }

    /// Changes the project.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if the new name is taken.
    /// # Source
    /// AMS reference 10.1.
    pub fn update(&self, update: &ProjectUpdate) -> Call<model::Project> {
        let draft = self.op(&ops::PROJECT_UPDATE);
        match update.body() {
            Ok(body) => draft.json(&body),
            Err(error) => draft.refuse(error),
        }
        .call(decode::json)
    }

    /// Deletes the project with its topics and subscriptions. Users stay.
    ///
    /// # Source
    /// AMS reference 10.1.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::PROJECT_DELETE).call(decode::empty)
    }

    /// Counters: topics, subscriptions, the same per user, messages per day.
    ///
    /// # Source
    /// AMS reference 8.6.
    pub fn metrics(&self) -> Call<Vec<Metric>> {
        self.op(&ops::PROJECT_METRICS).call(wire::metrics)
    }
}
