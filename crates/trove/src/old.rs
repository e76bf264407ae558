//! What only old services have (OpenStack reference C20). Current ones answer
//! [`NotFound`](pentad_core::ErrorKind::NotFound). Answers are JSON: they were never fixed.

use pentad_core::{Call, Draft, List, Op, decode};
use serde_json::{Value, json};

use crate::client::Client;
use crate::{list, model, name, ops, wire};

/// The operations of old services. Making it sends nothing.
#[derive(Debug, Clone)]
pub struct Old {
    client: Client,
}

impl Old {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    fn op(&self, op: &'static Op, field: &str, id: &str) -> Draft {
        self.client.op(op).check(name::id(field, id)).arg(field, id)
    }

    fn entry(&self, op: &'static Op, instance: &str, key: &str) -> Draft {
        self.op(op, "instance", instance).check(name::id("key", key)).arg("key", key)
    }

    /// Metadata of an instance.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn metadata(&self, instance: &str) -> Call<Value> {
        self.op(&ops::METADATA_LIST, "instance", instance).call(wire::one)
    }

    /// One entry of metadata.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn metadata_entry(&self, instance: &str, key: &str) -> Call<Value> {
        self.entry(&ops::METADATA_GET, instance, key).call(wire::one)
    }

    /// Makes an entry of metadata.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn create_metadata(&self, instance: &str, key: &str, value: &Value) -> Call<Value> {
        let draft = self.entry(&ops::METADATA_CREATE, instance, key);
        draft.json(&json!({ "metadata": { "value": value } })).call(wire::one)
    }

    /// Gives an entry of metadata another key and value.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn update_metadata(&self, instance: &str, key: &str, new_key: &str, value: &Value) -> Call<()> {
        let draft = self.entry(&ops::METADATA_UPDATE, instance, key);
        draft.json(&json!({ "metadata": { "key": new_key, "value": value } })).call(decode::empty)
    }

    /// Gives an entry of metadata another value.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn edit_metadata(&self, instance: &str, key: &str, value: &Value) -> Call<()> {
        let draft = self.entry(&ops::METADATA_EDIT, instance, key);
        draft.json(&json!({ "metadata": { "value": value } })).call(decode::empty)
    }

    /// Removes an entry of metadata.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn delete_metadata(&self, instance: &str, key: &str) -> Call<()> {
        self.entry(&ops::METADATA_DELETE, instance, key).call(decode::empty)
    }

    /// Security groups of instances.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn security_groups(&self) -> List<Value> {
        list::of(self.client.op(&ops::SECURITY_GROUP_LIST))
    }

    /// One security group.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn security_group(&self, id: &str) -> Call<Value> {
        self.op(&ops::SECURITY_GROUP_GET, "group", id).call(wire::one)
    }

    /// Lets a network in.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn create_security_group_rule(&self, group: &str, cidr: &str) -> Call<Value> {
        let draft = self.client.op(&ops::SECURITY_GROUP_RULE_CREATE).check(name::cidr(cidr));
        draft.json(&json!({ "security_group_rule": { "group_id": group, "cidr": cidr } })).call(decode::value)
    }

    /// Shuts a network out.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn delete_security_group_rule(&self, id: &str) -> Call<()> {
        self.op(&ops::SECURITY_GROUP_RULE_DELETE, "rule", id).call(decode::empty)
    }

    /// Volume types. Current services list them per version of a datastore.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn volume_types(&self) -> List<model::VolumeType> {
        list::of(self.client.op(&ops::VOLUME_TYPE_LIST))
    }

    /// One volume type.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn volume_type(&self, id: &str) -> Call<model::VolumeType> {
        self.op(&ops::VOLUME_TYPE_GET, "volume_type", id).call(wire::one)
    }

    /// Accounts that have instances.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn accounts(&self) -> Call<Value> {
        self.client.op(&ops::ACCOUNT_LIST).call(decode::value)
    }

    /// One account and its instances.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn account(&self, id: &str) -> Call<Value> {
        self.op(&ops::ACCOUNT_GET, "account", id).call(wire::one)
    }

    /// Machines of the cloud.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn hosts(&self) -> List<Value> {
        list::of(self.client.op(&ops::HOST_LIST))
    }

    /// One machine and its instances.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn host(&self, name: &str) -> Call<Value> {
        self.op(&ops::HOST_GET, "host", name).call(wire::one)
    }

    /// Updates the agents of a machine.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn update_host(&self, name: &str) -> Call<()> {
        self.op(&ops::HOST_ACTION, "host", name).json(&json!({ "update": "" })).call(decode::empty)
    }

    /// Storage of the cloud.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn storage(&self) -> List<Value> {
        list::of(self.client.op(&ops::STORAGE_LIST))
    }

    /// Makes a flavor from the document of the original, `{"name", "ram", "disk", "vcpu", …}`.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) from a service of today.
    /// # Source
    /// OpenStack reference C20.
    pub fn create_flavor(&self, flavor: &Value) -> Call<model::Flavor> {
        self.client.op(&ops::MGMT_FLAVOR_CREATE).json(&json!({ "flavor": flavor })).call(wire::one)
    }
}
