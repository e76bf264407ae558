//! From posts to their subscribers: one task for each queue that has posts waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::super::error::Failure;
use super::super::storage::queues;
use super::super::storage::subscriptions::{self, Subscription};
use super::super::websocket::push::is_connection;
use super::super::{Posted, Zaqar, metadata};
use super::retry::Policy;
use super::room::Place;
use super::{Content, Parcel, Purpose, document, named, send};

/// Subscribers that are read at one time.
const BATCH: i64 = 200;

/// A queue: its project and its name.
type Name = (String, String);

/// One post that waits for its subscribers to be found.
#[derive(Debug)]
struct Post {
    messages: Arc<[Posted]>,
    _place: Place,
}

/// The posts that wait, by queue. A queue is in it as long as its task runs.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<HashMap<Name, Vec<Post>>>);

impl Lanes {
    fn open(&self) -> MutexGuard<'_, HashMap<Name, Vec<Post>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a post; `true` if the queue needs a task.
    fn add(&self, name: &Name, post: Post) -> bool {
        let mut open = self.open();
        if let Some(waiting) = open.get_mut(name) {
            waiting.push(post);
            return false;
        }
        open.insert(name.clone(), vec![post]);
        true
    }

    /// What waits now; without anything the lane is closed.
    fn next(&self, name: &Name) -> Option<Vec<Post>> {
        let mut open = self.open();
        let waiting = std::mem::take(open.get_mut(name)?);
        if waiting.is_empty() {
            open.remove(name);
            return None;
        }
        Some(waiting)
    }
}

/// Closes a lane whose task ends early.
struct Open<'a> {
    lanes: &'a Lanes,
    name: &'a Name,
    is_closed: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.is_closed {
            self.lanes.open().remove(self.name);
        }
    }
}

impl Zaqar {
    /// Called after messages were posted to a queue with subscriptions: its subscribers get them by and by.
    pub(in super::super) fn posted(self: &Arc<Self>, project: &str, queue: &str, messages: Vec<Posted>) {
        let Some(tasks) = self.delivery.tasks.get().filter(|_| self.settings().notifier) else { return };
        let bytes = messages.iter().map(|message| message.body.len()).sum();
        let Some(place) = self.delivery.room.take(project, &format!("queue {queue} of {project}"), bytes)
        else {
            return;
        };
        let name = (project.to_owned(), queue.to_owned());
        if !self.delivery.lanes.add(&name, Post { messages: messages.into(), _place: place }) {
            return;
        }
        let (zaqar, busy) = (Arc::clone(self), self.time.busy());
        tasks.spawn("zaqar delivery", |stop| async move {
            zaqar.drive(&name, &stop).await;
            drop(busy);
        });
    }

    async fn drive(self: &Arc<Self>, name: &Name, stop: &CancellationToken) {
        let mut open = Open { lanes: &self.delivery.lanes, name, is_closed: false };
        while let Some(posts) = self.delivery.lanes.next(name) {
            if stop.is_cancelled() {
                return;
            }
            if let Err(failure) = self.spread(name, &posts).await {
                tracing::warn!(why = failure.text(), "subscriptions cannot be read");
            }
        }
        // Another one may be open already.
        open.is_closed = true;
    }

    /// Hands posts to every subscriber of their queue.
    async fn spread(self: &Arc<Self>, name: &Name, posts: &[Post]) -> Result<(), Failure> {
        let must_confirm = self.settings().require_confirmation;
        let (mut after, mut policy) = (0, Value::Null);
        loop {
            let ((project, queue), from) = (name.clone(), after);
            let (found, metadata) = self
                .read(move |tx| {
                    let found = subscriptions::list(tx, &project, &queue, from, BATCH)?;
                    Ok((found, queues::find(tx, &project, &queue)?.map(|queue| queue.metadata)))
                })
                .await?;
            if let Some(own) = metadata.and_then(|text| metadata::read(&text).remove("_retry_policy")) {
                policy = own;
            }
            let Some(last) = found.last() else { break };
            after = last.place;
            let is_last = i64::try_from(found.len()).unwrap_or(BATCH) < BATCH;
            for subscription in found.into_iter().filter(|own| own.confirmed || !must_confirm) {
                self.hand_out(name, subscription, posts, &policy).await;
            }
            if is_last {
                break;
            }
        }
        if after == 0 { self.look_no_further(name).await } else { Ok(()) }
    }

    async fn hand_out(self: &Arc<Self>, name: &Name, own: Subscription, posts: &[Post], policy: &Value) {
        let options = self.options(&own);
        if is_connection(&self.listening, &own.subscriber) {
            return self.push(name, &own, &options, posts).await;
        }
        let policy = Policy::of(options.get("_retry_policy"), Some(policy));
        for post in posts {
            let content = Content::Messages(Arc::clone(&post.messages));
            self.dispatch(Parcel {
                project: name.0.clone(),
                subscription: own.clone(),
                options: options.clone(),
                content,
                policy: policy.clone(),
                purpose: Purpose::Notification,
            })
            .await;
        }
    }

    /// Gives messages to a connection of this server. The subscription of one that is gone is removed: the server may
    /// have ended without a goodbye.
    async fn push(&self, name: &Name, own: &Subscription, options: &Map<String, Value>, posts: &[Post]) {
        for message in posts.iter().flat_map(|post| post.messages.iter()) {
            let json = send::body(options, &named(document(message), &name.1));
            if !self.sockets.push(&own.subscriber, json) {
                let ((project, queue), id) = (name.clone(), own.id.clone());
                let gone = self.write(move |tx| Ok(subscriptions::delete(tx, &project, &queue, &id)?)).await;
                if let Err(failure) = gone {
                    tracing::warn!(
                        why = failure.text(),
                        "a subscription of a closed connection is left behind"
                    );
                }
                return;
            }
        }
    }

    /// Lets posts know that the queue has no subscriptions any more.
    async fn look_no_further(&self, name: &Name) -> Result<(), Failure> {
        let (project, queue) = name.clone();
        self.write(move |tx| Ok(queues::unwatch(tx, &project, &queue)?)).await
    }
}
