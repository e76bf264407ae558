//! Copies of all data at one moment, and the way back to one.
//!
//! A snapshot is a directory in the form of a data directory: `SERVICE.db`, `blobs/`, and the `key` that its secrets are
//! sealed under. While it is made, and while one is restored, the writers of all services stand still together; readers
//! do not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use tokio::sync::oneshot;

use crate::batch::Connection;
use crate::engine::{Durability, Engine, Place};
use crate::error::{Result, StoreError, StoreErrorKind};
use crate::lock;
use crate::migrate::{self, Form};
use crate::sqlite::Sqlite;
use crate::store::Store;

const BLOBS: &str = "blobs";
const KEY: &str = "key";

/// What a writer that stands still is asked to do.
pub(crate) enum Order {
    /// Copy the database into this file.
    Copy(PathBuf),
    /// Replace the database by this file's.
    Replace(PathBuf),
}

/// An order, and where its outcome goes.
type Asked = (Order, oneshot::Sender<Result<()>>);

/// A writer's side of standing still.
pub(crate) struct Pause {
    arrived: oneshot::Sender<()>,
    /// Ends when the coordinator lets go, however it ends.
    orders: mpsc::Receiver<Asked>,
}

impl Pause {
    /// Stands still, on the writer's thread, until the coordinator lets go.
    pub(crate) fn hold(self, connection: &mut dyn Connection, form: Form) {
        let Self { arrived, orders } = self;
        if arrived.send(()).is_err() {
            return;
        }
        while let Ok((order, done)) = orders.recv() {
            let outcome = match order {
                Order::Copy(file) => connection.copy(&file),
                Order::Replace(file) => {
                    connection.replace(&file).and_then(|()| migrate::again(connection, form))
                }
            };
            let _ = done.send(outcome);
        }
    }
}

/// The coordinator's side: the writers go on when this is dropped.
struct Held(Vec<(Store, mpsc::Sender<Asked>)>);

impl Held {
    async fn all(stores: Vec<Store>) -> Result<Self> {
        let (mut held, mut arriving) = (Vec::new(), Vec::new());
        for store in stores {
            let (arrived, arrival) = oneshot::channel();
            let (order, orders) = mpsc::channel();
            store.pause(Pause { arrived, orders })?;
            held.push((store, order));
            arriving.push(arrival);
        }
        for arrival in arriving {
            arrival.await.map_err(|_| StoreError::closed())?;
        }
        Ok(Self(held))
    }

    /// Gives every writer its order and waits for all of them.
    async fn each(&self, order: impl Fn(&str) -> Order) -> Result<()> {
        let mut waiting = Vec::new();
        for (store, orders) in &self.0 {
            let (done, outcome) = oneshot::channel();
            orders.send((order(store.name()), done)).map_err(|_| StoreError::closed())?;
            waiting.push(outcome);
        }
        let mut result = Ok(());
        for outcome in waiting {
            let outcome = outcome.await.unwrap_or_else(|_| Err(StoreError::closed()));
            result = result.and(outcome);
        }
        result
    }
}

impl Engine {
    /// Copies all tables, blobs and the key into the new directory `to`, all of one moment.
    ///
    /// Writers wait until that is done; readers go on. What is there when it fails is removed again. The copy is a data
    /// directory of its own: an engine can be opened on it. One of [`Backend::Memory`](crate::Backend::Memory) has no
    /// key and can only be [restored](Engine::restore) by the engine that made it.
    ///
    /// # Errors
    /// `Config` on PostgreSQL, whose own tools copy tables; `Conflict` if `to` exists; `Io`; `Closed`.
    pub async fn snapshot(&self, to: &Path) -> Result<()> {
        let dir = self.files_dir()?;
        if to.exists() {
            let what = format!("{} exists already", to.display());
            return Err(StoreError::new(StoreErrorKind::Conflict, what));
        }
        lock::create(to)?;
        let copied = self.copy_all(&dir, to).await;
        if copied.is_err()
            && let Err(error) = fs::remove_dir_all(to)
        {
            tracing::warn!(%error, dir = %to.display(), "an unfinished snapshot could not be removed");
        }
        copied
    }

    async fn copy_all(&self, dir: &Path, to: &Path) -> Result<()> {
        let held = Held::all(self.stores()).await?;
        held.each(|name| Order::Copy(to.join(database(name)))).await?;
        let open: Vec<String> = held.0.iter().map(|(store, _)| database(store.name())).collect();
        let (from, to) = (dir.to_owned(), to.to_owned());
        // The writers stand still until the blobs are copied too: rows are written after what they refer to.
        let copied = blocking(move || copy_rest(&from, &to, &open)).await;
        drop(held);
        copied
    }

    /// Puts the content of a snapshot in the place of all that is there.
    ///
    /// Services that are open and not in the snapshot become empty. Everyone waiting for a change is woken. Data of an
    /// older format is migrated.
    ///
    /// # Errors
    /// `NotFound` if `from` is no snapshot; `Config` if its secrets were sealed under another key, or on PostgreSQL;
    /// `Newer`; these change nothing. `Io` in the middle leaves some services as they were.
    pub async fn restore(&self, from: &Path) -> Result<()> {
        let dir = self.files_dir()?;
        let stores = self.stores();
        let form_key = self.vault().fingerprint();
        let mut there = Vec::new();
        for store in &stores {
            let file = from.join(database(store.name()));
            if file.exists() {
                check(&file, store, form_key)?;
                there.push(store.clone());
            }
        }
        if there.is_empty() {
            let what = format!("{} holds no snapshot of these services", from.display());
            return Err(StoreError::new(StoreErrorKind::NotFound, what));
        }
        for store in stores.iter().filter(|store| there.iter().all(|one| one.name() != store.name())) {
            store.reset().await?;
        }
        let held = Held::all(there).await?;
        held.each(|name| Order::Replace(from.join(database(name)))).await?;
        let (from, to) = (from.join(BLOBS), dir.join(BLOBS));
        let copied = blocking(move || {
            remove(&to)?;
            if from.exists() { copy_dir(&from, &to) } else { Ok(()) }
        })
        .await;
        drop(held);
        copied
    }

    /// Drops the rows and blobs of one service and makes its tables anew; `false` if no such service is open.
    ///
    /// # Errors
    /// As [`reset`](Engine::reset).
    pub async fn reset_service(&self, name: &str) -> Result<bool> {
        match self.stores().into_iter().find(|store| store.name() == name) {
            Some(store) => {
                store.reset().await?;
                self.blobs(name)?.clear().await?;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// The directory of the files; an error where tables are elsewhere.
    fn files_dir(&self) -> Result<PathBuf> {
        match self.place() {
            Place::Files(files) => Ok(files.dir.clone()),
            Place::Cluster(_) => Err(StoreError::new(
                StoreErrorKind::Config,
                "tables in PostgreSQL are copied and restored with its own tools: pg_dump and pg_restore with the \
                 schemas of this installation, together with `key` and `blobs` of the data directory",
            )),
        }
    }
}

fn database(service: &str) -> String {
    format!("{service}.db")
}

/// Refuses a database that this engine cannot take.
fn check(file: &Path, store: &Store, key: i64) -> Result<()> {
    let mut copy = Sqlite::reader(file, Durability::Memory)?;
    migrate::check(&mut copy, store.name(), store.form(), key)
}

/// What the writers do not copy: databases of services that are not open, blobs, the key.
fn copy_rest(from: &Path, to: &Path, open: &[String]) -> Result<()> {
    for entry in fs::read_dir(from).map_err(|e| failed("read", from, e))? {
        let path = entry.map_err(|e| failed("read", from, e))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.ends_with(".db") && !open.iter().any(|open| open == name) {
            Sqlite::reader(&path, Durability::Memory)?.copy_to(&to.join(name))?;
        }
    }
    let (key, blobs) = (from.join(KEY), from.join(BLOBS));
    if key.exists() {
        copy_file(&key, &to.join(KEY))?;
    }
    if blobs.exists() {
        copy_dir(&blobs, &to.join(BLOBS))?;
    }
    fs::File::open(to).and_then(|dir| dir.sync_all()).map_err(|e| failed("sync", to, e))
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    lock::create(to)?;
    for entry in fs::read_dir(from).map_err(|e| failed("read", from, e))? {
        let path = entry.map_err(|e| failed("read", from, e))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_dir(&path, &to.join(name))?;
        } else {
            copy_file(&path, &to.join(name))?;
        }
    }
    Ok(())
}

/// Keeps the mode, which is the owner's alone.
fn copy_file(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).and_then(|_| fs::File::open(to)?.sync_data()).map_err(|e| failed("copy", from, e))
}

fn remove(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", dir, error)),
        _ => Ok(()),
    }
}

fn failed(doing: &str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::io(format!("{doing} {}", path.display()), error)
}

/// Runs work that waits for the disk on a thread of its own.
async fn blocking(work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    let (done, outcome) = oneshot::channel();
    thread::Builder::new()
        .name("store-copy".to_owned())
        .spawn(move || {
            let _ = done.send(work());
        })
        .map_err(|e| StoreError::io("start a thread of the store", e))?;
    outcome.await.unwrap_or_else(|_| Err(StoreError::closed()))
}
