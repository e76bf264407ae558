//! The Python client's retry arguments as policies.
//!
//! The default policy of a client repeats only what is safe to repeat. These presets bring the original's behaviour
//! back: publish, pull and acknowledge are repeated although their fate is unknown, so a message may be stored twice.
//! The service's own final answers (`ack timeout`, `wrong ack`, `no ack pending`) are not repeated, nor are authorization
//! failures; a pause always comes before the retry and never after the last one (AMS reference 18 and 25).

use std::time::Duration;

use pentad_core::retry::{RetryPolicy, Schedule, Scope};

/// `retry=retries, retrysleep=pause`: at most `retries + 1` attempts with a fixed pause between them.
pub fn fixed(retries: u32, pause: Duration) -> RetryPolicy {
    base(retries, Schedule::Fixed(pause))
}

/// `retry=retries, retrybackoff=factor`: pauses of a half, one, two, four … times `factor`.
pub fn backoff(retries: u32, factor: Duration) -> RetryPolicy {
    let schedule =
        Schedule::Exponential { first: factor / 2, factor: 2.0, cap: Duration::MAX, jitter: false };
    base(retries, schedule)
}

/// The original's defaults: one attempt.
pub fn none() -> RetryPolicy {
    RetryPolicy::none()
}

fn base(retries: u32, schedule: Schedule) -> RetryPolicy {
    RetryPolicy::default()
        .scope(Scope::Any)
        .attempts(retries.saturating_add(1))
        .schedule(schedule)
        .statuses(vec![408, 500, 502, 503, 504])
        .budget(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_pauses_double_from_half_the_factor() {
        let policy = backoff(3, Duration::from_secs(5));
        let pauses: Vec<_> = (0..3).map(|retry| policy.schedule.pause(retry, 0.9).as_secs_f64()).collect();
        assert_eq!(pauses, [2.5, 5.0, 10.0]);
        assert_eq!(policy.attempts, 4);
    }

    #[test]
    fn fixed_pauses_stay_the_same() {
        let policy = fixed(2, Duration::from_secs(60));
        assert_eq!((policy.attempts, policy.schedule.pause(1, 0.5)), (3, Duration::from_secs(60)));
    }
}
