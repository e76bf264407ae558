//! The work between the states: what was planned is done when its moment has come (OpenStack reference C9).
//!
//! Simulated work is done at once. What real databases are to do takes its time: it is begun as a task of its own for each
//! set of instances that replicate each other, in order, and whatever comes later for the same set waits.

mod backups;
mod clusters;
mod instances;
mod real;
mod replicas;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use pentad_store::Tx;
use tokio_util::sync::CancellationToken;

pub(super) use self::real::{Work, real_things};
use super::Trove;
use super::engine::Outcome;
use super::error::{Answer, Failure};
use super::storage::jobs::{self, Due, Job};
use super::storage::{self, now};
use crate::Tasks;
use crate::clock::Busy;

/// Starts the work.
pub(super) fn start(trove: &Arc<Trove>, tasks: &Tasks) {
    // Whoever waits until all is quiet must not miss what a call planned a moment ago.
    let weak = Arc::downgrade(trove);
    trove.time.on_settle(move || {
        let trove = weak.upgrade();
        Box::pin(async move {
            if let Some(trove) = trove {
                trove.look_at_databases().await;
                trove.look_for_work().await;
            }
        })
    });
    // A service has one background.
    let _ = trove.tasks.set(tasks.clone());
    // Before the task runs: whoever waits for quiet now waits for what it finds.
    let watcher = Arc::clone(trove);
    tasks.spawn("trove watch", |stop| async move { watcher.watch_until(stop).await });
    let (trove, busy) = (Arc::clone(trove), trove.time.busy());
    tasks.spawn("trove work", |stop| async move { trove.work_until(stop, busy).await });
}

/// What is due, as far as nobody does it.
struct Found {
    /// What concerns one thing, or one set of instances.
    lots: Vec<(String, Lot)>,
    /// The moment of what comes later.
    next: Option<i64>,
}

/// What is to be done in order.
#[derive(Debug, Default)]
struct Lot {
    /// Whether a real database is concerned.
    is_real: bool,
    jobs: Vec<Due>,
}

impl Trove {
    async fn work_until(&self, stop: CancellationToken, mut busy: Busy) {
        let mut changed = self.store.changed(jobs::CHANGED);
        if let Err(failure) = self.write(|tx| Ok(storage::store_again(tx)?)).await {
            tracing::warn!(
                reason = failure.message(),
                "the records of an earlier build are listed as they were"
            );
        }
        self.engine.tidy().await;
        self.begin_resume().await;
        while !stop.is_cancelled() {
            let next = self.look_for_work().await.and_then(|at| Timestamp::from_microsecond(at).ok());
            drop(busy);
            busy = tokio::select! {
                busy = self.time.sleep_until(next.unwrap_or(Timestamp::MAX)) => busy,
                () = changed.wait() => self.time.busy(),
                () = self.work.ended() => self.time.busy(),
                () = stop.cancelled() => break,
            };
        }
        self.work.idle().await;
        self.engine.stop_all().await;
    }

    /// Does what is due, or says why not; the moment of what comes next.
    pub(super) async fn look_for_work(&self) -> Option<i64> {
        let _turn = self.work.look().await;
        match self.do_what_is_due().await {
            Ok(next) => next,
            Err(failure) => {
                tracing::warn!(reason = failure.message(), "the work of Trove could not be done");
                Some(self.time.now().as_microsecond() + RETRY)
            }
        }
    }

    async fn do_what_is_due(&self) -> Answer<Option<i64>> {
        loop {
            let at_hand = self.work.at_hand();
            let found = self.read(move |tx| find(tx, &at_hand)).await?;
            if found.lots.is_empty() {
                return Ok(found.next);
            }
            let mut at_once = Vec::new();
            for (key, lot) in found.lots {
                match lot.is_real {
                    true => self.begin(key, lot.jobs),
                    false => at_once.push(self.end_all(lot.jobs)),
                }
            }
            join_all(at_once).await.into_iter().collect::<Answer<()>>()?;
        }
    }

    async fn end_all(&self, all: Vec<Due>) -> Answer<()> {
        for due in all {
            self.write(move |tx| end(tx, &due, &Outcome::default())).await?;
        }
        Ok(())
    }
}

/// What is due and concerns nothing that is at hand, at most about a hundred jobs of it.
fn find(tx: &mut Tx<'_>, at_hand: &[String]) -> Answer<Found> {
    let mut lots: BTreeMap<String, Lot> = BTreeMap::new();
    let mut seen = 0;
    loop {
        let page = jobs::due(tx, seen)?;
        seen += i64::try_from(page.len()).unwrap_or(i64::MAX);
        let is_last = page.is_empty();
        for due in page {
            let (key, is_real) = real::concern(tx, &due)?;
            if at_hand.contains(&key) {
                continue;
            }
            let lot = lots.entry(key).or_default();
            lot.is_real |= is_real;
            lot.jobs.push(due);
        }
        if is_last || !lots.is_empty() {
            break;
        }
    }
    Ok(Found { lots: lots.into_iter().collect(), next: jobs::next(tx)? })
}

/// Microseconds after which work that failed is tried again.
const RETRY: i64 = 1_000_000;

/// Ends one task, unless somebody else did.
fn end(tx: &mut Tx<'_>, due: &Due, outcome: &Outcome) -> Result<(), Failure> {
    if !jobs::take(tx, &due.id)? {
        // It was given up; where its database listens now counts all the same.
        return instances::note_port(tx, &due.target, outcome.port, now(tx));
    }
    match &due.job {
        Job::Backup => backups::finish(tx, &due.target, outcome),
        Job::DeleteBackup => backups::remove(tx, &due.target),
        Job::ClusterReady => clusters::ready(tx, &due.target),
        Job::DeleteCluster => clusters::remove(tx, &due.target),
        job => instances::finish(tx, &due.target, job, outcome),
    }
}
