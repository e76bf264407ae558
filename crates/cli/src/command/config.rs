//! `pentad config`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::ams::AmsFlags;
use crate::args::Global;
use crate::failure::Result;
use crate::output::{Output, View};
use crate::settings::{self, SecretSource, Setting, Settings};

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show every value in use and where it comes from.
    Explain,
    /// Show where the configuration file is.
    Path,
}

const VIEW: View = View::of(&["key", "value", "origin"]);

/// Runs `pentad config …`.
pub(crate) fn run(command: &ConfigCommand, global: &Global) -> Result<()> {
    match command {
        ConfigCommand::Path => {
            super::plain(global).text(&settings::paths::config_file()?.display().to_string())
        }
        ConfigCommand::Explain => {
            let settings = Settings::resolve(global)?;
            super::output(global, &settings).list(&explain(&settings)?, VIEW)
        }
    }
}

/// Every value in use, as rows. Secrets appear as the place that they are read from.
pub(crate) fn explain(settings: &Settings) -> Result<Vec<Value>> {
    let ams = settings.ams(&AmsFlags::default())?;
    let file = &settings.loaded;
    let mut rows = vec![json!({
        "key": "config", "value": file.path.display().to_string(),
        "origin": if file.exists { "found" } else { "not there" },
    })];
    let output = Output::name_of(settings.output.value);
    rows.push(row("context", settings.context.as_ref(), Clone::clone));
    rows.push(row("output", Some(&settings.output), |_| output));
    rows.push(row("timeout", settings.timeout.as_ref(), |time| format!("{time:?}")));
    rows.push(row("data", Some(&settings.data), |path| path.display().to_string()));
    rows.push(row("ams.endpoint", ams.endpoint.as_ref(), Clone::clone));
    rows.push(row("ams.project", ams.project.as_ref(), Clone::clone));
    rows.push(row("ams.token", ams.token.as_ref(), |source| match source {
        SecretSource::Env(name) => format!("(secret in {name})"),
        SecretSource::File(path) => format!("(secret in {})", path.display()),
    }));
    rows.push(row("ams.certificate", ams.certificate.as_ref(), |path| path.display().to_string()));
    rows.push(row("ams.key", ams.key.as_ref(), |path| path.display().to_string()));
    rows.push(row("ams.authn_port", ams.authn_port.as_ref(), ToString::to_string));
    rows.push(row("ams.ca_file", ams.ca_file.as_ref(), |path| path.display().to_string()));
    rows.push(row("ams.insecure", Some(&ams.insecure), ToString::to_string));
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
