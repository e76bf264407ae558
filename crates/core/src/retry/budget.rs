//! A bound on the extra load that retries may cause.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens shared by clones: a call adds a fifth of one, a retry takes one. Retries stay below 20 % of the calls when a
/// service is down, and a single command may still retry.
#[derive(Clone, Debug)]
pub struct Budget(Arc<AtomicU32>);

/// Counted in fifths, so that a call adds one.
const RETRY: u32 = 5;
const START: u32 = 10 * RETRY;
const CAP: u32 = 100 * RETRY;

impl Default for Budget {
    /// Ten tokens to start with, never more than a hundred.
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(START)))
    }
}

impl Budget {
    /// Counts a call.
    pub(crate) fn deposit(&self) {
        // Two calls at once may lose a fifth near the cap; that is cheaper than a loop on every call.
        if self.0.load(Ordering::Relaxed) < CAP {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether a retry can be paid.
    pub fn affords(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= RETRY
    }

    /// Pays for a retry, if it can be paid.
    pub(crate) fn withdraw(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(RETRY)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_retries_at_first_then_one_per_five_calls() {
        let budget = Budget::default();
        assert_eq!((0..20).filter(|_| budget.withdraw()).count(), 10);
        for _ in 0..4 {
            budget.deposit();
        }
        assert!(!budget.affords());
        budget.deposit();
        assert!(budget.withdraw());
        assert!(!budget.withdraw());
    }

    #[test]
    fn clones_share_tokens_and_saving_ends_at_a_hundred() {
        let budget = Budget::default();
        for _ in 0..10_000 {
            budget.clone().deposit();
        }
        assert_eq!((0..1000).filter(|_| budget.withdraw()).count(), 100);
    }
}
