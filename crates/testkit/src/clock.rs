//! A clock that moves when told.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pentad_core::{BoxFuture, Clock};

/// Pauses up to this length end at once on an automatic clock; longer ones are time limits and wait.
const PAUSE: Duration = Duration::from_secs(30);

/// Time that moves when told. Clones share it.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    origin: Instant,
    wall: Timestamp,
    passed: Duration,
    jitter: f64,
    automatic: Option<Duration>,
    slept: Vec<Duration>,
    sleepers: Vec<(Duration, Waker)>,
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl ManualClock {
    /// A clock that stands still at 2026-01-01T00:00:00Z until [`advance`](Self::advance)d. Jitter is 0.5.
    pub fn new() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an `Instant` can be had in no other way; only its distance is used"
        )]
        let origin = Instant::now();
        Self(Arc::new(Mutex::new(Time {
            origin,
            wall: Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH),
            passed: Duration::ZERO,
            jitter: 0.5,
            automatic: None,
            slept: Vec::new(),
            sleepers: Vec::new(),
        })))
    }

    /// A clock on which pauses of up to 30 s end at once, time moving on by the pause. Longer ones, such as a call's time
    /// limit, wait for [`advance`](Self::advance).
    pub fn auto() -> Self {
        Self::auto_up_to(PAUSE)
    }

    /// As [`auto`](Self::auto) with another longest pause.
    pub fn auto_up_to(longest: Duration) -> Self {
        let clock = Self::new();
        clock.time().automatic = Some(longest);
        clock
    }

    /// Sets the random number that [`Clock::jitter`] gives.
    #[must_use]
    pub fn jitter(self, value: f64) -> Self {
        self.time().jitter = value;
        self
    }

    /// Moves time on and wakes whoever slept until then.
    pub fn advance(&self, by: Duration) {
        let due = {
            let mut time = self.time();
            time.passed += by;
            let now = time.passed;
            let (due, waiting) =
                std::mem::take(&mut time.sleepers).into_iter().partition(|sleeper| sleeper.0 <= now);
            time.sleepers = waiting;
            let due: Vec<(Duration, Waker)> = due;
            due
        };
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Time that has passed since the clock was made.
    pub fn passed(&self) -> Duration {
        self.time().passed
    }

    /// Pauses that ended at once on an automatic clock, in order.
    pub fn slept(&self) -> Vec<Duration> {
        self.time().slept.clone()
    }

    /// This clock as a session takes it.
    pub fn shared(&self) -> Arc<dyn Clock> {
        Arc::new(self.clone())
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        let time = self.time();
        time.origin + time.passed
    }

    fn wall(&self) -> Timestamp {
        let time = self.time();
        time.wall + time.passed
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let time = self.time();
        if time.automatic.is_some_and(|longest| duration <= longest) {
            drop(time);
            self.time().slept.push(duration);
            self.advance(duration);
            return Box::pin(std::future::ready(()));
        }
        let until = time.passed.saturating_add(duration);
        drop(time);
        Box::pin(Sleep { clock: self.clone(), until })
    }

    fn jitter(&self) -> f64 {
        self.time().jitter
    }
}

struct Sleep {
    clock: ManualClock,
    until: Duration,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut time = self.clock.time();
        if time.passed >= self.until {
            return Poll::Ready(());
        }
        let until = self.until;
        if !time.sleepers.iter().any(|(at, waker)| *at == until && waker.will_wake(cx.waker())) {
            time.sleepers.push((until, cx.waker().clone()));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Task;

    #[test]
    fn sleeper_wakes_when_time_reaches_it() {
        let clock = ManualClock::new();
        let mut task = Task::new(clock.sleep(Duration::from_secs(5)));
        assert!(task.poll().is_none());
        clock.advance(Duration::from_secs(4));
        assert!(task.poll().is_none());
        clock.advance(Duration::from_secs(1));
        assert!(task.woken());
        assert!(task.poll().is_some());
    }

    #[test]
    fn automatic_clock_takes_pauses_and_keeps_limits() {
        let clock = ManualClock::auto();
        crate::run(clock.sleep(Duration::from_secs(2)));
        assert_eq!(clock.slept(), [Duration::from_secs(2)]);
        assert_eq!(clock.passed(), Duration::from_secs(2));
        assert!(Task::new(clock.sleep(Duration::from_secs(60))).poll().is_none());
    }
}
