//! `pentad config`.

use std::io::Write;
use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::args::Global;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, View};
use crate::settings::{self, Given, Loaded, Setting, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every value in use and where it comes from.
    Explain,
    /// Show where the configuration file is.
    Path,
    /// Show what the file says: a value, a table, or everything.
    Get {
        /// For example `output` or `contexts.dev.ams.endpoint`.
        key: Option<String>,
    },
    /// Set a value in the file; comments stay.
    Set { key: String, value: String },
    /// Remove a value or a table from the file.
    Unset { key: String },
    /// Open the file in $VISUAL or $EDITOR; it is kept only if it can be understood.
    Edit,
}

const VIEW: View = View::of(&["key", "value", "origin"]);

/// Runs `pentad config …`.
pub(crate) fn run(command: &ConfigCommand, global: &Global) -> Result<()> {
    let mut output = super::plain(global);
    match command {
        ConfigCommand::Path => output.text(&settings::paths::config_file()?.display().to_string()),
        ConfigCommand::Edit => edit(&output),
        ConfigCommand::Explain => {
            let settings = Settings::resolve(global)?;
            super::output(global, &settings).list(&explain(&settings)?, VIEW)
        }
        ConfigCommand::Get { key } => get(&settings::load()?, key.as_deref(), &mut output),
        ConfigCommand::Set { key, value } => {
            let mut loaded = settings::load()?;
            loaded.set(&parts(key), value)?;
            keep(&loaded, global, &output, &format!("set {key}"))
        }
        ConfigCommand::Unset { key } => {
            let mut loaded = settings::load()?;
            if !loaded.unset(&parts(key)) {
                return Err(missing(&loaded, key));
            }
            keep(&loaded, global, &output, &format!("removed {key}"))
        }
    }
}

fn parts(key: &str) -> Vec<&str> {
    key.split('.').collect()
}

fn missing(loaded: &Loaded, key: &str) -> Failure {
    let why = format!("{} does not say it", loaded.path.display());
    Failure::new(Exit::NotFound, "not_found", format!("there is no `{key}`"), why)
        .hint("`pentad config explain` shows what holds without it")
}

fn get(loaded: &Loaded, key: Option<&str>, output: &mut Output) -> Result<()> {
    let path = key.map_or_else(Vec::new, parts);
    match loaded.json(&path) {
        Some(value) => output.record(&value, View::ALL),
        None => Err(missing(loaded, key.unwrap_or_default())),
    }
}

fn keep(loaded: &Loaded, global: &Global, output: &Output, note: &str) -> Result<()> {
    if global.dry_run {
        output.note(&format!("would change {}", loaded.path.display()));
        return Ok(());
    }
    loaded.save()?;
    output.note(note);
    Ok(())
}

/// Opens a copy of the file in the user's editor, and takes the copy over once it can be understood.
fn edit(output: &Output) -> Result<()> {
    let path = settings::paths::config_file()?;
    let failed =
        |error: std::io::Error| Failure::config(format!("cannot edit {}", path.display()), error.to_string());
    let old = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(error)),
    };
    let mut copy = tempfile::Builder::new().prefix("pentad-").suffix(".toml").tempfile().map_err(failed)?;
    copy.write_all(old.as_bytes()).map_err(failed)?;
    open_editor(copy.path()).map_err(failed)?;
    // Editors write a new file in place of the old one: it is read by its name.
    let new = std::fs::read_to_string(copy.path()).map_err(failed)?;
    if new == old {
        output.note("nothing was changed");
        return Ok(());
    }
    let checked = settings::parse(path.clone(), &new);
    let loaded = match checked {
        Ok(loaded) => loaded,
        Err(failure) => {
            let kept = copy.into_temp_path().keep().map_err(|error| failed(error.error))?;
            return Err(failure.hint(format!("nothing was changed; your text is in {}", kept.display())));
        }
    };
    loaded.save()?;
    output.note(&format!("changed {}", loaded.path.display()));
    Ok(())
}

fn open_editor(path: &Path) -> std::io::Result<()> {
    let named = |name: &str| std::env::var(name).ok().filter(|editor| !editor.is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut shell = std::process::Command::new("sh");
    // The editor may be several words; the path is one.
    shell.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path);
    let status = shell.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(std::io::Error::other(format!("`{editor}` ended with {status}")))
    }
}

/// Every value in use, as rows. Secrets appear as the place that they are read from.
///
/// # Errors
/// A configuration failure if a value of a service cannot be used.
pub(crate) fn explain(settings: &Settings) -> Result<Vec<Value>> {
    let file = &settings.loaded;
    let mut rows = vec![json!({
        "key": "config", "value": file.path.display().to_string(),
        "origin": if file.exists { "found" } else { "not there" },
    })];
    rows.push(row("context", settings.context.as_ref(), Clone::clone));
    rows.push(row("output", Some(&settings.output), ToString::to_string));
    rows.push(row("pager", Some(&settings.pager), ToString::to_string));
    rows.push(row("timeout", settings.timeout.as_ref(), |time| format!("{time:?}")));
    rows.push(row("data", Some(&settings.data), |path| path.display().to_string()));
    for table in super::TABLES {
        let values = settings.service(table, &Given::new())?;
        rows.extend(values.explain().iter().map(|(key, value)| row(key, value.as_ref(), Clone::clone)));
    }
    Ok(rows)
}

fn row<T>(key: &str, setting: Option<&Setting<T>>, text: impl FnOnce(&T) -> String) -> Value {
    match setting {
        Some(setting) => {
            json!({"key": key, "value": text(&setting.value), "origin": setting.origin.to_string()})
        }
        None => json!({"key": key, "value": null, "origin": "not set"}),
    }
}
