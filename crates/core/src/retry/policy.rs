//! The retry policy as plain data.

use std::borrow::Cow;
use std::time::Duration;

use crate::retry::Budget;

/// Which operations may be sent again when the fate of an attempt is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those whose [`Op`](crate::Op) is idempotent.
    Idempotent,
    /// All: a message may be published twice.
    Any,
}

/// Network failures that are worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Networks {
    /// Failures before anything was sent: name resolution, refused or slow connection.
    pub unsent: bool,
    /// Connections that broke after sending began.
    pub reset: bool,
    /// Time limits that ran out after sending began.
    pub timeout: bool,
}

impl Networks {
    /// All of them.
    pub const ALL: Self = Self { unsent: true, reset: true, timeout: true };
    /// None of them.
    pub const NONE: Self = Self { unsent: false, reset: false, timeout: false };
}

/// Pauses between attempts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same pause each time.
    Fixed(Duration),
    /// `first × factor^n`, at most `cap`; with `jitter` a random part of that (full jitter).
    Exponential {
        /// Pause before the first retry.
        first: Duration,
        /// Growth per retry.
        factor: f64,
        /// Longest pause.
        cap: Duration,
        /// Whether the pause is drawn between zero and the value.
        jitter: bool,
    },
}

impl Schedule {
    /// Pause before retry number `retry` (0 is the first) for a random number in `0.0..1.0`.
    pub fn pause(&self, retry: u32, random: f64) -> Duration {
        match *self {
            Self::Fixed(pause) => pause,
            Self::Exponential { first, factor, cap, jitter } => {
                let grown = first.as_secs_f64() * factor.max(0.0).powi(retry.min(1000).cast_signed());
                let bounded = grown.min(cap.as_secs_f64());
                Duration::try_from_secs_f64(if jitter { bounded * random } else { bounded }).unwrap_or(cap)
            }
        }
    }
}

/// When a call is sent again, how often and after which pause. Plain data: the original clients' knobs are presets of it.
///
/// # Units
/// `attempts`, `connects` and `answers` are counts; `attempts` includes the first one.
#[derive(Clone, Debug)]
pub struct RetryPolicy {
    /// Which operations may be resent when their fate is unknown.
    pub scope: Scope,
    /// Most attempts in all, the first included.
    pub attempts: u32,
    /// Most retries after failures before anything was sent; `None` leaves it to `attempts`.
    pub connects: Option<u32>,
    /// Most retries after an answer; `None` leaves it to `attempts`.
    pub answers: Option<u32>,
    /// Statuses that are retried within the scope.
    pub statuses: Cow<'static, [u16]>,
    /// Whether 429, and 503 with `Retry-After`, are retried whatever the operation: the service did nothing yet.
    pub throttled: bool,
    /// Network failures that are retried.
    pub networks: Networks,
    /// Pauses.
    pub schedule: Schedule,
    /// Whether the first retry comes without a pause.
    pub immediate: bool,
    /// Whether a pause that the service asks for replaces the scheduled one.
    pub retry_after: bool,
    /// Tokens shared by all clones of this policy; `None` for no such bound.
    pub budget: Option<Budget>,
}

impl Default for RetryPolicy {
    /// Safe and gentle: 4 attempts, idempotent operations, full jitter from 200 ms to 20 s, a shared budget.
    fn default() -> Self {
        Self {
            scope: Scope::Idempotent,
            attempts: 4,
            connects: None,
            answers: None,
            statuses: Cow::Borrowed(&[408, 500, 502, 503, 504]),
            throttled: true,
            networks: Networks::ALL,
            schedule: Schedule::Exponential {
                first: Duration::from_millis(200),
                factor: 2.0,
                cap: Duration::from_secs(20),
                jitter: true,
            },
            immediate: false,
            retry_after: true,
            budget: Some(Budget::default()),
        }
    }
}

impl RetryPolicy {
    /// Every call is sent once. (A credential that the service rejects is still renewed.)
    pub fn none() -> Self {
        Self { attempts: 1, budget: None, ..Self::default() }
    }

    /// The safe rules with `retries` retries after a fixed pause and no budget.
    pub fn fixed(retries: u32, pause: Duration) -> Self {
        Self {
            attempts: retries.saturating_add(1),
            schedule: Schedule::Fixed(pause),
            budget: None,
            ..Self::default()
        }
    }

    /// Sets the scope.
    pub const fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets the most attempts in all, the first included.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the pauses.
    pub const fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Sets the statuses that are retried within the scope.
    pub fn statuses(mut self, statuses: impl Into<Cow<'static, [u16]>>) -> Self {
        self.statuses = statuses.into();
        self
    }

    /// Sets or removes the shared budget.
    pub fn budget(mut self, budget: Option<Budget>) -> Self {
        self.budget = budget;
        self
    }
}
