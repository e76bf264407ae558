//! How many bytes of large bodies are held at once, whoever sent them.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bodies up to this size are free: they never wait for others.
pub(crate) const SMALL: u64 = 1 << 20;
/// What a large body weighs for each of its bytes: itself, what it is read into, and what is on the way to the store.
const WEIGHT: u64 = 3;
/// Weights are counted in units of this many bytes.
const UNIT: u64 = 4096;

/// The room for large bodies that come in, and that for large ones that go out: neither waits for the other.
#[derive(Debug, Clone)]
pub(crate) struct Budgets {
    pub(crate) bodies: Budget,
    pub(crate) answers: Budget,
}

impl Budgets {
    /// Those of a server that takes bodies of at most `max_body` bytes.
    pub(crate) fn new(max_body: u64) -> Self {
        Self { bodies: Budget::new(max_body), answers: Budget::new(max_body) }
    }
}

/// The bytes that large bodies may take; the largest allowed body has room alone.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    units: Arc<Semaphore>,
    all: u32,
}

impl Budget {
    /// A budget for bodies of at most `max_body` bytes.
    pub(crate) fn new(max_body: u64) -> Self {
        let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
        let all = units(max_body.max(SMALL), most);
        Self { units: Arc::new(Semaphore::new(usize::try_from(all).unwrap_or(Semaphore::MAX_PERMITS))), all }
    }

    /// Waits until a body of `length` bytes has room. First come, first served.
    pub(crate) async fn hold(&self, length: u64) -> Hold {
        let wanted = units(length, self.all);
        // The semaphore is never closed; without a permit the body is merely not counted.
        let permit = Arc::clone(&self.units).acquire_many_owned(wanted).await.ok();
        Hold { permit }
    }
}

fn units(length: u64, most: u32) -> u32 {
    let units = length.saturating_mul(WEIGHT).div_ceil(UNIT);
    u32::try_from(units).unwrap_or(u32::MAX).min(most)
}

/// Room for one body, given back when dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    permit: Option<OwnedSemaphorePermit>,
}

impl Hold {
    /// Gives back what a body of `length` bytes does not need.
    pub(crate) fn shrink(&mut self, length: u64) {
        let Some(permit) = &mut self.permit else { return };
        let needed = usize::try_from(units(length, u32::MAX)).unwrap_or(usize::MAX);
        drop(permit.split(permit.num_permits().saturating_sub(needed)));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn the_largest_body_has_room_alone_and_the_next_one_waits_for_it() {
        let budget = Budget::new(64 << 20);
        let first = budget.hold(50 << 20).await;
        assert!(budget.hold(50 << 20).now_or_never().is_none());
        drop(first);
        assert!(budget.hold(u64::MAX).now_or_never().is_some(), "more than all is all");
    }

    #[tokio::test]
    async fn what_was_held_for_an_unknown_length_is_given_back() {
        let budget = Budget::new(64 << 20);
        let mut first = budget.hold(64 << 20).await;
        first.shrink(2 << 20);
        assert!(budget.hold(50 << 20).now_or_never().is_some());
    }
}
