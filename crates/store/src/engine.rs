//! The engine: one data directory or database, with a [`Store`] per service.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;

use jiff::Timestamp;

use crate::batch::{Connection, Surroundings};
use crate::blob::{Blobs, DirBlobs};
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::lock::Home;
use crate::migrate::{Form, Migration, migrate};
use crate::postgres::Cluster;
use crate::room::Room;
use crate::sqlite::{Files, Sqlite};
use crate::store::{Opener, Store};
use crate::vault::Vault;
use crate::watch::Watchers;
use crate::worker::Workers;

/// Where service time comes from. Storage never asks the system's or the database's clock.
pub trait ServiceClock: fmt::Debug + Send + Sync + 'static {
    /// The present service time.
    fn now(&self) -> Timestamp;
}

/// Which database holds the data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// One SQLite file per service in `dir`, which one process holds at a time.
    Sqlite {
        /// The data directory; created if absent.
        dir: PathBuf,
    },
    /// PostgreSQL, one schema per service.
    Postgres {
        /// `postgres://user:password@host:port/database`.
        url: String,
        /// The data directory for the key and the blobs; created if absent. Several nodes need the same key.
        dir: PathBuf,
        /// The schemas are named `PREFIX_SERVICE`; commonly `pentad`.
        prefix: String,
    },
    /// SQLite in a private temporary directory that is removed at the end.
    Memory,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { dir } => f.debug_struct("Sqlite").field("dir", dir).finish(),
            // The URL may hold a password.
            Self::Postgres { dir, prefix, .. } => {
                f.debug_struct("Postgres").field("dir", dir).field("prefix", prefix).finish_non_exhaustive()
            }
            Self::Memory => f.write_str("Memory"),
        }
    }
}

/// What an answered write survives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Anything, a power cut included: the disk has it before the answer.
    #[default]
    Durable,
    /// The end of the process at any instant, but not of the machine.
    Buffered,
    /// Nothing: for data that ends with the process. [`Backend::Memory`] always has it.
    Memory,
}

/// How to open an [`Engine`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOptions {
    /// Which database holds the data.
    pub backend: Backend,
    /// What an answered write survives.
    pub durability: Durability,
}

impl StoreOptions {
    /// SQLite files in `dir`, durable.
    pub fn sqlite(dir: impl Into<PathBuf>) -> Self {
        Self { backend: Backend::Sqlite { dir: dir.into() }, durability: Durability::Durable }
    }

    /// PostgreSQL at `url`, durable, with key and blobs in `dir`.
    pub fn postgres(url: impl Into<String>, dir: impl Into<PathBuf>) -> Self {
        let (url, dir, prefix) = (url.into(), dir.into(), "pentad".to_owned());
        Self { backend: Backend::Postgres { url, dir, prefix }, durability: Durability::Durable }
    }

    /// Data that ends with the process.
    pub fn memory() -> Self {
        Self { backend: Backend::Memory, durability: Durability::Memory }
    }

    /// Sets what an answered write survives.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }
}

/// One data directory or database, open.
///
/// A cheap handle; the engine closes with its last clone, or with [`close`](Engine::close).
#[derive(Debug, Clone)]
pub struct Engine(Arc<Open>);

#[derive(Debug)]
struct Open {
    place: Place,
    clock: Arc<dyn ServiceClock>,
    blobs: DirBlobs,
    vault: Vault,
    services: Mutex<HashMap<String, Store>>,
    room: Arc<Room>,
    /// Changed only while `services` is locked, so that no service opens behind the back of a closing engine.
    closed: AtomicBool,
    /// Released last, after every thread has ended.
    home: Mutex<Option<Home>>,
}

/// Where the tables are.
#[derive(Debug)]
pub(crate) enum Place {
    Files(Files),
    Cluster(Box<Cluster>),
}

impl Engine {
    /// Takes hold of the data directory and opens key and blobs; databases are opened by [`service`](Engine::service).
    ///
    /// Blocks shortly.
    ///
    /// # Errors
    /// `Locked` if another process holds the directory (the message names it); `Config` if the URL or the key file
    /// cannot be used; `Io`.
    pub fn open(options: StoreOptions, clock: Arc<dyn ServiceClock>) -> Result<Self> {
        let StoreOptions { backend, durability } = options;
        let workers = Arc::new(Workers::default());
        let (home, place, vault) = match backend {
            Backend::Sqlite { dir } => {
                let home = Home::claim(&dir)?;
                let vault = Vault::open_dir(&dir, Arc::clone(&workers))?;
                (home, Place::Files(Files { dir, durability }), vault)
            }
            Backend::Memory => {
                let home = Home::temporary()?;
                let files = Files { dir: home.dir().to_owned(), durability: Durability::Memory };
                (home, Place::Files(files), Vault::ephemeral(Arc::clone(&workers))?)
            }
            Backend::Postgres { url, dir, prefix } => {
                let home = Home::claim(&dir)?;
                let vault = Vault::open_dir(&dir, Arc::clone(&workers))?;
                (home, Place::Cluster(Box::new(Cluster::new(&url, &prefix, durability)?)), vault)
            }
        };
        let durable = durability == Durability::Durable
            && !matches!(&place, Place::Files(f) if f.durability != durability);
        let blobs = DirBlobs::new(&home.dir().join("blobs"), durable, workers);
        let room = Arc::new(Room::new(match &place {
            Place::Files(files) => files.dir.display().to_string(),
            Place::Cluster(_) => "the database server".to_owned(),
        }));
        let (services, home) = (Mutex::default(), Mutex::new(Some(home)));
        let closed = AtomicBool::new(false);
        Ok(Self(Arc::new(Open { place, clock, blobs, vault, services, room, closed, home })))
    }

    /// Whether other processes may work on the same tables at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.0.place, Place::Cluster(_))
    }

    /// Opens the database of the service `name`, creating or migrating its tables; later calls give the same store.
    ///
    /// `name` is lower-case letters, digits and `_`. Blocks until the database is ready.
    ///
    /// # Errors
    /// `Newer` if the data was written by a newer program; `Connection`, `Io` if the database cannot be reached;
    /// `Statement` if a migration is faulty; `Closed` after [`close`](Engine::close).
    pub fn service(&self, name: &str, schema: &'static [Migration]) -> Result<Store> {
        check_name(name)?;
        let mut services = lock(&self.0.services);
        if self.0.closed.load(Ordering::Acquire) {
            return Err(StoreError::closed());
        }
        if let Some(service) = services.get(name) {
            return Ok(service.clone());
        }
        let around = Surroundings {
            clock: Arc::clone(&self.0.clock),
            watchers: Arc::new(Watchers::default()),
            room: Arc::clone(&self.0.room),
        };
        let form = Form { schema, key: self.0.vault.fingerprint() };
        let store = match &self.0.place {
            Place::Files(files) => open_files(files, name, form, around)?,
            Place::Cluster(cluster) => cluster.open(name, form, around)?,
        };
        services.insert(name.to_owned(), store.clone());
        Ok(store)
    }

    /// The blobs of the service `name`, apart from those of others; the same each time.
    ///
    /// # Errors
    /// `Config` if `name` cannot be the name of a service.
    pub fn blobs(&self, name: &str) -> Result<Arc<dyn Blobs>> {
        check_name(name)?;
        Ok(Arc::new(self.0.blobs.below(name)))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    /// The services that are open, in no order.
    pub fn stores(&self) -> Vec<Store> {
        lock(&self.0.services).values().cloned().collect()
    }

    /// Sealing and hashing of secrets.
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// The data directory; a temporary one for [`Backend::Memory`]. `None` once closed.
    pub fn dir(&self) -> Option<PathBuf> {
        lock(&self.0.home).as_ref().map(|home| home.dir().to_owned())
    }

    /// The data directory, if it stays when the process ends. A temporary one may be in memory, where large things have
    /// no place.
    pub fn lasting_dir(&self) -> Option<PathBuf> {
        lock(&self.0.home).as_ref().filter(|home| !home.is_temporary()).map(|home| home.dir().to_owned())
    }

    /// Whether a write of any service found the disk full. A later one that [touches](crate::Tx::touch) something and
    /// is committed ends that.
    pub fn is_full(&self) -> bool {
        self.0.room.is_full()
    }

    /// How many requests of all services are queued or running: 0 when the store is at rest.
    pub fn pending(&self) -> usize {
        lock(&self.0.services).values().map(|service| service.pending()).sum()
    }

    /// Drops all rows of all services and all blobs, and makes the tables anew. The key stays.
    ///
    /// Requests running meanwhile see the old data or the new. Everyone waiting for a change is woken.
    ///
    /// # Errors
    /// The first failure; services after it keep their data.
    pub async fn reset(&self) -> Result<()> {
        let stores: Vec<Store> = lock(&self.0.services).values().cloned().collect();
        for store in &stores {
            store.reset().await?;
        }
        let open: Vec<String> = stores.iter().map(|store| store.name().to_owned()).collect();
        match &self.0.place {
            Place::Files(files) => files.remove_except(&open)?,
            Place::Cluster(cluster) => cluster.remove_except(&open).await?,
        }
        self.0.blobs.clear().await
    }

    /// Answers what is queued, moves the logs into the database files and lets go of the data directory.
    ///
    /// Stores of this engine then answer `Closed`. Closing twice is no error.
    pub async fn close(&self) {
        let open = Arc::clone(&self.0);
        let (done, closed) = tokio::sync::oneshot::channel();
        let closing = std::thread::Builder::new().name("store-close".to_owned()).spawn(move || {
            open.close();
            // Let go before answering, so that the caller's handle may be the last.
            drop(open);
            let _ = done.send(());
        });
        match closing {
            Ok(_) => {
                let _ = closed.await;
            }
            Err(_) => self.0.close(),
        }
    }
}

impl Open {
    fn close(&self) {
        let services = {
            let mut services = lock(&self.services);
            self.closed.store(true, Ordering::Release);
            std::mem::take(&mut *services)
        };
        services.values().for_each(|service| service.close());
        services.values().for_each(|service| service.join());
        lock(&self.home).take();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.close();
    }
}

fn check_name(name: &str) -> Result<()> {
    let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || name.len() > 32 || !name.bytes().all(valid) {
        let message = format!("{name:?} cannot be the name of a service");
        return Err(StoreError::new(StoreErrorKind::Config, message));
    }
    Ok(())
}

fn open_files(files: &Files, name: &str, form: Form, around: Surroundings) -> Result<Store> {
    let durability = files.durability;
    let file = files.database(name);
    let writer: Opener = {
        let (file, files, name) = (Arc::clone(&file), files.clone(), name.to_owned());
        Box::new(move || open_writer(&file, &files, &name, form))
    };
    let readers = (0..readers()).map(|_| -> Opener {
        let file: Arc<Path> = Arc::clone(&file);
        Box::new(move || Ok(Box::new(Sqlite::reader(&file, durability)?)))
    });
    Store::start(name, around, form, vec![writer], readers.collect())
}

fn open_writer(file: &Path, files: &Files, name: &str, form: Form) -> Result<Box<dyn Connection>> {
    let mut writer = Sqlite::writer(file, files.durability)?;
    migrate(&mut writer, name, form, |writer, from| writer.copy_to(&files.snapshot(name, from)?))?;
    Ok(Box::new(writer))
}

/// Reading threads per service.
pub(crate) fn readers() -> usize {
    available_parallelism().map_or(2, usize::from).clamp(2, 4)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
