//! One writer per upload.
//!
//! Who asks about an upload again has usually lost the connection of the earlier request, which may take long to notice:
//! so the newcomer takes over, and the other stops at what it has stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pentad_store::{Blobs, Result};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::digest::Running;

/// So many uploads are remembered between requests; of the others the digest is made anew at their end.
const REMEMBERED: usize = 256;

/// The uploads of the service. A cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Uploads {
    pub(super) blobs: Arc<dyn Blobs>,
    places: Arc<Mutex<HashMap<String, Arc<Place>>>>,
    /// Writers that may outlive their requests.
    pub(super) tracker: TaskTracker,
}

/// One upload.
#[derive(Debug, Default)]
struct Place {
    running: Arc<tokio::sync::Mutex<Running>>,
    /// Cancelled when somebody else wants the turn.
    wanted: Mutex<CancellationToken>,
}

/// The right to write to one upload, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(super) uploads: Uploads,
    pub(super) key: String,
    pub(super) running: OwnedMutexGuard<Running>,
    pub(super) wanted: CancellationToken,
}

impl Uploads {
    pub(crate) fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self { blobs, places: Arc::default(), tracker: TaskTracker::new() }
    }

    /// Takes the turn from whoever has it.
    pub(crate) async fn turn(&self, key: &str) -> Turn {
        let place = self.place(key);
        let wanted = CancellationToken::new();
        // The holder, and all that wait before us, learn that they are not the last.
        std::mem::replace(&mut *lock(&place.wanted), wanted.clone()).cancel();
        let running = Arc::clone(&place.running).lock_owned().await;
        Turn { uploads: self.clone(), key: key.to_owned(), running, wanted }
    }

    /// The turn, if nobody has it.
    pub(crate) fn turn_if_free(&self, key: &str) -> Option<Turn> {
        let place = self.place(key);
        let running = Arc::clone(&place.running).try_lock_owned().ok()?;
        let wanted = lock(&place.wanted).clone();
        Some(Turn { uploads: self.clone(), key: key.to_owned(), running, wanted })
    }

    fn place(&self, key: &str) -> Arc<Place> {
        let mut places = lock(&self.places);
        if places.len() >= REMEMBERED {
            places.retain(|_, place| Arc::strong_count(&place.running) > 1 || Arc::strong_count(place) > 1);
        }
        Arc::clone(places.entry(key.to_owned()).or_default())
    }

    /// Forgets what is remembered of uploads that nobody writes to.
    pub(crate) fn forget(&self) {
        lock(&self.places).clear();
    }

    /// Waits for writers that outlived their requests.
    pub(crate) async fn drain(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// The bytes that are stored.
    pub(crate) async fn len(&self, key: &str) -> Result<u64> {
        Ok(self.blobs.len(key).await?.unwrap_or(0))
    }
}

impl Turn {
    /// The bytes that are stored.
    pub(crate) async fn len(&self) -> Result<u64> {
        self.uploads.len(&self.key).await
    }

    /// Makes what is stored the whole content for ever, and gives its digest (SHA-256, hex).
    pub(crate) async fn seal(&mut self) -> Result<String> {
        let length = self.len().await?;
        if length == 0 {
            // Nothing was ever stored; an empty blob is one, too.
            self.uploads.blobs.append(&self.key, 0, bytes::Bytes::new()).await?;
        }
        let digest = self.digest(length).await?;
        self.uploads.blobs.seal(&self.key).await?;
        lock(&self.uploads.places).remove(&self.key);
        Ok(digest)
    }

    /// Stores bytes behind the first `offset` ones, and gives the new length.
    pub(crate) async fn append(&mut self, offset: u64, bytes: bytes::Bytes) -> Result<u64> {
        let length = self.uploads.blobs.append(&self.key, offset, bytes.clone()).await?;
        self.running.add(offset, &bytes);
        Ok(length)
    }

    /// The digest of what is stored so far (SHA-256, hex).
    pub(crate) async fn digest(&mut self, length: u64) -> Result<String> {
        let (blobs, key) = (Arc::clone(&self.uploads.blobs), self.key.clone());
        self.running.catch_up(&*blobs, &key, length).await?;
        Ok(self.running.hex())
    }

    /// Removes what is stored, to begin anew.
    pub(crate) async fn clear(&mut self) -> Result<()> {
        *self.running = Running::default();
        self.uploads.blobs.delete(&self.key).await.map(drop)
    }

    /// Removes what is stored; `false` if there was nothing.
    pub(crate) async fn remove(mut self) -> Result<bool> {
        *self.running = Running::default();
        lock(&self.uploads.places).remove(&self.key);
        self.uploads.blobs.delete(&self.key).await
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
