//! A closure on its way to a thread, with the caller waiting for its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::oneshot;

use crate::error::{Result, StoreError, StoreErrorKind};
use crate::tx::Tx;

/// A request of unknown type: run it, as often as needed, then answer it once.
pub(crate) trait Job: Send {
    /// Runs the closure; `true` if its effects are to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Whether the caller can bear to lose the effects in a crash of the machine.
    fn is_soft(&self) -> bool;
    /// Answers with what the closure returned, or with `fate` if its effects were to be kept and could not be.
    fn answer(&mut self, fate: Result<()>);
}

/// Counts the requests that are queued or running.
#[derive(Debug)]
pub(crate) struct Pending(Arc<AtomicUsize>);

impl Pending {
    pub(crate) fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

pub(crate) struct Closure<T, E, F> {
    run: F,
    soft: bool,
    outcome: Option<Result<T, E>>,
    caller: Option<oneshot::Sender<Result<T, E>>>,
    pending: Option<Pending>,
}

impl<T, E, F> Closure<T, E, F> {
    pub(crate) fn new(run: F, soft: bool, pending: Pending) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (caller, answer) = oneshot::channel();
        let job = Self { run, soft, outcome: None, caller: Some(caller), pending: Some(pending) };
        (job, answer)
    }
}

impl<T, E, F> Job for Closure<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.run)(tx))).unwrap_or_else(|_| {
            let what = "a store closure panicked; its effects were undone";
            Err(StoreError::new(StoreErrorKind::Panicked, what).into())
        });
        // A failed statement has spoiled the transaction, whether or not the closure looked at the error.
        let outcome = match (outcome, tx.failure()) {
            (Ok(_), Some(failure)) => Err(failure.clone().into()),
            (outcome, _) => outcome,
        };
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn is_soft(&self) -> bool {
        self.soft
    }

    fn answer(&mut self, fate: Result<()>) {
        let outcome = match (self.outcome.take(), fate) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(error)) => Err(error.into()),
            (Some(ok), Ok(())) => ok,
            (None, Ok(())) => Err(StoreError::closed().into()),
        };
        // Before the answer, so that nobody sees an answered request still counted.
        self.pending = None;
        if let Some(caller) = self.caller.take() {
            // The caller may have left; its write stands nevertheless.
            let _ = caller.send(outcome);
        }
    }
}
