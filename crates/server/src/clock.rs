//! Service time: the one clock that services see, and the one module that asks the system's.
//!
//! Service time drives ttls, deadlines, tokens and schedules; it can be frozen and moved. Real time
//! (I/O limits, drain, TLS validity) stays what it is and is reached through [`Stopwatch`] and [`real_sleep`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, maybe_done};
use futures_util::poll;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

type Hook = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// The longest wait between two looks at the system's clock, which may be set while we sleep.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The clock that services live by.
///
/// A cheap handle: clones share the same time. Background tasks wait with [`sleep_until`](Self::sleep_until) and hold the
/// [`Busy`] it gives while they work, so that [`settle`](Self::settle) knows when everything that was due is done.
#[derive(Clone, Default)]
pub struct ServiceTime {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Fires when time was moved, frozen or released.
    moved: Notify,
    /// Fires when a task became idle or a timer went away.
    quieter: Notify,
    hooks: Mutex<Vec<Hook>>,
}

#[derive(Default)]
struct State {
    frozen: Option<Timestamp>,
    offset: SignedDuration,
    timers: BTreeMap<(Timestamp, u64), ()>,
    next_timer: u64,
    busy: usize,
}

impl State {
    #[expect(clippy::disallowed_methods, reason = "the clock module is where service time comes from")]
    fn now(&self) -> Timestamp {
        self.frozen.unwrap_or_else(|| shift(Timestamp::now(), self.offset))
    }

    fn quiet(&self) -> bool {
        let due = self.timers.first_key_value().is_some_and(|((at, _), ())| *at <= self.now());
        self.busy == 0 && !due
    }
}

fn shift(from: Timestamp, by: SignedDuration) -> Timestamp {
    let end = if by.is_negative() { Timestamp::MIN } else { Timestamp::MAX };
    from.checked_add(by).unwrap_or(end)
}

impl fmt::Debug for ServiceTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTime").field("now", &self.now()).field("frozen", &self.is_frozen()).finish()
    }
}

impl pentad_store::ServiceClock for ServiceTime {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}

impl ServiceTime {
    /// A clock that runs with the system's.
    pub fn new() -> Self {
        Self::default()
    }

    /// The present moment of service time.
    pub fn now(&self) -> Timestamp {
        self.state().now()
    }

    /// Whether time stands still.
    pub fn is_frozen(&self) -> bool {
        self.state().frozen.is_some()
    }

    /// Stops time, at `at` or at the present moment.
    pub fn freeze(&self, at: Option<Timestamp>) {
        let mut state = self.state();
        state.frozen = Some(at.unwrap_or_else(|| state.now()));
        drop(state);
        self.shared.moved.notify_waiters();
    }

    /// Lets time run on from where it stands.
    #[expect(clippy::disallowed_methods, reason = "the clock module is where service time comes from")]
    pub fn release(&self) {
        let mut state = self.state();
        if let Some(at) = state.frozen.take() {
            state.offset = at.duration_since(Timestamp::now());
        }
        drop(state);
        self.shared.moved.notify_waiters();
    }

    /// Moves time, frozen or running. Every timer that became due fires.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.state();
        match &mut state.frozen {
            Some(at) => *at = shift(*at, by),
            None => state.offset = state.offset.saturating_add(by),
        }
        drop(state);
        self.shared.moved.notify_waiters();
    }

    /// Returns to the system's time.
    pub fn reset(&self) {
        let mut state = self.state();
        state.frozen = None;
        state.offset = SignedDuration::ZERO;
        drop(state);
        self.shared.moved.notify_waiters();
    }

    /// Waits until service time reaches `deadline`.
    ///
    /// The result counts as running work until it is dropped; a task that only waited may ignore it.
    /// Cancel safe.
    pub async fn sleep_until(&self, deadline: Timestamp) -> Busy {
        let timer = self.add_timer(deadline);
        loop {
            let moved = self.shared.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            let left = {
                let state = self.state();
                match state.frozen {
                    Some(at) if at < deadline => None,
                    Some(_) => return timer.fire(state),
                    None => {
                        let left = deadline.duration_since(state.now());
                        if left <= SignedDuration::ZERO {
                            return timer.fire(state);
                        }
                        Some(left.unsigned_abs().min(LOOK_AGAIN))
                    }
                }
            };
            match left {
                None => moved.await,
                Some(left) => tokio::select! {
                    () = moved => {}
                    () = real_sleep(left) => {}
                },
            }
        }
    }

    /// Waits for a span of service time.
    pub async fn sleep(&self, span: Duration) -> Busy {
        let span = SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
        self.sleep_until(shift(self.now(), span)).await
    }

    /// Ends a round of background work and waits for the next, which begins after `span`; `None` if `stop` came first.
    ///
    /// The timer stands before `busy` is let go: [`settle`](Self::settle) never sees a moment without either.
    pub async fn rest(&self, busy: Busy, span: Duration, stop: &CancellationToken) -> Option<Busy> {
        let mut timer = Box::pin(maybe_done(self.sleep(span)));
        let _ = poll!(timer.as_mut());
        drop(busy);
        tokio::select! {
            () = timer.as_mut() => {}
            () = stop.cancelled() => return None,
        }
        timer.as_mut().take_output()
    }

    /// Does `work` now and again after each `span`, until `stop`.
    pub async fn every<F>(&self, span: Duration, stop: &CancellationToken, work: impl Fn() -> F)
    where
        F: Future<Output = ()>,
    {
        let mut busy = self.busy();
        while !stop.is_cancelled() {
            work().await;
            let Some(next) = self.rest(busy, span, stop).await else { return };
            busy = next;
        }
    }

    /// Marks the holder as running until the value is dropped: for tasks that were woken by something else than
    /// a timer.
    pub fn busy(&self) -> Busy {
        self.state().busy += 1;
        Busy { shared: Arc::clone(&self.shared) }
    }

    /// Adds something that [`settle`](Self::settle) must wait for as well, such as a write queue.
    pub fn on_settle(&self, hook: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) {
        self.shared.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::new(hook));
    }

    /// Returns when no timer is due, no task that one woke is running and every hook is done.
    ///
    /// Waits without limit; the caller bounds it.
    pub async fn settle(&self) {
        loop {
            self.quiet().await;
            let hooks = self.shared.hooks.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for hook in hooks {
                hook().await;
            }
            tokio::task::yield_now().await;
            if self.state().quiet() {
                return;
            }
        }
    }

    async fn quiet(&self) {
        loop {
            let quieter = self.shared.quieter.notified();
            tokio::pin!(quieter);
            quieter.as_mut().enable();
            if self.state().quiet() {
                return;
            }
            quieter.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }

    fn add_timer(&self, deadline: Timestamp) -> Timer<'_> {
        let mut state = self.state();
        let id = state.next_timer;
        state.next_timer += 1;
        state.timers.insert((deadline, id), ());
        Timer { shared: &self.shared, key: (deadline, id) }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiting timer; taken out of the set when it fires or its waiter is dropped.
struct Timer<'t> {
    shared: &'t Arc<Shared>,
    key: (Timestamp, u64),
}

impl Timer<'_> {
    /// Turns a due timer into running work, in one step as seen by `settle`.
    fn fire(self, mut state: MutexGuard<'_, State>) -> Busy {
        state.timers.remove(&self.key);
        state.busy += 1;
        drop(state);
        Busy { shared: Arc::clone(self.shared) }
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.shared.state().timers.remove(&self.key);
        self.shared.quieter.notify_waiters();
    }
}

/// Running work, as far as [`ServiceTime::settle`] is concerned. Ends when dropped.
pub struct Busy {
    shared: Arc<Shared>,
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Busy")
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.shared.state().busy -= 1;
        self.shared.quieter.notify_waiters();
    }
}

/// Waits in real time: only for I/O limits and drain.
#[expect(clippy::disallowed_methods, reason = "the clock module is where waiting happens")]
pub async fn real_sleep(span: Duration) {
    tokio::time::sleep(span).await;
}

/// Ends a future after a span of real time: only for I/O limits and drain. `None` if the span was over first.
#[expect(clippy::disallowed_methods, reason = "the clock module is where waiting happens")]
pub async fn real_limit<T>(span: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(span, work).await.ok()
}

/// Measures real time: how long a request took.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "the clock module is where measuring happens")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The system's time: only for certificates and for stamps on what the operator reads.
#[expect(clippy::disallowed_methods, reason = "the clock module is where time is asked for")]
pub fn real_now() -> Timestamp {
    Timestamp::now()
}
