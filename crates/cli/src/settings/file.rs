//! `config.toml`: defaults and contexts. It never holds a secret, only where to find one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::secret;
use crate::failure::{Failure, Result};
use crate::output::Format;

/// The configuration file.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The context in use when nothing else is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<String>,
    /// Default output format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output: Option<Format>,
    /// Default time for one call, e.g. `"30s"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<String>,
    /// Data directory of the embedded server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// Contexts by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) contexts: BTreeMap<String, Context>,
}

/// A named set of endpoints and credentials. A service without an endpoint is embedded.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    /// Data directory of the embedded server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<PathBuf>,
    /// ARGO Messaging Service.
    #[serde(default)]
    pub(crate) ams: AmsContext,
}

/// How to reach AMS.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmsContext {
    /// `HOST:PORT` or a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// Project to work in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    /// File (0600) with the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
    /// Certificate (PEM) to log in with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<PathBuf>,
    /// Private key (PEM, 0600) of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<PathBuf>,
    /// Port of the authentication service for certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) authn_port: Option<u16>,
    /// Extra certificate authority (PEM).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Skip certificate checks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) insecure: bool,
}

/// The configuration file as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    /// False if there is no such file; then the configuration is empty.
    pub(crate) exists: bool,
    pub(crate) config: Config,
}

/// Reads the configuration; a file that is not there is an empty one.
///
/// # Errors
/// A configuration failure with place and reason if the file cannot be read or understood.
pub(crate) fn load() -> Result<Loaded> {
    let path = super::paths::config_file()?;
    let what = || format!("cannot use {}", path.display());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Loaded { path, exists: false, config: Config::default() });
        }
        Err(error) => return Err(Failure::config(what(), error.to_string())),
    };
    let config = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
        Failure::config(what(), format!("line {line}: {}", error.message().replace('\n', " ")))
            .hint("correct the file, or move it away; `pentad doctor` works meanwhile")
    })?;
    Ok(Loaded { path, exists: true, config })
}

impl Loaded {
    /// Writes the configuration back, 0600, at once or not at all.
    pub(crate) fn save(&self) -> Result<()> {
        let text = toml::to_string_pretty(&self.config)
            .map_err(|error| Failure::config("cannot write the configuration", error.to_string()))?;
        secret::write_private(&self.path, &text)
    }

    /// Where the secret of a context is kept: one 0600 file beside the configuration.
    pub(crate) fn secret_path(&self, context: &str, name: &str) -> PathBuf {
        self.path.parent().unwrap_or_else(|| Path::new(".")).join("secrets").join(format!("{context}.{name}"))
    }
}
