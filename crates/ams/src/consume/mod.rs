//! Consuming without end.

mod delivery;
mod run;
mod window;

use std::time::Duration;

use pentad_core::retry::Reconnect;

pub use self::delivery::Delivery;
pub(crate) use self::run::start;
use crate::topic::Topic;

/// How to consume.
///
/// The service has no leases: a subscription has one position and one delivery window. A pull delivers everything from
/// the position on, one acknowledgement moves the position over a prefix and closes the window. The feed therefore
///
/// * pulls without waiting and pauses between empty answers, longer each time;
/// * hands each offset out once and, whenever it pulls again, drops the offsets that it still holds;
/// * remembers acknowledgements in any order and sends the longest finished prefix in one request: when everything
///   handed out is finished, before it pulls, when the deadline comes near, and at its end;
/// * keeps the window open by repeating the pull, of at least the same count, before the deadline;
/// * survives outages and other consumers: an acknowledgement that comes too late or names a replaced window is
///   repeated after a new pull.
///
/// Delivery is at least once: after a crash everything behind the committed prefix comes again.
///
/// There is no task behind the feed: keep asking it for the next delivery while others are being worked on, or
/// acknowledge within the deadline. (A later acknowledgement costs one more pull, nothing else.)
#[derive(Debug, Clone)]
pub struct Consume {
    pub(crate) batch: u32,
    pub(crate) max_in_flight: usize,
    pub(crate) max_bytes: usize,
    pub(crate) deadline: Option<Duration>,
    pub(crate) idle: (Duration, Duration),
    pub(crate) reconnect: Reconnect,
    pub(crate) redeliver_after: Duration,
    pub(crate) drain: Duration,
    pub(crate) commit_each: bool,
    pub(crate) dead_letter: Option<(Topic, u32)>,
}

impl Default for Consume {
    /// Pulls of 100, 1 000 messages or 64 MB in flight, pauses from 100 ms to 5 s, five minutes of outage.
    fn default() -> Self {
        Self {
            batch: 100,
            max_in_flight: 1_000,
            max_bytes: 64_000_000,
            deadline: None,
            idle: (Duration::from_millis(100), Duration::from_secs(5)),
            reconnect: Reconnect::default(),
            redeliver_after: Duration::from_secs(1),
            drain: Duration::from_secs(30),
            commit_each: false,
            dead_letter: None,
        }
    }
}

impl Consume {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for this many new messages per pull, at least 1.
    #[must_use]
    pub fn batch(mut self, messages: u32) -> Self {
        self.batch = messages.max(1);
        self
    }

    /// Holds at most this many unfinished messages, at least 1.
    #[must_use]
    pub fn max_in_flight(mut self, messages: usize) -> Self {
        self.max_in_flight = messages.max(1);
        self
    }

    /// Pulls no further while unfinished messages take this many bytes on the wire. One pull may pass it.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes.max(1);
        self
    }

    /// Says the subscription's acknowledgement deadline, which is read from the service otherwise.
    #[must_use]
    pub fn ack_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Pauses after an empty answer: the first, doubled each time up to the longest.
    #[must_use]
    pub fn idle(mut self, first: Duration, longest: Duration) -> Self {
        self.idle = (first.max(Duration::from_millis(1)), longest.max(first));
        self
    }

    /// Ends with the error when the service has not answered for this long.
    #[must_use]
    pub fn outage(mut self, longest: Duration) -> Self {
        self.reconnect.longest = longest;
        self
    }

    /// Says how outages are lived through; [`Feed::reconnect`](pentad_core::Feed::reconnect) does the same later.
    #[must_use]
    pub fn reconnect(mut self, policy: Reconnect) -> Self {
        self.reconnect = policy;
        self
    }

    /// Hands a released message out again after this time.
    #[must_use]
    pub fn redeliver_after(mut self, pause: Duration) -> Self {
        self.redeliver_after = pause;
        self
    }

    /// Waits this long at the end for what is still being worked on.
    #[must_use]
    pub fn drain(mut self, longest: Duration) -> Self {
        self.drain = longest;
        self
    }

    /// Sends each acknowledgement that extends the prefix at once: two requests per message, fewer repetitions after a
    /// crash.
    #[must_use]
    pub fn commit_each(mut self, each: bool) -> Self {
        self.commit_each = each;
        self
    }

    /// Publishes a message to `topic` and acknowledges it when it is released for the `attempts`-th time.
    #[must_use]
    pub fn dead_letter(mut self, topic: Topic, attempts: u32) -> Self {
        self.dead_letter = Some((topic, attempts.max(1)));
        self
    }
}
