//! The consumer behind a feed: claims, renewals, releases, pauses in between.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use pentad_core::retry::Outage;
use pentad_core::{Clock, ErrorKind, Feed, Result, feed::Opened, work::Scope};
use tokio::sync::Notify;

use super::lease::{Due, Lease};
use super::{Consume, Delivery, GiveBack};
use crate::error::ErrorExt;
use crate::message::NewMessage;
use crate::model::Message;
use crate::ops;
use crate::queue::Queue;
use crate::version::Version;

/// Messages whose attempts are remembered.
const REMEMBERED: usize = 10_000;

/// What the feed and its deliveries share.
#[derive(Debug)]
pub(super) struct Consumer {
    queue: Queue,
    options: Consume,
    scope: Scope,
    leases: Mutex<Vec<Arc<Lease>>>,
    attempts: Mutex<Attempts>,
    changed: Notify,
    /// Whether what is given back waits for its claim's end.
    waits: OnceLock<bool>,
}

#[derive(Debug, Default)]
struct Attempts {
    counts: HashMap<String, u32>,
    order: VecDeque<String>,
}

impl Attempts {
    fn next(&mut self, id: &str) -> u32 {
        if let Some(count) = self.counts.get_mut(id) {
            *count += 1;
            return *count;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.counts.remove(&oldest);
        }
        self.order.push_back(id.to_owned());
        self.counts.insert(id.to_owned(), 1);
        1
    }
}

pub(crate) fn start(queue: Queue, options: Consume) -> Feed<Delivery> {
    let session = queue.client().session().clone();
    let preview = queue.claim_draft(options.claim(options.max_in_flight)).request();
    Feed::lazy(&session, &ops::CLAIM_CREATE, preview, move |scope| {
        let policy = scope.reconnect().unwrap_or(&options.reconnect).clone();
        let waits = match options.give_back {
            GiveBack::Auto if queue.version() == Version::V2 => OnceLock::new(),
            GiveBack::Auto | GiveBack::AtOnce => OnceLock::from(false),
            GiveBack::WhenClaimEnds => OnceLock::from(true),
        };
        let consumer = Arc::new(Consumer {
            queue,
            options,
            scope,
            leases: Mutex::default(),
            attempts: Mutex::default(),
            changed: Notify::new(),
            waits,
        });
        let puller = Puller {
            consumer: Arc::clone(&consumer),
            ready: VecDeque::new(),
            pause: Duration::ZERO,
            quiet: None,
            outage: Outage::new(policy),
        };
        let stream = stream::unfold(Some(puller), |puller| async move {
            let mut puller = puller?;
            match puller.next().await {
                Ok(delivery) => Some((Ok(delivery), Some(puller))),
                Err(error) => Some((Err(error), None)),
            }
        });
        let close = Close(Some(consumer));
        Opened::new(stream.boxed(), move || close.now().boxed())
    })
}

/// Frees what is held at the end of the feed: when it is closed, or else in the background when it is dropped.
struct Close(Option<Arc<Consumer>>);

impl Close {
    async fn now(mut self) -> Result<()> {
        match self.0.take() {
            Some(consumer) => consumer.drain().await,
            None => Ok(()),
        }
    }
}

impl Drop for Close {
    fn drop(&mut self) {
        let Some(consumer) = self.0.take().filter(|consumer| consumer.is_holding()) else { return };
        let drain = async move {
            if let Err(error) = consumer.drain().await {
                tracing::warn!(%error, "what a dropped feed held was not freed: its claims end by themselves");
            }
        };
        if !pentad_transport::background(drain) {
            tracing::debug!("a feed was dropped where nothing can run on: its claims end by themselves");
        }
    }
}

impl Consumer {
    fn is_holding(&self) -> bool {
        self.leases().iter().any(|lease| lease.is_worth_freeing(!self.waits()) || lease.out() > 0)
    }

    fn leases(&self) -> MutexGuard<'_, Vec<Arc<Lease>>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.scope.session().clock()
    }

    pub(super) fn now(&self) -> Instant {
        self.clock().now()
    }

    pub(super) fn dead_letter(&self) -> Option<(Queue, u32)> {
        self.options.dead_letter.clone()
    }

    pub(super) fn give_back(&self, lease: &Lease) {
        lease.given_back();
        self.changed.notify_one();
    }

    pub(super) fn set_aside(&self, lease: &Lease) {
        lease.set_aside();
        self.changed.notify_one();
    }

    pub(super) fn finished(&self, lease: &Lease) {
        lease.finished();
        self.changed.notify_one();
    }

    pub(super) async fn delete(&self, message: &str, lease: &Lease) -> Result<()> {
        let delete = self.queue.message(message).claimed_by(lease.id()).delete();
        let done = self.scope.run(delete).await;
        if let Err(error) = &done
            && error.is_claim_lost()
        {
            lease.lost();
        }
        done
    }

    pub(super) async fn renew(&self, lease: &Lease) -> Result<()> {
        let (ttl, grace) = (self.options.ttl, self.options.grace);
        let before = self.now();
        let renewed = self.scope.run(self.queue.claim(lease.id()).update(ttl, grace)).await;
        match &renewed {
            // The service counts from a moment after this one.
            Ok(()) => lease.renewed(before, ttl.duration(), self.options.renew_at),
            Err(error) if error.is_claim_lost() => lease.lost(),
            Err(_) => lease.postponed(self.now()),
        }
        renewed
    }

    pub(super) async fn post_letter(&self, queue: &Queue, letter: NewMessage) -> Result<()> {
        self.scope.nested(queue.post(letter)).await.map(drop)
    }

    async fn free(&self, lease: &Lease) -> Result<()> {
        self.scope.run(self.queue.claim(lease.id()).release()).await
    }

    fn waits(&self) -> bool {
        self.waits.get().copied().unwrap_or(false)
    }

    /// Waits for what is in hand, then frees what was not handed out or was given back.
    async fn drain(&self) -> Result<()> {
        let end = self.now() + self.options.drain;
        while self.leases().iter().any(|lease| lease.out() > 0) {
            let now = self.now();
            let left = end.saturating_duration_since(now);
            if left.is_zero() {
                break;
            }
            let due = self.leases().iter().find(|lease| lease.due(now) == Due::Renew).cloned();
            if let Some(lease) = due {
                // A lease that cannot be renewed is told of by its acknowledgement.
                let _ = self.renew(&lease).await;
                continue;
            }
            let renew = self.leases().iter().filter_map(|lease| until(lease.due(now))).min();
            let wake = renew.map_or(end, |at| at.min(end));
            self.clock().sleep_until_or(Some(wake), self.changed.notified()).await;
        }
        let leases = std::mem::take(&mut *self.leases());
        let mut result = Ok(());
        for lease in leases {
            // What somebody still works on is not taken out of their hands.
            if lease.out() == 0 && lease.is_worth_freeing(!self.waits()) {
                result = result.and(self.free(&lease).await);
            }
        }
        result
    }
}

const fn until(due: Due) -> Option<Instant> {
    match due {
        Due::Until(at) => Some(at),
        _ => None,
    }
}

/// The asking side: decides what to do next.
struct Puller {
    consumer: Arc<Consumer>,
    /// Claimed and not handed out, oldest first.
    ready: VecDeque<(Message, Arc<Lease>)>,
    /// The pause after the last empty answer.
    pause: Duration,
    /// No claim before this.
    quiet: Option<Instant>,
    outage: Outage,
}

enum Step {
    Renew(Arc<Lease>),
    Free(Arc<Lease>),
    Claim(usize),
    Wait(Option<Instant>),
}

impl Puller {
    async fn next(&mut self) -> Result<Delivery> {
        self.learn().await?;
        loop {
            let step = self.step();
            if !matches!(step, Step::Renew(_))
                && let Some(delivery) = self.hand_out()
            {
                return Ok(delivery);
            }
            match step {
                Step::Renew(lease) => {
                    let renewed = self.consumer.renew(&lease).await;
                    match renewed {
                        Err(error) if error.is_claim_lost() => {
                            tracing::warn!(claim = lease.id(), "the lease was lost before it was renewed");
                        }
                        // The lease says itself when it is to be tried again.
                        Err(error) if error.is_outage() => {}
                        other => other?,
                    }
                }
                Step::Free(lease) => self.free(&lease).await?,
                Step::Claim(room) => self.claim(room).await?,
                Step::Wait(until) => self.wait(until).await,
            }
        }
    }

    fn hand_out(&mut self) -> Option<Delivery> {
        let now = self.consumer.now();
        while let Some((message, lease)) = self.ready.pop_front() {
            if lease.hand_out(now) {
                let attempts = &self.consumer.attempts;
                let attempt = attempts.lock().unwrap_or_else(PoisonError::into_inner).next(&message.id);
                return Some(Delivery::new(message, attempt, lease, Arc::clone(&self.consumer)));
            }
        }
        None
    }

    fn step(&self) -> Step {
        let (consumer, now) = (&self.consumer, self.consumer.now());
        let (mut renew, mut free, mut wake, mut unfinished) = (None, None, None, 0);
        // One look at each: there may be thousands, and this is asked for every delivery.
        consumer.leases().retain(|lease| {
            let due = lease.due(now);
            match due {
                Due::Over => return false,
                Due::Renew if renew.is_none() => renew = Some(Arc::clone(lease)),
                Due::Free if free.is_none() => free = Some(Arc::clone(lease)),
                Due::Until(at) => wake = wake.into_iter().chain([at]).min(),
                Due::Renew | Due::Free => {}
            }
            unfinished += lease.unfinished();
            true
        });
        if let Some(lease) = renew {
            return Step::Renew(lease);
        }
        if let Some(lease) = free {
            return Step::Free(lease);
        }
        let room = consumer.options.max_in_flight.saturating_sub(unfinished);
        if room > 0 && self.quiet.is_none_or(|at| at <= now) {
            return Step::Claim(room);
        }
        let quiet = if room > 0 { self.quiet } else { None };
        Step::Wait([quiet, wake].into_iter().flatten().min())
    }

    async fn free(&mut self, lease: &Arc<Lease>) -> Result<()> {
        let consumer = Arc::clone(&self.consumer);
        if !consumer.waits() {
            let freed = consumer.free(lease).await;
            if self.survive(freed).await?.is_none() {
                return Ok(());
            }
        }
        consumer.leases().retain(|other| !Arc::ptr_eq(other, lease));
        self.quiet = Some(consumer.now() + consumer.options.redeliver_after);
        Ok(())
    }

    async fn claim(&mut self, room: usize) -> Result<()> {
        let consumer = Arc::clone(&self.consumer);
        let options = &consumer.options;
        let before = consumer.now();
        let claimed = consumer.scope.run(consumer.queue.claim_messages(options.claim(room))).await;
        let Some(claimed) = self.survive(claimed).await? else { return Ok(()) };
        let Some(id) = claimed.id.filter(|_| !claimed.messages.is_empty()) else {
            let (first, longest) = options.idle;
            self.pause = (self.pause * 2).clamp(first, longest);
            self.quiet = Some(consumer.now() + self.pause);
            return Ok(());
        };
        (self.pause, self.quiet) = (Duration::ZERO, None);
        let ttl = options.ttl.duration();
        let lease = Arc::new(Lease::new(id, claimed.messages.len(), before, ttl, options.renew_at));
        consumer.leases().push(Arc::clone(&lease));
        self.ready.extend(claimed.messages.into_iter().map(|message| (message, Arc::clone(&lease))));
        Ok(())
    }

    /// Lets an error pass that time may heal, after a pause; `None` then.
    async fn survive<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        let clock = Arc::clone(self.consumer.clock());
        self.outage.survive(&*clock, result).await
    }

    async fn wait(&self, until: Option<Instant>) {
        let changed = self.consumer.changed.notified();
        self.consumer.clock().sleep_until_or(until, changed).await;
    }

    /// Looks once whether the service counts claims for a dead-letter queue.
    async fn learn(&mut self) -> Result<()> {
        let consumer = Arc::clone(&self.consumer);
        if consumer.waits.get().is_some() {
            return Ok(());
        }
        let waits = match consumer.scope.run(consumer.queue.metadata()).await {
            Ok(metadata) => metadata.dead_letter_queue().is_some(),
            // Who may claim but not read, or cannot read now, gives back at once.
            Err(error) if error.kind() == ErrorKind::Forbidden || error.is_outage() => false,
            Err(error) => return Err(error),
        };
        // Only this method fills it, and the feed is polled by one task at a time.
        let _ = consumer.waits.set(waits);
        Ok(())
    }
}
