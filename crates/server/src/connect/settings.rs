//! Options of the service.

use std::path::PathBuf;

use pentad_openapi::Document;
use serde::Deserialize;
use serde_json::Value;

use crate::SeedError;

/// The options in force.
#[derive(Debug, Default, Clone)]
pub(crate) struct Settings {
    /// The document that says what there is.
    pub(crate) document: Option<Document>,
    /// Whether there is nothing but what is declared.
    pub(crate) closed: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    spec: Option<PathBuf>,
    closed: Option<bool>,
}

impl Settings {
    /// Reads the `options` of a seed section; `null` gives the defaults. With a document, what it does not know does
    /// not exist unless `closed` says otherwise.
    pub(crate) fn parse(options: &Value) -> Result<Self, SeedError> {
        let read: Option<Options> =
            serde_json::from_value(options.clone()).map_err(|e| SeedError::new("connect.options", e))?;
        let read = read.unwrap_or_default();
        let document = read.spec.map(|path| {
            Document::read(&path).map_err(|error| {
                SeedError::new("connect.options.spec", format!("{}: {error}", path.display()))
            })
        });
        let document = document.transpose()?;
        let closed = read.closed.unwrap_or(document.is_some());
        Ok(Self { document, closed })
    }
}
