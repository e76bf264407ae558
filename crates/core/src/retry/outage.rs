//! Living through outages: what a feed, or a work that waits, does when calls fail again and again.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::error::{Error, ErrorKind, Result};
use crate::retry::Schedule;

/// How long and with which pauses an outage is waited out, after each call has had its own retries. Plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct Reconnect {
    /// Pauses between tries.
    pub schedule: Schedule,
    /// The longest outage: the first failure after it is handed on. Zero hands on every failure.
    pub longest: Duration,
    /// Whether a pause that the service asks for replaces the scheduled one.
    pub retry_after: bool,
}

impl Default for Reconnect {
    /// Pauses from 100 ms doubling to 5 s, for five minutes.
    fn default() -> Self {
        Self {
            schedule: Schedule::Exponential {
                first: Duration::from_millis(100),
                factor: 2.0,
                cap: Duration::from_secs(5),
                jitter: false,
            },
            longest: Duration::from_secs(300),
            retry_after: true,
        }
    }
}

impl Reconnect {
    /// Hands on the first failure.
    pub fn never() -> Self {
        Self { longest: Duration::ZERO, ..Self::default() }
    }

    /// Sets the pauses.
    pub const fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the longest outage.
    pub const fn longest(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }
}

/// The present outage, if there is one: the state that goes with a [`Reconnect`] policy.
#[derive(Clone, Debug)]
pub struct Outage {
    policy: Reconnect,
    since: Option<Instant>,
    failures: u32,
}

impl Outage {
    /// No outage.
    pub const fn new(policy: Reconnect) -> Self {
        Self { policy, since: None, failures: 0 }
    }

    /// The policy.
    pub const fn policy(&self) -> &Reconnect {
        &self.policy
    }

    /// Says that the service answers.
    pub const fn over(&mut self) {
        (self.since, self.failures) = (None, 0);
    }

    /// Counts a failure and gives the pause before the next try; `None` if the failure is to be handed on, because time
    /// alone does not heal it or the outage lasts too long.
    pub fn pause(&mut self, error: &Error, now: Instant, jitter: f64) -> Option<Duration> {
        if !error.is_outage() {
            return None;
        }
        let since = *self.since.get_or_insert(now);
        let left = self.policy.longest.checked_sub(now.saturating_duration_since(since))?;
        let scheduled = self.policy.schedule.pause(self.failures, jitter);
        self.failures = self.failures.saturating_add(1);
        let asked = error.retry_after().filter(|_| self.policy.retry_after);
        // Whoever asks for more patience than there is will not be back in time.
        (!left.is_zero() && asked.is_none_or(|asked| asked <= left)).then(|| asked.unwrap_or(scheduled))
    }

    /// Lets a failure pass that time may heal, after a pause: `None` then, and the caller tries again.
    ///
    /// # Errors
    /// Failures that are to be handed on.
    pub async fn survive<T>(&mut self, clock: &dyn Clock, result: Result<T>) -> Result<Option<T>> {
        let error = match result {
            Ok(value) => {
                self.over();
                return Ok(Some(value));
            }
            Err(error) => error,
        };
        let Some(pause) = self.pause(&error, clock.now(), clock.jitter()) else { return Err(error) };
        tracing::debug!(%error, pause_ms = pause.as_millis(), "going on after a pause");
        clock.sleep(pause).await;
        Ok(None)
    }
}

impl Error {
    /// Whether the service, or the way to it, may come back by itself. Unlike [`is_transient`](Self::is_transient) this
    /// holds for a failure that was retried until a limit, too: an outage may outlast a call's retries.
    pub fn is_outage(&self) -> bool {
        let passing = matches!(
            self.kind(),
            ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::Unavailable | ErrorKind::RateLimited
        );
        passing && self.api().and_then(|api| api.again) != Some(false)
    }
}
