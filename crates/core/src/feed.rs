//! `Feed<T>`: things that arrive until somebody says stop.

use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use http::{HeaderName, HeaderValue};

use crate::call::Planned;
use crate::curl::Reveal;
use crate::decode::Context;
use crate::draft::Options;
use crate::error::{Error, ErrorKind, Result};
use crate::message::{Args, Request};
use crate::op::Op;
use crate::retry::RetryPolicy;
use crate::session::Session;
use crate::work::{Extra, Scope};

type Close = Box<dyn FnOnce() -> BoxFuture<'static, Result<()>> + Send>;
type Start<T> = Box<dyn FnOnce(Scope) -> Opened<T> + Send>;

/// A feed that has begun: what arrives, and how to end it in order.
pub struct Opened<T> {
    stream: BoxStream<'static, Result<T>>,
    close: Close,
}

impl<T> Opened<T> {
    /// `close` runs after the stream was dropped; it gives back what was not handled.
    pub fn new(
        stream: BoxStream<'static, Result<T>>,
        close: impl FnOnce() -> BoxFuture<'static, Result<()>> + Send + 'static,
    ) -> Self {
        Self { stream, close: Box::new(close) }
    }
}

impl<T> fmt::Debug for Opened<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened(..)")
    }
}

/// Things that arrive and do not end by themselves. Begins when first asked; after an error it ends.
#[must_use = "a feed does nothing until it is asked for the next thing"]
pub struct Feed<T> {
    state: State<T>,
}

enum State<T> {
    Ready(Box<Waiting<T>>),
    Open(Opened<T>),
    /// The stream has ended; closing still gives back what was not handled.
    Ended(Option<Close>),
}

struct Waiting<T> {
    plan: Planned,
    total: Option<Duration>,
    extra: Extra,
    start: Start<T>,
}

impl<T> Feed<T> {
    /// A feed that has begun already.
    pub fn new(
        stream: BoxStream<'static, Result<T>>,
        close: impl FnOnce() -> BoxFuture<'static, Result<()>> + Send + 'static,
    ) -> Self {
        Self { state: State::Open(Opened::new(stream, close)) }
    }

    /// A feed that begins when first asked: `preview` is its first request.
    pub fn lazy(
        session: &Session,
        op: &'static Op,
        preview: Result<Request>,
        start: impl FnOnce(Scope) -> Opened<T> + Send + 'static,
    ) -> Self {
        let context = Context::new(session.clone(), op, Args::default());
        let plan = Planned { context, request: preview, retry: None, options: Options::default() };
        let waiting = Waiting { plan, total: None, extra: Extra::default(), start: Box::new(start) };
        Self { state: State::Ready(Box::new(waiting)) }
    }

    fn change(mut self, change: impl FnOnce(&mut Waiting<T>)) -> Self {
        if let State::Ready(waiting) = &mut self.state {
            change(waiting);
        }
        self
    }

    /// Ends the feed's exchanges after this time. Without it a feed has no limit. No effect once it has begun.
    pub fn timeout(self, limit: Duration) -> Self {
        self.change(|waiting| waiting.total = Some(limit))
    }

    /// Replaces the retry policy of each exchange. No effect once it has begun.
    pub fn retry(self, policy: RetryPolicy) -> Self {
        self.change(|waiting| waiting.plan.retry = Some(policy))
    }

    /// Sets a header of each exchange. No effect once it has begun.
    pub fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        self.change(|waiting| {
            waiting.plan.header(name.clone(), value.clone());
            waiting.extra.headers.push((name, value));
        })
    }

    /// Adds a pair to the query of each exchange. No effect once it has begun.
    pub fn query(self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        self.change(|waiting| {
            waiting.plan.query(name.clone(), value.clone());
            waiting.extra.query.push((name, value));
        })
    }

    /// The first request, complete but for the credential; `None` once it has begun.
    ///
    /// # Errors
    /// The first wrong argument.
    pub fn request(&self) -> Option<Result<&Request, &Error>> {
        match &self.state {
            State::Ready(waiting) => Some(waiting.plan.request.as_ref()),
            _ => None,
        }
    }

    /// The first request as one line for a shell, secrets as shell variables.
    ///
    /// # Errors
    /// The first wrong argument; [`ErrorKind::Unsupported`] once the feed has begun.
    pub fn curl(&self) -> Result<String> {
        match &self.state {
            State::Ready(waiting) => waiting.plan.shown(Reveal::No),
            _ => Err(Error::new(ErrorKind::Unsupported, "the feed has begun: its first request is gone")),
        }
    }

    /// The next thing; `None` at the end.
    ///
    /// # Errors
    /// What ended the feed.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Ends the feed in order: nothing more arrives, and what was not handled is given back.
    ///
    /// # Errors
    /// Those of giving back.
    pub async fn close(self) -> Result<()> {
        let close = match self.state {
            State::Ready(_) | State::Ended(None) => return Ok(()),
            State::Open(Opened { stream, close }) => {
                drop(stream);
                close
            }
            State::Ended(Some(close)) => close,
        };
        close().await
    }

    fn begin(waiting: Waiting<T>) -> Result<Opened<T>> {
        let op = waiting.plan.context.op();
        waiting.plan.request.map_err(|error| error.with_op(op.id))?;
        let session = waiting.plan.context.session().clone();
        let deadline = waiting.total.and_then(|total| session.clock().now().checked_add(total));
        Ok((waiting.start)(Scope::new(session, deadline, waiting.plan.retry, waiting.extra)))
    }

    fn end(&mut self) {
        if let State::Open(Opened { close, .. }) = std::mem::replace(&mut self.state, State::Ended(None)) {
            self.state = State::Ended(Some(close));
        }
    }
}

impl<T: Send + 'static> Feed<T> {
    /// The next thing, blocking the calling thread. The feed comes back for the one after it.
    ///
    /// # Errors
    /// What ended the feed; [`ErrorKind::Config`] within an async context, or without the feature `blocking`.
    pub fn wait(mut self) -> Result<(Option<T>, Self)> {
        crate::blocking::wait(async move {
            let next = self.next().await.transpose()?;
            Ok((next, self))
        })
    }
}

impl<T> Unpin for Feed<T> {}

impl<T> Stream for Feed<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Self::Item>> {
        if let State::Ready(_) = &self.state
            && let State::Ready(waiting) = std::mem::replace(&mut self.state, State::Ended(None))
        {
            match Self::begin(*waiting) {
                Ok(opened) => self.state = State::Open(opened),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        let State::Open(opened) = &mut self.state else { return Poll::Ready(None) };
        let item = opened.stream.as_mut().poll_next(cx);
        if let Poll::Ready(None | Some(Err(_))) = &item {
            self.end();
        }
        item
    }
}

impl<T> fmt::Debug for Feed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Ready(_) => "ready",
            State::Open(_) => "open",
            State::Ended(_) => "ended",
        };
        f.debug_struct("Feed").field("state", &state).finish_non_exhaustive()
    }
}
