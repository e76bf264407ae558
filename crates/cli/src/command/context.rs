//! `pentad context`: named sets of endpoints and credentials.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;
use serde_json::{Value, json};

use super::complete::contexts;
use crate::args::Global;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, View};
use crate::settings::{self, ContextFlags, Field, Kind, Loaded, Table};

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// List the contexts.
    List,
    /// Show a context; without a name, the one in use.
    Show {
        #[arg(add = ArgValueCandidates::new(contexts))]
        name: Option<String>,
    },
    /// Use a context from now on; `--none` goes back to the embedded server.
    Use {
        #[arg(required_unless_present = "none", add = ArgValueCandidates::new(contexts))]
        name: Option<String>,
        /// Use no context.
        #[arg(long, conflicts_with = "name")]
        none: bool,
    },
    /// Add a context, or replace one with `--replace`.
    Add(Box<AddArgs>),
    /// Remove a context and its secrets.
    Remove {
        #[arg(add = ArgValueCandidates::new(contexts))]
        name: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    name: String,
    #[command(flatten)]
    services: ContextFlags,
    /// Data directory of the embedded server.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Replace a context of this name.
    #[arg(long)]
    replace: bool,
    /// Use it from now on.
    #[arg(long = "use")]
    select: bool,
}

const VIEW: View = View::of(&["name", "current", "ams.endpoint", "ams.project", "data"]);

/// Runs `pentad context …`.
pub(crate) fn run(command: ContextCommand, global: &Global) -> Result<()> {
    let mut loaded = settings::load()?;
    let mut output = super::plain(global);
    let change = !matches!(command, ContextCommand::List | ContextCommand::Show { .. });
    if change && global.dry_run {
        output.note(&format!("would change {}", loaded.path.display()));
        return Ok(());
    }
    match command {
        ContextCommand::List => {
            let names = loaded.contexts();
            let rows: Vec<_> = names.iter().map(|name| row(&loaded, name)).collect::<Result<_>>()?;
            output.list(&rows, VIEW)
        }
        ContextCommand::Show { name } => {
            let name = name.or_else(|| global.context.clone()).or_else(|| loaded.text(&["context"]));
            let name = name.ok_or_else(|| {
                Failure::config("no context is in use", "commands work on the embedded server")
                    .hint("`pentad context list` shows those that exist")
            })?;
            output.record(&row(&loaded, &name)?, VIEW)
        }
        ContextCommand::Use { name, .. } => select(&mut loaded, name, &output),
        ContextCommand::Add(args) => {
            // The flag that names an endpoint everywhere must not be dropped here: commands would work on local data.
            if let Some(endpoint) = &global.endpoint {
                return Err(Failure::usage(
                    format!("did not add context {}", args.name),
                    format!("--endpoint {endpoint} does not say of which service"),
                )
                .hint("for example --ams-endpoint"));
            }
            add(&args, &mut loaded, &output)
        }
        ContextCommand::Remove { name } => remove(&name, &mut loaded, &output),
    }
}

fn select(loaded: &mut Loaded, name: Option<String>, output: &Output) -> Result<()> {
    match &name {
        Some(name) => {
            known(loaded, name)?;
            loaded.set(&["context"], name)?;
        }
        None => drop(loaded.unset(&["context"])),
    }
    loaded.save()?;
    let note =
        name.map_or_else(|| "using the embedded server".to_owned(), |name| format!("using context {name}"));
    output.note(&note);
    Ok(())
}

fn add(args: &AddArgs, loaded: &mut Loaded, output: &Output) -> Result<()> {
    let name = args.name.as_str();
    check_name(name)?;
    if loaded.has_context(name) {
        if !args.replace {
            return Err(Failure::new(
                Exit::Conflict,
                "conflict",
                format!("did not add context {name}"),
                "there is one of that name",
            )
            .hint("--replace replaces it"));
        }
        loaded.unset(&["contexts", name]);
    }
    if args.services.from_stdin.len() > 1 {
        return Err(Failure::usage(
            format!("did not add context {name}"),
            "standard input holds one secret, and several are to be read from it",
        ));
    }
    loaded.add_context(name);
    if let Some(data) = &args.data {
        loaded.set(&["contexts", name, "data"], &absolute(data)?)?;
    }
    for (table, field, text) in &args.services.given {
        let text = match field.kind {
            Kind::Path | Kind::Secret => absolute(Path::new(text))?,
            _ => text.clone(),
        };
        loaded.set(&["contexts", name, table.service, &field.file_key()], &text)?;
    }
    for (table, field) in &args.services.from_stdin {
        let path = secret_path(loaded, name, table, field);
        settings::write_private(&path, settings::from_stdin()?.expose())?;
        let text = path.to_string_lossy();
        loaded.set(&["contexts", name, table.service, &field.file_key()], &text)?;
    }
    if args.select {
        loaded.set(&["context"], name)?;
    }
    loaded.save()?;
    output.note(&format!("added context {name}"));
    Ok(())
}

fn check_name(name: &str) -> Result<()> {
    if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        return Ok(());
    }
    Err(Failure::usage(format!("cannot name a context `{name}`"), "use letters, digits, - and _"))
}

fn absolute(path: &Path) -> Result<String> {
    Ok(std::path::absolute(path)?.to_string_lossy().into_owned())
}

fn secret_path(loaded: &Loaded, context: &str, table: &Table, field: &Field) -> PathBuf {
    loaded.secret_path(context, &format!("{}-{}", table.service, field.key))
}

fn remove(name: &str, loaded: &mut Loaded, output: &Output) -> Result<()> {
    known(loaded, name)?;
    let tables = super::TABLES.iter().copied();
    let secrets: Vec<_> = tables
        .flat_map(|table| table.fields.iter().map(move |field| (table, field)))
        .filter(|(_, field)| field.kind == Kind::Secret)
        .map(|(table, field)| secret_path(loaded, name, table, field))
        .collect();
    loaded.unset(&["contexts", name]);
    if loaded.text(&["context"]).as_deref() == Some(name) {
        loaded.unset(&["context"]);
    }
    loaded.save()?;
    for secret in secrets {
        match std::fs::remove_file(&secret) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    output.note(&format!("removed context {name}"));
    Ok(())
}

fn known(loaded: &Loaded, name: &str) -> Result<()> {
    if loaded.has_context(name) {
        return Ok(());
    }
    Err(Failure::new(
        Exit::NotFound,
        "not_found",
        format!("there is no context `{name}`"),
        format!("{} does not have it", loaded.path.display()),
    )
    .hint(settings::other_contexts(loaded, name)))
}

fn row(loaded: &Loaded, name: &str) -> Result<Value> {
    known(loaded, name)?;
    let mut row = json!({"name": name, "current": loaded.text(&["context"]).as_deref() == Some(name)});
    if let (Value::Object(row), Some(Value::Object(context))) = (&mut row, loaded.json(&["contexts", name])) {
        row.extend(context);
    }
    Ok(row)
}
