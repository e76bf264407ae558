//! `Feed<T>`: things that arrive until somebody says stop.

use std::borrow::Cow;
use std::fmt;
use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::future::BoxFuture;
use futures_core::stream::BoxStream;
use futures_util::stream::{self, StreamExt};
use http::{HeaderName, HeaderValue};

use crate::call::Planned;
use crate::curl::Reveal;
use crate::decode::Context;
use crate::draft::Options;
use crate::error::{Error, ErrorKind, Result};
use crate::message::{Args, Request};
use crate::op::Op;
use crate::retry::{Outage, Reconnect, RetryPolicy};
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
    reconnect: Option<Reconnect>,
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
        let waiting =
            Waiting { plan, total: None, extra: Extra::default(), reconnect: None, start: Box::new(start) };
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

    /// Says how outages are lived through, in place of the feed's own policy. No effect once it has begun.
    pub fn reconnect(self, policy: Reconnect) -> Self {
        self.change(|waiting| waiting.reconnect = Some(policy))
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
        let mut scope = Scope::new(session, deadline, waiting.plan.retry, waiting.extra);
        scope.set_reconnect(waiting.reconnect);
        Ok((waiting.start)(scope))
    }

    fn end(&mut self) {
        if let State::Open(Opened { close, .. }) = std::mem::replace(&mut self.state, State::Ended(None)) {
            self.state = State::Ended(Some(close));
        }
    }
}

/// A stream of a [`Feed::reconnecting`], open until it breaks; `None` when there is nothing more to come.
pub type Link<T> = Option<BoxStream<'static, Result<T>>>;

type Open<T> = Box<dyn FnMut(&Scope, Option<&str>) -> BoxFuture<'static, Result<Link<T>>> + Send>;

/// The state of a feed that opens its stream again when it breaks.
struct Reopening<T> {
    scope: Scope,
    outage: Outage,
    open: Open<T>,
    mark: fn(&T) -> Option<String>,
    /// Where to go on.
    place: Option<String>,
    stream: Link<T>,
    /// Streams in a row that ended without anything in them.
    idle: u32,
}

impl<T: Send + 'static> Feed<T> {
    /// A feed over a connection that may break, such as server-sent events: `open` connects and `mark` gives the place
    /// of a thing, which the next `open` receives to go on behind it. When the stream breaks or ends it is opened again
    /// as [`reconnect`](Self::reconnect) says (default [`Reconnect::default`]); `open` ends the feed by `Ok(None)`.
    pub fn reconnecting(
        session: &Session,
        op: &'static Op,
        preview: Result<Request>,
        mark: fn(&T) -> Option<String>,
        open: impl FnMut(&Scope, Option<&str>) -> BoxFuture<'static, Result<Link<T>>> + Send + 'static,
    ) -> Self {
        Self::lazy(session, op, preview, move |scope| {
            let outage = Outage::new(scope.reconnect().cloned().unwrap_or_default());
            let open: Open<T> = Box::new(open);
            let state = Reopening { scope, outage, open, mark, place: None, stream: None, idle: 0 };
            let stream = stream::unfold(Some(state), |state| async move {
                let mut state = state?;
                match state.next().await {
                    Ok(Some(thing)) => Some((Ok(thing), Some(state))),
                    Ok(None) => None,
                    Err(error) => Some((Err(error), None)),
                }
            });
            Opened::new(Box::pin(stream), || Box::pin(ready(Ok(()))))
        })
    }

    /// Does this, too, when the feed is closed after it began: behind what the feed itself does then.
    pub fn on_close(self, also: impl FnOnce() -> BoxFuture<'static, Result<()>> + Send + 'static) -> Self {
        let then = move |opened: Opened<T>| {
            let Opened { stream, close } = opened;
            Opened::new(stream, move || {
                Box::pin(async move {
                    let closed = close().await;
                    closed.and(also().await)
                })
            })
        };
        let state = match self.state {
            State::Ready(mut waiting) => {
                let start = waiting.start;
                waiting.start = Box::new(move |scope| then(start(scope)));
                State::Ready(waiting)
            }
            State::Open(opened) => State::Open(then(opened)),
            ended @ State::Ended(_) => ended,
        };
        Self { state }
    }

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

impl<T: Send + 'static> Reopening<T> {
    async fn next(&mut self) -> Result<Option<T>> {
        let clock = Arc::clone(self.scope.session().clock());
        loop {
            let Some(stream) = &mut self.stream else {
                let opened = (self.open)(&self.scope, self.place.as_deref()).await;
                match opened {
                    Ok(None) => return Ok(None),
                    Ok(stream) => self.stream = stream,
                    Err(error) => {
                        let failed: Result<()> = Err(error);
                        self.outage.survive(&*clock, failed).await?;
                    }
                }
                continue;
            };
            match stream.next().await {
                Some(Ok(thing)) => {
                    // Only what arrives proves that the service is back: an open connection may break at once.
                    self.outage.over();
                    self.idle = 0;
                    if let Some(place) = (self.mark)(&thing) {
                        self.place = Some(place);
                    }
                    return Ok(Some(thing));
                }
                Some(Err(error)) => {
                    self.stream = None;
                    let broken: Result<()> = Err(error);
                    self.outage.survive(&*clock, broken).await?;
                }
                None => {
                    self.stream = None;
                    let pause = self.outage.policy().schedule.pause(self.idle, clock.jitter());
                    self.idle = self.idle.saturating_add(1);
                    clock.sleep(pause).await;
                }
            }
        }
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
