//! The work between the states: what was planned is done when its moment has come (OpenStack reference C9).

mod backups;
mod clusters;
mod instances;
mod real;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use pentad_store::Tx;
use tokio_util::sync::CancellationToken;

use super::Trove;
use super::engine::Outcome;
use super::error::{Answer, Failure};
use super::storage::jobs::{self, Due, Job};
use crate::Tasks;

/// Starts the work.
pub(super) fn start(trove: &Arc<Trove>, tasks: &Tasks) {
    // Whoever waits until all is quiet must not miss what a call planned a moment ago.
    let weak = Arc::downgrade(trove);
    trove.time.on_settle(move || {
        let trove = weak.upgrade();
        Box::pin(async move {
            if let Some(trove) = trove {
                trove.look_for_work().await;
            }
        })
    });
    let trove = Arc::clone(trove);
    tasks.spawn("trove work", |stop| async move { trove.work_until(stop).await });
}

impl Trove {
    async fn work_until(&self, stop: CancellationToken) {
        let mut changed = self.store.changed(jobs::CHANGED);
        self.resume().await;
        let mut busy = self.time.busy();
        while !stop.is_cancelled() {
            let next = self.look_for_work().await.and_then(|at| Timestamp::from_microsecond(at).ok());
            drop(busy);
            busy = tokio::select! {
                busy = self.time.sleep_until(next.unwrap_or(Timestamp::MAX)) => busy,
                () = changed.wait() => self.time.busy(),
                () = stop.cancelled() => break,
            };
        }
        self.engine.stop_all().await;
    }

    /// Does what is due, or says why not; the moment of what comes next.
    async fn look_for_work(&self) -> Option<i64> {
        let _turn = self.working.lock().await;
        match self.work().await {
            Ok(next) => next,
            Err(failure) => {
                tracing::warn!(reason = failure.message(), "the work of Trove could not be done");
                Some(self.time.now().as_microsecond() + RETRY)
            }
        }
    }

    async fn work(&self) -> Answer<Option<i64>> {
        loop {
            let due = self.read(|tx| Ok(jobs::due(tx)?)).await?;
            if due.is_empty() {
                return self.read(|tx| Ok(jobs::first(tx)?)).await;
            }
            // What concerns one thing goes in order; real databases take their time, others do not wait for them.
            let mut by_target: BTreeMap<String, Vec<Due>> = BTreeMap::new();
            for one in due {
                by_target.entry(one.target.clone()).or_default().push(one);
            }
            let all = by_target.into_values().map(|jobs| self.end_in_order(jobs));
            join_all(all).await.into_iter().collect::<Answer<()>>()?;
        }
    }

    async fn end_in_order(&self, all: Vec<Due>) -> Answer<()> {
        for due in all {
            let asked = due.clone();
            let deed = self.read(move |tx| real::deed(tx, &asked)).await?;
            let outcome = match &deed {
                Some(deed) => self.engine.perform(deed).await,
                None => Outcome::default(),
            };
            if due.job == Job::DeleteBackup {
                self.engine.remove_backup(&due.target);
            }
            self.write(move |tx| end(tx, &due, &outcome)).await?;
        }
        Ok(())
    }
}

/// Microseconds after which work that failed is tried again.
const RETRY: i64 = 1_000_000;

/// Ends one task, unless somebody else did.
fn end(tx: &mut Tx<'_>, due: &Due, outcome: &Outcome) -> Result<(), Failure> {
    if !jobs::take(tx, &due.id)? {
        return Ok(());
    }
    match &due.job {
        Job::Backup => backups::finish(tx, &due.target, outcome),
        Job::DeleteBackup => backups::remove(tx, &due.target),
        Job::ClusterReady => clusters::ready(tx, &due.target),
        Job::DeleteCluster => clusters::remove(tx, &due.target),
        job => instances::finish(tx, &due.target, job, outcome),
    }
}
