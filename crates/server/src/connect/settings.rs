//! Options of the service.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pentad_openapi::Document;
use serde::Deserialize;
use serde_json::Value;

use crate::SeedError;

/// The options in force.
#[derive(Debug, Default, Clone)]
pub(crate) struct Settings {
    /// The document that says what there is.
    pub(crate) document: Option<Document>,
    /// Its text, to be kept for the next start.
    pub(crate) source: Option<Arc<str>>,
    /// Whether there is nothing but what is declared.
    pub(crate) closed: bool,
    /// What of this was said, and not concluded.
    pub(crate) said: Said,
}

/// What the options say themselves.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    /// A document, or that there is none.
    pub(crate) document: bool,
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
    /// not exist unless `closed` says otherwise; an empty `spec` means that there is none from now on.
    pub(crate) fn parse(options: &Value) -> Result<Self, SeedError> {
        let read: Option<Options> =
            serde_json::from_value(options.clone()).map_err(|e| SeedError::new("connect.options", e))?;
        let read = read.unwrap_or_default();
        let said = Said { document: read.spec.is_some(), closed: read.closed.is_some() };
        // An empty name is none: what an earlier start kept is not taken up again.
        let path = read.spec.filter(|path| !path.as_os_str().is_empty());
        let wrong = |path: &Path, why: &dyn std::fmt::Display| {
            SeedError::new("connect.options.spec", format!("{}: {why}", path.display()))
        };
        let document = path.as_deref().map(|path| Document::read(path).map_err(|error| wrong(path, &error)));
        let document = document.transpose()?;
        let source =
            path.map(|path| std::fs::read(&path).map_err(|error| wrong(&path, &error))).transpose()?;
        let source =
            source.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|text| !text.contains('\0'));
        let closed = read.closed.unwrap_or(document.is_some());
        Ok(Self { document, source: source.map(Arc::from), closed, said })
    }
}
