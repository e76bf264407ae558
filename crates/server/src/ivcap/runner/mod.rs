//! Running orders and jobs: they wait in a queue of the store, and each process takes as many as it may run at once.
//!
//! One goes: [`dispatch`] claims it → `carry` makes a directory and runs the program ([`crate::confined`]) → `log` keeps
//! what it writes → `verdict` says how it ended → `publish` takes over what it left → `task` writes that down.

mod carry;
mod folder;
mod log;
pub(crate) mod options;
pub(crate) mod provenance;
mod publish;
pub(crate) mod task;
mod verdict;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::folder::Scratch;
use self::verdict::Verdict;
use super::core::Core;
use super::error::Answer;
use super::storage::work::{self, Item};
use crate::Tasks;
use crate::clock::real_sleep;
use crate::confined;
use crate::service::Told;

/// Service time for which a claim holds unless it is renewed.
const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// Service time between two renewals.
const RENEWAL: Duration = Duration::from_secs(30);
/// The pause after the store refused.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of one value among the variables of a program.
pub(crate) const LONGEST_VALUE: usize = 64 << 10;

/// What runs in this process.
#[derive(Debug)]
pub(crate) struct Runner {
    scratch: tokio::sync::OnceCell<Arc<Scratch>>,
    running: Arc<Mutex<HashMap<String, Active>>>,
    /// What this process has claimed and not given up.
    held: Arc<Mutex<HashSet<String>>>,
    /// Held while something is claimed: what is claimed and not yet in the list is no orphan.
    claiming: tokio::sync::Mutex<()>,
    free: Arc<Mutex<Vec<u32>>>,
    era: Mutex<Era>,
}

/// The time between two replacements of all data.
#[derive(Debug, Clone)]
struct Era {
    /// Tells this process, in this time, from others on the same store.
    node: String,
    /// Cancelled when other data is put in the place of what orders belong to.
    over: CancellationToken,
}

impl Default for Era {
    fn default() -> Self {
        Self { node: Uuid::new_v4().to_string(), over: CancellationToken::new() }
    }
}

#[derive(Debug, Clone)]
struct Active {
    process: Option<u32>,
    dir: PathBuf,
}

/// One of the places of those that run at once.
#[derive(Debug)]
pub(super) struct Slot {
    number: u32,
    /// The user that belongs to the place.
    user: Option<u32>,
    free: Arc<Mutex<Vec<u32>>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.free).push(self.number);
    }
}

/// A place in the list of what runs, until it is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    id: String,
    running: Arc<Mutex<HashMap<String, Active>>>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.id);
    }
}

/// A place in the list of what is claimed, until it is dropped.
#[derive(Debug)]
struct Hold {
    id: String,
    held: Arc<Mutex<HashSet<String>>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        lock(&self.held).remove(&self.id);
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runner {
    pub(crate) fn new(parallel: u32) -> Self {
        Self {
            scratch: tokio::sync::OnceCell::new(),
            running: Arc::default(),
            held: Arc::default(),
            claiming: tokio::sync::Mutex::default(),
            free: Arc::new(Mutex::new((0..parallel.max(1)).rev().collect())),
            era: Mutex::default(),
        }
    }

    /// The directory of all directories; made when the first is needed.
    async fn scratch(&self, core: &Arc<Core>) -> Result<Arc<Scratch>, String> {
        let place = core.settings.orders.scratch.clone();
        let make = || publish::blocking(move || Scratch::make(place.as_deref()).map(Arc::new));
        let made = self.scratch.get_or_try_init(make).await;
        made.cloned().map_err(|_| "no directory could be made for orders".to_owned())
    }

    /// Ends what runs: the data that it belongs to is no more.
    pub(crate) fn end_era(&self) {
        std::mem::take(&mut *lock(&self.era)).over.cancel();
    }

    /// Cancelled when other data is put in the place of what there is.
    pub(crate) fn over(&self) -> CancellationToken {
        self.era().over
    }

    fn era(&self) -> Era {
        lock(&self.era).clone()
    }

    fn enter(&self, id: &str, process: Option<u32>, dir: PathBuf) -> Entry {
        lock(&self.running).insert(id.to_owned(), Active { process, dir });
        Entry { id: id.to_owned(), running: Arc::clone(&self.running) }
    }

    /// What the processes of an order take; nothing unless it runs here.
    pub(crate) fn usage(&self, id: &str) -> Option<confined::Usage> {
        let active = lock(&self.running).get(id).cloned()?;
        Some(confined::usage(active.process?, &active.dir))
    }

    fn hold(&self, id: &str) -> Hold {
        lock(&self.held).insert(id.to_owned());
        Hold { id: id.to_owned(), held: Arc::clone(&self.held) }
    }

    fn slot(&self, core: &Core) -> Option<Slot> {
        let number = lock(&self.free).pop()?;
        let options = &core.settings.orders;
        let is_root = options.own_users && rustix::process::geteuid().is_root();
        let user = is_root.then(|| options.user.saturating_add(number));
        Some(Slot { number, user, free: Arc::clone(&self.free) })
    }
}

/// Marks what ran when an earlier process ended, before anybody is told of it.
///
/// # Errors
/// Those of the store.
pub(crate) async fn recover(core: &Arc<Core>) -> Answer<()> {
    mark_orphans(core, !core.is_shared()).await
}

/// Starts the background work; nothing runs before `ready` is told or given up.
pub(crate) fn background(core: &Arc<Core>, tasks: &Tasks, ready: oneshot::Receiver<()>) {
    let (dispatching, renewing) = (Arc::clone(core), Arc::clone(core));
    tasks.spawn("ivcap orders", |stop| async move {
        // What was given up holds up nobody.
        let _ = stop.run_until_cancelled(ready).await;
        dispatch(&dispatching, &stop).await;
    });
    tasks.spawn("ivcap claims", |stop| async move {
        let stop = &stop;
        let round = || async {
            if let Err(failure) = renew(&renewing).await {
                tracing::warn!(why = failure.text(), "claims of orders could not be renewed");
            }
        };
        renewing.time.every(RENEWAL, stop, round).await;
    });
}

/// Runs what waits, until the server stops; what runs then is ended and marked.
async fn dispatch(core: &Arc<Core>, stop: &CancellationToken) {
    let mut running: JoinSet<()> = JoinSet::new();
    while !stop.is_cancelled() {
        let mut changed = core.store.changed(work::QUEUE);
        let filled = fill(core, &mut running, stop).await;
        let pause = async {
            match filled {
                Ok(()) => std::future::pending().await,
                Err(()) => real_sleep(PAUSE).await,
            }
        };
        tokio::select! {
            () = changed.wait() => {}
            Some(_) = running.join_next(), if !running.is_empty() => {}
            () = pause => {}
            () = stop.cancelled() => {}
        }
    }
    while running.join_next().await.is_some() {}
    core.work.uploads.drain().await;
}

/// Waits until nothing waits to be run or runs here.
pub(crate) async fn finish(core: &Arc<Core>, told: Told<'_>) {
    let mut is_told = false;
    loop {
        let mut changed = core.store.changed(work::QUEUE);
        let node = core.work.runner.era().node;
        // A store that refuses tells of no end either.
        let Ok(left) = core.read(move |tx| Ok(work::left(tx, &node)?)).await else { return };
        if left.is_empty() {
            return;
        }
        if !std::mem::replace(&mut is_told, true) {
            told(&left);
        }
        changed.wait().await;
    }
}

/// Begins as much as there are places for.
async fn fill(core: &Arc<Core>, running: &mut JoinSet<()>, stop: &CancellationToken) -> Result<(), ()> {
    while !stop.is_cancelled()
        && let Some(slot) = core.work.runner.slot(core)
    {
        let (busy, era) = (core.time.busy(), core.work.runner.era());
        let claiming = core.work.runner.claiming.lock().await;
        let claimed = task::claim(core, &era.node, lease(core)).await;
        let held = claimed.as_ref().ok().and_then(Option::as_ref).map(|item| core.work.runner.hold(&item.id));
        drop(claiming);
        match claimed {
            Ok(None) => return Ok(()),
            Ok(Some(item)) => {
                let (core, stop) = (Arc::clone(core), stop.clone());
                running.spawn(async move {
                    let ends = Ends { stop, era: era.over };
                    run(&core, &item, slot, &ends).await;
                    drop(held);
                });
            }
            Err(failure) => {
                tracing::warn!(why = failure.text(), "no order could be taken from the queue");
                return Err(());
            }
        }
        drop(busy);
    }
    Ok(())
}

/// What ends an order from outside.
#[derive(Debug)]
pub(super) struct Ends {
    /// The server stops.
    stop: CancellationToken,
    /// Its data is no more.
    era: CancellationToken,
}

impl Ends {
    fn are_there(&self) -> bool {
        self.stop.is_cancelled() || self.era.is_cancelled()
    }
}

async fn run(core: &Arc<Core>, item: &Item, slot: Slot, ends: &Ends) {
    let outcome = carry::carry_out(core, item, &slot, ends).await;
    while let Err(failure) = task::finish(core, item, outcome.verdict.clone(), outcome.result.clone()).await {
        tracing::error!(id = item.id, why = failure.text(), "the end of an order could not be written down");
        if ends.are_there() {
            break;
        }
        tokio::select! {
            () = real_sleep(PAUSE) => {}
            () = ends.stop.cancelled() => {}
            () = ends.era.cancelled() => {}
        }
    }
    drop(slot);
}

fn lease(core: &Core) -> i64 {
    core.time.now().checked_add(LEASE).map_or(i64::MAX, |end| end.as_microsecond())
}

/// Renews our claims, and marks what others left behind.
async fn renew(core: &Arc<Core>) -> Answer<()> {
    let (node, lease) = (core.work.runner.era().node, lease(core));
    if !lock(&core.work.runner.running).is_empty() || core.is_shared() {
        core.write(move |change| Ok(work::renew(change, &node, lease)?)).await?;
    }
    mark_orphans(core, false).await?;
    mark_lost(core).await
}

/// Marks what this process claimed and no longer carries out: whoever did came to grief.
async fn mark_lost(core: &Arc<Core>) -> Answer<()> {
    let node = core.work.runner.era().node;
    let claiming = core.work.runner.claiming.lock().await;
    let claimed = core.read(move |tx| Ok(work::claimed(tx, &node)?)).await?;
    let lost = {
        let held = lock(&core.work.runner.held);
        Vec::from_iter(claimed.into_iter().filter(|item| !held.contains(&item.id)))
    };
    drop(claiming);
    for item in lost {
        task::finish(core, &item, Verdict::error("the server failed while it ran"), None).await?;
    }
    Ok(())
}

/// Marks what a process began that is gone: nobody knows how far it came.
async fn mark_orphans(core: &Arc<Core>, all: bool) -> Answer<()> {
    let (node, now) = (core.work.runner.era().node, core.time.now().as_microsecond());
    loop {
        let node = node.clone();
        let found = core.read(move |tx| Ok(work::orphans(tx, &node, now, all)?)).await?;
        if found.is_empty() {
            return Ok(());
        }
        for item in found {
            let verdict = Verdict::error("the server stopped while it ran");
            task::finish(core, &item, verdict, None).await?;
        }
    }
}
