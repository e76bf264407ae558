#![doc = include_str!("../README.md")]

mod backup;
mod client;
mod cluster;
mod configuration;
mod connect;
mod database;
mod datastore;
mod error;
mod find;
mod flavor;
mod instance;
mod list;
mod log;
pub mod mgmt;
pub mod model;
mod module;
pub mod name;
mod new_instance;
pub mod old;
pub mod ops;
mod quota;
mod raw;
mod root;
mod schedule;
mod tls;
mod user;
mod wait;
mod wire;

// The client and how it is made.
pub use client::Client;
pub use connect::{ClientBuilder, SERVICE_TYPE};

// Handles, and what is given to them.
pub use backup::{Backup, BackupQuery, NewBackup, RestoreFrom};
pub use cluster::{Cluster, NewCluster, NewMember};
pub use configuration::{Configuration, ConfigurationUpdate, NewConfiguration};
pub use database::NewDatabase;
pub use datastore::{Datastore, DatastoreVersion};
pub use instance::{Access, Instance, InstanceQuery, InstanceUpdate};
pub use log::{Log, LogChange};
pub use module::{Module, ModuleInstances, ModuleUpdate, NewModule, Reapply};
pub use new_instance::{NewInstance, Nic};
pub use schedule::NewSchedule;
pub use tls::TlsChange;
pub use user::{DatabaseUser, NewUser, UserUpdate};
pub use wait::{InstanceGoal, reached};

// Names, checked.
pub use name::{Locality, UserName};

// Errors.
pub use error::{ErrorExt, details};
