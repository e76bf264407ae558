//! What answers the calls, one file per kind of thing.

pub(crate) mod actions;
pub(crate) mod backups;
pub(crate) mod clusters;
pub(crate) mod configurations;
pub(crate) mod create;
pub(crate) mod databases;
pub(crate) mod datastores;
pub(crate) mod flavors;
pub(crate) mod home;
pub(crate) mod instances;
pub(crate) mod logs;
pub(crate) mod mgmt;
pub(crate) mod modules;
pub(crate) mod root;
pub(crate) mod tls;
pub(crate) mod update;
pub(crate) mod users;
