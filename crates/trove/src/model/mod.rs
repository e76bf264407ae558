//! What the service says about its things.
//!
//! Answers of services of any age are read: what an older one lacks is `None` or empty.

mod backup;
mod cluster;
mod configuration;
mod datastore;
mod instance;
mod log;
mod mgmt;
mod module;
mod other;
mod status;
mod time;
mod user;

pub use backup::{Backup, BackupDatastore, BackupStrategy, Execution, Schedule};
pub use cluster::{Cluster, ClusterTask, Member};
pub use configuration::{Configuration, ConfigurationSummary, NamedInstance, Parameter};
pub use datastore::{Datastore, DatastoreVersion};
pub use instance::{
    Access, Address, ConfigurationRef, DatastoreRef, Fault, FlavorRef, Instance, InstanceRef, LocalStorage,
    Volume,
};
pub use log::{Log, LogStatus, LogType, Part, Tls, TlsCertificate};
pub use mgmt::{
    Diagnostics, GuestStatus, HardwareInfo, ManagedDatastoreVersion, ManagedInstance, ManagedServer, Quota,
    RootHistory,
};
pub use module::{InstanceModule, Module, ModuleCount};
pub use other::{AbsoluteLimits, Flavor, Limits, RateLimit, ServiceVersion, VolumeType};
pub use status::{BackupStatus, ClusterTaskName, OperatingStatus, Status};
pub use user::{Database, RootUser, User};

pub(crate) use other::limits;
