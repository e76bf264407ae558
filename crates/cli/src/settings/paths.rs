//! Where our files live: XDG on Linux and macOS, Known Folders on Windows.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::failure::{Failure, Result};

const APP: &str = "pentad";

/// The configuration file: `PENTAD_CONFIG`, else `config.toml` in the configuration directory.
pub(crate) fn config_file() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("PENTAD_CONFIG").filter(|path| !path.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    Ok(strategy()?.config_dir().join(APP).join("config.toml"))
}

/// The data directory of the embedded server: the library's rule.
pub(crate) fn data_dir() -> Result<PathBuf> {
    pentad_server::embedded::default_dir().map_err(|error| {
        Failure::config("cannot find your home directory", error.to_string())
            .hint("set HOME, or PENTAD_CONFIG and PENTAD_DATA")
    })
}

/// Where tokens are kept between commands.
pub(crate) fn token_dir() -> Result<PathBuf> {
    Ok(strategy()?.cache_dir().join(APP).join("tokens"))
}

/// Where parsed OpenAPI documents are kept between commands.
pub(crate) fn document_dir() -> Result<PathBuf> {
    Ok(strategy()?.cache_dir().join(APP).join("documents"))
}

/// Where uploads that were cut off are remembered.
pub(crate) fn upload_dir() -> Result<PathBuf> {
    let strategy = strategy()?;
    let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Ok(state.join(APP).join("uploads"))
}

fn strategy() -> Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().map_err(|error| {
        Failure::config("cannot find your home directory", error.to_string())
            .hint("set HOME, or PENTAD_CONFIG and PENTAD_DATA")
    })
}
