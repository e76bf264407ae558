//! Real databases behind instances: with the option `engine: postgres`, an instance of the datastore `postgresql` is a
//! PostgreSQL cluster of its own.

mod cluster;
mod files;
mod home;
mod lifecycle;
mod process;
mod programs;
mod replicas;
mod replication;
mod rights;
mod secrets;
mod sql;
mod values;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::future::join_all;
use serde_json::{Map, Value};

use self::cluster::Cluster;
use self::home::{FOLDER, Home, KINDS};
pub(crate) use self::lifecycle::{Deed, Outcome, Set};
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
    running: Mutex<BTreeMap<String, Running>>,
}

/// A cluster that was started.
struct Running {
    cluster: Cluster,
    /// Whether it came up, and nobody asked it to end.
    is_up: bool,
    /// When it was looked at last and ran: microseconds of service time.
    seen: Option<i64>,
}

/// An instance whose database ended without being asked to.
#[derive(Debug, Clone)]
pub(crate) struct Fallen {
    pub(crate) id: String,
    /// When it ran the last time that somebody looked, in microseconds of service time.
    pub(crate) seen: i64,
    /// What it said.
    pub(crate) words: String,
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
        Ok(Cluster::at(&home.programs, &home.sockets, folder, port.unwrap_or(0)))
    }

    fn backup(&self, id: &str) -> Result<Cluster, String> {
        let home = self.home()?;
        Ok(Cluster::at(&home.programs, &home.sockets, home.folder.join("backups").join(id), 0))
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

    /// Asks PostgreSQL whether it takes the values of a configuration group; why not. Where there is none, the instances
    /// that are to have them will say it.
    pub(crate) async fn refusal(&self, values: &Map<String, Value>) -> Option<String> {
        let home = self.home().ok()?;
        match values::refusal(&home.programs, &home.folder, values).await {
            Ok(refusal) => refusal,
            Err(why) => {
                tracing::warn!(why, "the values of a configuration group were not tried");
                None
            }
        }
    }

    /// Looks at what should run, at a moment of service time: what does not.
    pub(crate) async fn look(&self, now: i64) -> Vec<Fallen> {
        let mut fallen = Vec::new();
        for (id, running) in &mut *locked(&self.running) {
            match (running.is_up, running.is_up && running.cluster.runs()) {
                (true, true) => running.seen = Some(now),
                (true, false) => {
                    fallen.push((id.clone(), running.seen.unwrap_or(now), running.cluster.clone()));
                }
                (false, _) => {}
            }
        }
        let tell = |(id, seen, cluster): (String, i64, Cluster)| async move {
            Fallen { id, seen, words: cluster.last_words().await }
        };
        join_all(fallen.into_iter().map(tell)).await
    }

    /// Keeps the logs of those that run from growing without end.
    pub(crate) async fn cut_logs(&self) {
        let all: Vec<Cluster> = locked(&self.running).values().map(|one| one.cluster.clone()).collect();
        for cluster in all {
            cluster.cut_log().await;
        }
    }

    /// Removes what an earlier server did not come to an end with, if there was one.
    pub(crate) async fn tidy(&self) {
        let Some(folder) = self.data.as_ref().map(|data| data.join(FOLDER)).filter(|folder| folder.is_dir())
        else {
            return;
        };
        for name in KINDS {
            if let Err(error) = files::remove_left_over(folder.join(name)).await {
                tracing::warn!(%error, "what an earlier server left could not be removed");
            }
        }
    }

    /// Stops everything that runs.
    pub(crate) async fn stop_all(&self) {
        let all = std::mem::take(&mut *locked(&self.running));
        let stops = all.iter().map(|(id, running)| async move {
            if let Err(why) = running.cluster.stop().await {
                tracing::warn!(instance = id, why, "a database instance did not stop");
            }
        });
        join_all(stops).await;
    }

    /// Stops and removes everything.
    pub(crate) async fn clear(&self) {
        let all = std::mem::take(&mut *locked(&self.running));
        // What goes away needs no end in good order.
        let ends = all.iter().map(|(id, running)| async move {
            if let Err(why) = running.cluster.end().await {
                tracing::warn!(instance = id, why, "a database instance did not end");
            }
        });
        join_all(ends).await;
        let Some(Ok(home)) = self.home.get() else { return };
        for name in KINDS {
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
        for running in locked(&self.running).values() {
            running.cluster.kill();
        }
    }
}

/// Bytes as GB with two places, at least 0.01.
#[expect(clippy::cast_precision_loss, reason = "two places are told")]
fn gigabytes(bytes: u64) -> f64 {
    let gb = bytes as f64 / f64::from(1 << 30);
    (gb * 100.0).ceil().max(1.0) / 100.0
}
