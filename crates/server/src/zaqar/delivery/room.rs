//! How much may be under way: notifications that wait, by their size, and requests at one time. Both are bounded for
//! all, for each project, and for each queue or subscriber, so that a receiver that is slow or gone takes nothing from
//! others.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, MaybeDone, maybe_done};
use futures_util::poll;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of everything that waits.
const ALL: usize = 64 << 20;
/// Bytes of what waits of one project.
const PROJECT: usize = 16 << 20;
/// Bytes of what waits of one queue or for one subscriber.
const ONE: usize = 4 << 20;
/// What each counts beside its messages.
const EACH: usize = 4 << 10;
/// Requests at one time: of all, of one project, to one subscriber.
const REQUESTS: (usize, usize, usize) = (256, 32, 8);
/// So many names are kept before those that nobody uses are looked for.
const NAMES: usize = 1024;

/// The room for what waits.
#[derive(Debug, Default)]
pub(super) struct Room {
    taken: Arc<Mutex<HashMap<String, usize>>>,
    dropped: AtomicU64,
}

/// A place in the room, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    taken: Arc<Mutex<HashMap<String, usize>>>,
    names: [String; 3],
    bytes: usize,
}

impl Room {
    /// Takes a place for `bytes` of messages of `one` queue or subscriber of a project, if there is room for it.
    pub(super) fn take(&self, project: &str, one: &str, bytes: usize) -> Option<Place> {
        let bytes = bytes.saturating_add(EACH);
        let names = [String::new(), format!("project {project}"), format!("one {one}")];
        let mut taken = lock(&self.taken);
        let used = |name: &String| taken.get(name).copied().unwrap_or_default();
        let fits = |(name, most): (&String, usize)| used(name).saturating_add(bytes) <= most;
        if !names.iter().zip([ALL, PROJECT, ONE]).all(fits) {
            drop(taken);
            self.tell(project, one);
            return None;
        }
        for name in &names {
            *taken.entry(name.clone()).or_default() += bytes;
        }
        Some(Place { taken: Arc::clone(&self.taken), names, bytes })
    }

    /// Says that something is dropped; less and less often when it goes on.
    fn tell(&self, project: &str, one: &str) {
        let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
        if dropped.is_power_of_two() {
            tracing::warn!(
                project,
                one,
                dropped,
                "too many notifications wait for their delivery; some are dropped"
            );
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        for name in &self.names {
            if let Some(used) = taken.get_mut(name) {
                *used = used.saturating_sub(self.bytes);
                if *used == 0 {
                    taken.remove(name);
                }
            }
        }
    }
}

fn lock(taken: &Mutex<HashMap<String, usize>>) -> MutexGuard<'_, HashMap<String, usize>> {
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The requests that may run at one time.
#[derive(Debug)]
pub(super) struct Gates {
    all: Arc<Semaphore>,
    named: Mutex<HashMap<String, Weak<Semaphore>>>,
}

/// The turn of a parcel; it counts from when it was asked for.
pub(super) type Turn = Pin<Box<MaybeDone<BoxFuture<'static, Option<OwnedSemaphorePermit>>>>>;

impl Default for Gates {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(REQUESTS.0)), named: Mutex::default() }
    }
}

/// The gates of one subscriber, in the order in which they are passed.
#[derive(Debug)]
pub(super) struct Way([Arc<Semaphore>; 3]);

impl Gates {
    fn gate(&self, name: String, most: usize) -> Arc<Semaphore> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() > NAMES {
            named.retain(|_, gate| gate.strong_count() > 0);
        }
        let known = named.get(&name).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let made = Arc::new(Semaphore::new(most));
            named.insert(name, Arc::downgrade(&made));
            made
        })
    }

    /// The gates of a subscriber of a project.
    pub(super) fn way(&self, project: &str, subscription: &str) -> Way {
        let one = self.gate(format!("one {subscription}"), REQUESTS.2);
        let project = self.gate(format!("project {project}"), REQUESTS.1);
        Way([one, project, Arc::clone(&self.all)])
    }

    /// A turn for who gets one parcel after the other.
    pub(super) async fn turn(&self, subscription: &str) -> Turn {
        let gate = self.gate(format!("turn {subscription}"), 1);
        let mut turn: Turn = Box::pin(maybe_done(async move { gate.acquire_owned().await.ok() }.boxed()));
        let _ = poll!(turn.as_mut());
        turn
    }
}

impl Way {
    /// Waits for its turn: nobody holds a place of others while it waits for its own.
    pub(super) async fn pass(&self) -> Option<[OwnedSemaphorePermit; 3]> {
        let [one, project, all] = &self.0;
        let one = Arc::clone(one).acquire_owned().await.ok()?;
        let project = Arc::clone(project).acquire_owned().await.ok()?;
        Some([one, project, Arc::clone(all).acquire_owned().await.ok()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subscriber_and_one_project_leave_room_for_others() {
        let room = Room::default();
        let one: Vec<Place> = std::iter::from_fn(|| room.take("acme", "a", 0)).collect();
        assert_eq!(one.len(), ONE / EACH);
        let mut project = Vec::new();
        for other in 0..20 {
            project.extend(std::iter::from_fn(|| room.take("acme", &format!("b{other}"), 0)));
        }
        assert_eq!(one.len() + project.len(), PROJECT / EACH);
        assert!(room.take("other", "c", 100).is_some());
        drop((one, project));
        assert!(room.take("acme", "a", ONE - EACH).is_some());
        assert!(room.taken.lock().unwrap().is_empty(), "nothing is kept of what is gone");
    }

    #[tokio::test]
    async fn a_subscriber_that_answers_slowly_holds_up_itself_alone() {
        let gates = Gates::default();
        let slow = gates.way("acme", "slow");
        let mut held = Vec::new();
        for _ in 0..REQUESTS.2 {
            held.push(slow.pass().await.unwrap());
        }
        assert!(futures_util::FutureExt::now_or_never(gates.way("acme", "slow").pass()).is_none());
        assert!(futures_util::FutureExt::now_or_never(gates.way("acme", "fast").pass()).is_some());
    }
}
