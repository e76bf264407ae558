//! The one loop: authorize, send, classify, decide.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::response::Parts;
use http::{HeaderMap, StatusCode, Uri};
use jiff::Timestamp;
use tracing::Span;

use crate::auth::{Exchange, Stamp};
use crate::call::Meta;
use crate::draft::Redirect;
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::message::{Request, ResponseBody};
use crate::retry::attempt::{attempt, race};
use crate::retry::{History, RetryPolicy, Stop, Verdict};
use crate::session::Session;
use crate::timing::Timing;

/// What a call adds to its request.
pub(crate) struct Plan<'a> {
    pub(crate) session: &'a Session,
    pub(crate) policy: &'a RetryPolicy,
    pub(crate) redirect: Redirect,
    pub(crate) accept: Option<fn(StatusCode, &HeaderMap) -> bool>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) whole: bool,
}

/// A success: head and body, the body read as a whole if the plan says so.
pub(crate) struct Answer {
    pub(crate) parts: Parts,
    pub(crate) body: ResponseBody,
    /// Where the credential went: the target once it was resolved, redirects not followed.
    pub(crate) base: Option<Uri>,
}

/// How a call ended.
pub(crate) struct Outcome {
    pub(crate) result: Result<Answer>,
    pub(crate) attempts: u32,
    start: Timestamp,
    elapsed: Duration,
}

impl Outcome {
    /// A call that was never sent.
    pub(crate) fn refused(error: Error) -> Self {
        Self { result: Err(error), attempts: 0, start: Timestamp::UNIX_EPOCH, elapsed: Duration::ZERO }
    }

    pub(crate) fn meta(&self) -> Option<Meta> {
        let (status, headers, version) = match &self.result {
            Ok(answer) => (answer.parts.status, answer.parts.headers.clone(), answer.parts.version),
            Err(error) => {
                let headers = error.headers().cloned().unwrap_or_default();
                (error.status()?, headers, http::Version::HTTP_11)
            }
        };
        Some(Meta {
            status,
            headers,
            version,
            attempts: self.attempts,
            start: self.start,
            elapsed: self.elapsed,
        })
    }

    fn status(&self) -> Option<StatusCode> {
        match &self.result {
            Ok(answer) => Some(answer.parts.status),
            Err(error) => error.status(),
        }
    }
}

/// Facts about the running attempt that survive its being dropped by a time limit.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Set when the request is handed to the transport.
    pub(crate) handed_over: AtomicBool,
}

/// The state of one call.
struct Run<'a> {
    plan: &'a Plan<'a>,
    request: &'a mut Request,
    deadline: Instant,
    connects: u32,
    answers: u32,
    attempts: u32,
    renewed: bool,
    /// Whether an attempt may have had its effect although it failed.
    touched: bool,
    replayable: bool,
}

/// Runs a call to its end and records it.
pub(crate) async fn run(plan: &Plan<'_>, request: &mut Request) -> Outcome {
    let shared = plan.session.shared();
    let (start, began) = (shared.clock.wall(), shared.clock.now());
    let op = request.op;
    let span = tracing::debug_span!(
        "call",
        op = op.id,
        attempts = tracing::field::Empty,
        status = tracing::field::Empty
    );
    if let Some(budget) = &plan.policy.budget {
        budget.deposit();
    }
    // `None` where the limit is beyond what the clock can express; an hour-long sleep then stands in for "never".
    let own = began.checked_add(request.limits.total).unwrap_or(began + Duration::from_secs(u32::MAX.into()));
    let deadline = plan.deadline.map_or(own, |outer| outer.min(own));
    let replayable = request.body.is_replayable();
    let mut state = Run {
        plan,
        request,
        deadline,
        connects: 0,
        answers: 0,
        attempts: 0,
        renewed: false,
        touched: false,
        replayable,
    };
    let result = within(&span, pin!(state.drive())).await;
    let elapsed = shared.clock.now().saturating_duration_since(began);
    let outcome = Outcome { result, attempts: state.attempts, start, elapsed };
    let status = outcome.status();
    span.record("attempts", outcome.attempts);
    span.record("status", status.map(|status| status.as_u16()));
    let failure = outcome.result.as_ref().err().map(Error::kind);
    let timing = Timing { op: op.id, start, elapsed, attempts: outcome.attempts, status, failure };
    for observer in &shared.observers {
        observer.finished(&timing);
    }
    shared.timings.record(timing);
    outcome
}

/// Polls the work inside of the span. The work is pinned by the caller: tracing's own adapter would move it, large as
/// it is, once more.
async fn within<T>(span: &Span, mut work: Pin<&mut impl Future<Output = T>>) -> T {
    poll_fn(|cx| span.in_scope(|| work.as_mut().poll(cx))).await
}

impl Run<'_> {
    async fn drive(&mut self) -> Result<Answer> {
        loop {
            let mut stamp = Stamp::default();
            let error = match self.once(&mut stamp).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // A failed login has had its own retries: it ends the call and keeps its own name and count.
            if error.op().is_some_and(|op| op != self.request.op.id) {
                return Err(error.with_may_have_applied(self.touched));
            }
            self.note(&error);
            if self.renews(&error, stamp).await? {
                self.renewed = true;
                continue;
            }
            let pause = self.decide(error)?;
            if !pause.is_zero() {
                self.plan.session.shared().clock.sleep(pause).await;
            }
        }
    }

    /// One attempt within its limits.
    async fn once(&mut self, stamp: &mut Stamp) -> Result<Answer> {
        self.attempts += 1;
        let remaining = self.remaining();
        if remaining.is_zero() {
            return Err(self.out_of_time(Sent::No));
        }
        let limit = self.request.limits.attempt.map_or(remaining, |attempt| attempt.min(remaining));
        let clock = &*self.plan.session.shared().clock;
        let progress = Progress::default();
        let exchange = self.plan.session.shared().authorize.is_some().then(|| self.exchange());
        let result = {
            let (plan, request) = (self.plan, &mut *self.request);
            let work = attempt(plan, request, exchange.as_ref(), &progress, self.attempts, stamp);
            race(clock, limit, pin!(work)).await
        };
        let result = result.unwrap_or_else(|| {
            let sent = if progress.handed_over.load(Ordering::Relaxed) { Sent::Maybe } else { Sent::No };
            Err(self.out_of_time(sent))
        });
        self.trace(&result);
        result
    }

    fn exchange(&self) -> Exchange {
        Exchange::new(self.plan.session.bare().clone(), Some(self.deadline))
    }

    fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(self.plan.session.shared().clock.now())
    }

    fn out_of_time(&self, sent: Sent) -> Error {
        let message = if self.remaining().is_zero() {
            "the time limit of the call ran out"
        } else {
            "the time limit of the attempt ran out"
        };
        Error::new(ErrorKind::Timeout, message).with_sent(sent)
    }

    /// Whether a rejected credential was replaced, so that the request is worth sending once more.
    async fn renews(&mut self, error: &Error, stamp: Stamp) -> Result<bool> {
        let shared = self.plan.session.shared();
        let Some(authorize) = &shared.authorize else { return Ok(false) };
        let final_already = error.api().and_then(|api| api.again) == Some(false);
        if error.status() != Some(StatusCode::UNAUTHORIZED)
            || self.renewed
            || final_already
            || !self.replayable
        {
            return Ok(false);
        }
        let exchange = self.exchange();
        let mut renewal = authorize.renew(&exchange, stamp);
        match race(&*shared.clock, self.remaining(), renewal.as_mut()).await {
            Some(renewed) => {
                let renewed = renewed?;
                // The rejected attempt is not counted: its successor takes its number.
                self.attempts -= u32::from(renewed);
                Ok(renewed)
            }
            None => Err(self.finished(self.out_of_time(Sent::No))),
        }
    }

    /// The pause before the next attempt, or the error that ends the call.
    fn decide(&mut self, error: Error) -> Result<Duration> {
        let policy = self.plan.policy;
        let past = History {
            attempts: self.attempts,
            connects: self.connects,
            answers: self.answers,
            remaining: self.remaining(),
            affordable: policy.budget.as_ref().is_none_or(super::Budget::affords),
            // Nothing was read from a body that never left.
            replayable: self.replayable || !self.request.body.is_replayable(),
        };
        let jitter = self.plan.session.shared().clock.jitter();
        let verdict = match policy.verdict(self.request.op, past, &error, jitter) {
            // Another call may have taken the last token meanwhile.
            Verdict::Again(_) if policy.budget.as_ref().is_some_and(|budget| !budget.withdraw()) => {
                Verdict::Stop(Stop::Budget)
            }
            verdict => verdict,
        };
        match verdict {
            Verdict::Again(pause) => {
                match (error.status(), error.sent()) {
                    (Some(_), _) => self.answers += 1,
                    (None, Sent::No) => self.connects += 1,
                    (None, _) => {}
                }
                tracing::debug!(op = self.request.op.id, pause_ms = pause.as_millis(), "sending again");
                Ok(pause)
            }
            Verdict::Stop(stop) => Err(self.stopped(error, stop)),
        }
    }

    fn stopped(&self, error: Error, stop: Stop) -> Error {
        let error = self.finished(error);
        let error = match stop {
            Stop::Final => return error,
            // A policy of one attempt tried nothing again: the failure is as transient as it was.
            Stop::Attempts if self.attempts <= 1 => return error,
            Stop::Attempts => error,
            Stop::Budget => error.with_hint("not sent again: the retry budget is used up"),
            Stop::Deadline => error.with_hint("not sent again: the pause would exceed the time limit"),
            Stop::OneShot => error.with_hint("not sent again: the body can be read only once"),
        };
        error.into_exhausted()
    }

    /// Adds what the loop knows to the error that ends the call.
    fn finished(&self, error: Error) -> Error {
        error.with_op(self.request.op.id).with_attempts(self.attempts).with_may_have_applied(self.touched)
    }

    /// Remembers whether a failed attempt may have had its effect.
    fn note(&mut self, error: &Error) {
        let unclear = match error.status() {
            Some(status) => matches!(status.as_u16(), 408 | 500 | 502 | 504),
            None => error.sent() != Sent::No,
        };
        self.touched |= unclear && !self.request.method.is_safe();
    }

    fn trace(&self, result: &Result<Answer>) {
        let (op, attempt) = (self.request.op.id, self.attempts);
        match result {
            Ok(answer) => tracing::debug!(op, attempt, status = answer.parts.status.as_u16(), "answered"),
            Err(error) => {
                tracing::debug!(op, attempt, kind = error.kind().label(), error = error.message(), "failed")
            }
        }
    }
}
