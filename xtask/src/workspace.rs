//! Where things are: the workspace, cargo, the build directory and the binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, process};

/// The root folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new(".")).to_owned()
}

/// Cargo, in the root folder. The one that runs us is used, not whatever the search path holds.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// The build directory, as cargo itself sees it.
///
/// # Errors
/// When cargo cannot read the workspace.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let metadata = process::read(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))?;
    let key = "\"target_directory\":\"";
    let found = metadata.find(key).and_then(|at| {
        let rest = metadata.get(at + key.len()..)?;
        rest.split('"').next()
    });
    found.map(PathBuf::from).ok_or_else(|| "cargo did not say where it builds".to_owned())
}

/// Builds `pentad` in the development profile and returns its path.
///
/// # Errors
/// When the build fails.
pub(crate) fn build_binary(extra: &[&str]) -> Result<PathBuf> {
    process::run(
        cargo(&["build", "--package", "pentad-cli", "--bin", "pentad"]).args(extra),
        process::nothing,
    )?;
    Ok(target_directory()?.join("debug").join("pentad"))
}
