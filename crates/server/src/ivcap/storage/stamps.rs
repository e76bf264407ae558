//! The stamps of changes and the moments of reads, so that a moment, once answered for, never changes.
//!
//! A change gets its stamp while its transaction runs, and is seen only after the commit. A read that began in
//! between would answer for a time at which, seen later, there is more. So stamps rise strictly and stay
//! beyond every moment that was answered for; a read takes a moment before the oldest stamp that is under way; and a
//! change is answered once none under way is older, so that its author sees it in the next read.
//! Several processes on one database agree only as far as their clocks do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The order of changes and reads of this process, in microseconds of service time.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    state: Mutex<State>,
    /// Whether other processes change the same data.
    shared: bool,
}

#[derive(Debug, Default)]
struct State {
    /// The last stamp given.
    last: i64,
    /// The last stamp that was committed.
    committed: i64,
    /// The stamps of changes whose outcome is not known.
    under_way: BTreeSet<i64>,
    /// Changes that are committed and wait for older ones.
    waiting: BTreeMap<i64, oneshot::Sender<()>>,
    /// The last moment answered for.
    answered: i64,
}

impl Stamps {
    /// Those of a store that other processes may change, too.
    pub(crate) fn new(shared: bool) -> Self {
        Self { shared, ..Self::default() }
    }

    /// Goes on after what is stored.
    pub(crate) fn resume(&self, stored: i64) {
        let mut state = self.state();
        state.last = state.last.max(stored);
        state.committed = state.committed.max(stored);
    }

    /// The stamp of a change; `earlier` is the one of a run of it that came to nothing.
    pub(crate) fn begin(&self, now: i64, earlier: Option<i64>) -> i64 {
        let mut state = self.state();
        if let Some(earlier) = earlier {
            state.under_way.remove(&earlier);
        }
        let stamp = now.max(state.last + 1).max(state.answered + 1);
        state.last = stamp;
        state.under_way.insert(stamp);
        state.release();
        stamp
    }

    /// The outcome of a change is known. What is given ends once every moment from now on includes the change.
    pub(crate) fn end(&self, stamp: i64, committed: bool) -> Option<oneshot::Receiver<()>> {
        let mut state = self.state();
        state.under_way.remove(&stamp);
        state.release();
        if !committed {
            return None;
        }
        state.committed = state.committed.max(stamp);
        if state.under_way.first().is_none_or(|first| *first > stamp) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        state.waiting.insert(stamp, sender);
        Some(receiver)
    }

    /// The moment that a read which begins after this call can answer for.
    pub(crate) fn moment(&self, now: i64) -> i64 {
        let mut state = self.state();
        let latest = now.max(state.committed);
        let moment = state.under_way.first().map_or(latest, |first| latest.min(first - 1));
        state.answered = state.answered.max(moment);
        moment
    }

    /// Whether something may have ended after a moment. To be asked once the snapshot is there that is read from.
    pub(crate) fn is_past(&self, moment: i64) -> bool {
        self.shared || self.state().last > moment
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lets those go on that waited for older ones.
    fn release(&mut self) {
        let first = self.under_way.first().copied().unwrap_or(i64::MAX);
        while let Some(entry) = self.waiting.first_entry().filter(|entry| *entry.key() < first) {
            // Nobody waits any more who was stopped.
            let _ = entry.remove().send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_comes_after_every_moment_that_was_answered_for() {
        let stamps = Stamps::default();
        assert_eq!(stamps.moment(100), 100);
        let first = stamps.begin(100, None);
        assert_eq!(first, 101);
        let _ = stamps.end(first, true);
        assert_eq!(stamps.moment(100), 101, "its author sees it although the clock stands");
        assert_eq!(stamps.begin(100, None), 102);
    }

    #[test]
    fn a_read_leaves_out_what_is_not_committed_yet() {
        let stamps = Stamps::default();
        let slow = stamps.begin(50, None);
        assert_eq!(stamps.moment(60), 49);
        let _ = stamps.end(slow, true);
        assert_eq!(stamps.moment(60), 60);
    }

    #[test]
    fn a_moment_never_passes_a_change_under_way_and_who_has_an_answer_sees_its_effect() {
        let stamps = Stamps::default();
        let slow = stamps.begin(50, None);
        let quick = stamps.begin(51, None);
        let mut answer = stamps.end(quick, true).unwrap();
        assert_eq!(stamps.moment(60), 49, "what is not committed yet would turn up at 50");
        assert!(answer.try_recv().is_err(), "its author would not see it yet");
        assert!(stamps.end(slow, true).is_none());
        answer.try_recv().unwrap();
        assert_eq!(stamps.moment(60), 60);
    }

    #[test]
    fn a_change_that_comes_to_nothing_holds_nobody_up() {
        let stamps = Stamps::default();
        let slow = stamps.begin(50, None);
        let quick = stamps.begin(51, None);
        let mut answer = stamps.end(quick, true).unwrap();
        let again = stamps.begin(52, Some(slow));
        answer.try_recv().unwrap();
        assert_eq!(stamps.moment(60), again - 1);
        assert!(stamps.end(again, false).is_none());
        assert_eq!(stamps.moment(60), 60);
    }

    #[test]
    fn a_change_that_runs_again_gives_its_stamp_back() {
        let stamps = Stamps::default();
        let first = stamps.begin(10, None);
        let second = stamps.begin(20, Some(first));
        assert_eq!(stamps.moment(30), second - 1);
        let _ = stamps.end(second, false);
        assert_eq!(stamps.moment(30), 30);
    }

    #[test]
    fn stamps_go_on_after_what_is_stored() {
        let stamps = Stamps::default();
        stamps.resume(1000);
        assert_eq!(stamps.moment(10), 1000);
        assert_eq!(stamps.begin(10, None), 1001);
    }
}
