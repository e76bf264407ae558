//! What a thing is made of, said attribute by attribute.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Resource;

/// Attributes for [`Manager::create`](super::Manager::create) and [`Manager::update`](super::Manager::update), as the
/// original's keyword arguments: what is `None` is left out, and a thing stands for its id (OpenStack reference A16.5).
///
/// # Example
/// ```
/// use pentad_openstack::manager::Fields;
/// let fields = Fields::new().with("name", "ann").with_opt("email", None::<&str>).with("enabled", true);
/// assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"name":"ann","enabled":true}"#);
/// ```
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Sets an attribute if there is a value.
    #[must_use]
    pub fn with_opt(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Sets `<name>_id` to the id of a thing.
    #[must_use]
    pub fn with_id(self, name: &str, thing: &impl Resource) -> Self {
        self.with(&format!("{name}_id"), thing.id())
    }
}

impl fmt::Debug for Fields {
    /// Names only: a new user's password is among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fields").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}
