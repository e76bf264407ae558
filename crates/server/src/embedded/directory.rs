//! Where a user's own data lives.

use std::ffi::OsString;
use std::io::{Error, ErrorKind};
use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::error::ServerError;

/// The variable that names another data directory than the [default](default_dir).
pub const DATA_VARIABLE: &str = "PENTAD_DATA";

/// The data directory of this user's installation: [`DATA_VARIABLE`] if it is set, else [`default_dir`].
///
/// # Errors
/// As [`default_dir`].
pub fn user_dir() -> Result<PathBuf, ServerError> {
    named(std::env::var_os(DATA_VARIABLE)).map_or_else(default_dir, Ok)
}

/// Where data lives if nobody says otherwise: `$XDG_DATA_HOME/pentad`, commonly `~/.local/share/pentad`.
///
/// # Errors
/// `File` if the user has no home directory.
pub fn default_dir() -> Result<PathBuf, ServerError> {
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        let why = format!("cannot find your home directory: {error}; set HOME or {DATA_VARIABLE}");
        ServerError::file("~", Error::new(ErrorKind::NotFound, why))
    })?;
    Ok(strategy.data_dir().join("pentad"))
}

/// An empty variable counts as not set.
fn named(value: Option<OsString>) -> Option<PathBuf> {
    value.filter(|value| !value.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_names_no_directory() {
        assert_eq!(named(Some(OsString::new())), None);
        assert_eq!(named(None), None);
        assert_eq!(named(Some("/srv/data".into())), Some(PathBuf::from("/srv/data")));
    }

    #[test]
    fn the_default_directory_is_ours_alone() {
        assert!(default_dir().unwrap().ends_with("pentad"));
    }
}
