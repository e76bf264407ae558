//! What is stored of each thing.

mod backup;
mod cluster;
mod configuration;
mod datastore;
mod guest;
mod instance;
mod module;
mod state;

pub(crate) use backup::{Backup, BackupState, Saved, Strategy};
pub(crate) use cluster::{Cluster, ClusterTask};
pub(crate) use configuration::Configuration;
pub(crate) use datastore::{Datastore, Flavor, Parameter, Quota, Version};
pub(crate) use guest::{Contents, Guest, GuestDatabase, GuestUser, Log};
pub(crate) use instance::{Fault, Gone, Instance, Root};
pub(crate) use module::{Applied, Module};
pub(crate) use state::{Health, ServerState, Task};

use jiff::Timestamp;

/// A moment as Trove writes it: UTC without a zone, whole seconds.
pub(crate) fn time_text(micros: i64) -> String {
    let at = Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX);
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
