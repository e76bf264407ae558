//! Services, orders, jobs and artifacts: what they keep in memory, bring from a seed and do in the background.

pub(crate) mod examples;
pub(crate) mod seed;

use std::sync::Arc;

use pentad_store::Blobs;
use tokio::sync::oneshot;

use super::core::Core;
use super::handlers::queues;
use super::runner::{self, Runner};
use super::settings::Settings;
use super::sidecar::Sidecar;
use super::upload::Uploads;
use super::upload::sweep::sweep;
use crate::{Service, Tasks};

/// What is kept in memory.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) uploads: Uploads,
    pub(crate) runner: Runner,
    pub(crate) sidecar: Sidecar,
}

/// What the processes of an order take, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) name: &'static str,
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) storage: String,
}

impl Work {
    pub(crate) fn new(blobs: &Arc<dyn Blobs>, settings: &Settings) -> Self {
        Self {
            uploads: Uploads::new(Arc::clone(blobs)),
            runner: Runner::new(settings.orders.parallel),
            sidecar: Sidecar::default(),
        }
    }

    /// Lets go of everything that belongs to data which is no more.
    pub(crate) fn forget(&self) {
        self.uploads.forget();
        self.runner.end_era();
    }

    /// What an order takes, while it runs in this process.
    pub(crate) fn usage(&self, id: &str) -> Option<Usage> {
        let usage = self.runner.usage(id)?;
        let kib = |bytes: u64| format!("{}Ki", bytes / 1024);
        Some(Usage {
            name: "main",
            cpu: format!("{}.{:03}s", usage.cpu / 1000, usage.cpu % 1000),
            memory: kib(usage.memory),
            storage: kib(usage.storage),
        })
    }
}

/// Starts the background work. `service` answers running orders.
pub(crate) fn background(core: &Arc<Core>, service: &Arc<dyn Service>, tasks: &Tasks) {
    core.work.sidecar.install(service, tasks);
    let (listed, known) = oneshot::channel();
    runner::background(core, tasks, known);
    let (sweeping, over) = (Arc::clone(core), core.work.runner.over());
    tasks.spawn("ivcap contents", |stop| async move {
        match stop.run_until_cancelled(sweep(&sweeping, listed, &over)).await {
            Some(Ok(0)) | None => {}
            Some(Ok(removed)) => tracing::info!(removed, "contents that belong to nothing were removed"),
            Some(Err(failure)) => {
                tracing::warn!(why = failure.text(), "contents that belong to nothing could not be removed");
            }
        }
    });
    let sweeping = Arc::clone(core);
    tasks.spawn("ivcap queues", |stop| async move {
        let swept = stop.run_until_cancelled(queues::sweep(&sweeping)).await;
        if let Some(Err(failure)) = swept {
            tracing::warn!(why = failure.text(), "messages of queues that are gone could not be removed");
        }
    });
}
