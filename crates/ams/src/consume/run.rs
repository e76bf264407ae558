//! The consumer behind a feed: one pull or acknowledgement at a time, pauses in between.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use pentad_core::feed::Opened;
use pentad_core::retry::Outage;
use pentad_core::work::Scope;
use pentad_core::{Clock, Error, ErrorKind, Feed, Result};
use tokio::sync::{Mutex as Turn, Notify};

use super::window::{Slot, Window};
use super::{Consume, Delivery};
use crate::error::ErrorExt;
use crate::message::Message;
use crate::ops;
use crate::pull::Pull;
use crate::subscription::Subscription;

/// How often an acknowledgement is repeated after a new pull.
const ROUNDS: u32 = 4;

/// Every pull delivers again what was set aside: no more than this.
const MOST_ASIDE: usize = 1_000;

/// The service's own default, used where the subscription may not be read.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// What the feed and its deliveries share.
#[derive(Debug)]
pub(super) struct Consumer {
    subscription: Subscription,
    options: Consume,
    scope: Scope,
    window: Mutex<Window>,
    /// One exchange about the window at a time: the service keeps only the last one.
    turn: Turn<()>,
    changed: Notify,
    deadline: OnceLock<Duration>,
}

pub(crate) fn start(subscription: Subscription, options: Consume) -> Feed<Delivery> {
    let session = subscription.client().session().clone();
    let preview = subscription.pull_request(&Pull::new(options.batch));
    Feed::lazy(&session, &ops::SUBSCRIPTION_PULL, preview, move |scope| {
        let consumer = Arc::new(Consumer {
            subscription,
            deadline: options.deadline.map_or_else(OnceLock::new, OnceLock::from),
            options,
            scope,
            window: Mutex::default(),
            turn: Turn::new(()),
            changed: Notify::new(),
        });
        let policy = consumer.scope.reconnect().unwrap_or(&consumer.options.reconnect).clone();
        let puller = Puller {
            consumer: Arc::clone(&consumer),
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
        Opened::new(stream.boxed(), move || async move { consumer.drain().await }.boxed())
    })
}

impl Consumer {
    fn lock(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.scope.session().clock()
    }

    pub(super) fn options(&self) -> &Consume {
        &self.options
    }

    pub(super) fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    pub(super) fn mark(&self, offset: i64, fate: Slot) {
        self.lock().mark(offset, fate);
        self.changed.notify_one();
    }

    pub(super) fn give_back(&self, offset: i64, message: Message) {
        let not_before = self.clock().now() + self.options.redeliver_after;
        self.lock().give_back(offset, message, not_before);
        self.changed.notify_one();
    }

    /// Finishes an offset, and commits when that is worth a request.
    pub(super) async fn finish(&self, offset: i64) -> Result<()> {
        self.mark(offset, Slot::Done);
        let worth = {
            let window = self.lock();
            let late = window.fresh_until(self.deadline()).is_none_or(|at| at <= self.clock().now());
            window.has_prefix() && (self.options.commit_each || window.unfinished().0 == 0 || late)
        };
        if worth { self.commit().await } else { Ok(()) }
    }

    fn deadline(&self) -> Duration {
        self.deadline.get().copied().unwrap_or(DEFAULT_DEADLINE)
    }

    /// Acknowledges the finished prefix; opens a new window first if the last one cannot be relied on.
    pub(super) async fn commit(&self) -> Result<()> {
        let _turn = self.turn.lock().await;
        let mut last = None;
        for _ in 0..ROUNDS {
            if !self.lock().has_prefix() {
                return Ok(());
            }
            let fresh = self.lock().fresh_until(self.deadline()).is_some_and(|at| at > self.clock().now());
            if !fresh {
                self.pull(0).await?;
            }
            let Some(target) = self.lock().ack_target() else { return Ok(()) };
            let id = self.subscription.ack_id(target)?;
            match self.scope.run(self.subscription.ack(&[id])).await {
                Ok(()) => {
                    self.lock().committed(target);
                    last = None;
                    continue;
                }
                Err(error) if heals(&error) => {
                    self.lock().doubt();
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        last.map_or(Ok(()), Err)
    }

    /// Pulls all that is held and up to `more` beyond it; says how many are new. The caller has the turn.
    async fn pull(&self, more: u32) -> Result<usize> {
        let count = self.lock().span().saturating_add(more).max(1);
        let received = self.scope.run(self.subscription.pull(Pull::new(count))).await?;
        let now = self.clock().now();
        Ok(self.lock().merge(received, now))
    }

    /// Waits for what is still being worked on, then commits.
    async fn drain(&self) -> Result<()> {
        let end = self.clock().now() + self.options.drain;
        while self.lock().out() > 0 {
            let left = end.saturating_duration_since(self.clock().now());
            if left.is_zero() {
                break;
            }
            self.clock().sleep_until_or(Some(end), self.changed.notified()).await;
        }
        self.commit().await
    }
}

/// The asking side: decides when to pull.
struct Puller {
    consumer: Arc<Consumer>,
    /// The pause after the last empty answer.
    pause: Duration,
    /// No pull for new messages before this.
    quiet: Option<Instant>,
    outage: Outage,
}

/// What to do next.
enum Step {
    Hand(Delivery),
    Commit,
    Pull,
    KeepAlive,
    Wait(Option<Instant>),
    Stuck { dropped: usize, aside: usize },
}

impl Puller {
    async fn next(&mut self) -> Result<Delivery> {
        self.learn_deadline().await?;
        loop {
            match self.step() {
                Step::Hand(delivery) => return Ok(delivery),
                Step::Commit => {
                    let done = self.consumer.commit().await;
                    self.survive(done).await?;
                }
                Step::Pull => self.pull().await?,
                Step::KeepAlive => {
                    let pulled = {
                        let _turn = self.consumer.turn.lock().await;
                        self.consumer.pull(0).await
                    };
                    self.survive(pulled).await?;
                }
                Step::Wait(until) => self.wait(until).await,
                Step::Stuck { dropped, aside } => return Err(stuck(dropped, aside)),
            }
        }
    }

    fn step(&self) -> Step {
        let consumer = &self.consumer;
        let (options, now) = (&consumer.options, consumer.clock().now());
        let mut window = consumer.lock();
        if let Some((waiting, attempt)) = window.take(now) {
            return Step::Hand(Delivery::new(waiting.message, waiting.offset, attempt, Arc::clone(consumer)));
        }
        let (count, bytes) = window.unfinished();
        if window.has_prefix() && count == 0 {
            return Step::Commit;
        }
        let aside = window.aside();
        let full = count >= options.max_in_flight || bytes >= options.max_bytes || aside >= MOST_ASIDE;
        if full && window.out() == 0 && window.next_ready().is_none() {
            return Step::Stuck { dropped: window.dropped(), aside };
        }
        if !full && self.quiet.is_none_or(|at| at <= now) {
            return if window.has_prefix() { Step::Commit } else { Step::Pull };
        }
        let keep = if window.is_holding() { window.fresh_until(consumer.deadline()) } else { None };
        if keep.is_some_and(|at| at <= now) {
            return if window.has_prefix() { Step::Commit } else { Step::KeepAlive };
        }
        let quiet = if full { None } else { self.quiet };
        Step::Wait([quiet, keep, window.next_ready()].into_iter().flatten().min())
    }

    async fn pull(&mut self) -> Result<()> {
        let consumer = Arc::clone(&self.consumer);
        let room = consumer.options.max_in_flight.saturating_sub(consumer.lock().unfinished().0);
        let more = consumer.options.batch.min(u32::try_from(room).unwrap_or(u32::MAX));
        let pulled = {
            let _turn = consumer.turn.lock().await;
            consumer.pull(more).await
        };
        let Some(fresh) = self.survive(pulled).await? else { return Ok(()) };
        if fresh > 0 {
            (self.pause, self.quiet) = (Duration::ZERO, None);
        } else {
            let (first, longest) = consumer.options.idle;
            self.pause = (self.pause * 2).clamp(first, longest);
            self.quiet = Some(consumer.clock().now() + self.pause);
        }
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

    /// Reads the deadline once; who may pull but not read goes by the service's default.
    async fn learn_deadline(&mut self) -> Result<()> {
        if self.consumer.deadline.get().is_some() {
            return Ok(());
        }
        let consumer = Arc::clone(&self.consumer);
        let deadline = match consumer.scope.run(consumer.subscription.get()).await {
            Ok(subscription) => subscription.ack_deadline(),
            Err(error) if matches!(error.kind(), ErrorKind::Forbidden) || error.is_outage() => {
                DEFAULT_DEADLINE
            }
            Err(error) => return Err(error),
        };
        // Only this method fills it, and the feed is polled by one task at a time.
        let _ = consumer.deadline.set(deadline);
        Ok(())
    }
}

fn stuck(dropped: usize, aside: usize) -> Error {
    let (message, hint) = if aside >= MOST_ASIDE {
        let message =
            format!("{aside} messages were set aside, and nothing behind the first can be committed");
        (message, "find out why they fail, or acknowledge them")
    } else {
        let message =
            format!("{dropped} deliveries were dropped without an end and nothing else is in flight");
        (message, "finish each delivery with ack() or release()")
    };
    Error::new(ErrorKind::Failed, message).with_op(ops::SUBSCRIPTION_PULL.id).with_hint(hint)
}

/// Whether a new pull may open a window in which the acknowledgement succeeds.
fn heals(error: &Error) -> bool {
    error.is_ack_timeout() || error.is_wrong_ack() || error.is_no_ack_pending() || error.may_have_applied()
}
