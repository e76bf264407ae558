//! One claim in hand: who of its messages is where, and how long it lasts.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A claim with at least one message that is not finished.
#[derive(Debug)]
pub(super) struct Lease {
    id: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Claimed and not handed out.
    waiting: usize,
    /// Handed out and not finished.
    out: usize,
    /// Given back or dropped.
    given_back: usize,
    /// Kept from everybody until the feed ends.
    aside: usize,
    ends: Instant,
    renew: Instant,
    lost: bool,
}

/// What is to be done about a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing before this.
    Until(Instant),
    Renew,
    /// Nothing of it is in hand: it is to be freed.
    Free,
    /// Nothing is left of it.
    Over,
}

impl Lease {
    pub(super) fn new(id: String, messages: usize, now: Instant, ttl: Duration, renew_at: f64) -> Self {
        let (ends, renew) = (now + ttl, now + ttl.mul_f64(renew_at));
        let state = State { waiting: messages, out: 0, given_back: 0, aside: 0, ends, renew, lost: false };
        Self { id, state: Mutex::new(state) }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands one message out; `false` if the lease is over, and the message somebody else's.
    pub(super) fn hand_out(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.waiting = state.waiting.saturating_sub(1);
        let live = !state.lost && state.ends > now;
        if live {
            state.out += 1;
        }
        live
    }

    pub(super) fn finished(&self) {
        let mut state = self.lock();
        state.out = state.out.saturating_sub(1);
    }

    pub(super) fn given_back(&self) {
        let mut state = self.lock();
        state.out = state.out.saturating_sub(1);
        state.given_back += 1;
    }

    pub(super) fn set_aside(&self) {
        let mut state = self.lock();
        state.out = state.out.saturating_sub(1);
        state.aside += 1;
    }

    pub(super) fn renewed(&self, now: Instant, ttl: Duration, renew_at: f64) {
        let mut state = self.lock();
        (state.ends, state.renew) = (now + ttl, now + ttl.mul_f64(renew_at));
    }

    /// Tries again after a while, before the lease ends.
    pub(super) fn postponed(&self, now: Instant) {
        let mut state = self.lock();
        state.renew = now + state.ends.saturating_duration_since(now) / 4;
    }

    pub(super) fn lost(&self) {
        self.lock().lost = true;
    }

    pub(super) fn is_live(&self, now: Instant) -> bool {
        let state = self.lock();
        !state.lost && state.ends > now
    }

    /// Messages that are not finished, but for those that were set aside.
    pub(super) fn unfinished(&self) -> usize {
        let state = self.lock();
        state.waiting + state.out
    }

    pub(super) fn out(&self) -> usize {
        self.lock().out
    }

    /// Whether somebody else could have some of its messages at once.
    pub(super) fn is_worth_freeing(&self, given_back_too: bool) -> bool {
        let state = self.lock();
        !state.lost && (state.waiting > 0 || (given_back_too && state.given_back + state.aside > 0))
    }

    pub(super) fn due(&self, now: Instant) -> Due {
        let state = self.lock();
        if state.lost || state.ends <= now {
            // What is in hand of a lease that is over must not be finished any more, but is still worked on.
            return if state.out == 0 { Due::Over } else { Due::Until(now + Duration::from_secs(3600)) };
        }
        match (state.waiting + state.out + state.aside, state.given_back) {
            (0, 0) => Due::Over,
            (0, _) => Due::Free,
            _ if state.renew <= now => Due::Renew,
            _ => Due::Until(state.renew),
        }
    }
}
