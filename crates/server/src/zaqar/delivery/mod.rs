//! Telling subscribers of messages (Zaqar reference 10.3 to 10.6).
//!
//! A post hands its messages over and goes on. One task finds the subscribers; each of them then gets the messages of
//! that post in order, from a task of its own that tries again by the retry policy. What is under way is bounded:
//! beyond that notifications are dropped and the log says so. Nothing of it is kept over a restart, as in the original.

pub(crate) mod confirmation;
mod mail;
mod retry;
mod send;
mod trust;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use self::retry::Policy;
use super::error::Failure;
use super::storage::queues;
use super::storage::subscriptions::{self, Subscription};
use super::websocket::push::is_connection;
use super::{Posted, Zaqar, metadata};
use crate::Tasks;
use crate::clock::Busy;

/// Posts that wait for their subscribers to be found.
const WAITING: usize = 1024;
/// Deliveries under way, those that wait for their next try included.
const UNDER_WAY: usize = 4096;
/// Requests at one time.
const SENDING: usize = 64;
/// Subscribers that are read at one time.
const BATCH: i64 = 200;

/// What one subscriber gets.
#[derive(Debug)]
struct Parcel {
    subscription: Subscription,
    /// One for each request, in order, without the name of the queue.
    documents: Vec<Map<String, Value>>,
    policy: Policy,
}

#[derive(Debug)]
enum Work {
    Posts { project: String, queue: String, messages: Vec<Posted> },
    Parcel(Box<Parcel>),
}

/// The way from requests to the task that delivers.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// Absent until the background work starts.
    inbox: OnceLock<mpsc::Sender<(Busy, Work)>>,
    /// How often subscriptions were added, as far as is known.
    added: AtomicU64,
    /// What `added` was when there were none: posts look no further while it still is.
    none_at: AtomicU64,
    under_way: Arc<Semaphore>,
    sending: Semaphore,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            inbox: OnceLock::new(),
            added: AtomicU64::new(1),
            none_at: AtomicU64::new(0),
            under_way: Arc::new(Semaphore::new(UNDER_WAY)),
            sending: Semaphore::new(SENDING),
        }
    }
}

impl Delivery {
    /// From now on there are subscriptions, as far as is known.
    pub(crate) fn expect_subscribers(&self) {
        self.added.fetch_add(1, Ordering::AcqRel);
    }

    fn may_have_subscribers(&self) -> bool {
        self.added.load(Ordering::Acquire) != self.none_at.load(Ordering::Acquire)
    }

    /// Delivers to one subscriber.
    fn hand_over(&self, busy: Busy, parcel: Parcel) {
        self.push(busy, Work::Parcel(Box::new(parcel)));
    }

    fn push(&self, busy: Busy, work: Work) {
        let Some(inbox) = self.inbox.get() else { return };
        if inbox.try_send((busy, work)).is_err() {
            tracing::warn!("too many notifications wait for their delivery; some are dropped");
        }
    }
}

impl Zaqar {
    /// Called after messages were posted: their subscribers get them by and by.
    pub(super) fn posted(&self, project: &str, queue: &str, messages: Vec<Posted>) {
        let is_wanted = self.settings().notifier && self.delivery.may_have_subscribers();
        if is_wanted && self.delivery.inbox.get().is_some() {
            let (project, queue) = (project.to_owned(), queue.to_owned());
            self.delivery.push(self.time.busy(), Work::Posts { project, queue, messages });
        }
    }

    /// The subscribers of a queue and its retry policy.
    async fn subscribers(&self, project: &str, queue: &str) -> Result<(Vec<Subscription>, Value), Failure> {
        let (mut all, mut after, mut policy) = (Vec::new(), 0, Value::Null);
        loop {
            let (project, queue) = (project.to_owned(), queue.to_owned());
            let (found, metadata) = self
                .read(move |tx| {
                    let found = subscriptions::list(tx, &project, &queue, after, BATCH)?;
                    Ok((found, queues::find(tx, &project, &queue)?.map(|queue| queue.metadata)))
                })
                .await?;
            if let Some(own) = metadata.and_then(|text| metadata::read(&text).remove("_retry_policy")) {
                policy = own;
            }
            let is_last = i64::try_from(found.len()).unwrap_or(BATCH) < BATCH;
            after = found.last().map_or(after, |last| last.place);
            all.extend(found);
            if is_last || all.len() >= UNDER_WAY {
                return Ok((all, policy));
            }
        }
    }

    /// Whether there is any subscription; asked when a queue turned out to have none.
    async fn look_for_subscribers(&self) -> Result<(), Failure> {
        // Taken first: one that is added meanwhile makes a difference.
        let added = self.delivery.added.load(Ordering::Acquire);
        let sql = "SELECT id FROM subscriptions LIMIT 1";
        if self.read(move |tx| Ok(tx.query_opt(sql, &[], |row| row.text(0))?)).await?.is_none() {
            self.delivery.none_at.store(added, Ordering::Release);
        }
        Ok(())
    }
}

/// Starts the task that delivers.
pub(super) fn start(zaqar: &Arc<Zaqar>, tasks: &Tasks) {
    let (sender, inbox) = mpsc::channel(WAITING);
    if zaqar.delivery.inbox.set(sender).is_err() {
        return;
    }
    let (zaqar, owner) = (Arc::clone(zaqar), tasks.clone());
    tasks.spawn("zaqar delivery", |stop| async move { run(zaqar, owner, inbox, stop).await });
}

async fn run(
    zaqar: Arc<Zaqar>,
    tasks: Tasks,
    mut inbox: mpsc::Receiver<(Busy, Work)>,
    stop: CancellationToken,
) {
    loop {
        let (busy, work) = tokio::select! {
            work = inbox.recv() => match work {
                Some(work) => work,
                None => return,
            },
            () = stop.cancelled() => return,
        };
        match work {
            Work::Parcel(parcel) => dispatch(&zaqar, &tasks, *parcel),
            Work::Posts { project, queue, messages } => {
                if let Err(failure) = post(&zaqar, &tasks, &project, &queue, &messages).await {
                    tracing::warn!(why = failure.text(), "subscriptions cannot be read");
                }
            }
        }
        drop(busy);
    }
}

async fn post(
    zaqar: &Arc<Zaqar>,
    tasks: &Tasks,
    project: &str,
    queue: &str,
    messages: &[Posted],
) -> Result<(), Failure> {
    let (subscribers, policy) = zaqar.subscribers(project, queue).await?;
    if subscribers.is_empty() {
        return zaqar.look_for_subscribers().await;
    }
    let must_confirm = zaqar.settings().require_confirmation;
    for subscription in subscribers.into_iter().filter(|own| own.confirmed || !must_confirm) {
        let own = options(&subscription);
        if is_connection(&zaqar.listening, &subscription.subscriber) {
            for message in messages {
                let json = send::body(&own, &named(document(message), queue));
                if !zaqar.sockets.push(&subscription.subscriber, json) {
                    break;
                }
            }
            continue;
        }
        let policy = Policy::of(own.get("_retry_policy"), Some(&policy));
        let documents = messages.iter().map(document).collect();
        dispatch(zaqar, tasks, Parcel { subscription, documents, policy });
    }
    Ok(())
}

fn document(message: &Posted) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("ttl".to_owned(), json!(message.ttl));
    document.insert("body".to_owned(), serde_json::from_str(&message.body).unwrap_or_default());
    if let Some(delay) = message.delay {
        document.insert("delay".to_owned(), json!(delay));
    }
    document.insert("Message_Type".to_owned(), json!("Notification"));
    document
}

/// A document with the name of its queue, as it goes out.
fn named(mut document: Map<String, Value>, queue: &str) -> Map<String, Value> {
    document.insert("queue_name".to_owned(), json!(queue));
    document
}

/// The options of a subscription.
fn options(subscription: &Subscription) -> Map<String, Value> {
    serde_json::from_str(&subscription.options).unwrap_or_default()
}

fn dispatch(zaqar: &Arc<Zaqar>, tasks: &Tasks, parcel: Parcel) {
    let Ok(place) = Arc::clone(&zaqar.delivery.under_way).try_acquire_owned() else {
        tracing::warn!(
            queue = parcel.subscription.queue,
            "too many deliveries are under way; one is dropped"
        );
        return;
    };
    let (zaqar, busy) = (Arc::clone(zaqar), zaqar.time.busy());
    tasks.spawn("zaqar subscriber", |stop| async move {
        send::deliver(&zaqar, &parcel, &stop, busy).await;
        drop(place);
    });
}
