//! `DIR/credentials.json`: what was generated for an installation, written once and announced from there.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::ServerError;
use crate::private_file;

/// A secret that nobody can guess: 256 random bits as 64 hex characters.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn generate() -> std::io::Result<String> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The generated credentials of an installation, by service.
#[derive(Clone, Default)]
pub(crate) struct Credentials {
    sections: Map<String, Value>,
    file: Option<PathBuf>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Credentials {
    /// Reads the file in `dir`, if there is one; without a directory nothing is kept.
    pub(crate) fn open(dir: Option<&Path>) -> Result<Self, ServerError> {
        let Some(file) = dir.map(|dir| dir.join("credentials.json")) else { return Ok(Self::default()) };
        let sections = match private_file::read(&file)? {
            None => Map::new(),
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| ServerError::file(&file, std::io::Error::other(error.to_string())))?,
        };
        Ok(Self { sections, file: Some(file) })
    }

    pub(crate) fn get(&self, section: &str) -> Option<&Value> {
        self.sections.get(section)
    }

    /// Adds a section; writes the file only if that changed something.
    pub(crate) fn add(&mut self, section: &str, value: Value) -> Result<(), ServerError> {
        if value.is_null() || self.sections.get(section) == Some(&value) {
            return Ok(());
        }
        self.sections.insert(section.to_owned(), value);
        let Some(file) = &self.file else { return Ok(()) };
        let text = format!("{:#}\n", Value::Object(self.sections.clone()));
        private_file::write(file, text.as_bytes())
    }

    pub(crate) fn sections(&self) -> &Map<String, Value> {
        &self.sections
    }
}
