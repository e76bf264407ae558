//! Push delivery: one worker per verified push subscription (AMS reference 13.4).
//!
//! At least once and in order: a worker sends from the subscription's position, and moves the position only after the
//! receiver took the messages.

pub(crate) mod config;
mod deliver;
pub(crate) mod schedule;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::config::PushConfig;
use self::schedule::{Cycle, Schedule};
use super::error::Failure;
use super::roles::{PW, RoleSet};
use super::storage::{subscriptions, users};
use super::{Ams, auth};
use crate::clock::Busy;
use crate::{ServiceTime, Tasks};

/// Tells the workers' owner that push configurations changed.
#[derive(Debug, Default)]
pub(crate) struct Control {
    changed: Notify,
    /// Running work, as `settle` counts it, until the owner has looked; absent while nobody looks.
    looking: Mutex<Option<Vec<Busy>>>,
}

impl Control {
    /// Starts and stops workers as the stored configurations now say.
    pub(crate) fn look_again(&self, time: &ServiceTime) {
        if let Some(looking) = self.looking().as_mut() {
            looking.push(time.busy());
        }
        self.changed.notify_one();
    }

    fn looking(&self) -> MutexGuard<'_, Option<Vec<Busy>>> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the options name a token for the delivery process that no push worker owns (AMS reference 8.1). Without such an
/// option this process delivers by itself, and nobody can be missing.
pub(crate) async fn is_worker_missing(ams: &Ams) -> Result<bool, Failure> {
    let Some(digest) = ams.settings().push_worker else { return Ok(false) };
    let digest = auth::hex(&digest);
    let user = ams.read(move |tx| Ok(users::by_token(tx, &digest)?)).await?;
    let roles = user.and_then(|user| user.service_roles).unwrap_or_default();
    Ok(!RoleSet::of(roles.iter().map(String::as_str)).passes(PW))
}

/// The refusal of push configurations while the worker is missing.
pub(crate) fn unavailable() -> Failure {
    Failure::internal("Push functionality is currently unavailable")
}

/// Starts the owner of the workers.
pub(crate) fn start(ams: &Arc<Ams>, tasks: &Tasks) {
    let (ams, owner) = (Arc::clone(ams), tasks.clone());
    tasks.spawn("ams push", |stop| async move { supervise(ams, owner, stop).await });
}

/// A worker, with the configuration it works by.
#[derive(Debug)]
struct Worker {
    config: String,
    stop: CancellationToken,
}

async fn supervise(ams: Arc<Ams>, tasks: Tasks, stop: CancellationToken) {
    let mut workers: HashMap<i64, Worker> = HashMap::new();
    *ams.pushing.looking() = Some(Vec::new());
    loop {
        // Whoever settles waits until the changes known here have their workers.
        let asked = ams.pushing.looking().as_mut().map(std::mem::take);
        match wanted(&ams).await {
            Ok(wanted) => adjust(&ams, &tasks, &mut workers, &wanted),
            Err(error) => tracing::warn!(message = error.message(), "push subscriptions cannot be read"),
        }
        drop(asked);
        tokio::select! {
            () = ams.pushing.changed.notified() => {}
            () = stop.cancelled() => break,
        }
    }
    *ams.pushing.looking() = None;
}

/// Verified push subscriptions with their stored configuration and header.
async fn wanted(ams: &Ams) -> Result<HashMap<i64, String>, Failure> {
    if !ams.settings().push {
        return Ok(HashMap::new());
    }
    let rows = ams.read(|tx| Ok(subscriptions::with_push(tx)?)).await?;
    let verified =
        rows.into_iter().filter(|row| PushConfig::stored(row).is_some_and(|config| config.verified));
    Ok(verified.filter_map(|row| Some((row.id, row.push?))).collect())
}

fn adjust(ams: &Arc<Ams>, tasks: &Tasks, workers: &mut HashMap<i64, Worker>, wanted: &HashMap<i64, String>) {
    workers.retain(|id, worker| {
        let stays = wanted.get(id) == Some(&worker.config) && !worker.stop.is_cancelled();
        if !stays {
            worker.stop.cancel();
        }
        stays
    });
    for (&id, config) in wanted {
        if workers.contains_key(&id) {
            continue;
        }
        let stop = tasks.stop_token().child_token();
        workers.insert(id, Worker { config: config.clone(), stop: stop.clone() });
        let (ams, busy) = (Arc::clone(ams), ams.time.busy());
        tasks.spawn("ams push worker", |_| async move { work(&ams, id, stop, busy).await });
    }
}

/// Delivers to one subscription until it is told to stop or the subscription is gone. `busy` lasts until the first delivery
/// is due at a known time.
async fn work(ams: &Ams, id: i64, stop: CancellationToken, mut busy: Busy) {
    let Ok(Some(config)) = deliver::config(ams, id).await else { return };
    let mut schedule = if config.slowstart { Schedule::slowstart() } else { Schedule::linear(config.period) };
    let mut pause = schedule.first();
    let mut status = String::new();
    loop {
        let Some(due) = ams.time.rest(busy, pause, &stop).await else { break };
        busy = due;
        let cycle = tokio::select! {
            cycle = deliver::cycle(ams, id) => cycle,
            () = stop.cancelled() => break,
        };
        let (cycle, now) = match cycle {
            Ok(None) => break,
            Ok(Some(Cycle::Delivered)) => (Cycle::Delivered, String::new()),
            Ok(Some(other)) => (other, status.clone()),
            Err(why) => (Cycle::Failed, why),
        };
        if now != status {
            deliver::record(ams, id, &now).await;
            status = now;
        }
        pause = schedule.after(cycle);
    }
    stop.cancel();
}
