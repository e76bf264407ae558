//! One file per resource.

pub(super) mod artifacts;
pub(super) mod aspects;
pub(super) mod blob;
pub(super) mod dashboards;
pub(super) mod document;
pub(super) mod job_events;
pub(super) mod jobs;
pub(super) mod login;
pub(super) mod metadata;
pub(super) mod orders;
pub(super) mod packages;
pub(super) mod projects;
pub(super) mod queues;
pub(super) mod record;
pub(super) mod search;
pub(super) mod secrets;
pub(super) mod services;
pub(super) mod tasks;
