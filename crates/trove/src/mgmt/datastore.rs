//! Versions of datastores and their settings.

use pentad_core::{Call, Draft, Error, List, Op, Result, decode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Mgmt;
use crate::{list, model, name, ops, wire};

/// Most tags by which an image is found.
const TAGS: usize = 5;

/// What a version of a datastore is, or what changes of one.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct NewDatastoreVersion {
    fields: Map<String, Value>,
}

impl NewDatastoreVersion {
    /// A version to be registered, and its datastore with it if there is none of that name.
    pub fn new(name: impl Into<String>, datastore: impl Into<String>, manager: impl Into<String>) -> Self {
        Self::default()
            .say("name", name.into())
            .say("datastore_name", datastore.into())
            .say("datastore_manager", manager.into())
            .say("packages", Vec::<Value>::new())
            .active(true)
    }

    /// No change of a version that is there.
    pub fn change() -> Self {
        Self::default()
    }

    fn say(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// Another name; for changes.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.say("name", name.into())
    }

    /// Another manager; for changes.
    pub fn manager(self, name: impl Into<String>) -> Self {
        self.say("datastore_manager", name.into())
    }

    /// Servers are made of this image.
    pub fn image(self, id: impl Into<String>) -> Self {
        self.say("image", id.into())
    }

    /// Servers are made of the newest image with these tags, 5 at most.
    pub fn image_tags<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Self {
        self.say("image_tags", words(tags))
    }

    /// Packages that are installed.
    pub fn packages<T: Into<String>>(self, names: impl IntoIterator<Item = T>) -> Self {
        self.say("packages", words(names))
    }

    /// Whether it can be used. Default for new ones: yes.
    pub fn active(self, active: bool) -> Self {
        self.say("active", active)
    }

    /// Whether it is its datastore's default.
    pub fn default_version(self, default: bool) -> Self {
        self.say("default", default)
    }

    /// Its number; for new ones.
    pub fn version(self, number: impl Into<String>) -> Self {
        self.say("version", number.into())
    }

    /// Further managers.
    pub fn registry_ext(self, text: impl Into<String>) -> Self {
        self.say("registry_ext", text.into())
    }

    /// How replicas are made.
    pub fn repl_strategy(self, text: impl Into<String>) -> Self {
        self.say("repl_strategy", text.into())
    }

    fn check(&self) -> Result<()> {
        if self.fields.is_empty() {
            return Err(Error::invalid("version", "changes nothing"));
        }
        let tags = self.fields.get("image_tags").and_then(Value::as_array).map_or(0, Vec::len);
        if tags > TAGS {
            return Err(Error::invalid("image_tags", format!("must not be more than {TAGS}")));
        }
        Ok(())
    }

    fn check_new(&self) -> Result<()> {
        self.check()?;
        if !["image", "image_tags"].iter().any(|key| self.fields.contains_key(*key)) {
            return Err(Error::invalid("image", "is missing; so are tags to find one by"));
        }
        Ok(())
    }
}

fn words<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Vec<Value> {
    words.into_iter().map(|word| json!(word.into())).collect()
}

/// A setting that a version of a datastore knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewParameter {
    name: String,
    restart_required: u8,
    data_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_size: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_size: Option<i64>,
}

impl NewParameter {
    /// A number.
    pub fn integer(name: impl Into<String>) -> Self {
        Self::of(name.into(), "integer")
    }

    /// A text.
    pub fn string(name: impl Into<String>) -> Self {
        Self::of(name.into(), "string")
    }

    const fn of(name: String, data_type: &'static str) -> Self {
        Self { name, restart_required: 0, data_type, max_size: None, min_size: None }
    }

    /// Whether a change takes effect with the next restart only.
    pub fn restart_required(mut self, required: bool) -> Self {
        self.restart_required = u8::from(required);
        self
    }

    /// Its largest value, or longest text.
    pub const fn max(mut self, most: i64) -> Self {
        self.max_size = Some(most);
        self
    }

    /// Its smallest value, or shortest text.
    pub const fn min(mut self, least: i64) -> Self {
        self.min_size = Some(least);
        self
    }

    fn body(&self) -> Value {
        json!({ "configuration-parameter": self })
    }
}

impl Mgmt {
    fn version_op(&self, op: &'static Op, version: &str) -> Draft {
        self.client.op(op).check(name::id("version", version)).arg("version", version)
    }

    /// The versions of all datastores, those that cannot be used included.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn datastore_versions(&self) -> List<model::ManagedDatastoreVersion> {
        list::of(self.client.op(&ops::MGMT_VERSION_LIST))
    }

    /// Reads a version.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn datastore_version(&self, id: &str) -> Call<model::ManagedDatastoreVersion> {
        self.version_op(&ops::MGMT_VERSION_GET, id).call(wire::one)
    }

    /// Registers a version.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if its name is taken, and before sending without image and tags.
    /// # Source
    /// OpenStack reference C19.
    pub fn create_datastore_version(&self, version: &NewDatastoreVersion) -> Call<()> {
        let draft = self.client.op(&ops::MGMT_VERSION_CREATE).check(version.check_new());
        draft.json(&json!({ "version": version.fields })).call(decode::empty)
    }

    /// Changes a version.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn update_datastore_version(&self, id: &str, change: &NewDatastoreVersion) -> Call<()> {
        let draft = self.version_op(&ops::MGMT_VERSION_UPDATE, id).check(change.check());
        draft.json(&change.fields).call(decode::empty)
    }

    /// Removes a version.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) while an instance uses it.
    /// # Source
    /// OpenStack reference C19.
    pub fn delete_datastore_version(&self, id: &str) -> Call<()> {
        self.version_op(&ops::MGMT_VERSION_DELETE, id).call(decode::empty)
    }

    /// The settings that a version knows, removed ones included.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn parameters(&self, version: &str) -> List<model::Parameter> {
        list::of(self.version_op(&ops::MGMT_PARAMETER_LIST, version))
    }

    /// Reads a setting, a removed one too.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn parameter(&self, version: &str, name: &str) -> Call<model::Parameter> {
        self.version_op(&ops::MGMT_PARAMETER_GET, version).arg("parameter", name).call(decode::json)
    }

    /// Makes a setting known.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn create_parameter(&self, version: &str, parameter: &NewParameter) -> Call<()> {
        let draft = self.version_op(&ops::MGMT_PARAMETER_CREATE, version);
        draft.json(&parameter.body()).call(decode::empty)
    }

    /// Changes a setting.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn update_parameter(&self, version: &str, parameter: &NewParameter) -> Call<()> {
        let draft = self.version_op(&ops::MGMT_PARAMETER_UPDATE, version);
        draft.arg("parameter", parameter.name.as_str()).json(&parameter.body()).call(decode::empty)
    }

    /// Removes a setting.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if there is none of that name.
    /// # Source
    /// OpenStack reference C19.
    pub fn delete_parameter(&self, version: &str, name: &str) -> Call<()> {
        let draft = self.version_op(&ops::MGMT_PARAMETER_DELETE, version);
        draft.arg("parameter", name).call(decode::empty)
    }
}
