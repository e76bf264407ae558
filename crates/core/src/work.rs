//! `Work<T>`: several exchanges under one deadline.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::call::{Call, Planned};
use crate::curl::Reveal;
use crate::decode::Context;
use crate::draft::Options;
use crate::error::{Error, ErrorKind, Result, Sent};
use crate::list::{Items, List, Page, Pages};
use crate::message::{Args, Request};
use crate::op::Op;
use crate::retry::{Reconnect, RetryPolicy};
use crate::session::Session;
pub use crate::until::{Observed, Polling, Until};

/// One step of a work, for progress bars and logs.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// What is going on, such as `creating` or a remote state.
    pub step: Cow<'static, str>,
    /// How much is done, in the work's own unit (bytes, items).
    pub done: Option<u64>,
    /// How much there is to do.
    pub total: Option<u64>,
    /// What the service showed, if the work hands it on.
    pub detail: Option<Value>,
}

impl Event {
    /// A step without numbers.
    pub fn new(step: impl Into<Cow<'static, str>>) -> Self {
        Self { step: step.into(), ..Self::default() }
    }

    /// Says how much is done.
    pub const fn done(mut self, done: u64) -> Self {
        self.done = Some(done);
        self
    }

    /// Says how much there is to do.
    pub const fn total(mut self, total: u64) -> Self {
        self.total = Some(total);
        self
    }

    /// Hands on what the service showed.
    pub fn detail(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// Several exchanges under one deadline and one retry budget: a value that describes what will be done.
#[must_use = "a work does nothing until it is awaited"]
pub struct Work<T> {
    plan: Planned,
    total: Option<Duration>,
    extra: Extra,
    run: Box<dyn FnOnce(Scope) -> BoxFuture<'static, Result<T>> + Send>,
}

/// What the caller adds to every exchange of a work.
#[derive(Clone, Default)]
pub(crate) struct Extra {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) query: Vec<(Cow<'static, str>, String)>,
}

/// What the steps of a work share.
#[derive(Clone)]
pub struct Scope {
    session: Session,
    deadline: Option<Instant>,
    retry: Option<RetryPolicy>,
    extra: Extra,
    reconnect: Option<Reconnect>,
    events: Option<Arc<Events>>,
}

/// Events that nobody has looked at yet; the oldest are dropped when nobody looks.
#[derive(Default)]
struct Events(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    /// Who waits for an event: it may come from another task, such as the one that sends a body.
    watcher: Option<Waker>,
}

const EVENTS: usize = 1024;

impl Scope {
    pub(crate) fn new(
        session: Session,
        deadline: Option<Instant>,
        retry: Option<RetryPolicy>,
        extra: Extra,
    ) -> Self {
        Self { session, deadline, retry, extra, reconnect: None, events: None }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What the caller of a feed said about outages; `None` leaves it to the feed.
    pub fn reconnect(&self) -> Option<&Reconnect> {
        self.reconnect.as_ref()
    }

    pub(crate) fn set_reconnect(&mut self, policy: Option<Reconnect>) {
        self.reconnect = policy;
    }

    /// What is left of the work's limit; `None` if it has none.
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(self.session.clock().now()))
    }

    /// Runs one exchange with the work's deadline and the caller's options.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn run<T: Send + 'static>(&self, mut call: Call<T>) -> Result<T> {
        self.settle(call.plan_mut());
        call.await
    }

    /// The first page of a listing, with the work's deadline and the caller's options.
    ///
    /// # Errors
    /// Those of the page's call.
    pub async fn page<T: Send + 'static>(&self, list: List<T>) -> Result<Page<T>> {
        self.settled(list).await
    }

    /// Page after page of a listing, each within the work's deadline and with the caller's options.
    pub fn pages<T: Send + 'static>(&self, list: List<T>) -> Pages<T> {
        self.settled(list).pages()
    }

    /// Thing after thing of a listing, each page within the work's deadline and with the caller's options.
    pub fn items<T: Send + 'static>(&self, list: List<T>) -> Items<T> {
        self.settled(list).items()
    }

    /// All things of a listing, within the work's deadline and with the caller's options.
    ///
    /// # Errors
    /// Those of any page; the things seen before are dropped.
    pub async fn all<T: Send + 'static>(&self, list: List<T>) -> Result<Vec<T>> {
        self.settled(list).all().await
    }

    /// Runs another work as a part of this one, within what is left of the limit and with the caller's options. Its
    /// steps are told to whoever watches this one.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn nested<T: Send + 'static>(&self, mut work: Work<T>) -> Result<T> {
        if let Some(left) = self.remaining() {
            let total = work.total.map_or(left, |total| total.min(left));
            work = work.timeout(total);
        }
        if let (None, Some(retry)) = (&work.plan.retry, &self.retry) {
            work = work.retry(retry.clone());
        }
        for (name, value) in &self.extra.headers {
            work = work.header(name.clone(), value.clone());
        }
        for (name, value) in &self.extra.query {
            work = work.query(name.clone(), value.clone());
        }
        work.start(self.events.clone()).await
    }

    fn settled<T>(&self, mut list: List<T>) -> List<T> {
        self.settle(list.plan_mut());
        list
    }

    /// Puts the work's deadline and the caller's options into an exchange.
    fn settle(&self, plan: &mut Planned) {
        if let Some(deadline) = self.deadline {
            plan.limit(deadline);
        }
        if let (None, Some(retry)) = (&plan.retry, &self.retry) {
            plan.retry = Some(retry.clone());
        }
        for (name, value) in &self.extra.headers {
            plan.header(name.clone(), value.clone());
        }
        for (name, value) in &self.extra.query {
            plan.query(name.clone(), value.clone());
        }
    }

    /// Pauses between steps.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] at once if less than the pause is left.
    pub async fn pause(&self, pause: Duration) -> Result<()> {
        if self.remaining().is_some_and(|left| left <= pause) {
            return Err(Error::new(ErrorKind::Timeout, "the next step would come after the time limit"));
        }
        self.session.clock().sleep(pause).await;
        Ok(())
    }

    /// Tells whoever watches.
    pub fn progress(&self, event: Event) {
        let Some(events) = &self.events else { return };
        let mut queue = events.0.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.events.len() == EVENTS {
            queue.events.pop_front();
        }
        queue.events.push_back(event);
        let watcher = queue.watcher.take();
        drop(queue);
        if let Some(watcher) = watcher {
            watcher.wake();
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl<T> Work<T> {
    /// A work: `preview` is its first request, `run` its steps. The limit is the session's total plus the patience of
    /// `op`.
    pub fn new(
        session: &Session,
        op: &'static Op,
        preview: Result<Request>,
        run: impl FnOnce(Scope) -> BoxFuture<'static, Result<T>> + Send + 'static,
    ) -> Self {
        let context = Context::new(session.clone(), op, Args::default());
        let plan = Planned { context, request: preview, retry: None, options: Options::default() };
        let total = Some(session.limits().grown(op.patience).total);
        Self { plan, total, extra: Extra::default(), run: Box::new(run) }
    }

    /// Limits the whole work.
    pub const fn timeout(mut self, limit: Duration) -> Self {
        self.total = Some(limit);
        self
    }

    /// Removes the limit of the whole work: each exchange keeps its own.
    pub const fn unlimited(mut self) -> Self {
        self.total = None;
        self
    }

    /// Replaces the retry policy of each exchange.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.plan.retry = Some(policy);
        self
    }

    /// Sets a header of each exchange.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.plan.header(name.clone(), value.clone());
        self.extra.headers.push((name, value));
        self
    }

    /// Adds a pair to the query of each exchange.
    pub fn query(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.plan.query(name.clone(), value.clone());
        self.extra.query.push((name, value));
        self
    }

    /// The first request, complete but for the credential. Nothing is sent.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn request(&self) -> Result<&Request, &Error> {
        self.plan.request.as_ref()
    }

    /// The first request as one line for a shell, secrets as shell variables.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn curl(&self) -> Result<String> {
        self.plan.shown(Reveal::No)
    }
}

impl<T: Send + 'static> Work<T> {
    /// Runs the work and shows its steps.
    pub fn progress(self) -> Progress<T> {
        let events = Arc::new(Events::default());
        let running = Running::Going(self.start(Some(Arc::clone(&events))));
        Progress { events, running }
    }

    /// Runs the work, blocking the calling thread.
    ///
    /// # Errors
    /// Those of the work; [`ErrorKind::Config`] within an async context, or without the feature `blocking`.
    pub fn wait(self) -> Result<T> {
        crate::blocking::wait(self.into_future())
    }

    /// Changes the value of a success.
    pub fn map<U: Send + 'static>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Work<U> {
        let run = self.run;
        let run = Box::new(move |scope: Scope| -> BoxFuture<'static, Result<U>> {
            let work = run(scope);
            Box::pin(async move { work.await.map(change) })
        });
        Work { plan: self.plan, total: self.total, extra: self.extra, run }
    }

    fn start(self, events: Option<Arc<Events>>) -> BoxFuture<'static, Result<T>> {
        Box::pin(async move {
            let op = self.plan.context.op();
            self.plan.request.map_err(|error| error.with_op(op.id))?;
            let session = self.plan.context.session().clone();
            let clock = Arc::clone(session.clock());
            let deadline = self.total.and_then(|total| clock.now().checked_add(total));
            let mut scope = Scope::new(session, deadline, self.plan.retry, self.extra);
            scope.events = events;
            let mut work = (self.run)(scope);
            let result = match self.total {
                Some(total) => crate::retry::race(&*clock, total, work.as_mut()).await,
                None => Some(work.await),
            };
            let result = result.unwrap_or_else(|| {
                let message = "the time limit of the work ran out";
                Err(Error::new(ErrorKind::Timeout, message).with_sent(Sent::Maybe))
            });
            result.map_err(|error| error.with_op(op.id))
        })
    }
}

impl<T: Send + 'static> IntoFuture for Work<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        self.start(None)
    }
}

impl<T> fmt::Debug for Work<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("request", &self.plan.request).finish_non_exhaustive()
    }
}

/// A running work with its steps: [`next`](Self::next) until `None`, then [`finish`](Self::finish).
#[must_use = "the work goes on only while its progress is watched or finished"]
pub struct Progress<T> {
    events: Arc<Events>,
    running: Running<T>,
}

enum Running<T> {
    Going(BoxFuture<'static, Result<T>>),
    Ended(Result<T>),
}

impl<T> Progress<T> {
    /// The next step; `None` when the work has ended.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Runs the work to its end.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn finish(mut self) -> Result<T> {
        while self.next().await.is_some() {}
        match self.running {
            Running::Ended(result) => result,
            Running::Going(work) => work.await,
        }
    }

    fn poll_event(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Event>> {
        if let Running::Going(work) = &mut self.running
            && let Poll::Ready(result) = Pin::new(work).poll(cx)
        {
            self.running = Running::Ended(result);
        }
        let mut queue = self.events.0.lock().unwrap_or_else(PoisonError::into_inner);
        let event = queue.events.pop_front();
        if event.is_none() {
            queue.watcher = Some(cx.waker().clone());
        }
        drop(queue);
        match (event, &self.running) {
            (Some(event), _) => Poll::Ready(Some(event)),
            (None, Running::Going(_)) => Poll::Pending,
            (None, _) => Poll::Ready(None),
        }
    }
}

impl<T> fmt::Debug for Progress<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").finish_non_exhaustive()
    }
}
