//! Limits and quotas (OpenStack reference C3, C16 and C19).

use std::collections::BTreeMap;

use pentad_core::{Call, Error, List};
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::{list, model, name, ops, wire};

impl Client {
    /// What the project may have, and how often it may call.
    ///
    /// # Source
    /// OpenStack reference C16.
    pub fn limits(&self) -> Call<model::Limits> {
        self.op(&ops::LIMIT_LIST).call(model::limits)
    }

    /// What a project may use, and uses. Everyone may ask about their own.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn quotas(&self, project: &str) -> List<model::Quota> {
        list::of(self.op(&ops::QUOTA_GET).check(name::id("project", project)).arg("project", project))
    }

    /// Changes what a project may use, for administrators; -1 is no limit. Gives back what was set.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) for an unknown resource.
    /// # Source
    /// OpenStack reference C19.
    pub fn set_quotas(&self, project: &str, quotas: &BTreeMap<String, i64>) -> Call<Map<String, Value>> {
        let draft = self.op(&ops::QUOTA_UPDATE).check(name::id("project", project)).arg("project", project);
        let draft = match quotas.iter().find(|(_, limit)| **limit < -1) {
            Some((resource, _)) => draft.refuse(Error::invalid(resource, "must not be below -1")),
            None if quotas.is_empty() => draft.refuse(Error::invalid("quotas", "changes nothing")),
            None => draft,
        };
        draft.json(&json!({ "quotas": quotas })).call(wire::quotas)
    }
}
