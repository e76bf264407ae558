//! The conformance tests: a virtual environment from committed pins, then pytest against the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, process, workspace};

/// Runs the conformance tests against `binary` and returns pytest's closing line.
///
/// # Errors
/// When Python 3 is missing, the environment cannot be made, or a test fails.
pub(crate) fn run(binary: &Path, arguments: &[String]) -> Result<Vec<String>> {
    let folder = workspace::root().join("conformance");
    let python = environment(&folder)?;
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest"]).args(arguments).current_dir(&folder).env("PENTAD_BINARY", binary);
    process::run(&mut pytest, is_closing)
}

/// Makes the virtual environment unless one with the same pins is there, and returns its Python.
fn environment(folder: &Path) -> Result<PathBuf> {
    let pins_file = folder.join("requirements.txt");
    let pins = fs::read_to_string(&pins_file).map_err(|e| format!("{}: {e}", pins_file.display()))?;
    let home = folder.join(".venv");
    let python = home.join("bin").join("python");
    let stamp = home.join("pins");
    if process::is_program(&python) && fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == pins) {
        return Ok(python);
    }
    if home.exists() {
        fs::remove_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
    }
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&home), process::nothing)?;
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(&pins_file),
        process::nothing,
    )?;
    // Written last: an interrupted installation must not pass for a finished one.
    fs::write(&stamp, pins).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(python)
}

fn is_closing(line: &str) -> bool {
    line.starts_with("==") && line.contains(" in ") && (line.contains("passed") || line.contains("failed"))
}
