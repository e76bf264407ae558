//! Runs futures without a runtime.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// A future that is polled by hand.
pub struct Task<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    flag: Arc<Flag>,
}

impl<T> std::fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Task").field("woken", &self.woken()).finish_non_exhaustive()
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<T> Task<T> {
    /// Takes the future over without polling it.
    pub fn new(future: impl IntoFuture<Output = T, IntoFuture: Send + 'static>) -> Self {
        Self { future: Box::pin(future.into_future()), flag: Arc::new(Flag(AtomicBool::new(true))) }
    }

    /// Polls until the future ends or waits for an event; `None` if it waits.
    pub fn poll(&mut self) -> Option<T> {
        let waker = Waker::from(Arc::clone(&self.flag));
        self.flag.0.store(true, Ordering::SeqCst);
        while self.flag.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(value) = self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
                return Some(value);
            }
        }
        None
    }

    /// Whether something woke the task since it was polled.
    pub fn woken(&self) -> bool {
        self.flag.0.load(Ordering::SeqCst)
    }
}

/// Runs a future to its end on this thread.
///
/// # Panics
/// If the future waits for something that nobody will bring about: the test would hang.
pub fn run<F: IntoFuture>(future: F) -> F::Output {
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut future = std::pin::pin!(future.into_future());
    while flag.0.swap(false, Ordering::SeqCst) {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
    }
    panic!("the future waits for an event that cannot come")
}
