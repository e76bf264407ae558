//! Real databases behind instances: with the option `engine: postgres`, an instance of the datastore `postgresql` is a
//! PostgreSQL cluster of its own.

mod cluster;
mod files;
mod lifecycle;
mod process;
mod programs;
mod replicas;
mod replication;
mod secrets;
mod sql;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::future::join_all;

use self::cluster::Cluster;
pub(crate) use self::lifecycle::{Deed, Outcome, Set};
use self::programs::Programs;
pub(crate) use self::secrets::Secrets;
use super::error::{Answer, Failure};
use super::guest::Change;
use super::model::{Contents, Instance, Version};
use super::settings::{EngineKind, Settings};

/// Whether instances of a version are real databases.
pub(crate) fn is_real(settings: &Settings, version: &Version) -> bool {
    settings.engine == EngineKind::Postgres && version.manager == "postgresql"
}

type Turn = Arc<tokio::sync::Mutex<()>>;

/// The real databases of this server.
pub(crate) struct Engine {
    /// The data directory of the server.
    data: Option<PathBuf>,
    given: Option<PathBuf>,
    home: OnceLock<Result<Home, String>>,
    /// One at a time changes a set of instances, or a backup.
    turns: Mutex<HashMap<String, Turn>>,
    /// What runs, by instance.
    running: Mutex<BTreeMap<String, Cluster>>,
}

/// Where the clusters are.
struct Home {
    programs: Programs,
    folder: PathBuf,
    /// Without a data directory, the folder that goes away with the server.
    _temporary: Option<tempfile::TempDir>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("data", &self.data).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// An engine that has not done anything yet.
    pub(crate) fn new(settings: &Settings, data: Option<PathBuf>) -> Self {
        Self {
            data,
            given: settings.postgres_bin.clone(),
            home: OnceLock::new(),
            turns: Mutex::default(),
            running: Mutex::default(),
        }
    }

    fn home(&self) -> Result<&Home, String> {
        let made = self.home.get_or_init(|| Home::make(self.data.as_deref(), self.given.as_deref()));
        made.as_ref().map_err(Clone::clone)
    }

    fn cluster(&self, instance: &str, port: Option<u16>) -> Result<Cluster, String> {
        let home = self.home()?;
        let folder = home.folder.join("instances").join(instance);
        Ok(Cluster::at(&home.programs, folder, port.unwrap_or(0)))
    }

    fn backup(&self, id: &str) -> Result<Cluster, String> {
        let home = self.home()?;
        Ok(Cluster::at(&home.programs, home.folder.join("backups").join(id), 0))
    }

    /// Waits until nobody else changes a set of instances (of one: [`Instance::set`]), or a backup.
    pub(crate) async fn turn(&self, of: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = locked(&self.turns);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(of.to_owned()).or_default())
        };
        turn.lock_owned().await
    }

    /// What is inside of a real database.
    ///
    /// # Errors
    /// 500 if it does not answer.
    pub(crate) async fn contents(&self, instance: &Instance) -> Answer<Contents> {
        self.cluster(&instance.id, instance.port).map_err(Failure::internal)?.contents().await
    }

    /// Makes changes inside of a real database.
    ///
    /// # Errors
    /// 400 for what it refuses, 500 if it does not answer.
    pub(crate) async fn change(&self, instance: &Instance, changes: &[Change]) -> Answer<()> {
        self.cluster(&instance.id, instance.port).map_err(Failure::internal)?.change(changes).await
    }

    /// The GB that a real database takes.
    pub(crate) async fn used(&self, instance: &Instance) -> Option<f64> {
        let cluster = self.cluster(&instance.id, instance.port).ok()?;
        Some(gigabytes(cluster.size().await))
    }

    /// A part of what a real database wrote about itself, at most `most` bytes from `start` on, and how much it wrote.
    ///
    /// # Errors
    /// 500 if it cannot be read.
    pub(crate) async fn log(&self, instance: &Instance, start: u64, most: u64) -> Answer<(Vec<u8>, u64)> {
        let cluster = self.cluster(&instance.id, instance.port).map_err(Failure::internal)?;
        let read = files::part(cluster.log(), start, most).await;
        read.map_err(|error| Failure::internal(format!("the log cannot be read: {error}")))
    }

    /// Forgets those that ended by themselves: who they were, and what they last said. Those that `busy` names are left alone.
    pub(crate) async fn ended(&self, busy: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let gone: Vec<(String, Cluster)> = {
            let mut running = locked(&self.running);
            let gone: Vec<String> = running
                .iter()
                .filter(|(id, cluster)| !busy(id) && !cluster.runs())
                .map(|(id, _)| id.clone())
                .collect();
            gone.into_iter().filter_map(|id| running.remove(&id).map(|cluster| (id, cluster))).collect()
        };
        let mut told = Vec::new();
        for (id, cluster) in gone {
            told.push((id, format!("The database ended by itself.\n{}", cluster.last_words().await)));
        }
        told
    }

    /// Keeps the logs of those that run from growing without end.
    pub(crate) async fn cut_logs(&self) {
        let all: Vec<Cluster> = locked(&self.running).values().cloned().collect();
        for cluster in all {
            cluster.cut_log().await;
        }
    }

    /// Whether there is anything that could end by itself.
    pub(crate) fn runs_any(&self) -> bool {
        !locked(&self.running).is_empty()
    }

    /// Stops everything that runs.
    pub(crate) async fn stop_all(&self) {
        let all = std::mem::take(&mut *locked(&self.running));
        let stops = all.iter().map(|(id, cluster)| async move {
            if let Err(why) = cluster.stop().await {
                tracing::warn!(instance = id, why, "a database instance did not stop");
            }
        });
        join_all(stops).await;
    }

    /// Stops and removes everything.
    pub(crate) async fn clear(&self) {
        self.stop_all().await;
        let Some(Ok(home)) = self.home.get() else { return };
        for name in ["instances", "backups"] {
            let folder = home.folder.join(name);
            if let Err(error) = files::remove_within(folder).await {
                tracing::warn!(%error, "the folders of database instances could not be removed");
            }
        }
    }
}

impl Drop for Engine {
    /// A server that was not closed leaves no database behind.
    fn drop(&mut self) {
        for cluster in locked(&self.running).values() {
            cluster.kill();
        }
    }
}

impl Home {
    fn make(data: Option<&Path>, given: Option<&Path>) -> Result<Self, String> {
        let programs = Programs::find(given)?;
        let told = |error: std::io::Error| format!("cannot make the folder of database instances: {error}");
        let (folder, temporary) = match data {
            Some(data) => {
                // The programs run elsewhere.
                let data = &std::fs::canonicalize(data).map_err(told)?;
                programs.let_through(data).map_err(told)?;
                (data.join("instances.database"), None)
            }
            None => {
                let made = tempfile::Builder::new().prefix("pentad-database-").tempdir().map_err(told)?;
                programs.let_through(made.path()).map_err(told)?;
                (made.path().join("database"), Some(made))
            }
        };
        for name in ["instances", "backups"] {
            std::fs::create_dir_all(folder.join(name)).map_err(told)?;
            programs.give(&folder.join(name)).map_err(told)?;
        }
        programs.give(&folder).map_err(told)?;
        Ok(Self { programs, folder, _temporary: temporary })
    }
}

/// Bytes as GB with two places, at least 0.01.
#[expect(clippy::cast_precision_loss, reason = "two places are told")]
fn gigabytes(bytes: u64) -> f64 {
    let gb = bytes as f64 / f64::from(1 << 30);
    (gb * 100.0).ceil().max(1.0) / 100.0
}
