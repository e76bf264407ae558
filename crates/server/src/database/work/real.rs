//! The tasks of real databases, and their start after that of the server.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use pentad_store::Tx;
use serde_json::Map;
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};
use tokio_util::sync::CancellationToken;

use super::super::Trove;
use super::super::engine::{Deed, Outcome, Secrets};
use super::super::error::{Answer, Failure};
use super::super::model::{Backup, Configuration, Fault, Guest, Health, Instance, Task};
use super::super::storage::jobs::{self, Due, Job};
use super::super::storage::{Db, now, records};
use super::super::view;
use super::end;
use crate::clock::real_sleep;

/// Real time after which a write that failed is tried again: it may fail because the disk is full.
const AGAIN: Duration = Duration::from_secs(1);

/// The work that is at hand.
#[derive(Default)]
pub(crate) struct Work {
    /// Held while somebody looks for what is due.
    looking: tokio::sync::Mutex<()>,
    /// The sets of instances and the backups for which something is done.
    keys: Mutex<HashSet<String>>,
    /// Ends what is done for real databases; another after each time.
    interrupt: Mutex<CancellationToken>,
    /// Fires when something was done, for whoever looks for more.
    ended: Notify,
    /// Fires as well, for those who wait until nothing is at hand.
    quieter: Notify,
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("keys", &*locked(&self.keys)).finish_non_exhaustive()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Work {
    pub(super) async fn look(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.looking.lock().await
    }

    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }

    pub(super) fn at_hand(&self) -> Vec<String> {
        locked(&self.keys).iter().cloned().collect()
    }

    /// Waits until nothing is at hand.
    pub(super) async fn idle(&self) {
        loop {
            let quieter = self.quieter.notified();
            tokio::pin!(quieter);
            quieter.as_mut().enable();
            if locked(&self.keys).is_empty() {
                return;
            }
            quieter.await;
        }
    }

    fn take(&self, keys: &[String]) {
        locked(&self.keys).extend(keys.iter().cloned());
    }

    fn release(&self, keys: &[String]) {
        locked(&self.keys).retain(|key| !keys.contains(key));
        self.ended.notify_one();
        self.quieter.notify_waiters();
    }
}

/// What a job concerns: all that must not be done at the same time has one key; and whether it takes a real database.
pub(super) fn concern(tx: &mut Tx<'_>, due: &Due) -> Answer<(String, bool)> {
    let backup: Option<Backup> = match due.job {
        Job::Backup | Job::DeleteBackup => records::get(tx, &due.target)?,
        _ => None,
    };
    if due.job == Job::DeleteBackup {
        return Ok((due.target.clone(), backup.is_some_and(|backup| backup.is_real)));
    }
    let id = backup.and_then(|backup| backup.instance).unwrap_or_else(|| due.target.clone());
    let instance: Option<Instance> = records::get(tx, &id)?;
    Ok(instance.map_or((id, false), |instance| (instance.set().to_owned(), instance.is_real)))
}

/// How many instances and backups have files of their own.
pub(crate) fn real_things(tx: &mut Tx<'_>) -> Db<usize> {
    let instances = records::all::<Instance>(tx)?.into_iter().filter(|one| one.is_real).count();
    let backups = records::all::<Backup>(tx)?.into_iter().filter(|one| one.is_real).count();
    Ok(instances + backups)
}

/// A task with all that its end needs, if it is one of a real database.
fn deed(tx: &mut Tx<'_>, due: &Due) -> Answer<Option<Deed>> {
    let (instance, backup) = match due.job {
        Job::Backup => {
            let backup: Option<Backup> = records::get(tx, &due.target)?;
            let Some(id) = backup.and_then(|backup| backup.instance) else { return Ok(None) };
            (records::get::<Instance>(tx, &id)?, Some(due.target.clone()))
        }
        _ => (records::get::<Instance>(tx, &due.target)?, None),
    };
    let Some(instance) = instance.filter(|instance| instance.is_real) else { return Ok(None) };
    let source: Option<Instance> = match &instance.replica_of {
        Some(id) => records::get(tx, id)?,
        None => None,
    };
    let others = view::replicas(tx, source.as_ref().unwrap_or(&instance))?;
    let contents = records::get::<Guest>(tx, &instance.id)?.map(|guest| guest.contents).unwrap_or_default();
    let values = match &instance.configuration {
        Some(id) => records::get::<Configuration>(tx, id)?.map_or_else(Map::new, |group| group.values),
        None => Map::new(),
    };
    let (job, secrets) = (due.job.clone(), Secrets::default());
    Ok(Some(Deed { job, instance, source, others, contents, values, backup, secrets }))
}

/// Why a real database failed, for callers and for administrators.
pub(super) fn fault(text: &str, now: i64) -> Fault {
    let message = text.lines().next().unwrap_or_default().to_owned();
    Fault { message, details: text.to_owned(), at: now }
}

impl Trove {
    /// Starts a task that counts as running work. One that is begun while the server stops ends soon.
    fn spawn(&self, work: impl FnOnce(Arc<Self>, CancellationToken) -> Spawned + Send + 'static) {
        let (Some(trove), Some(tasks)) = (self.me.upgrade(), self.tasks.get()) else { return };
        let busy = self.time.busy();
        tasks.spawn("trove task", |stop| async move {
            work(trove, stop).await;
            drop(busy);
        });
    }

    /// Does something that must not be left half done when its caller goes.
    ///
    /// # Errors
    /// What it says; 500 if the server stops before.
    pub(crate) async fn to_its_end<F>(&self, work: impl FnOnce(Arc<Self>) -> F + Send + 'static) -> Answer<()>
    where
        F: Future<Output = Answer<()>> + Send,
    {
        let (tell, told) = oneshot::channel();
        self.spawn(move |trove, _| {
            Box::pin(async move {
                // Nobody listens if the caller went.
                let _ = tell.send(work(trove).await);
            })
        });
        told.await.unwrap_or_else(|_| Err(Failure::unavailable("The server is stopping.")))
    }

    /// Waits until nobody else changes a real instance, nor what replicates with it.
    ///
    /// # Errors
    /// Of the store.
    pub(crate) async fn hold(&self, id: &str) -> Answer<OwnedMutexGuard<()>> {
        loop {
            let set = self.set_of(id).await?;
            let turn = self.engine.turn(&set).await;
            // Meanwhile it may have got into another.
            if self.set_of(id).await? == set {
                return Ok(turn);
            }
        }
    }

    async fn set_of(&self, id: &str) -> Answer<String> {
        let id = id.to_owned();
        self.read(move |tx| {
            let instance: Option<Instance> = records::get(tx, &id)?;
            Ok(instance.map_or(id.clone(), |instance| instance.set().to_owned()))
        })
        .await
    }

    /// Begins what a real database is to do.
    pub(super) fn begin(&self, key: String, all: Vec<Due>) {
        let keys = vec![key];
        self.work.take(&keys);
        let interrupt = locked(&self.work.interrupt).clone();
        self.spawn(move |trove, stop| {
            Box::pin(async move {
                tokio::select! {
                    biased;
                    // What is cut off stays due.
                    () = stop.cancelled() => {}
                    () = interrupt.cancelled() => {}
                    () = trove.do_in_order(all) => {}
                }
                trove.work.release(&keys);
                if !stop.is_cancelled() {
                    trove.look_for_work().await;
                }
            })
        });
    }

    async fn do_in_order(&self, all: Vec<Due>) {
        for due in all {
            while let Err(failure) = self.do_one(&due).await {
                tracing::warn!(reason = failure.message(), "the end of a task of Trove could not be noted");
                real_sleep(AGAIN).await;
            }
        }
    }

    async fn do_one(&self, due: &Due) -> Answer<()> {
        if due.job == Job::DeleteBackup {
            self.engine.remove_backup(&due.target).await;
            return self.note_end(due, &Outcome::default()).await;
        }
        let asked = due.clone();
        let id = self.read(move |tx| Ok(concern_of(tx, &asked)?)).await?;
        let _turn = self.hold(&id).await?;
        let asked = due.clone();
        let deed = self.read(move |tx| deed(tx, &asked)).await?;
        let outcome = match deed {
            Some(deed) => self.perform(deed).await,
            None => Outcome::default(),
        };
        // Done is done: only the note of it is tried again.
        while let Err(failure) = self.note_end(due, &outcome).await {
            tracing::warn!(reason = failure.message(), "the end of a task of Trove could not be noted");
            real_sleep(AGAIN).await;
        }
        Ok(())
    }

    async fn perform(&self, mut deed: Deed) -> Outcome {
        if let Job::Build { sealed: Some(sealed), .. } = &deed.job {
            match Secrets::open(self.data.vault(), sealed) {
                Ok(secrets) => deed.secrets = secrets,
                Err(fault) => return Outcome { fault: Some(fault), ..Outcome::default() },
            }
        }
        self.engine.perform(&deed).await
    }

    async fn note_end(&self, due: &Due, outcome: &Outcome) -> Answer<()> {
        let (due, outcome) = (due.clone(), outcome.clone());
        self.write(move |tx| end(tx, &due, &outcome)).await
    }

    /// Cuts off what real databases do, and does something while nothing begins.
    pub(crate) async fn interrupt(&self, work: impl Future<Output = ()>) {
        let _turn = self.work.look().await;
        std::mem::take(&mut *locked(&self.work.interrupt)).cancel();
        self.work.idle().await;
        work.await;
    }

    /// Removes all that belongs to a tenant, real databases too; how many records that were.
    pub(crate) async fn forget_tenant(&self, tenant: String) -> Answer<u64> {
        let (count, instances, backups) = self
            .write(move |tx| {
                let instances: Vec<Instance> = records::within(tx, &tenant)?;
                let backups: Vec<Backup> = records::within(tx, &tenant)?;
                let ids = instances.iter().map(|one| &one.id).chain(backups.iter().map(|one| &one.id));
                for id in ids {
                    jobs::forget(tx, id)?;
                }
                Ok((records::delete_within(tx, &tenant)?, instances, backups))
            })
            .await?;
        for instance in instances.iter().filter(|one| one.is_real) {
            let _turn = self.engine.turn(instance.set()).await;
            self.engine.remove(instance).await;
        }
        for backup in backups.iter().filter(|one| one.is_real) {
            self.engine.remove_backup(&backup.id).await;
        }
        Ok(count)
    }

    /// Begins to start the real databases that an earlier server had; what concerns them waits for that.
    pub(super) async fn begin_resume(&self) {
        let keys: Vec<String> = self.to_resume().await.iter().map(|one| one.set().to_owned()).collect();
        if keys.is_empty() {
            return;
        }
        self.work.take(&keys);
        self.spawn(move |trove, stop| {
            Box::pin(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = trove.resume() => {}
                }
                trove.work.release(&keys);
            })
        });
    }

    async fn to_resume(&self) -> Vec<Instance> {
        let all = self.read(|tx| Ok(records::all::<Instance>(tx)?)).await.unwrap_or_default();
        // One without a fault was stopped by somebody who wanted it.
        let waits = |one: &Instance| {
            !matches!(one.task, Task::Building | Task::BuildingFailed)
                && (one.health != Health::Shutdown || one.fault.is_some())
        };
        all.into_iter().filter(|one| one.is_real && waits(one)).collect()
    }

    /// Starts the real databases that an earlier server had: sources first, whose ports the others must know.
    pub(crate) async fn resume(&self) {
        let (sources, replicas): (Vec<Instance>, Vec<Instance>) =
            self.to_resume().await.into_iter().partition(|one| one.replica_of.is_none());
        for all in [sources, replicas] {
            join_all(all.into_iter().map(|instance| self.resume_one(instance))).await;
        }
    }

    async fn resume_one(&self, instance: Instance) {
        let source = instance.replica_of.clone();
        let port = self.read(move |tx| match &source {
            Some(id) => Ok(records::get::<Instance>(tx, id)?.and_then(|source| source.port)),
            None => Ok(None),
        });
        let outcome = self.engine.resume(&instance, port.await.ok().flatten()).await;
        let id = instance.id;
        if let Err(failure) = self.write(move |tx| resumed(tx, &id, &outcome)).await {
            tracing::warn!(reason = failure.message(), "the start of a database instance could not be noted");
        }
    }
}

type Spawned = futures_util::future::BoxFuture<'static, ()>;

/// The instance that a job concerns.
fn concern_of(tx: &mut Tx<'_>, due: &Due) -> Db<String> {
    let backup: Option<Backup> = match due.job {
        Job::Backup => records::get(tx, &due.target)?,
        _ => None,
    };
    Ok(backup.and_then(|backup| backup.instance).unwrap_or_else(|| due.target.clone()))
}

fn resumed(tx: &mut Tx<'_>, id: &str, outcome: &Outcome) -> Answer<()> {
    let Some(mut instance) = records::get::<Instance>(tx, id)? else { return Ok(()) };
    let at = now(tx);
    if let Some(text) = &outcome.fault {
        instance.fault = Some(fault(text, at));
        instance.set_health(Health::Shutdown, at);
    } else {
        instance.port = outcome.port;
        instance.fault = outcome.doubt.as_deref().map(|text| fault(text, at));
        if matches!(instance.health, Health::Shutdown | Health::Crashed) {
            instance.set_health(Health::Healthy, at);
        }
    }
    Ok(records::put(tx, &instance)?)
}
