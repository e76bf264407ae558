//! When a transfer that broke off goes on.

use std::time::Duration;

use pentad_core::retry::Schedule;
use pentad_core::{Clock, Error};

/// How often, and after which pauses; whatever arrives starts the count anew.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retries {
    pub(crate) most: u32,
    pub(crate) schedule: Schedule,
}

impl Retries {
    /// 5 retries after pauses from 1 s doubling to 30 s.
    pub(crate) const fn new() -> Self {
        let schedule = Schedule::Exponential {
            first: Duration::from_secs(1),
            factor: 2.0,
            cap: Duration::from_secs(30),
            jitter: false,
        };
        Self { most: 5, schedule }
    }

    /// The pause after a failure that was not the first; the service may ask for a longer one.
    pub(crate) fn pause(&self, failures: u32, error: &Error, clock: &dyn Clock) -> Duration {
        let pause = self.schedule.pause(failures, clock.jitter());
        error.retry_after().map_or(pause, |asked| asked.max(pause))
    }
}
