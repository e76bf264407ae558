//! Waiting for the end of orders and jobs.

use std::time::Duration;

use pentad_core::retry::Schedule;
use pentad_core::work::Polling;
use pentad_ivcap::model::State;
use serde::Serialize;

use super::Run;
use crate::command::run::value;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

/// Looks often at first: most of what somebody waits for is short.
pub(super) fn polling() -> Polling {
    let (first, cap) = (Duration::from_millis(300), Duration::from_secs(10));
    let schedule = Schedule::Exponential { first, factor: 1.5, cap, jitter: false };
    Polling::default().schedule(schedule).limit(None)
}

/// Shows what has come to its end, and fails if it did not succeed.
pub(super) fn shown(
    run: &mut Run<'_>,
    what: &str,
    ended: &impl Serialize,
    status: &State,
    why: Option<&str>,
) -> Result<Exit> {
    run.output.record(&value(ended)?, View::ALL)?;
    if *status == State::Succeeded {
        return Ok(Exit::Success);
    }
    let why = why.filter(|why| !why.is_empty()).map(|why| format!(": {why}")).unwrap_or_default();
    let reason = format!("it ended as {status}{why}");
    Err(Failure::new(Exit::Failure, "failed", format!("{what} did not succeed"), reason))
}
