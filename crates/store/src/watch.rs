//! Who waits for which key.

use std::collections::HashMap;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The keys that somebody waits for, each with its bell.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    bells: Mutex<HashMap<String, watch::Sender<()>>>,
}

impl Watchers {
    pub(crate) fn subscribe(self: &Arc<Self>, key: &str) -> Changed {
        let mut bells = self.lock();
        let bell = match bells.get(key) {
            Some(sender) => sender.subscribe(),
            None => {
                let (sender, receiver) = watch::channel(());
                bells.insert(key.to_owned(), sender);
                receiver
            }
        };
        Changed { key: key.to_owned(), bell: Some(bell), watchers: Arc::clone(self) }
    }

    /// Rings for every key; called after the commit that touched them.
    pub(crate) fn ring(&self, keys: &[String]) {
        if keys.is_empty() {
            return;
        }
        let bells = self.lock();
        for key in keys {
            if let Some(bell) = bells.get(key) {
                bell.send_replace(());
            }
        }
    }

    /// Rings for everybody: after a reset, and when the store closes.
    pub(crate) fn ring_all(&self) {
        for bell in self.lock().values() {
            bell.send_replace(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<()>>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A subscription to the commits that touch one key; see [`Store::changed`](crate::Store::changed).
///
/// Subscribe before reading, then wait: a commit between the two is not missed. Several commits may be reported
/// as one. It also resolves when the store is reset or closed, so that waiting loops look again and end.
#[derive(Debug)]
pub struct Changed {
    key: String,
    bell: Option<watch::Receiver<()>>,
    watchers: Arc<Watchers>,
}

impl Changed {
    /// Waits until a commit has touched the key since the subscription or since the last `wait` returned.
    ///
    /// Cancel safe: dropping the future loses no change.
    pub async fn wait(&mut self) {
        if let Some(bell) = &mut self.bell {
            // An error would mean that the bell is gone; it lives as long as this subscription.
            let _ = bell.changed().await;
        }
    }

    /// The key that is watched.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl IntoFuture for Changed {
    type Output = ();
    type IntoFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move { self.wait().await })
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        let mut bells = self.watchers.lock();
        self.bell = None;
        if bells.get(&self.key).is_some_and(|bell| bell.receiver_count() == 0) {
            bells.remove(&self.key);
        }
    }
}
