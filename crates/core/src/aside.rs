//! Work that goes on beside the task that waits for it: core has no runtime, a service crate that has one says how.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_core::future::BoxFuture;
use futures_util::future::{AbortHandle, abortable};
use tracing::Span;

use crate::error::{Error, ErrorKind, Result};

/// Gives a future to a runtime with several threads; gives it back where there is none.
pub type Spawner = fn(BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>>;

/// Has the work done elsewhere and waits for its outcome. Dropping what is given here ends the work.
pub(crate) fn aside<T: Send + 'static>(
    spawner: Spawner,
    work: BoxFuture<'static, Result<T>>,
) -> BoxFuture<'static, Result<T>> {
    let (slot, span) =
        (Arc::new(Mutex::new(Slot { outcome: None, is_over: false, waker: None })), Span::current());
    let mut sender = Sender(Arc::clone(&slot));
    let mut work = work;
    let (work, abort) = abortable(async move {
        let outcome = poll_fn(|cx| span.in_scope(|| work.as_mut().poll(cx))).await;
        sender.put(outcome);
    });
    let receiver = Receiver { slot, abort };
    match spawner(Box::pin(async move {
        let _ = work.await;
    })) {
        None => Box::pin(receiver),
        Some(mut work) => Box::pin(async move {
            // Nobody does it beside: it is done here, while somebody waits.
            let mut receiver = receiver;
            poll_fn(|cx| {
                let _ = work.as_mut().poll(cx);
                Pin::new(&mut receiver).poll(cx)
            })
            .await
        }),
    }
}

struct Slot<T> {
    outcome: Option<Result<T>>,
    is_over: bool,
    waker: Option<Waker>,
}

/// The end that works. Its drop, by a panic too, ends the waiting.
struct Sender<T>(Arc<Mutex<Slot<T>>>);

impl<T> Sender<T> {
    fn put(&mut self, outcome: Result<T>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).outcome = Some(outcome);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.is_over = true;
        let waker = slot.waker.take();
        drop(slot);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

struct Receiver<T> {
    slot: Arc<Mutex<Slot<T>>>,
    abort: AbortHandle,
}

impl<T> Future for Receiver<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        match (slot.outcome.take(), slot.is_over) {
            (Some(outcome), _) => Poll::Ready(outcome),
            (None, true) => {
                let message = "the runtime ended the work before it was done";
                Poll::Ready(Err(Error::new(ErrorKind::Unexpected, message)))
            }
            (None, false) => {
                if !slot.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                    slot.waker = Some(cx.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc::{Sender as Channel, channel};
    use std::task::Wake;
    use std::thread::Thread;
    use std::time::Duration;

    use super::*;

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    /// Waits for what other threads do, which the testkit's runner cannot.
    fn run<T>(work: impl Future<Output = T>) -> T {
        let (waker, mut work) = (Waker::from(Arc::new(Unpark(std::thread::current()))), pin!(work));
        loop {
            match work.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(value) => return value,
                Poll::Pending => std::thread::park(),
            }
        }
    }

    fn on_a_thread(work: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
        std::thread::spawn(move || run(work));
        None
    }

    fn nowhere(work: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
        Some(work)
    }

    fn forgotten(work: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
        drop(work);
        None
    }

    #[test]
    fn the_outcome_comes_from_wherever_the_work_is_done() {
        for spawner in [on_a_thread as Spawner, nowhere] {
            assert_eq!(run(aside(spawner, Box::pin(async { Ok(7) }))).unwrap(), 7);
            let failed = aside::<u8>(spawner, Box::pin(async { Err(Error::invalid("a", "is wrong")) }));
            assert_eq!(run(failed).unwrap_err().kind(), ErrorKind::Invalid);
        }
        let lost = run(aside(forgotten, Box::pin(async { Ok(7) })));
        assert_eq!(lost.unwrap_err().kind(), ErrorKind::Unexpected);
    }

    #[test]
    fn who_waits_no_longer_ends_the_work() {
        struct Told(Channel<()>);
        impl Drop for Told {
            fn drop(&mut self) {
                let _ = self.0.send(());
            }
        }
        let (told, ended) = channel();
        let told = Told(told);
        let waiting = aside::<()>(
            on_a_thread,
            Box::pin(async move {
                let _told = told;
                std::future::pending().await
            }),
        );
        assert!(ended.recv_timeout(Duration::from_millis(20)).is_err());
        drop(waiting);
        ended.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}
