//! Time and chance, injected.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
use futures_util::future::select;
use jiff::Timestamp;

/// Time and chance: all that would make a test flaky.
pub trait Clock: Debug + Send + Sync + 'static {
    /// Monotonic time.
    fn now(&self) -> Instant;
    /// Wall-clock time.
    fn wall(&self) -> Timestamp;
    /// Resolves after the duration.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// A random number in `0.0..1.0`.
    fn jitter(&self) -> f64;
}

impl dyn Clock {
    /// Sleeps until then, or without end where no instant is given; whatever happens first, that or `other`, ends it.
    pub async fn sleep_until_or(&self, at: Option<Instant>, other: impl Future) {
        match at {
            Some(at) => {
                let left = at.saturating_duration_since(self.now());
                select(Box::pin(other), self.sleep(left)).await;
            }
            None => {
                other.await;
            }
        }
    }
}
