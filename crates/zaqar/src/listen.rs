//! Listening to a queue: notifications over websocket, as long as somebody listens.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_core::stream::BoxStream;
use futures_util::future::{Either, select};
use futures_util::stream::{self, StreamExt};
use pentad_core::feed::{Link, Opened};
use pentad_core::work::Scope;
use pentad_core::{BoxFuture, Error, ErrorKind, Feed, Result};

use crate::limit::Ttl;
use crate::model::Notification;
use crate::ops;
use crate::queue::Queue;
use crate::subscription::NewSubscription;
use crate::ws::link::Ear;
use crate::ws::{self, Websocket};

impl Queue {
    /// Subscribes the client's websocket connection and gives what is posted from now on, as long as it is asked: the
    /// subscription is made anew when half of its ttl (an hour, unless said) is over, and on another connection after one
    /// broke. What was posted while there was none is not among it, in the first case commonly some milliseconds.
    ///
    /// Closing the feed removes the subscription. One that was dropped without that leaves it behind on the connection, for
    /// the next listener of the queue to remove, or for its ttl.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for clients over HTTP; [`Conflict`](ErrorKind::Conflict) if somebody listens
    /// to the queue on this connection already.
    /// # Source
    /// Zaqar reference 12.5.
    pub fn listen(&self, subscription: &NewSubscription) -> Feed<Notification> {
        let session = self.client().session();
        let (subscription, ttl) = subscription.clone().ttl_or(LISTENING);
        let draft = self.subscribe_draft(&subscription);
        let Some(websocket) = self.client().websocket().cloned() else {
            let refused = draft.refuse(
                Error::new(ErrorKind::Unsupported, "notifications need the websocket transport")
                    .with_hint("make the client with a ws:// URL"),
            );
            return Feed::lazy(session, &ops::SUBSCRIPTION_CREATE, refused.request(), |_| {
                Opened::new(stream::empty().boxed(), || Box::pin(std::future::ready(Ok(()))))
            });
        };
        let listener = Arc::new(Listener { queue: self.clone(), subscription, ttl, websocket });
        let closing = Arc::clone(&listener);
        let open = move |scope: &Scope, _: Option<&str>| {
            let (scope, listener) = (scope.clone(), Arc::clone(&listener));
            Box::pin(async move { listener.open(scope).await.map(Some) })
                as BoxFuture<'static, Result<Link<Notification>>>
        };
        let feed = Feed::reconnecting(session, &ops::SUBSCRIPTION_CREATE, draft.request(), |_| None, open);
        feed.on_close(move || Box::pin(async move { closing.unsubscribe().await }))
    }
}

/// How long the subscription of a listener lives that says nothing about it.
const LISTENING: Ttl = Ttl::hours(1);

struct Listener {
    queue: Queue,
    subscription: NewSubscription,
    ttl: Ttl,
    websocket: Websocket,
}

impl Listener {
    async fn open(self: Arc<Self>, scope: Scope) -> Result<BoxStream<'static, Result<Notification>>> {
        self.unsubscribe().await?;
        let (link, id) = self.subscribe(&scope).await?;
        let ear = Ear::new(link, self.queue.name(), id);
        let renew = self.renewal(&scope);
        let listening = Listening { listener: self, scope, ear, renew };
        let frames = stream::unfold(Some(listening), |listening| async move {
            match listening?.next().await {
                Ok((notification, listening)) => Some((Ok(notification), Some(listening))),
                Err(error) => Some((Err(error), None)),
            }
        });
        Ok(frames.boxed())
    }

    async fn subscribe(&self, scope: &Scope) -> Result<(Arc<ws::link::Link>, String)> {
        let id = scope.run(self.queue.subscribe(&self.subscription)).await?;
        let link = self.websocket.link().ok_or_else(|| {
            Error::new(ErrorKind::Connection, "the connection ended after the subscription")
        })?;
        Ok((link, id))
    }

    /// Removes what a listener left behind on the present connection.
    async fn unsubscribe(&self) -> Result<()> {
        let Some(link) = self.websocket.link() else { return Ok(()) };
        if let Some(id) = link.left_behind(self.queue.name()) {
            self.queue.subscription(id).delete().await?;
            link.forget(self.queue.name());
        }
        Ok(())
    }

    /// When the subscription is to be made anew. The service counts from a moment before this one, and half of the ttl
    /// leaves time for more than one try.
    fn renewal(&self, scope: &Scope) -> Instant {
        scope.session().clock().now() + self.ttl.duration().min(FOREVER) / 2
    }
}

/// No clock counts further.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);

struct Listening {
    listener: Arc<Listener>,
    scope: Scope,
    ear: Ear,
    renew: Instant,
}

impl Listening {
    async fn next(mut self) -> Result<(Notification, Self)> {
        let clock = Arc::clone(self.scope.session().clock());
        loop {
            let left = self.renew.saturating_duration_since(clock.now());
            let heard = match select(std::pin::pin!(self.ear.next()), clock.sleep(left)).await {
                Either::Left((heard, _)) => Some(heard?),
                Either::Right(_) => None,
            };
            match heard {
                Some(notification) => return Ok((notification, self)),
                None => self = self.renewed().await?,
            }
        }
    }

    /// With a new subscription: over websocket there is no way to prolong one.
    async fn renewed(mut self) -> Result<Self> {
        if let Some(id) = self.ear.subscription() {
            self.scope.run(self.listener.queue.subscription(id).delete()).await?;
        }
        let (link, id) = self.listener.subscribe(&self.scope).await?;
        self.ear = self.ear.moved(link, id);
        self.renew = self.listener.renewal(&self.scope);
        Ok(self)
    }
}
