//! The queue between callers and the threads that own the connections.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// An unbounded queue of several producers and consumers; its length is bounded by the callers in flight.
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
}

struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { items: VecDeque::new(), closed: false }), ready: Condvar::new() }
    }

    /// Appends `item`, or hands it back if the queue was closed.
    pub(crate) fn push(&self, item: T) -> Result<(), T> {
        let mut state = self.lock();
        if state.closed {
            return Err(item);
        }
        state.items.push_back(item);
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for at least one item and moves up to `most` of them into `into`.
    ///
    /// `false` once the queue is closed and empty.
    pub(crate) fn take(&self, into: &mut Vec<T>, most: usize) -> bool {
        let mut state = self.lock();
        loop {
            if !state.items.is_empty() {
                let count = most.min(state.items.len());
                into.extend(state.items.drain(..count));
                return true;
            }
            if state.closed {
                return false;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Moves what is there now, up to `most`, into `into`, and says how many that were.
    pub(crate) fn take_now(&self, into: &mut Vec<T>, most: usize) -> usize {
        let mut state = self.lock();
        let count = most.min(state.items.len());
        into.extend(state.items.drain(..count));
        count
    }

    /// Refuses further items; what is queued is still handed out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
