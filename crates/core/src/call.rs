//! `Call<T>`: one exchange.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use jiff::Timestamp;

use crate::curl::{Reveal, curl};
use crate::decode::{Context, Decode};
use crate::draft::{Options, Redirect};
use crate::error::{Error, ErrorKind, Result};
use crate::message::{Request, Response, ResponseBody};
use crate::op::Op;
use crate::retry::RetryPolicy;
use crate::retry::run::{Answer, Outcome, Plan, run};

/// One exchange with a service: a value that describes what will be sent. Awaiting it sends.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    /// On the heap: a call moves through setters and futures, and each of them would keep room for it.
    plan: Box<Planned>,
    finish: Finish<T>,
}

/// All of a call but its decoder: shared by calls, lists and works.
pub(crate) struct Planned {
    pub(crate) context: Context,
    pub(crate) request: Result<Request>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) options: Options,
}

type Finisher<T> = Box<dyn FnOnce(&Context, Result<Answer>) -> Result<T> + Send>;

enum Finish<T> {
    Plain(Decode<T>),
    Changed(bool, Finisher<T>),
}

/// What came with an answer.
#[derive(Clone)]
#[non_exhaustive]
pub struct Meta {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// HTTP version.
    pub version: Version,
    /// How many times the request was sent.
    pub attempts: u32,
    /// When the call began.
    pub start: Timestamp,
    /// How long it took, attempts and pauses included.
    pub elapsed: Duration,
}

impl Meta {
    /// The service's id of the request, from the usual headers.
    pub fn request_id(&self) -> Option<&str> {
        crate::classify::request_id(&self.headers)
    }
}

impl fmt::Debug for Meta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("status", &self.status)
            .field("headers", &crate::redact::headers(&self.headers))
            .field("version", &self.version)
            .field("attempts", &self.attempts)
            .field("start", &self.start)
            .field("elapsed", &self.elapsed)
            .finish()
    }
}

impl Planned {
    pub(crate) fn header(&mut self, name: HeaderName, value: HeaderValue) {
        if let Ok(request) = &mut self.request {
            request.headers.insert(name, value);
        }
    }

    pub(crate) fn query(&mut self, name: Cow<'static, str>, value: String) {
        if let Ok(request) = &mut self.request {
            request.query.push((name, value));
        }
    }

    pub(crate) fn timeout(&mut self, limit: Duration) {
        if let Ok(request) = &mut self.request {
            request.limits.total = limit;
        }
    }

    /// Sets a moment after which there is no sense in it.
    pub(crate) fn limit(&mut self, deadline: Instant) {
        let earlier = self.options.deadline.map_or(deadline, |earlier| earlier.min(deadline));
        self.options.deadline = Some(earlier);
    }

    /// Sends the request and reads the answer as far as its decoder wants it. A plan is sent once.
    pub(crate) async fn send(&mut self, whole: bool) -> Outcome {
        let request = match &mut self.request {
            Ok(request) => request,
            Err(error) => {
                let told = Error::new(error.kind(), "the call was refused");
                return Outcome::refused(std::mem::replace(error, told));
            }
        };
        let shared = self.context.session().shared();
        let plan = Plan {
            session: self.context.session(),
            policy: self.retry.as_ref().unwrap_or(&shared.retry),
            redirect: self.options.redirect.unwrap_or(shared.redirect),
            accept: self.options.accept,
            deadline: self.options.deadline,
            whole,
        };
        let mut outcome = run(&plan, request).await;
        if let Ok(answer) = &mut outcome.result {
            self.context.base = answer.base.take();
        }
        outcome
    }

    pub(crate) fn shown(&self, reveal: Reveal) -> Result<String> {
        let request = self.request.as_ref().map_err(again)?;
        let session = self.context.session();
        // Bodies that can be read once are not shown, only the rest of the request.
        let mut shown = request.clone_head();
        if let Some(authorize) = &session.shared().authorize {
            authorize.preview(&mut shown);
        }
        curl(&shown, reveal)
    }
}

/// The same refusal once more; errors cannot be cloned because their sources cannot.
pub(crate) fn again(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message().to_owned());
    let copy = match error.op() {
        Some(op) => copy.with_op(op),
        None => copy,
    };
    match error.hint() {
        Some(hint) => copy.with_hint(hint.to_owned()),
        None => copy,
    }
}

impl<T> Call<T> {
    pub(crate) fn new(
        context: Context,
        request: Result<Request>,
        options: Options,
        decode: Decode<T>,
    ) -> Self {
        let plan = Box::new(Planned { context, request, retry: None, options });
        Self { plan, finish: Finish::Plain(decode) }
    }

    /// Limits the whole call, attempts and pauses included. Default: the session's total limit plus the operation's
    /// patience.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.plan.timeout(limit);
        self
    }

    /// Replaces the session's retry policy.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.plan.retry = Some(policy);
        self
    }

    /// Sets a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.plan.header(name, value);
        self
    }

    /// Adds a pair to the query.
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.plan.query(name.into(), value.into());
        self
    }

    /// Sets what happens with redirects.
    pub const fn redirect(mut self, redirect: Redirect) -> Self {
        self.plan.options.redirect = Some(redirect);
        self
    }

    /// The operation.
    pub fn op(&self) -> &'static Op {
        self.plan.context.op()
    }

    /// The request, complete but for the credential. Nothing is sent.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn request(&self) -> Result<&Request, &Error> {
        self.plan.request.as_ref()
    }

    /// One line for a shell, secrets as shell variables. Nothing is sent.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn curl(&self) -> Result<String> {
        self.plan.shown(Reveal::No)
    }

    /// One line for a shell with all secrets in it.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn curl_with_secrets(&self) -> Result<String> {
        self.plan.shown(Reveal::Yes)
    }

    pub(crate) fn into_request(self) -> Result<Request> {
        self.plan.request
    }

    pub(crate) fn plan_mut(&mut self) -> &mut Planned {
        &mut self.plan
    }

    async fn outcome(mut self) -> (Result<T>, Option<Meta>) {
        let whole = match &self.finish {
            Finish::Plain(Decode::Whole(_)) => true,
            Finish::Plain(Decode::Streaming(_)) => false,
            Finish::Changed(whole, _) => *whole,
        };
        let outcome = self.plan.send(whole).await;
        let meta = if self.plan.options.meta { outcome.meta() } else { None };
        let attempts = outcome.attempts;
        let context = &self.plan.context;
        let value = match self.finish {
            Finish::Plain(decode) => outcome.result.and_then(|answer| decoded(decode, context, answer)),
            Finish::Changed(_, finish) => finish(context, outcome.result),
        };
        (value.map_err(|error| named(error, context, attempts)), meta)
    }
}

fn named(error: Error, context: &Context, attempts: u32) -> Error {
    let error = error.with_op(context.op().id);
    if error.attempts() == 0 && attempts > 0 { error.with_attempts(attempts) } else { error }
}

fn decoded<T>(decode: Decode<T>, context: &Context, answer: Answer) -> Result<T> {
    match (decode, answer.body) {
        (Decode::Whole(decode), ResponseBody::Full(body)) => decode(context, answer.parts, body),
        (Decode::Streaming(decode), body) => decode(context, Response::from_parts(answer.parts, body)),
        (Decode::Whole(_), ResponseBody::Stream(_)) => {
            Err(Error::new(ErrorKind::Unexpected, "the answer was not read as a whole"))
        }
    }
}

impl<T: Send + 'static> Call<T> {
    /// Sends and gives status, headers, attempts and timing beside the value.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn with_response(mut self) -> Result<(T, Meta)> {
        self.plan.options.meta = true;
        let op = self.op();
        let (value, meta) = self.outcome().await;
        let value = value?;
        let meta = meta.ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, "there was no answer to describe").with_op(op.id)
        })?;
        Ok((value, meta))
    }

    /// Sends and blocks the calling thread until the answer is there.
    ///
    /// # Errors
    /// Those of the call; [`ErrorKind::Config`] within an async context, or without the feature `blocking`.
    pub fn wait(self) -> Result<T> {
        crate::blocking::wait(async move { self.outcome().await.0 })
    }

    /// Changes the value of a success.
    pub fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Call<U> {
        self.then(|result| result.map(change))
    }

    /// `None` where the call fails with [`ErrorKind::NotFound`].
    pub fn optional(self) -> Call<Option<T>> {
        self.then(|result| match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Changes the outcome, success or failure.
    pub fn then<U>(self, change: impl FnOnce(Result<T>) -> Result<U> + Send + 'static) -> Call<U> {
        let finish = match self.finish {
            Finish::Plain(decode) => {
                let whole = matches!(decode, Decode::Whole(_));
                let finisher: Finisher<U> = Box::new(move |context, answer| {
                    change(answer.and_then(|answer| decoded(decode, context, answer)))
                });
                Finish::Changed(whole, finisher)
            }
            Finish::Changed(whole, first) => {
                Finish::Changed(whole, Box::new(move |context, answer| change(first(context, answer))))
            }
        };
        Call { plan: self.plan, finish }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        // Not an async block around it, which would keep room for the call once more.
        Box::pin(self.outcome().map(|outcome| outcome.0))
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("request", &self.plan.request).finish_non_exhaustive()
    }
}
