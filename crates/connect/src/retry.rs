//! The original client's retries as a policy.
//!
//! The default of a client repeats only what is safe to repeat, with growing pauses. This preset brings the original's
//! behaviour back: every call again, also one that creates something, after each status from 500 on and each network
//! failure, after one second, whatever the service says about when (Connect reference 2.7).

use std::borrow::Cow;
use std::time::Duration;

use pentad_core::retry::{Networks, RetryPolicy, Schedule, Scope};

/// Every status that the original repeats.
static STATUSES: [u16; 100] = {
    let mut all = [0; 100];
    let mut status = 500;
    while status < 600 {
        all[status as usize - 500] = status;
        status += 1;
    }
    all
};

/// `max_retries=retries`: at most `retries + 1` attempts with one second between them.
pub fn original(retries: u32) -> RetryPolicy {
    RetryPolicy {
        scope: Scope::Any,
        attempts: retries.saturating_add(1),
        statuses: Cow::Borrowed(&STATUSES),
        throttled: false,
        networks: Networks::ALL,
        schedule: Schedule::Fixed(Duration::from_secs(1)),
        immediate: false,
        retry_after: false,
        budget: None,
        ..RetryPolicy::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_retries_are_four_attempts_a_second_apart_for_all_from_500_on() {
        let policy = original(3);
        assert_eq!((policy.attempts, policy.schedule.pause(2, 0.3)), (4, Duration::from_secs(1)));
        assert!(policy.statuses.contains(&500) && policy.statuses.contains(&599));
        assert!(!policy.statuses.contains(&499) && !policy.statuses.contains(&429));
    }
}
