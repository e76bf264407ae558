//! Names of things for the shell's completion.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;

use super::Db;
use crate::command::complete;

/// Instances of the project.
pub(super) fn instances(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Db>(current, "trove.instance.list", "name")
}

/// Configuration groups of the project.
pub(super) fn configurations(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Db>(current, "trove.configuration.list", "name")
}

/// Clusters of the project.
pub(super) fn clusters(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Db>(current, "trove.cluster.list", "name")
}

/// Datastores.
pub(super) fn datastores(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Db>(current, "trove.datastore.list", "name")
}
