//! What administrators do (OpenStack reference C19). Everyone else is answered with
//! [`needs_admin`](crate::ErrorExt::needs_admin).

mod datastore;
mod instance;

pub use datastore::{NewDatastoreVersion, NewParameter};
pub use instance::{ManagedInstance, ManagedQuery, Upgrade};

use pentad_core::{Call, List, decode};
use serde_json::json;

use crate::client::Client;
use crate::{list, model, name, ops, wire};

/// The operations of administrators. Making it sends nothing.
#[derive(Debug, Clone)]
pub struct Mgmt {
    client: Client,
}

impl Mgmt {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The clusters of all projects.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn clusters(&self, deleted: Option<bool>) -> List<model::Cluster> {
        let deleted = deleted.map(|deleted| deleted.to_string());
        list::of(self.client.op(&ops::MGMT_CLUSTER_LIST).query_opt("deleted", deleted))
    }

    /// Reads any cluster.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn cluster(&self, id: &str) -> Call<model::Cluster> {
        let draft = self.client.op(&ops::MGMT_CLUSTER_GET).check(name::id("cluster", id));
        draft.arg("cluster", id).call(wire::one)
    }

    /// Forgets what the service was doing with a cluster.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn reset_cluster_task(&self, id: &str) -> Call<()> {
        let draft = self.client.op(&ops::MGMT_CLUSTER_ACTION).check(name::id("cluster", id));
        draft.arg("cluster", id).json(&json!({ "reset-task": {} })).call(decode::empty)
    }
}
