//! The conformance tests: a virtual environment from committed pins, then pytest against the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, process, workspace};

/// The suites of Zaqar: the last client with v1 and v1.1, and the newest one, cannot share an environment.
const ZAQAR: [(&str, &str); 2] = [("requirements-3.txt", ".venv-3"), ("requirements-4.txt", ".venv-4")];

/// The suites of IVCAP: two old clients, the newest one, and the API documents.
const IVCAP: [(&str, &str); 4] = [
    ("requirements-0.28.0.txt", ".venv-0.28.0"),
    ("requirements-0.28.3.txt", ".venv-0.28.3"),
    ("requirements-newest.txt", ".venv-newest"),
    ("requirements-contract.txt", ".venv-contract"),
];

/// Services whose suites have folders and environments of their own.
const APART: [(&str, &[(&str, &str)]); 2] = [("zaqar", &ZAQAR), ("ivcap", &IVCAP)];

/// Runs the conformance tests against `binary` and returns pytest's closing lines.
///
/// Arguments go to pytest and select from the main suite; after the name of a service with suites of its own
/// (`zaqar`, `ivcap`) they select from those.
/// Without a selection all suites run.
///
/// # Errors
/// When Python 3 is missing, an environment cannot be made, or a test fails.
pub(crate) fn run(binary: &Path, arguments: &[String]) -> Result<Vec<String>> {
    let folder = workspace::root().join("conformance");
    let mut closing = Vec::new();
    let only = APART.iter().find(|(name, _)| arguments.first().is_some_and(|first| first == name));
    let arguments = if only.is_some() { &arguments[1..] } else { arguments };
    if only.is_none() {
        closing.extend(suite(binary, &folder, "requirements.txt", ".venv", arguments)?);
    }
    let whole = arguments.first().is_none_or(|first| first.starts_with("--postgres"));
    for (name, suites) in APART {
        let chosen = only.map_or(whole, |(only, _)| *only == name);
        let arguments = if only.is_some() { arguments } else { &[] };
        for (pins, home) in suites.iter().filter(|_| chosen) {
            closing.extend(suite(binary, &folder.join(name), pins, home, arguments)?);
        }
    }
    Ok(closing)
}

fn suite(binary: &Path, folder: &Path, pins: &str, home: &str, arguments: &[String]) -> Result<Vec<String>> {
    let python = environment(&folder.join(pins), &folder.join(home))?;
    let mut pytest = Command::new(python);
    pytest.args(["-m", "pytest"]).args(arguments).current_dir(folder).env("PENTAD_BINARY", binary);
    process::run(&mut pytest, is_closing)
}

/// Makes the virtual environment unless one with the same pins is there, and returns its Python.
fn environment(pins_file: &Path, home: &Path) -> Result<PathBuf> {
    let pins = fs::read_to_string(pins_file).map_err(|e| format!("{}: {e}", pins_file.display()))?;
    let python = home.join("bin").join("python");
    let stamp = home.join("pins");
    if process::is_program(&python) && fs::read_to_string(&stamp).is_ok_and(|made_from| made_from == pins) {
        return Ok(python);
    }
    if home.exists() {
        fs::remove_dir_all(home).map_err(|e| format!("{}: {e}", home.display()))?;
    }
    process::run(Command::new("python3").args(["-m", "venv"]).arg(home), process::nothing)?;
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(pins_file),
        process::nothing,
    )?;
    // Written last: an interrupted installation must not pass for a finished one.
    fs::write(&stamp, pins).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(python)
}

fn is_closing(line: &str) -> bool {
    let counts = |word: &str| line.contains(word);
    counts(" in ") && (counts(" passed") || counts(" failed")) && line.ends_with('s')
}
