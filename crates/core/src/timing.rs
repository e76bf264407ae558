//! What calls cost, and who wants to know.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use crate::error::ErrorKind;
use crate::message::Request;
use crate::op::Op;

/// One finished call, authentication requests included.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Timing {
    /// The operation.
    pub op: &'static str,
    /// When it began.
    pub start: Timestamp,
    /// How long it took, attempts and pauses included.
    pub elapsed: Duration,
    /// How many times it was sent.
    pub attempts: u32,
    /// Status of the last answer.
    pub status: Option<StatusCode>,
    /// What kind of failure it was; `None` for success.
    pub failure: Option<ErrorKind>,
}

impl Timing {
    /// When it ended.
    pub fn end(&self) -> Timestamp {
        self.start.checked_add(self.elapsed).unwrap_or(self.start)
    }
}

/// Sees what a session does. All methods do nothing by default and are called in the task of the call: keep them short.
pub trait Observer: Debug + Send + Sync + 'static {
    /// A request is about to be sent, credential included: whoever shows it redacts it (see [`curl`](crate::curl)).
    fn sending(&self, _request: &Request, _attempt: u32) {}
    /// The head of an answer arrived.
    fn answered(&self, _op: &Op, _status: StatusCode, _headers: &HeaderMap, _attempt: u32) {}
    /// A call ended.
    fn finished(&self, _timing: &Timing) {}
}

/// The last calls of a session and its clones; older ones are forgotten.
#[derive(Debug)]
pub(crate) struct Timings {
    kept: usize,
    calls: Mutex<VecDeque<Timing>>,
}

impl Timings {
    pub(crate) fn new(kept: usize) -> Self {
        Self { kept, calls: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn record(&self, timing: Timing) {
        if self.kept == 0 {
            return;
        }
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        if calls.len() >= self.kept {
            calls.pop_front();
        }
        calls.push_back(timing);
    }

    pub(crate) fn all(&self) -> Vec<Timing> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn reset(&self) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
