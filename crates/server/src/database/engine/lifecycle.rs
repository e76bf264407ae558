//! What happens to a real database when a task of its instance ends.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::model::{Contents, Instance};
use super::super::storage::jobs::Job;
use super::cluster::{Cluster, free_port};
use super::process::is_taken;
use super::{Engine, Secrets, gigabytes, locked};

/// How many ports are tried: another program may take the one that was free a moment ago.
const STARTS: u32 = 4;

/// A task with all that its end needs.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) job: Job,
    pub(crate) instance: Instance,
    /// What it replicates.
    pub(crate) source: Option<Instance>,
    /// Those that replicate it, or its source.
    pub(crate) others: Vec<Instance>,
    /// The databases and users of a new one.
    pub(crate) contents: Contents,
    /// The values of its configuration group.
    pub(crate) values: Map<String, Value>,
    /// The backup that is made or removed.
    pub(crate) backup: Option<String>,
    /// What a new one must know.
    pub(crate) secrets: Secrets,
}

/// How it went.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Outcome {
    /// Where the database listens now.
    pub(crate) port: Option<u16>,
    /// GB of a backup.
    pub(crate) size: Option<f64>,
    /// Why it failed.
    pub(crate) fault: Option<String>,
    /// Whether the database runs after that.
    pub(crate) is_up: bool,
    /// What became of a set of replicas that got, or should have got, another source.
    pub(crate) set: Option<Set>,
}

/// A set of replicas after an attempt to give it another source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Set {
    /// The new source; absent if everything is as it was.
    pub(crate) leader: Option<String>,
    /// Where members listen now.
    pub(crate) ports: BTreeMap<String, u16>,
    /// The members that do not run, and why.
    pub(crate) down: BTreeMap<String, String>,
}

pub(super) type Done<T> = Result<T, String>;

impl Engine {
    /// Does what a task says. Whoever asks has the turn of the instance.
    pub(crate) async fn perform(&self, deed: &Deed) -> Outcome {
        match self.run(deed).await {
            Ok(outcome) => outcome,
            Err(fault) => {
                tracing::warn!(instance = deed.instance.id, fault, "a task of a database instance failed");
                let cluster = self.cluster(&deed.instance.id, deed.instance.port);
                let is_up = cluster.is_ok_and(|cluster| cluster.runs());
                Outcome { fault: Some(fault), is_up, ..Outcome::default() }
            }
        }
    }

    async fn run(&self, deed: &Deed) -> Done<Outcome> {
        let instance = &deed.instance;
        let cluster = self.cluster(&instance.id, instance.port)?;
        match &deed.job {
            Job::Build { is_saved, .. } => return self.build(deed, *is_saved).await,
            Job::Backup => return self.take_backup(&cluster, deed).await,
            Job::Promote => return self.promote(deed).await,
            Job::Eject => return self.eject(deed).await,
            Job::Delete => {
                self.halt(&instance.id, &cluster).await?;
                cluster.remove().await?;
                self.leave(deed).await;
            }
            Job::Stop => self.halt(&instance.id, &cluster).await?,
            Job::Configure => {
                cluster.configure(&deed.values).await?;
                self.reload(&cluster).await?;
            }
            Job::Detach => {
                cluster.promote().await?;
                self.leave(deed).await;
            }
            Job::Report => return Ok(Outcome { is_up: cluster.runs(), ..Outcome::default() }),
            Job::Access | Job::DeleteBackup | Job::ClusterReady | Job::DeleteCluster => {}
            Job::Restart
            | Job::Migrate
            | Job::Rebuild
            | Job::Upgrade { .. }
            | Job::ResizeFlavor { .. }
            | Job::ResizeVolume { .. } => {
                // What PostgreSQL refuses to start with stops nothing.
                cluster.configure(&deed.values).await?;
                self.halt(&instance.id, &cluster).await?;
                let port = self.start(&instance.id, &cluster).await?;
                if instance.replica_of.is_none() {
                    self.gather(instance, port, &deed.others).await;
                }
                return Ok(Outcome { port: Some(port), ..Outcome::default() });
            }
        }
        Ok(Outcome::default())
    }

    /// Lets the files of settings of one that runs count.
    pub(super) async fn reload(&self, cluster: &Cluster) -> Done<()> {
        if !cluster.runs() {
            return Ok(());
        }
        cluster.reload().await.map_err(|failure| failure.message().to_owned())
    }

    /// Starts one at its port, or another if that is taken; where it listens then.
    pub(super) async fn start(&self, id: &str, cluster: &Cluster) -> Done<u16> {
        cluster.prepare().await?;
        let mut fault = String::new();
        for _ in 0..STARTS {
            let port = free_port(Some(cluster.port).filter(|port| *port != 0))?;
            let cluster = cluster.clone().on(port);
            // Before it runs: whoever stops everything meanwhile must know of it.
            locked(&self.running).insert(id.to_owned(), cluster.clone());
            match cluster.start().await {
                Ok(()) => return Ok(port),
                Err(why) => fault = why,
            }
            locked(&self.running).remove(id);
            if !is_taken(&fault) {
                break;
            }
        }
        Err(fault)
    }

    pub(super) async fn halt(&self, id: &str, cluster: &Cluster) -> Done<()> {
        cluster.stop().await?;
        locked(&self.running).remove(id);
        Ok(())
    }

    async fn build(&self, deed: &Deed, is_saved: bool) -> Done<Outcome> {
        let id = &deed.instance.id;
        let cluster = self.cluster(id, deed.instance.port)?;
        // What an earlier attempt left.
        cluster.stop().await?;
        cluster.remove().await?;
        match self.build_in(&cluster, deed, is_saved).await {
            Ok(port) => Ok(Outcome { port: Some(port), ..Outcome::default() }),
            Err(fault) => {
                let _ = self.halt(id, &cluster).await;
                let _ = cluster.remove().await;
                Err(fault)
            }
        }
    }

    async fn build_in(&self, cluster: &Cluster, deed: &Deed, is_saved: bool) -> Done<u16> {
        // A program of a server that was killed may still write where that one let it.
        let attempt = cluster.attempt().await;
        let made = match self.make(&attempt, deed, is_saved).await {
            Ok(()) => attempt.becomes(cluster),
            Err(why) => Err(why),
        };
        if let Err(why) = made {
            let _ = attempt.remove().await;
            return Err(why);
        }
        cluster.configure(&deed.values).await?;
        let port = self.start(&deed.instance.id, cluster).await?;
        if deed.source.is_none() {
            let filled = cluster.clone().on(port).fill(&deed.contents, &deed.secrets).await;
            filled.map_err(|failure| failure.message().to_owned())?;
        }
        Ok(port)
    }

    /// Makes the files of a new one.
    async fn make(&self, cluster: &Cluster, deed: &Deed, is_saved: bool) -> Done<()> {
        let id = &deed.instance.id;
        if let Some(source) = &deed.source {
            let source = self.cluster(&source.id, source.port)?;
            cluster.copy_running(&source, Some(id)).await
        } else if is_saved {
            let backup = deed.instance.backup.as_deref().unwrap_or_default();
            let _turn = self.turn(backup).await;
            let saved = self.backup(backup)?;
            if !saved.exists() {
                return Err(format!("the files of the backup {backup} are not there"));
            }
            cluster.copy_folder(saved.folder()).await
        } else {
            cluster.init().await
        }
    }

    async fn take_backup(&self, cluster: &Cluster, deed: &Deed) -> Done<Outcome> {
        let id = deed.backup.as_ref().ok_or("there is no such backup")?;
        let backup = self.backup(id)?;
        backup.remove().await?;
        let attempt = backup.attempt().await;
        let copied = attempt.copy_running(cluster, None).await.and_then(|()| attempt.becomes(&backup));
        if let Err(why) = copied {
            let _ = attempt.remove().await;
            return Err(why);
        }
        Ok(Outcome { size: Some(gigabytes(backup.size().await)), ..Outcome::default() })
    }

    /// Removes a backup; not while an instance is made of it.
    pub(crate) async fn remove_backup(&self, id: &str) {
        let _turn = self.turn(id).await;
        let Some(backup) = self.known_backup(id) else { return };
        if let Err(why) = backup.remove().await {
            tracing::warn!(backup = id, why, "a backup could not be removed");
        }
    }

    fn known_backup(&self, id: &str) -> Option<Cluster> {
        self.home.get()?.as_ref().ok()?;
        self.backup(id).ok()
    }

    /// Ends a database and removes it.
    pub(crate) async fn remove(&self, instance: &Instance) {
        let removed = async {
            let cluster = self.cluster(&instance.id, instance.port)?;
            self.halt(&instance.id, &cluster).await?;
            cluster.remove().await
        };
        let removed: Done<()> = removed.await;
        if let Err(why) = removed {
            tracing::warn!(instance = instance.id, why, "a database instance could not be removed");
        }
    }

    /// Starts an instance that an earlier server had; `source` is where the one that it replicates listens now.
    pub(crate) async fn resume(&self, instance: &Instance, source: Option<u16>) -> Outcome {
        let started = async {
            let cluster = self.cluster(&instance.id, instance.port)?;
            cluster.take_back().await?;
            if !cluster.exists() {
                return Err("the files of the database are not there".to_owned());
            }
            if let Some(port) = source {
                cluster.follow_to(&instance.id, port)?;
            }
            self.start(&instance.id, &cluster).await
        };
        match started.await {
            Ok(port) => Outcome { port: Some(port), is_up: true, ..Outcome::default() },
            Err(fault) => Outcome { fault: Some(fault), ..Outcome::default() },
        }
    }
}
