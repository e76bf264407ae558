//! Names of Zaqar things for the shell's completion.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;

use super::Zaqar;
use crate::command::complete;

/// Queues of the project.
pub(super) fn queues(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Zaqar>(current, "zaqar.queue.list", "name")
}
