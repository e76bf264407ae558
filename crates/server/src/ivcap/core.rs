//! What handlers and background work share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use pentad_store::{Blobs, Engine, Store, Tx};

use super::auth::Tokens;
use super::auth::device::Logins;
use super::error::{Answer, Failure};
use super::settings::Settings;
use super::storage::stamps::Stamps;
use super::storage::{Change, aspects, things, time};
use super::work::Work;
use crate::{Context, ServiceTime};

/// The state of the service.
pub(crate) struct Core {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    /// Contents of artifacts.
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) time: Arc<ServiceTime>,
    pub(crate) settings: Settings,
    pub(crate) tokens: Tokens,
    pub(crate) logins: Logins,
    /// What services, orders and artifacts keep in memory.
    pub(crate) work: Work,
    pub(crate) stamps: Arc<Stamps>,
    installation: Mutex<Installation>,
}

/// What this installation made for itself; it outlives a reset of the store.
#[derive(Default)]
struct Installation {
    own: BTreeMap<&'static str, String>,
    /// The token that was announced.
    token: Option<String>,
    /// Account and user of that token.
    announced: Option<(String, String)>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("time", &self.time).finish_non_exhaustive()
    }
}

impl Core {
    /// The state of a service that was just opened.
    pub(crate) fn new(context: &Context, store: Store, blobs: Arc<dyn Blobs>, settings: Settings) -> Self {
        let known = context.known.as_ref().and_then(|known| Some(known.get("jwt")?.as_str()?.to_owned()));
        Self {
            engine: context.engine.clone(),
            store,
            work: Work::new(&blobs, &settings),
            blobs,
            time: Arc::clone(&context.time),
            settings,
            tokens: Tokens::default(),
            logins: Logins::default(),
            stamps: Arc::new(Stamps::new(context.engine.is_shared())),
            installation: Mutex::new(Installation { token: known, ..Installation::default() }),
        }
    }

    /// Account and user that are announced; none where the seed brings users.
    pub(crate) fn announced(&self) -> Option<(String, String)> {
        self.installation().announced.clone()
    }

    pub(crate) fn set_announced(&self, announced: Option<(String, String)>) {
        self.installation().announced = announced;
    }

    /// The token that was announced, perhaps by an earlier start.
    pub(crate) fn known_token(&self) -> Option<String> {
        self.installation().token.clone()
    }

    pub(crate) fn set_known_token(&self, token: String) {
        self.installation().token = Some(token);
    }

    /// A value that this installation made for itself.
    pub(crate) fn own(&self, name: &str) -> Option<String> {
        self.installation().own.get(name).cloned()
    }

    pub(crate) fn set_own(&self, name: &'static str, value: &str) {
        self.installation().own.insert(name, value.to_owned());
    }

    fn installation(&self) -> MutexGuard<'_, Installation> {
        self.installation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether other processes may work on the same store.
    pub(crate) fn is_shared(&self) -> bool {
        self.engine.is_shared()
    }

    /// Service time in whole seconds.
    pub(crate) fn seconds(&self) -> i64 {
        self.time.now().as_second()
    }

    /// What "now" means for a read that begins after this call.
    pub(crate) fn moment(&self) -> Timestamp {
        time(self.stamps.moment(self.time.now().as_microsecond()))
    }

    /// Reads from one snapshot.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        self.store.read(work).await
    }

    /// Commits a change, to its end even if the client leaves. `work` may run more than once.
    pub(crate) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        mut work: impl FnMut(&mut Change<'_, '_>) -> Answer<T> + Send + 'static,
    ) -> Answer<T> {
        let core = Arc::clone(self);
        let change = async move {
            let given = Arc::new(Mutex::new(None));
            let (stamps, current) = (Arc::clone(&core), Arc::clone(&given));
            let shared = core.is_shared();
            let done = core.store.write(move |tx| {
                if shared {
                    // A snapshot older than the stamp: what committed in between collides instead of being overlooked.
                    tx.query_opt("SELECT CAST(1 AS BIGINT)", &[], |row| row.int(0))?;
                }
                let mut current = current.lock().unwrap_or_else(PoisonError::into_inner);
                let stamp = stamps.stamps.begin(tx.now().as_microsecond(), *current);
                *current = Some(stamp);
                drop(current);
                work(&mut Change::new(tx, stamp))
            });
            let done = done.await;
            let stamp = *given.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(older) = stamp.and_then(|stamp| core.stamps.end(stamp, done.is_ok())) {
                // An error means only that nobody is to be waited for.
                let _ = older.await;
            }
            done
        };
        tokio::spawn(change).await.unwrap_or_else(|_| Err(Failure::internal()))
    }

    /// Lets stamps go on after what is stored.
    pub(crate) async fn resume(&self) -> Answer<()> {
        let stored = self.read(|tx| Ok(aspects::newest(tx)?.max(things::newest(tx)?))).await?;
        self.stamps.resume(stored);
        Ok(())
    }
}
