//! Resolved settings: flag before environment before file before built-in, each with its origin.

mod file;
mod flags;
mod origin;
pub(crate) mod paths;
mod secret;
mod service;
mod table;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use self::file::{Loaded, load, parse};
pub(crate) use self::flags::{ContextFlags, Flags, Tabled};
pub(crate) use self::origin::{Origin, Setting};
pub(crate) use self::paths::token_dir;
pub(crate) use self::secret::{SecretSource, from_stdin, too_open, write_private};
pub(crate) use self::service::{Given, ServiceSettings};
pub(crate) use self::table::{Field, Kind, Table};
use crate::args::{self, Global};
use crate::failure::{Failure, Result};
use crate::output::Choice;

/// Everything that is decided before a command runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The configuration file.
    pub(crate) loaded: Loaded,
    /// The context in use.
    pub(crate) context: Option<Setting<String>>,
    /// Output format.
    pub(crate) output: Setting<Choice>,
    /// Whether long results go through a pager on a terminal.
    pub(crate) pager: Setting<bool>,
    /// Time for one call.
    pub(crate) timeout: Option<Setting<Duration>>,
    /// Data directory of the embedded server.
    pub(crate) data: Setting<PathBuf>,
    endpoint_flag: Option<String>,
    /// False where the environment is not to be looked at.
    ambient: bool,
}

impl Settings {
    /// Resolves the settings that all commands share.
    ///
    /// # Errors
    /// A configuration failure if the file or a value cannot be used, or the context does not exist.
    pub(crate) fn resolve(global: &Global) -> Result<Self> {
        let loaded = load()?;
        let context = origin::first(
            global.context.clone().map(|name| (name, "context")),
            variable("PENTAD_CONTEXT"),
            in_file(&loaded, &["context"]),
        );
        if let Some(name) = &context
            && !loaded.has_context(&name.value)
        {
            let failure = Failure::config(
                format!("there is no context `{}`", name.value),
                format!("named by {}", name.origin),
            );
            return Err(failure.hint(other_contexts(&loaded, &name.value)));
        }
        Ok(Self {
            output: format(global, &loaded)?,
            pager: pager(global, &loaded),
            timeout: timeout(global, &loaded)?,
            data: data(&loaded, context.as_ref())?,
            loaded,
            context,
            endpoint_flag: global.endpoint.clone(),
            ambient: true,
        })
    }

    /// What holds with no configuration file and no environment: for showing commands that must come out the same for
    /// everybody.
    pub(crate) fn built_in(global: &Global) -> Result<Self> {
        Ok(Self {
            loaded: Loaded::empty(PathBuf::new()),
            context: None,
            output: Setting::default_of(global.output.clone().unwrap_or_default()),
            pager: Setting::default_of(false),
            timeout: None,
            data: Setting::default_of(paths::data_dir()?),
            endpoint_flag: None,
            ambient: false,
        })
    }
}

/// What to do about a context that does not exist: the name that was meant, or where to look.
pub(crate) fn other_contexts(loaded: &Loaded, name: &str) -> String {
    let names = loaded.contexts();
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => format!("`{near}`, or `pentad context list` to see those that exist"),
        None if names.is_empty() => "`pentad context add` makes one".to_owned(),
        None => "`pentad context list` shows those that exist".to_owned(),
    }
}

/// The name that was probably meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|name| (strsim::jaro_winkler(word, name), name))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

fn format(global: &Global, loaded: &Loaded) -> Result<Setting<Choice>> {
    let parse = |text: &str, place: &str| {
        Choice::parse(text).map_err(|why| Failure::config(format!("{place} = {text}"), why))
    };
    let env = variable("PENTAD_OUTPUT")
        .map(|(text, name)| parse(&text, name).map(|value| (value, name)))
        .transpose()?;
    let file = in_file(loaded, &["output"])
        .map(|(text, at)| parse(&text, "output").map(|value| (value, at)))
        .transpose()?;
    Ok(origin::first(global.output.clone().map(|format| (format, "output")), env, file)
        .unwrap_or(Setting::default_of(Choice::default())))
}

fn pager(global: &Global, loaded: &Loaded) -> Setting<bool> {
    let file = in_file(loaded, &["pager"]).map(|(text, at)| (text == "true", at));
    origin::first(global.pager.then_some((true, "pager")), None, file).unwrap_or(Setting::default_of(false))
}

fn timeout(global: &Global, loaded: &Loaded) -> Result<Option<Setting<Duration>>> {
    let parse = |text: &str, place: &str| {
        args::timeout(text).map_err(|why| Failure::config(format!("{place} = {text}"), why))
    };
    let env = variable("PENTAD_TIMEOUT")
        .map(|(text, name)| parse(&text, name).map(|value| (value, name)))
        .transpose()?;
    let file = in_file(loaded, &["timeout"])
        .map(|(text, at)| parse(&text, "timeout").map(|value| (value, at)))
        .transpose()?;
    Ok(origin::first(global.timeout.map(|time| (time, "timeout")), env, file))
}

fn data(loaded: &Loaded, context: Option<&Setting<String>>) -> Result<Setting<PathBuf>> {
    let of_context = context.and_then(|context| in_file(loaded, &["contexts", &context.value, "data"]));
    let file = of_context.or_else(|| in_file(loaded, &["data"]));
    match origin::first(None, variable("PENTAD_DATA"), file) {
        Some(setting) => Ok(Setting::new(PathBuf::from(setting.value), setting.origin)),
        None => Ok(Setting::default_of(paths::data_dir()?)),
    }
}

/// A variable of the environment; an empty one counts as not set.
fn variable(name: &'static str) -> Option<(String, &'static str)> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (value, name))
}

fn in_file(loaded: &Loaded, path: &[&str]) -> Option<(String, Origin)> {
    Some((loaded.text(path)?, Origin::File(loaded.path.clone(), path.join("."))))
}
