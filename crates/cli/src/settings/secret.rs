//! Secrets: read from files, standard input and the environment, never from an argument.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use pentad_core::Secret;

use crate::failure::{Failure, Result};

/// Where a secret is to be taken from. Nothing is read before the secret is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// An environment variable.
    Env(&'static str),
    /// A file that only its owner can read; `-` is standard input.
    File(PathBuf),
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => f.write_str(name),
            Self::File(path) if path == Path::new("-") => f.write_str("standard input"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl SecretSource {
    /// Reads the secret, without the line end.
    ///
    /// # Errors
    /// A configuration failure if it is missing, empty, or readable by others.
    pub(crate) fn read(&self) -> Result<Secret> {
        match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text.trim())),
                _ => Err(Failure::config("no secret", format!("{name} is empty or not text"))),
            },
            Self::File(path) if path == Path::new("-") => from_stdin(),
            Self::File(path) => from_file(path),
        }
    }
}

fn from_file(path: &Path) -> Result<Secret> {
    let what = || format!("cannot use the secret file {}", path.display());
    let mut file = std::fs::File::open(path).map_err(|error| Failure::config(what(), error.to_string()))?;
    let meta = file.metadata().map_err(|error| Failure::config(what(), error.to_string()))?;
    if let Some(mode) = too_open(&meta) {
        return Err(Failure::config(what(), format!("its mode {mode:04o} lets others read it"))
            .hint(format!("chmod 600 {}", path.display())));
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| Failure::config(what(), error.to_string()))?;
    non_empty(&text).ok_or_else(|| Failure::config(what(), "it is empty"))
}

/// Reads one secret from standard input; on a terminal it is asked for without echo.
pub(crate) fn from_stdin() -> Result<Secret> {
    let what = "cannot read the secret from standard input";
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        text = rpassword::prompt_password("Secret: ").map_err(|e| Failure::usage(what, e.to_string()))?;
    } else {
        std::io::stdin().lock().read_to_string(&mut text).map_err(|e| Failure::usage(what, e.to_string()))?;
    }
    non_empty(&text).ok_or_else(|| Failure::usage(what, "it is empty"))
}

fn non_empty(text: &str) -> Option<Secret> {
    let text = text.trim();
    (!text.is_empty()).then(|| Secret::new(text))
}

/// The permission bits, if anybody but the owner may read or write.
#[cfg(unix)]
pub(crate) fn too_open(meta: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = meta.permissions().mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Access control of files is not expressed in modes here.
#[cfg(not(unix))]
pub(crate) fn too_open(_meta: &std::fs::Metadata) -> Option<u32> {
    None
}

/// Writes a file that only its owner can read, at once or not at all.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let what = || format!("cannot write {}", path.display());
    let io = |error: std::io::Error| {
        Failure::config(what(), error.to_string()).hint(
            "make the directory writable, or name another file with PENTAD_CONFIG; flags and variables need no file",
        )
    };
    let folder = path.parent().ok_or_else(|| Failure::config(what(), "it has no directory"))?;
    private_dir(folder).map_err(io)?;
    // A temporary file is born 0600; rename keeps that and replaces the old file in one step.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}

#[cfg(unix)]
fn private_dir(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_dir(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}
