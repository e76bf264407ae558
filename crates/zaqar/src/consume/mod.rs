//! Consuming without end, over claims.

mod delivery;
mod lease;
mod process;
mod run;

use std::time::Duration;

use pentad_core::retry::Reconnect;

pub use self::delivery::Delivery;
pub use self::process::Processed;
pub(crate) use self::run::start;
use crate::claim::NewClaim;
use crate::limit::{Grace, Ttl};
use crate::queue::Queue;

/// What happens to a message that is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum GiveBack {
    /// As the queue wants it: its metadata is read once, and with a dead-letter queue claims are left to end.
    #[default]
    Auto,
    /// It is free as soon as nothing else of its claim is being worked on.
    AtOnce,
    /// Its claim is left to end. Only claims that end by themselves count towards the service's `_max_claim_count` (with
    /// MongoDB; Zaqar reference 4, dead letters).
    WhenClaimEnds,
}

/// How to consume.
///
/// The feed claims messages and hands them out one by one; a claim is a lease that all its messages share. It
///
/// * renews the lease of what is in hand (or waits to be handed out) at a fraction of its ttl;
/// * deletes a message when it is acknowledged, naming its claim: of a lease that was lost nothing is deleted;
/// * frees what was given back or dropped, once nothing else of its claim is in hand, and claims no more for a moment, so that
///   a message that always fails does not spin;
/// * holds no more than the flow control allows, pauses between empty answers, survives outages;
/// * at its end waits for what is in hand and frees the rest.
///
/// Delivery is at least once: after a crash everything comes again when the claims end.
///
/// There is no task behind the feed: keep asking it for the next delivery while others are being worked on, or let
/// [`Queue::process`](crate::Queue::process) do both. A feed that is dropped without [`close`](pentad_core::Feed::close) is
/// closed in the background where it is dropped within a tokio runtime that goes on; elsewhere its claims are left to end.
#[derive(Debug, Clone)]
#[must_use]
pub struct Consume {
    pub(crate) batch: u32,
    pub(crate) max_in_flight: usize,
    pub(crate) ttl: Ttl,
    pub(crate) grace: Grace,
    pub(crate) renew_at: f64,
    pub(crate) idle: (Duration, Duration),
    pub(crate) reconnect: Reconnect,
    pub(crate) redeliver_after: Duration,
    pub(crate) drain: Duration,
    pub(crate) give_back: GiveBack,
    pub(crate) dead_letter: Option<(Queue, u32)>,
}

impl Default for Consume {
    /// Claims of 10 for 300 s, renewed at half of it; 20 messages in flight; pauses from 100 ms to 5 s.
    fn default() -> Self {
        Self {
            batch: 10,
            max_in_flight: 20,
            ttl: Ttl::seconds(300),
            grace: Grace::seconds(60),
            renew_at: 0.5,
            idle: (Duration::from_millis(100), Duration::from_secs(5)),
            reconnect: Reconnect::default(),
            redeliver_after: Duration::from_secs(1),
            drain: Duration::from_secs(30),
            give_back: GiveBack::Auto,
            dead_letter: None,
        }
    }
}

impl Consume {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Claims up to this many at a time, 1 to 20.
    pub fn batch(mut self, messages: u32) -> Self {
        self.batch = messages.max(1);
        self
    }

    /// Holds at most this many unfinished messages, at least 1.
    pub fn max_in_flight(mut self, messages: usize) -> Self {
        self.max_in_flight = messages.max(1);
        self
    }

    /// How long each claim lasts.
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = ttl;
        self
    }

    /// How much longer than their claim messages live at least.
    pub const fn grace(mut self, grace: Grace) -> Self {
        self.grace = grace;
        self
    }

    /// Renews a lease when this part of its ttl has passed; between 0.1 and 0.9.
    pub const fn renew_at(mut self, part: f64) -> Self {
        self.renew_at = part.clamp(0.1, 0.9);
        self
    }

    /// Pauses after an empty answer: the first, doubled each time up to the longest.
    pub fn idle(mut self, first: Duration, longest: Duration) -> Self {
        self.idle = (first.max(Duration::from_millis(1)), longest.max(first));
        self
    }

    /// Says how outages are lived through; [`Feed::reconnect`](pentad_core::Feed::reconnect) does the same later.
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.reconnect = policy;
        self
    }

    /// Claims nothing for this long after a message was given back.
    pub const fn redeliver_after(mut self, pause: Duration) -> Self {
        self.redeliver_after = pause;
        self
    }

    /// Waits this long at the end for what is still being worked on.
    pub const fn drain(mut self, longest: Duration) -> Self {
        self.drain = longest;
        self
    }

    /// What happens to messages that are given back.
    pub const fn give_back(mut self, how: GiveBack) -> Self {
        self.give_back = how;
        self
    }

    /// Posts a message to `queue` and deletes it here when it is given back for the `attempts`-th time. Attempts are counted
    /// by this feed; the service's own count is in the queue's metadata.
    pub fn dead_letter(mut self, queue: Queue, attempts: u32) -> Self {
        self.dead_letter = Some((queue, attempts.max(1)));
        self
    }

    pub(crate) fn claim(&self, room: usize) -> NewClaim {
        let limit = self.batch.min(u32::try_from(room).unwrap_or(u32::MAX)).max(1);
        NewClaim::new().limit(limit).ttl(self.ttl).grace(self.grace)
    }
}
