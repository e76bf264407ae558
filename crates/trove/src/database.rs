//! Databases of an instance (OpenStack reference C10).

use pentad_core::{Call, Error, List, Result, decode};
use serde::Serialize;
use serde_json::json;

use crate::instance::Instance;
use crate::{list, model, name, ops};

/// A database to be made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[must_use]
pub struct NewDatabase {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    character_set: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collate: Option<String>,
}

impl NewDatabase {
    /// A database of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// With this character set, such as `utf8`.
    pub fn character_set(mut self, name: impl Into<String>) -> Self {
        self.character_set = Some(name.into());
        self
    }

    /// With this order of texts, such as `utf8_general_ci`.
    pub fn collate(mut self, name: impl Into<String>) -> Self {
        self.collate = Some(name.into());
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        name::id("database", &self.name)
    }
}

impl From<&str> for NewDatabase {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl Instance {
    /// The databases of the instance, by name.
    ///
    /// # Source
    /// OpenStack reference C10.
    pub fn databases(&self) -> List<model::Database> {
        list::of(self.op(&ops::DATABASE_LIST))
    }

    /// Makes databases.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a name that is taken or reserved.
    /// # Source
    /// OpenStack reference C10.
    pub fn create_databases(&self, databases: &[NewDatabase]) -> Call<()> {
        let draft = self.op(&ops::DATABASE_CREATE).check(some("databases", databases));
        let draft = draft.check(databases.iter().try_for_each(NewDatabase::check));
        draft.json(&json!({ "databases": databases })).call(decode::empty)
    }

    /// Removes a database.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if there is none of that name.
    /// # Source
    /// OpenStack reference C10.
    pub fn delete_database(&self, name: &str) -> Call<()> {
        self.op(&ops::DATABASE_DELETE).arg("database", name).call(decode::empty)
    }
}

/// Refuses an empty list, of which the service would make nothing.
pub(crate) fn some<T>(field: &str, things: &[T]) -> Result<()> {
    if things.is_empty() { Err(Error::invalid(field, "needs at least one")) } else { Ok(()) }
}
