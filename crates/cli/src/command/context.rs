//! `pentad context`: named sets of endpoints and credentials.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::args::Global;
use crate::failure::{Failure, Result};
use crate::output::{Output, View};
use crate::settings::{self, AmsContext, Context, Loaded};

#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// List the contexts.
    List,
    /// Show a context; without a name, the one in use.
    Show { name: Option<String> },
    /// Use a context from now on; `--none` goes back to the embedded server.
    Use {
        #[arg(required_unless_present = "none")]
        name: Option<String>,
        /// Use no context.
        #[arg(long, conflicts_with = "name")]
        none: bool,
    },
    /// Add a context, or replace one with `--replace`.
    Add(AddArgs),
    /// Remove a context and its secrets.
    Remove { name: String },
}

#[derive(Args, Debug)]
pub(crate) struct AddArgs {
    name: String,
    /// AMS: HOST:PORT or URL. Without an endpoint the embedded server is used.
    #[arg(long, value_name = "URL")]
    ams_endpoint: Option<String>,
    /// AMS: project.
    #[arg(long, value_name = "NAME")]
    ams_project: Option<String>,
    /// AMS: read the token from this file (mode 0600) whenever it is needed.
    #[arg(long, value_name = "FILE", conflicts_with = "ams_token_stdin")]
    ams_token_file: Option<PathBuf>,
    /// AMS: read the token from standard input now and keep it in a file of mode 0600.
    #[arg(long)]
    ams_token_stdin: bool,
    /// AMS: log in with this certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "ams_key")]
    ams_certificate: Option<PathBuf>,
    /// AMS: private key of the certificate.
    #[arg(long, value_name = "FILE")]
    ams_key: Option<PathBuf>,
    /// AMS: port of the authentication service.
    #[arg(long, value_name = "PORT")]
    ams_authn_port: Option<u16>,
    /// AMS: trust this certificate authority, too.
    #[arg(long, value_name = "FILE")]
    ams_ca_file: Option<PathBuf>,
    /// AMS: do not check the server's certificate.
    #[arg(long)]
    ams_insecure: bool,
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
            let names: Vec<_> = loaded.config.contexts.keys().cloned().collect();
            let rows: Vec<_> = names.iter().map(|name| row(&loaded, name)).collect::<Result<_>>()?;
            output.list(&rows, VIEW)
        }
        ContextCommand::Show { name } => {
            let name = name.or_else(|| global.context.clone()).or_else(|| loaded.config.context.clone());
            let name = name.ok_or_else(|| {
                Failure::config("no context is in use", "commands work on the embedded server")
                    .hint("`pentad context list` shows those that exist")
            })?;
            output.record(&row(&loaded, &name)?, VIEW)
        }
        ContextCommand::Use { name, .. } => select(&mut loaded, name, &output),
        ContextCommand::Add(mut args) => {
            // The flag that names an endpoint everywhere must not be dropped here: commands would work on local data.
            args.ams_endpoint = args.ams_endpoint.or_else(|| global.endpoint.clone());
            add(args, &mut loaded, &output)
        }
        ContextCommand::Remove { name } => remove(&name, &mut loaded, &output),
    }
}

fn select(loaded: &mut Loaded, name: Option<String>, output: &Output) -> Result<()> {
    if let Some(name) = &name {
        known(loaded, name)?;
    }
    let note =
        name.as_ref().map_or("using the embedded server".to_owned(), |name| format!("using context {name}"));
    loaded.config.context = name;
    loaded.save()?;
    output.note(&note);
    Ok(())
}

fn add(args: AddArgs, loaded: &mut Loaded, output: &Output) -> Result<()> {
    let valid =
        !args.name.is_empty() && args.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !valid {
        return Err(Failure::usage(
            format!("cannot name a context `{}`", args.name),
            "use letters, digits, - and _",
        ));
    }
    if loaded.config.contexts.contains_key(&args.name) && !args.replace {
        return Err(Failure::new(
            crate::exit::Exit::Conflict,
            "conflict",
            format!("did not add context {}", args.name),
            "there is one of that name",
        )
        .hint("--replace replaces it"));
    }
    let mut token_file = args.ams_token_file.map(std::path::absolute).transpose()?;
    if args.ams_token_stdin {
        let path = loaded.secret_path(&args.name, "ams-token");
        settings::write_private(&path, settings::from_stdin()?.expose())?;
        token_file = Some(path);
    }
    let ams = AmsContext {
        endpoint: args.ams_endpoint,
        project: args.ams_project,
        token_file,
        certificate: args.ams_certificate.map(std::path::absolute).transpose()?,
        key: args.ams_key.map(std::path::absolute).transpose()?,
        authn_port: args.ams_authn_port,
        ca_file: args.ams_ca_file.map(std::path::absolute).transpose()?,
        insecure: args.ams_insecure,
    };
    let data = args.data.map(std::path::absolute).transpose()?;
    loaded.config.contexts.insert(args.name.clone(), Context { data, ams });
    if args.select {
        loaded.config.context = Some(args.name.clone());
    }
    loaded.save()?;
    output.note(&format!("added context {}", args.name));
    Ok(())
}

fn remove(name: &str, loaded: &mut Loaded, output: &Output) -> Result<()> {
    known(loaded, name)?;
    let secret = loaded.secret_path(name, "ams-token");
    loaded.config.contexts.remove(name);
    if loaded.config.context.as_deref() == Some(name) {
        loaded.config.context = None;
    }
    loaded.save()?;
    match std::fs::remove_file(&secret) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    output.note(&format!("removed context {name}"));
    Ok(())
}

fn known<'a>(loaded: &'a Loaded, name: &str) -> Result<&'a Context> {
    loaded.config.contexts.get(name).ok_or_else(|| {
        Failure::new(
            crate::exit::Exit::NotFound,
            "not_found",
            format!("there is no context `{name}`"),
            format!("{} does not have it", loaded.path.display()),
        )
        .hint("`pentad context list` shows those that exist")
    })
}

fn row(loaded: &Loaded, name: &str) -> Result<Value> {
    let context = serde_json::to_value(known(loaded, name)?)
        .map_err(|error| Failure::config("cannot show the context", error.to_string()))?;
    let mut row = json!({"name": name, "current": loaded.config.context.as_deref() == Some(name)});
    if let (Value::Object(row), Value::Object(context)) = (&mut row, context) {
        row.extend(context);
    }
    Ok(row)
}
