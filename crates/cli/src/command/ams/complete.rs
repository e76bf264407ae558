//! Names of AMS things for the shell's completion.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;

use super::Ams;
use crate::command::complete;

/// Topics of the project.
pub(super) fn topics(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Ams>(current, "ams.topic.list", "name")
}

/// Subscriptions of the project.
pub(super) fn subscriptions(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Ams>(current, "ams.subscription.list", "name")
}
