//! What happens to a real database when a task of its instance ends.

use serde_json::{Map, Value};

use super::super::model::{Contents, Instance};
use super::super::storage::jobs::Job;
use super::cluster::{Cluster, free_port};
use super::{Engine, gigabytes, locked};

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
}

type Done<T> = Result<T, String>;

impl Engine {
    /// Does what a task says.
    pub(crate) async fn perform(&self, deed: &Deed) -> Outcome {
        let _turn = self.turn(&deed.instance.id).await;
        match self.run(deed).await {
            Ok(outcome) => outcome,
            Err(fault) => {
                tracing::warn!(instance = deed.instance.id, fault, "a database instance failed");
                Outcome { fault: Some(fault), ..Outcome::default() }
            }
        }
    }

    async fn run(&self, deed: &Deed) -> Done<Outcome> {
        let instance = &deed.instance;
        let cluster = self.cluster(&instance.id, instance.port)?;
        match &deed.job {
            Job::Build => return self.build(deed).await,
            Job::Backup => return self.take_backup(&cluster, deed).await,
            Job::Delete => {
                self.halt(&instance.id, &cluster).await?;
                cluster.remove()?;
            }
            Job::Stop => self.halt(&instance.id, &cluster).await?,
            Job::Configure => {
                cluster.configure(&deed.values)?;
                cluster.reload().await.map_err(|failure| failure.message().to_owned())?;
            }
            Job::Detach => cluster.promote().await?,
            Job::Promote | Job::Eject => self.lead(deed).await?,
            Job::Access | Job::DeleteBackup | Job::ClusterReady | Job::DeleteCluster => {}
            Job::Restart
            | Job::Migrate
            | Job::Rebuild
            | Job::Upgrade { .. }
            | Job::ResizeFlavor { .. }
            | Job::ResizeVolume { .. } => {
                self.halt(&instance.id, &cluster).await?;
                cluster.configure(&deed.values)?;
                self.start(&instance.id, &cluster).await?;
            }
        }
        Ok(Outcome::default())
    }

    async fn start(&self, id: &str, cluster: &Cluster) -> Done<()> {
        cluster.start().await?;
        locked(&self.running).insert(id.to_owned(), cluster.clone());
        Ok(())
    }

    async fn halt(&self, id: &str, cluster: &Cluster) -> Done<()> {
        cluster.stop().await?;
        locked(&self.running).remove(id);
        Ok(())
    }

    async fn build(&self, deed: &Deed) -> Done<Outcome> {
        let id = &deed.instance.id;
        let port = free_port(deed.instance.port)?;
        let cluster = self.cluster(id, Some(port))?;
        // What an earlier attempt left.
        cluster.stop().await?;
        cluster.remove()?;
        let built = self.build_in(&cluster, deed).await;
        if let Err(fault) = built {
            let _ = self.halt(id, &cluster).await;
            let _ = cluster.remove();
            return Err(fault);
        }
        Ok(Outcome { port: Some(port), ..Outcome::default() })
    }

    async fn build_in(&self, cluster: &Cluster, deed: &Deed) -> Done<()> {
        let secrets = self.secrets(&deed.instance.id);
        let saved = deed.instance.backup.as_ref().map(|id| self.backup(id)).transpose()?;
        let saved = saved.filter(Cluster::exists);
        let is_new = deed.source.is_none() && saved.is_none();
        match (&deed.source, saved) {
            (Some(source), _) => {
                let source = self.cluster(&source.id, source.port)?;
                cluster.copy_running(&source, true).await?;
            }
            (None, Some(saved)) => cluster.copy_folder(saved.folder()).await?,
            (None, None) => cluster.init().await?,
        }
        cluster.configure(&deed.values)?;
        self.start(&deed.instance.id, cluster).await?;
        if is_new {
            let filled = cluster.fill(&deed.contents, &secrets.users, secrets.root.as_deref()).await;
            filled.map_err(|failure| failure.message().to_owned())?;
        }
        Ok(())
    }

    async fn take_backup(&self, cluster: &Cluster, deed: &Deed) -> Done<Outcome> {
        let id = deed.backup.as_ref().ok_or("there is no such backup")?;
        let backup = self.backup(id)?;
        backup.remove()?;
        backup.copy_running(cluster, false).await?;
        let size =
            tokio::task::spawn_blocking(move || backup.size()).await.map_err(|error| error.to_string())?;
        Ok(Outcome { size: Some(gigabytes(size)), ..Outcome::default() })
    }

    /// Makes a replica the source: it stands on its own, and all others are made anew as copies of it. With the first of
    /// a source that went, the source itself is left as it is.
    async fn lead(&self, deed: &Deed) -> Done<()> {
        let is_ejected = deed.job == Job::Eject;
        let leader = if is_ejected { deed.others.first() } else { Some(&deed.instance) };
        let leader = leader.ok_or("there is no replica")?;
        let to = self.cluster(&leader.id, leader.port)?;
        if let Some(source) = deed.source.as_ref().filter(|_| !is_ejected) {
            // A source that stops hands on all that it has first.
            self.halt(&source.id, &self.cluster(&source.id, source.port)?).await?;
        }
        to.promote().await?;
        let old = deed.source.iter().filter(|_| !is_ejected);
        for follower in deed.others.iter().chain(old).filter(|one| one.id != leader.id) {
            let cluster = self.cluster(&follower.id, follower.port)?;
            self.halt(&follower.id, &cluster).await?;
            cluster.remove()?;
            cluster.copy_running(&to, true).await?;
            self.start(&follower.id, &cluster).await?;
        }
        Ok(())
    }

    /// Removes a backup.
    pub(crate) fn remove_backup(&self, id: &str) {
        if let Some(Err(why)) = self.known_backup(id).map(|backup| backup.remove()) {
            tracing::warn!(backup = id, why, "a backup could not be removed");
        }
    }

    fn known_backup(&self, id: &str) -> Option<Cluster> {
        self.home.get()?.as_ref().ok()?;
        self.backup(id).ok()
    }

    /// Starts an instance that an earlier server had.
    pub(crate) async fn resume(&self, instance: &Instance) -> Outcome {
        let _turn = self.turn(&instance.id).await;
        let started = async {
            let port = free_port(instance.port)?;
            let cluster = self.cluster(&instance.id, Some(port))?;
            self.start(&instance.id, &cluster).await?;
            Ok(Outcome { port: Some(port), ..Outcome::default() })
        };
        let started: Done<Outcome> = started.await;
        started.unwrap_or_else(|fault| Outcome { fault: Some(fault), ..Outcome::default() })
    }
}
