//! What the writers of a service do after collisions: queue up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Transactions in a row that keep to the lane after a collision.
const HEAT: u32 = 1024;

/// A lane for one transaction at a time, used only for a while after transactions have collided.
///
/// Writers that touch the same rows would undo each other's batches over and over. In the lane they behave as
/// SQLite's one writer does: while one commits, the queue grows, and the next takes all of it.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    heat: AtomicU32,
    taken: Mutex<bool>,
    free: Condvar,
}

impl Lane {
    /// Notes a collision.
    pub(crate) fn heat(&self) {
        self.heat.store(HEAT, Ordering::Relaxed);
    }

    /// Waits for the lane if transactions have collided of late; `true` if it was taken and must be left.
    pub(crate) fn enter(&self) -> bool {
        let cooled = self.heat.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |heat| heat.checked_sub(1));
        if cooled.is_err() {
            return false;
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            taken = self.free.wait(taken).unwrap_or_else(PoisonError::into_inner);
        }
        *taken = true;
        true
    }

    pub(crate) fn leave(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.free.notify_one();
    }
}
