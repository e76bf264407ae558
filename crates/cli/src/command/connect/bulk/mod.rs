//! Whole collections to files and back: NDJSON or CSV, in batches, to be gone on with where they stopped.

mod cell;
mod export;
mod import;
mod sheet;

use std::future::Future;
use std::path::Path;
use std::pin::Pin;

pub(super) use self::export::ExportArgs;
pub(super) use self::import::ImportArgs;
pub(super) use self::sheet::part;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signal;

fn cannot(what: &str, path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage(format!("cannot {what} {}", path.display()), error.to_string())
}

/// The same for a file that was fine when the work began.
fn failed(what: &str, path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::local(format!("cannot {what} {}", path.display()), error)
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

/// The first signal, which ends bulk work in order; the second one ends the process.
struct Stop {
    signal: Pin<Box<dyn Future<Output = Exit>>>,
    exit: Option<Exit>,
}

impl Stop {
    fn new() -> Self {
        Self { signal: Box::pin(signal::stop()), exit: None }
    }

    /// How the process is to end, once somebody asked for it.
    const fn asked(&self) -> Option<Exit> {
        self.exit
    }

    /// Does this work, unless a signal comes first: then the work is dropped.
    async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        if self.exit.is_some() {
            return None;
        }
        tokio::select! {
            biased;
            exit = &mut self.signal => {
                self.exit = Some(exit);
                None
            }
            done = work => Some(done),
        }
    }

    /// Does this work to its end; a signal is told to `heard` and kept for later.
    async fn after<T>(&mut self, work: impl Future<Output = T>, heard: impl FnOnce()) -> T {
        let mut work = std::pin::pin!(work);
        if self.exit.is_some() {
            return work.await;
        }
        tokio::select! {
            biased;
            exit = &mut self.signal => self.exit = Some(exit),
            done = &mut work => return done,
        }
        heard();
        work.await
    }
}
