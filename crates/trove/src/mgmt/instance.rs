//! Instances of all projects.

use pentad_core::{Call, Draft, List, Op, decode};
use serde::Serialize;
use serde_json::{Value, json};

use super::Mgmt;
use crate::client::Client;
use crate::{list, model, name, ops, wire};

/// Which instances administrators list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct ManagedQuery {
    deleted: Option<bool>,
    include_clustered: bool,
    project: Option<String>,
}

impl ManagedQuery {
    /// All instances, whether gone or not.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those that are gone, or only those that are not.
    pub const fn deleted(mut self, deleted: bool) -> Self {
        self.deleted = Some(deleted);
        self
    }

    /// Also members of clusters.
    pub const fn include_clustered(mut self, include: bool) -> Self {
        self.include_clustered = include;
        self
    }

    /// Only those of this project.
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.project = Some(id.into());
        self
    }
}

/// What an agent is upgraded to; the service decides what is not named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[must_use]
pub struct Upgrade {
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
}

impl Upgrade {
    /// What the service decides.
    pub fn new() -> Self {
        Self::default()
    }

    /// To this version.
    pub fn instance_version(mut self, version: impl Into<String>) -> Self {
        self.instance_version = Some(version.into());
        self
    }

    /// From this place.
    pub fn location(mut self, place: impl Into<String>) -> Self {
        self.location = Some(place.into());
        self
    }

    /// With this information for the agent.
    pub fn metadata(mut self, text: impl Into<String>) -> Self {
        self.metadata = Some(text.into());
        self
    }
}

/// A handle on one instance of any project. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct ManagedInstance {
    client: Client,
    id: String,
}

impl Mgmt {
    /// The instances of all projects.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn instances(&self, query: &ManagedQuery) -> List<model::ManagedInstance> {
        let draft = self.client.op(&ops::MGMT_INSTANCE_LIST);
        let draft = draft.query_opt("deleted", query.deleted.map(|deleted| deleted.to_string()));
        let draft = if query.include_clustered { draft.query("include_clustered", "true") } else { draft };
        list::of(draft.query_opt("project_id", query.project.as_deref()))
    }

    /// An instance of any project; nothing is sent.
    pub fn instance(&self, id: impl Into<String>) -> ManagedInstance {
        ManagedInstance { client: self.client.clone(), id: id.into() }
    }
}

impl ManagedInstance {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(name::id("instance", &self.id)).arg("instance", self.id.as_str())
    }

    /// Reads the instance with its server and volume; one that is gone, too, if asked for.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn get(&self, deleted: bool) -> Call<model::ManagedInstance> {
        let draft = self.op(&ops::MGMT_INSTANCE_GET);
        if deleted { draft.query("deleted", "true") } else { draft }.call(wire::one)
    }

    fn action(&self, body: &Value) -> Call<()> {
        self.op(&ops::MGMT_INSTANCE_ACTION).json(body).call(decode::empty)
    }

    /// Stops the database.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn stop(&self) -> Call<()> {
        self.action(&json!({ "stop": {} }))
    }

    /// Restarts the server.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn reboot(&self) -> Call<()> {
        self.action(&json!({ "reboot": {} }))
    }

    /// Moves the server to another machine, of one's own choice or the cloud's.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn migrate(&self, host: Option<&str>) -> Call<()> {
        self.action(&match host {
            Some(host) => json!({ "migrate": { "host": host } }),
            None => json!({ "migrate": {} }),
        })
    }

    /// Forgets what the service was doing with the instance.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn reset_task_status(&self) -> Call<()> {
        self.action(&json!({ "reset-task-status": {} }))
    }

    /// Makes the server anew from an image.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn rebuild(&self, image: &str) -> Call<()> {
        let draft = self.op(&ops::MGMT_INSTANCE_ACTION).check(name::uuid("image", image));
        draft.json(&json!({ "rebuild": { "image_id": image } })).call(decode::empty)
    }

    /// Who enabled root, and when.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn root_history(&self) -> Call<model::RootHistory> {
        self.op(&ops::MGMT_INSTANCE_ROOT).call(wire::one)
    }

    /// Memory and threads of its agent.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn diagnostics(&self) -> Call<model::Diagnostics> {
        self.op(&ops::MGMT_INSTANCE_DIAGNOSTICS).call(wire::one)
    }

    /// Memory and processors of its server.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn hardware(&self) -> Call<model::HardwareInfo> {
        self.op(&ops::MGMT_INSTANCE_HWINFO).call(wire::one)
    }

    /// Asks its agent whether it is there.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn ping(&self) -> Call<()> {
        self.op(&ops::MGMT_INSTANCE_PING).call(decode::empty)
    }

    /// Upgrades its agent.
    ///
    /// # Source
    /// OpenStack reference C19.
    pub fn upgrade(&self, upgrade: &Upgrade) -> Call<()> {
        self.op(&ops::MGMT_INSTANCE_UPGRADE).json(&json!({ "upgrade": upgrade })).call(decode::empty)
    }
}
