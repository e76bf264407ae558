//! The system's clock and chance.

use std::time::{Duration, Instant, SystemTime};

use futures_core::future::BoxFuture;
use jiff::Timestamp;
use pentad_core::Clock;

/// Real time: the one place of the clients where the system's clocks are read.
///
/// Its sleeps need a tokio runtime with a timer. Tests use a clock that they advance by hand instead.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[expect(clippy::disallowed_methods, reason = "this is the clock that the rest of the code is given")]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn wall(&self) -> Timestamp {
        // Out of jiff's range only if the machine's clock is thousands of years off.
        Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn jitter(&self) -> f64 {
        fastrand::f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_run_backwards_and_jitter_is_a_fraction() {
        let clock = SystemClock;
        assert!(clock.now() <= clock.now());
        assert!(clock.wall() > Timestamp::UNIX_EPOCH);
        assert!((0.0..1.0).contains(&clock.jitter()));
    }
}
