//! Whether to send again: one pure function.

use std::time::Duration;

use http::StatusCode;

use crate::error::{Error, ErrorKind, Sent};
use crate::op::Op;
use crate::retry::{RetryPolicy, Scope};

/// What happened so far in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Attempts made, the failed one included.
    pub attempts: u32,
    /// Retries that followed failures before anything was sent.
    pub connects: u32,
    /// Retries that followed an answer.
    pub answers: u32,
    /// What is left of the total limit.
    pub remaining: Duration,
    /// Whether the shared budget can pay for a retry.
    pub affordable: bool,
    /// Whether the body can be sent again.
    pub replayable: bool,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send again after the pause.
    Again(Duration),
    /// Return the error.
    Stop(Stop),
}

/// Why a call is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The failure is not one that another attempt could mend, or resending might apply the operation twice.
    Final,
    /// All attempts are used.
    Attempts,
    /// The shared budget is empty.
    Budget,
    /// The pause is longer than what is left of the total limit.
    Deadline,
    /// The body was read once and cannot be read again.
    OneShot,
}

impl RetryPolicy {
    /// The verdict on a failed attempt. Depends on its arguments alone.
    ///
    /// | what happened | idempotent | other |
    /// | --- | --- | --- |
    /// | never sent | again | again |
    /// | maybe sent (reset, timeout) | again | stop |
    /// | 429; 503 with `Retry-After` | again after it | again after it |
    /// | 408, 500, 502, 503, 504 | again | stop |
    /// | any other status; decoding; certificates and settings | stop | stop |
    ///
    /// A 401 does not come here first: the credential is renewed once, and that is not counted.
    pub fn verdict(&self, op: &Op, past: History, error: &Error, jitter: f64) -> Verdict {
        if !self.wants(op, error) {
            return Verdict::Stop(Stop::Final);
        }
        if past.attempts >= self.attempts || self.class_used_up(past, error) {
            return Verdict::Stop(Stop::Attempts);
        }
        if !past.replayable {
            return Verdict::Stop(Stop::OneShot);
        }
        if !past.affordable {
            return Verdict::Stop(Stop::Budget);
        }
        let pause = self.pause(past.attempts.saturating_sub(1), error, jitter);
        if pause >= past.remaining {
            return Verdict::Stop(Stop::Deadline);
        }
        Verdict::Again(pause)
    }

    /// Whether this failure of this operation is one to try again at all.
    fn wants(&self, op: &Op, error: &Error) -> bool {
        if let Some(again) = error.api().and_then(|api| api.again) {
            return again;
        }
        let resend = op.idempotent || self.scope == Scope::Any;
        if let Some(status) = error.status() {
            if matches!(error.kind(), ErrorKind::Decode | ErrorKind::TooLarge | ErrorKind::Config) {
                return false;
            }
            let throttled = status == StatusCode::TOO_MANY_REQUESTS
                || (status == StatusCode::SERVICE_UNAVAILABLE && error.retry_after().is_some());
            return (self.throttled && throttled) || (resend && self.statuses.contains(&status.as_u16()));
        }
        match (error.kind(), error.sent()) {
            (ErrorKind::Connection | ErrorKind::Timeout, Sent::No) => self.networks.unsent,
            (ErrorKind::Connection, _) => resend && self.networks.reset,
            (ErrorKind::Timeout, _) => resend && self.networks.timeout,
            _ => false,
        }
    }

    fn class_used_up(&self, past: History, error: &Error) -> bool {
        let (used, most) = match (error.status(), error.sent()) {
            (Some(_), _) => (past.answers, self.answers),
            (None, Sent::No) => (past.connects, self.connects),
            (None, _) => return false,
        };
        most.is_some_and(|most| used >= most)
    }

    fn pause(&self, retry: u32, error: &Error, jitter: f64) -> Duration {
        match error.retry_after() {
            Some(pause) if self.retry_after => pause,
            _ if self.immediate && retry == 0 => Duration::ZERO,
            _ => self.schedule.pause(retry - u32::from(self.immediate), jitter),
        }
    }
}
