//! One file per resource.

pub(super) mod artifacts;
pub(super) mod aspects;
pub(super) mod blob;
pub(super) mod document;
pub(super) mod job_events;
pub(super) mod jobs;
pub(super) mod metadata;
pub(super) mod orders;
pub(super) mod record;
pub(super) mod services;
pub(super) mod tasks;
