//! Completion by the shell: words from the tree of commands, names from the configuration and the services.

use std::ffi::OsStr;
use std::time::Duration;

use clap::CommandFactory;
use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;
use pentad_core::Clock;
use pentad_transport::SystemClock;
use serde_json::Value;

use super::run::{self, Desk};
use super::service::Service;
use crate::args::{Cli, Global};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Choice, Output, Shape};
use crate::settings::{self, Given, Settings};

/// The variable through which a shell asks for completions.
pub(crate) const VARIABLE: &str = "PENTAD_COMPLETE";

/// A shell that waits for names waits no longer.
const PATIENCE: Duration = Duration::from_millis(400);
/// Nobody chooses from more names.
const MOST: usize = 200;

/// Answers a shell that asks for completions; says whether one did.
pub(crate) fn answer() -> Result<bool, clap::Error> {
    if std::env::var_os(VARIABLE).is_none() {
        return Ok(false);
    }
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(Cli::command).var(VARIABLE).try_complete(std::env::args_os(), here.as_deref())
}

/// The contexts of the configuration.
pub(crate) fn contexts() -> Vec<CompletionCandidate> {
    let names = settings::load().map(|loaded| loaded.contexts()).unwrap_or_default();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// Names of things that a service lists: the last part of `key` in each of them. Nothing if the service does not
/// answer at once, or if it is the embedded one and has no data yet.
pub(crate) fn names<S: Service + Default>(
    current: &OsStr,
    op: &'static str,
    key: &'static str,
) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let found = asked::<S>(async |client| {
        let items = (S::DOOR.list)(client, op, &[], &[])?.max_items(MOST).await?.items;
        Ok(items.iter().filter_map(|item| short(item, key)).collect())
    });
    beginning(found, current)
}

/// Those that begin as what was typed.
pub(crate) fn beginning(mut names: Vec<String>, current: &str) -> Vec<CompletionCandidate> {
    names.retain(|name| name.starts_with(current));
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// What a service says about names. Nothing if it does not answer at once, or if it is the embedded one and has no data yet.
pub(crate) fn asked<S: Service + Default>(
    ask: impl AsyncFnOnce(&S::Client) -> pentad_core::Result<Vec<String>>,
) -> Vec<String> {
    let global = Global { quiet: true, ..Global::default() };
    let Ok(settings) = Settings::resolve(&global) else { return Vec::new() };
    let Ok(values) = settings.service(S::TABLE, &Given::new()) else { return Vec::new() };
    // Completion creates nothing.
    if values.endpoint().is_none() && !settings.data.value.exists() {
        return Vec::new();
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let mut output = Output::stdout(Choice::default(), Shape { quiet: true, ..Shape::default() });
    let desk = Desk { global: &global, settings: &settings, output: &mut output, local: None };
    let none = Given::new();
    let work = async |run: &mut run::Run<'_, S>| {
        let client = run.client(None).await?;
        found = tokio::select! {
            names = ask(&client) => names?,
            () = SystemClock.sleep(PATIENCE) => return Err(Failure::silent(Exit::Timeout)),
        };
        Ok(Exit::Success)
    };
    // Whatever went wrong, the shell has nothing to offer then.
    let _ = runtime.block_on(run::run(S::default(), &none, desk, work));
    found
}

fn short(item: &Value, key: &str) -> Option<String> {
    item.get(key)?.as_str()?.rsplit('/').next().map(str::to_owned)
}
