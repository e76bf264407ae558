//! What happens to a real database when a task of its instance ends.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::super::model::{Contents, Instance};
use super::super::storage::jobs::Job;
use super::cluster::{Cluster, free_port};
use super::process::{is_lingering, is_taken};
use super::{Engine, Running, Secrets, gigabytes, locked};
use crate::clock::real_sleep;

/// Real time that the processes of a server that was killed get to find that out.
const LINGER: Duration = Duration::from_secs(1);
/// How often a start is tried: another program may take the port that was free a moment ago.
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
    /// What did not come out as it was wanted, although the rest did.
    pub(crate) doubt: Option<String>,
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

/// A cluster that was started.
#[derive(Debug)]
pub(super) struct Started {
    /// Where it listens.
    pub(super) port: u16,
    /// Why it did not start with the values of its configuration group; it runs with those that it had before.
    pub(super) doubt: Option<String>,
}

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
                // A file with one wrong value takes the database down at its next start.
                if let Some(why) = self.refusal(&deed.values).await {
                    return Err(format!("The values of the configuration group were not taken: {why}"));
                }
                cluster.configure(&deed.values)?;
                self.reload(&cluster).await?;
                return Ok(Outcome { is_up: cluster.runs(), ..Outcome::default() });
            }
            Job::Report { .. } => return Ok(Outcome { is_up: cluster.runs(), ..Outcome::default() }),
            Job::Detach => {
                cluster.promote().await?;
                self.leave(deed).await;
            }
            Job::Access | Job::DeleteBackup | Job::ClusterReady | Job::DeleteCluster => {}
            Job::Restart
            | Job::Migrate
            | Job::Rebuild
            | Job::Upgrade { .. }
            | Job::ResizeFlavor { .. }
            | Job::ResizeVolume { .. } => {
                self.halt(&instance.id, &cluster).await?;
                cluster.configure(&deed.values)?;
                if let Some(port) = deed.source.as_ref().and_then(|source| source.port) {
                    cluster.follow_here(&instance.id, port)?;
                }
                let Started { port, doubt } = self.start(&instance.id, &cluster).await?;
                if instance.replica_of.is_none() {
                    self.gather(instance, port, &deed.others).await;
                }
                return Ok(Outcome { port: Some(port), doubt, ..Outcome::default() });
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

    /// Starts one at its port, or another if that is taken. Values with which it does not start are taken back.
    pub(super) async fn start(&self, id: &str, cluster: &Cluster) -> Done<Started> {
        let fault = match self.start_once(id, cluster).await {
            Ok(port) => return Ok(Started { port, doubt: None }),
            Err(fault) => fault,
        };
        if !cluster.take_values_back()? {
            return Err(fault);
        }
        let Ok(port) = self.start_once(id, cluster).await else { return Err(fault) };
        let doubt = format!(
            "The database did not start with the values of its configuration group, and runs with those before: \
             {fault}"
        );
        Ok(Started { port, doubt: Some(doubt) })
    }

    async fn start_once(&self, id: &str, cluster: &Cluster) -> Done<u16> {
        let mut fault = String::new();
        for _ in 0..STARTS {
            cluster.prepare().await?;
            let cluster = self.claim(id, cluster)?;
            match cluster.start().await {
                Ok(()) => return self.welcome(id, &cluster).await.map(|()| cluster.port),
                Err(why) => fault = why,
            }
            locked(&self.running).remove(id);
            if is_lingering(&fault) {
                real_sleep(LINGER).await;
            } else if !is_taken(&fault) {
                break;
            }
        }
        Err(fault)
    }

    /// Finds a port that none of ours has, and notes the cluster before it runs: whoever stops everything meanwhile must
    /// know of it.
    fn claim(&self, id: &str, cluster: &Cluster) -> Done<Cluster> {
        let mut running = locked(&self.running);
        let others = running.iter().filter(|(other, _)| *other != id);
        let taken: Vec<u16> = others.map(|(_, other)| other.cluster.port).collect();
        let port = free_port(Some(cluster.port).filter(|port| *port != 0), &taken)?;
        let cluster = cluster.clone().on(port);
        running.insert(id.to_owned(), Running { cluster: cluster.clone(), is_up: false, seen: None });
        Ok(cluster)
    }

    /// Sees to the rights in one that came up; it does not run without.
    async fn welcome(&self, id: &str, cluster: &Cluster) -> Done<()> {
        let seen_to = async {
            if !cluster.is_to_follow() {
                cluster.secure().await.map_err(|failure| failure.message().to_owned())?;
            }
            cluster.keep_values()
        };
        if let Err(fault) = seen_to.await {
            self.halt(id, cluster).await?;
            return Err(fault);
        }
        self.note_up(id, true);
        Ok(())
    }

    fn note_up(&self, id: &str, is_up: bool) {
        if let Some(running) = locked(&self.running).get_mut(id) {
            running.is_up = is_up;
        }
    }

    pub(super) async fn halt(&self, id: &str, cluster: &Cluster) -> Done<()> {
        // From now on nobody wonders that it ends.
        self.note_up(id, false);
        if let Err(why) = cluster.stop().await {
            self.note_up(id, cluster.runs());
            return Err(why);
        }
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
        let id = &deed.instance.id;
        let attempt = cluster.attempt();
        attempt.settle(self.make(&attempt, deed, is_saved).await, cluster).await?;
        let port = self.start(id, cluster).await?.port;
        if deed.source.is_none() {
            let filled = cluster.clone().on(port).fill(&deed.contents, &deed.secrets).await;
            filled.map_err(|failure| failure.message().to_owned())?;
        }
        Ok(port)
    }

    /// Makes the files of a new instance.
    async fn make(&self, cluster: &Cluster, deed: &Deed, is_saved: bool) -> Done<()> {
        if let Some(source) = &deed.source {
            let source = self.cluster(&source.id, source.port)?;
            cluster.copy_running(&source, Some(&deed.instance.id)).await?;
        } else if is_saved {
            let backup = deed.instance.backup.as_deref().unwrap_or_default();
            let _turn = self.turn(backup).await;
            let saved = self.backup(backup)?;
            if !saved.exists() {
                return Err(format!("the files of the backup {backup} are not there"));
            }
            cluster.copy_folder(saved.folder()).await?;
        } else {
            cluster.init().await?;
        }
        cluster.configure(&deed.values)
    }

    async fn take_backup(&self, cluster: &Cluster, deed: &Deed) -> Done<Outcome> {
        let id = deed.backup.as_ref().ok_or("there is no such backup")?;
        let backup = self.backup(id)?;
        backup.remove().await?;
        let attempt = backup.attempt();
        attempt.settle(attempt.copy_running(cluster, None).await, &backup).await?;
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
            Ok(Started { port, doubt }) => {
                Outcome { port: Some(port), doubt, is_up: true, ..Outcome::default() }
            }
            Err(fault) => Outcome { fault: Some(fault), ..Outcome::default() },
        }
    }
}
