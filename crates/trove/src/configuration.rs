//! Configuration groups (OpenStack reference C15).

use pentad_core::{Call, Draft, Error, List, Op, Result, Work, decode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::find::find;
use crate::new_instance::datastore;
use crate::{list, model, name, ops, wire};

/// A handle on one configuration group. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Configuration {
    client: Client,
    id: String,
}

/// A configuration group to be made.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct NewConfiguration {
    name: String,
    values: Map<String, Value>,
    description: Option<String>,
    datastore: [Option<String>; 3],
}

impl NewConfiguration {
    /// A group of settings.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A setting, such as `max_connections`.
    pub fn set(mut self, parameter: impl Into<String>, value: impl Into<Value>) -> Self {
        self.values.insert(parameter.into(), value.into());
        self
    }

    /// Many settings, in place of those before.
    pub fn values(mut self, values: Map<String, Value>) -> Self {
        self.values = values;
        self
    }

    /// Free text.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// For this datastore; its default version if none is named.
    pub fn datastore(mut self, name: impl Into<String>) -> Self {
        self.datastore[0] = Some(name.into());
        self
    }

    /// For this version of the datastore.
    pub fn datastore_version(mut self, version: impl Into<String>) -> Self {
        self.datastore[1] = Some(version.into());
        self
    }

    /// For this number of the version.
    pub fn datastore_version_number(mut self, number: impl Into<String>) -> Self {
        self.datastore[2] = Some(number.into());
        self
    }

    fn check(&self) -> Result<()> {
        name::name("name", &self.name)
    }

    fn body(&self) -> Value {
        let mut body = Map::from_iter([
            ("name".to_owned(), json!(self.name)),
            ("values".to_owned(), json!(self.values)),
        ]);
        body.extend(datastore(&self.datastore).map(|parts| ("datastore".to_owned(), parts)));
        body.extend(self.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
        json!({ "configuration": body })
    }
}

/// A change of a configuration group. Values, if named, take the place of all there are.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[must_use]
pub struct ConfigurationUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Map<String, Value>>,
}

impl ConfigurationUpdate {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Another text.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// All values, in place of those there are.
    pub fn values(mut self, values: Map<String, Value>) -> Self {
        self.values = Some(values);
        self
    }

    fn check(&self) -> Result<()> {
        if *self == Self::default() {
            return Err(Error::invalid("configuration", "changes nothing"));
        }
        self.name.as_deref().map_or(Ok(()), |text| name::name("name", text))
    }
}

impl Client {
    /// The configuration groups of the project.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn configurations(&self) -> List<model::ConfigurationSummary> {
        list::of(self.op(&ops::CONFIGURATION_LIST))
    }

    /// Makes a configuration group.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for settings that the version does not know, or values out of range.
    /// # Source
    /// OpenStack reference C15.
    pub fn create_configuration(&self, configuration: &NewConfiguration) -> Call<model::Configuration> {
        let draft = self.op(&ops::CONFIGURATION_CREATE).check(configuration.check());
        draft.json(&configuration.body()).call(wire::one)
    }

    /// The configuration group of this id, or else of this name.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound); [`Conflict`](pentad_core::ErrorKind::Conflict) for a name that several have.
    /// # Source
    /// OpenStack reference A17.
    pub fn find_configuration(&self, id_or_name: &str) -> Work<model::Configuration> {
        let get = |client: &Self, id: &str| client.configuration(id).op(&ops::CONFIGURATION_GET);
        let all = self.configurations();
        find::<model::Configuration, _>(self, id_or_name, get, all, |found| (&found.id, &found.name))
    }
}

impl Configuration {
    pub(crate) fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(name::id("configuration", &self.id)).arg("configuration", self.id.as_str())
    }

    /// Reads the group with its values.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn get(&self) -> Call<model::Configuration> {
        self.op(&ops::CONFIGURATION_GET).call(wire::one)
    }

    /// The instances that have it attached.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn instances(&self) -> List<model::NamedInstance> {
        list::of(self.op(&ops::CONFIGURATION_INSTANCES))
    }

    /// Changes the group. Values that are not named are gone.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn update(&self, update: &ConfigurationUpdate) -> Call<()> {
        let draft = self.op(&ops::CONFIGURATION_REPLACE).check(update.check());
        draft.json(&json!({ "configuration": update })).call(decode::empty)
    }

    /// Changes some values; the others stay.
    ///
    /// # Source
    /// OpenStack reference C15.
    pub fn set(&self, values: &Map<String, Value>) -> Call<()> {
        let draft = self.op(&ops::CONFIGURATION_EDIT);
        draft.json(&json!({ "configuration": { "values": values } })).call(decode::empty)
    }

    /// Removes the group.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) while an instance has it attached.
    /// # Source
    /// OpenStack reference C15.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::CONFIGURATION_DELETE).call(decode::empty)
    }
}
