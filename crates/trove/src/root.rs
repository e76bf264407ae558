//! The user root of an instance or a cluster (OpenStack reference C12).

use pentad_core::{Call, Draft, Secret, decode};
use serde_json::json;

use crate::cluster::Cluster;
use crate::instance::Instance;
use crate::{model, ops, wire};

/// Without a password the service makes one, and wants no body at all then.
fn enable(draft: Draft, password: Option<&Secret>) -> Call<model::RootUser> {
    match password {
        Some(password) => draft.json(&json!({ "password": password.expose() })),
        None => draft,
    }
    .call(wire::one)
}

impl Instance {
    /// Whether root was ever enabled.
    ///
    /// # Source
    /// OpenStack reference C12.
    pub fn is_root_enabled(&self) -> Call<bool> {
        self.op(&ops::ROOT_GET).call(wire::root_enabled)
    }

    /// Enables root, with a password of one's own or one that the service makes. Each call sets it anew.
    ///
    /// # Source
    /// OpenStack reference C12.
    pub fn enable_root(&self, password: Option<&Secret>) -> Call<model::RootUser> {
        enable(self.op(&ops::ROOT_ENABLE), password)
    }

    /// Disables root.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it was never enabled.
    /// # Source
    /// OpenStack reference C12.
    pub fn disable_root(&self) -> Call<()> {
        self.op(&ops::ROOT_DISABLE).call(decode::empty)
    }
}

impl Cluster {
    /// Whether root was ever enabled.
    ///
    /// # Source
    /// OpenStack reference C12.
    pub fn is_root_enabled(&self) -> Call<bool> {
        self.op(&ops::CLUSTER_ROOT_GET).call(wire::root_enabled)
    }

    /// Enables root, with a password of one's own or one that the service makes.
    ///
    /// # Source
    /// OpenStack reference C12.
    pub fn enable_root(&self, password: Option<&Secret>) -> Call<model::RootUser> {
        enable(self.op(&ops::CLUSTER_ROOT_ENABLE), password)
    }
}
