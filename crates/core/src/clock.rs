//! Time and chance, injected.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use futures_core::future::BoxFuture;
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
