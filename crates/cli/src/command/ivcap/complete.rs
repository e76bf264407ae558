//! Names of IVCAP things for the shell's completion.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;

use super::Ivcap;
use crate::command::complete;

/// Services.
pub(super) fn services(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Ivcap>(current, "ivcap.service.list", "id")
}

/// Orders.
pub(super) fn orders(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Ivcap>(current, "ivcap.order.list", "id")
}

/// Artifacts.
pub(super) fn artifacts(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Ivcap>(current, "ivcap.artifact.list", "id")
}

/// Queues.
pub(super) fn queues(current: &OsStr) -> Vec<CompletionCandidate> {
    complete::names::<Ivcap>(current, "ivcap.queue.list", "id")
}
