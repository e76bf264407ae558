//! Waiting for instances, backups and clusters (OpenStack reference C9, C13, C18).

use pentad_core::work::{Event, Observed, Polling, Until};
use pentad_core::{Error, ErrorKind, Work};

use crate::backup::Backup;
use crate::cluster::Cluster;
use crate::instance::Instance;
use crate::model::{self, BackupStatus, ClusterTaskName, OperatingStatus, Status};
use crate::ops;

/// What an instance is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceGoal {
    /// The service works on nothing, and the database answers.
    Active,
    /// The same, or a restart is needed: after a configuration group was attached.
    Settled,
}

/// Whether an instance is where it was waited for, is on its way, or will never get there.
///
/// The state `ACTIVE` alone does not say that the database answers; services from before 2020 have no other word.
///
/// # Errors
/// [`Failed`](ErrorKind::Failed) for an instance that failed, with the fault that the service tells;
/// [`Conflict`](ErrorKind::Conflict) for one that is being removed, or must be restarted first.
pub fn reached(instance: &model::Instance, goal: InstanceGoal) -> Result<bool, Error> {
    let never = |kind, message: String| Err(Error::new(kind, message).with_op(ops::INSTANCE_GET.id));
    let name = if instance.name.is_empty() { &instance.id } else { &instance.name };
    let operating = instance.operating_status.clone().unwrap_or(OperatingStatus::Healthy);
    match (&instance.status, &operating) {
        (Status::Error, _) | (Status::Active, OperatingStatus::Error | OperatingStatus::Failed) => {
            let why = instance
                .fault
                .as_ref()
                .map_or_else(|| format!("its database is {operating}"), |fault| fault.message.clone());
            never(ErrorKind::Failed, format!("instance {name} failed: {why}"))
        }
        (Status::Shutdown, _) => never(ErrorKind::Conflict, format!("instance {name} is being removed")),
        (Status::RestartRequired, _) | (_, OperatingStatus::RestartRequired) => match goal {
            InstanceGoal::Settled => Ok(true),
            InstanceGoal::Active => {
                never(ErrorKind::Conflict, format!("instance {name} must be restarted first"))
            }
        },
        (Status::Active, operating) => Ok(operating.is_healthy()),
        _ => Ok(false),
    }
}

/// Both words of an instance's state.
fn shown(instance: &model::Instance) -> Event {
    let operating = instance.operating_status.as_ref().filter(|status| !status.is_empty());
    Event::new(match operating {
        Some(operating) => format!("{}/{operating}", instance.status),
        None => instance.status.to_string(),
    })
}

/// Something that was there is not any more.
fn vanished<T>(what: &str, op: &'static str) -> Until<T> {
    Until::Never(Error::new(ErrorKind::NotFound, format!("the {what} is gone")).with_op(op))
}

impl Instance {
    /// Waits until the service works on nothing and the database answers. Each new state is an event of the progress.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) when the instance fails, [`Conflict`](ErrorKind::Conflict) when it is being removed or
    /// must be restarted, [`NotFound`](ErrorKind::NotFound) when it is gone, at once; [`Timeout`](ErrorKind::Timeout) with the last
    /// state.
    /// # Source
    /// OpenStack reference C9.
    pub fn wait_active(&self, polling: Polling) -> Work<model::Instance> {
        self.wait_for(InstanceGoal::Active, polling)
    }

    /// As [`wait_active`](Self::wait_active), and content with an instance that must be restarted.
    ///
    /// # Errors
    /// As [`wait_active`](Self::wait_active).
    /// # Source
    /// OpenStack reference C9.
    pub fn wait_settled(&self, polling: Polling) -> Work<model::Instance> {
        self.wait_for(InstanceGoal::Settled, polling)
    }

    fn wait_for(&self, goal: InstanceGoal, polling: Polling) -> Work<model::Instance> {
        let instance = self.clone();
        let judge = move |seen| match seen {
            Observed::Gone => vanished("instance", ops::INSTANCE_GET.id),
            Observed::There(seen) => match reached(&seen, goal) {
                Ok(true) => Until::Done(seen),
                Ok(false) => Until::Again(shown(&seen)),
                Err(error) => Until::Never(error),
            },
        };
        let session = self.client().session();
        Work::until(session, &ops::INSTANCE_GET, polling, move || instance.get(), judge)
    }

    /// Waits until the instance is gone.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) when its removal fails; [`Timeout`](ErrorKind::Timeout) with the last state.
    /// # Source
    /// OpenStack reference C9.
    pub fn wait_gone(&self, polling: Polling) -> Work<()> {
        let instance = self.clone();
        let judge = |seen: Observed<model::Instance>| match seen {
            Observed::Gone => Until::Done(()),
            Observed::There(seen) if seen.status == Status::Error => {
                let why = seen.fault.map_or_else(|| "no fault is told".to_owned(), |fault| fault.message);
                let message = format!("instance {} could not be removed: {why}", seen.id);
                Until::Never(Error::new(ErrorKind::Failed, message).with_op(ops::INSTANCE_DELETE.id))
            }
            Observed::There(seen) => Until::Again(shown(&seen)),
        };
        let session = self.client().session();
        Work::until(session, &ops::INSTANCE_GET, polling, move || instance.get(), judge)
    }
}

impl Backup {
    /// Waits until an instance can be made from the backup.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) when it fails; [`NotFound`](ErrorKind::NotFound) when it is gone;
    /// [`Timeout`](ErrorKind::Timeout) with the last state.
    /// # Source
    /// OpenStack reference C13.
    pub fn wait_completed(&self, polling: Polling) -> Work<model::Backup> {
        let backup = self.clone();
        let judge = |seen: Observed<model::Backup>| match seen {
            Observed::Gone => vanished("backup", ops::BACKUP_GET.id),
            Observed::There(seen) if seen.status.is_usable() => Until::Done(seen),
            Observed::There(seen) if failed(&seen.status) => {
                let message = format!("backup {} is {}", seen.id, seen.status);
                Until::Never(Error::new(ErrorKind::Failed, message).with_op(ops::BACKUP_GET.id))
            }
            Observed::There(seen) => Until::Again(Event::new(seen.status.to_string())),
        };
        Work::until(self.client().session(), &ops::BACKUP_GET, polling, move || backup.get(), judge)
    }

    /// Waits until the backup is gone.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) when its removal fails; [`Timeout`](ErrorKind::Timeout) with the last state.
    /// # Source
    /// OpenStack reference C13.
    pub fn wait_gone(&self, polling: Polling) -> Work<()> {
        let backup = self.clone();
        let judge = |seen: Observed<model::Backup>| match seen {
            Observed::Gone => Until::Done(()),
            Observed::There(seen) if seen.status == BackupStatus::DeleteFailed => {
                let message = format!("backup {} could not be removed", seen.id);
                Until::Never(Error::new(ErrorKind::Failed, message).with_op(ops::BACKUP_DELETE.id))
            }
            Observed::There(seen) => Until::Again(Event::new(seen.status.to_string())),
        };
        Work::until(self.client().session(), &ops::BACKUP_GET, polling, move || backup.get(), judge)
    }
}

const fn failed(status: &BackupStatus) -> bool {
    matches!(status, BackupStatus::Failed | BackupStatus::DeleteFailed)
}

impl Cluster {
    /// Waits until the service works on nothing in the cluster.
    ///
    /// # Errors
    /// [`Failed`](ErrorKind::Failed) when a member fails; [`Conflict`](ErrorKind::Conflict) when the cluster is being removed;
    /// [`NotFound`](ErrorKind::NotFound) when it is gone; [`Timeout`](ErrorKind::Timeout) with the last task.
    /// # Source
    /// OpenStack reference C18.
    pub fn wait_ready(&self, polling: Polling) -> Work<model::Cluster> {
        let cluster = self.clone();
        let judge = |seen: Observed<model::Cluster>| match seen {
            Observed::Gone => vanished("cluster", ops::CLUSTER_GET.id),
            Observed::There(seen) => judge_cluster(seen),
        };
        Work::until(self.client().session(), &ops::CLUSTER_GET, polling, move || cluster.get(), judge)
    }

    /// Waits until the cluster is gone.
    ///
    /// # Errors
    /// [`Timeout`](ErrorKind::Timeout) with the last task.
    /// # Source
    /// OpenStack reference C18.
    pub fn wait_gone(&self, polling: Polling) -> Work<()> {
        let cluster = self.clone();
        let judge = |seen: Observed<model::Cluster>| match seen {
            Observed::Gone => Until::Done(()),
            Observed::There(seen) => Until::Again(Event::new(seen.task.name.to_string())),
        };
        Work::until(self.client().session(), &ops::CLUSTER_GET, polling, move || cluster.get(), judge)
    }
}

fn judge_cluster(seen: model::Cluster) -> Until<model::Cluster> {
    let never = |kind, message| Until::Never(Error::new(kind, message).with_op(ops::CLUSTER_GET.id));
    if let Some(member) = seen.instances.iter().find(|member| member.status == Some(Status::Error)) {
        return never(ErrorKind::Failed, format!("member {} of cluster {} failed", member.name, seen.name));
    }
    match seen.task.name {
        ClusterTaskName::None => Until::Done(seen),
        ClusterTaskName::Deleting => {
            never(ErrorKind::Conflict, format!("cluster {} is being removed", seen.name))
        }
        ref task => Until::Again(Event::new(task.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(status: &str, operating: Option<&str>) -> model::Instance {
        model::Instance {
            status: Status::from(status),
            operating_status: operating.map(OperatingStatus::from),
            ..model::Instance::default()
        }
    }

    #[test]
    fn both_words_count_and_impossible_states_are_told() {
        let seen =
            |status, operating, goal| reached(&instance(status, operating), goal).map_err(|e| e.kind());
        let active = InstanceGoal::Active;
        for (status, operating, expected) in [
            ("BUILD", Some(""), Ok(false)),
            ("ACTIVE", Some("HEALTHY"), Ok(true)),
            ("ACTIVE", Some("ACTIVE"), Ok(true)),
            ("ACTIVE", None, Ok(true)),
            ("ACTIVE", Some("NEW"), Ok(false)),
            ("ACTIVE", Some(""), Ok(false)),
            ("BACKUP", Some("HEALTHY"), Ok(false)),
            ("ACTIVE", Some("ERROR"), Err(ErrorKind::Failed)),
            ("ERROR", Some(""), Err(ErrorKind::Failed)),
            ("SHUTDOWN", Some(""), Err(ErrorKind::Conflict)),
            ("RESTART_REQUIRED", Some(""), Err(ErrorKind::Conflict)),
            ("SOMETHING_NEW", None, Ok(false)),
        ] {
            assert_eq!(seen(status, operating, active), expected, "{status} {operating:?}");
        }
        assert_eq!(seen("RESTART_REQUIRED", Some(""), InstanceGoal::Settled), Ok(true));
    }
}
