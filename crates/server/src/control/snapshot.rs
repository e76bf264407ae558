//! Named copies of all data in `DIR/snapshots`, and the way back to one.

use std::path::PathBuf;

use http::StatusCode;
use pentad_store::{StoreError, StoreErrorKind};
use serde_json::{Value, json};

use super::{Answer, Refusal, done, problem};
use crate::private_file;
use crate::shell::Shell;

const CREDENTIALS: &str = "credentials.json";

/// The directory of all snapshots.
fn home(shell: &Shell) -> Result<PathBuf, Refusal> {
    let dir = shell.engine.dir();
    let dir = dir.ok_or_else(|| problem(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping"))?;
    Ok(dir.join("snapshots"))
}

/// A name that is one plain file name.
fn place(shell: &Shell, name: &str) -> Result<PathBuf, Refusal> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.bytes().all(plain) {
        let why = "name: 1 to 64 letters, digits, `-`, `_` and `.`, not beginning with a dot";
        return Err(problem(StatusCode::BAD_REQUEST, why));
    }
    Ok(home(shell)?.join(name))
}

pub(super) fn list(shell: &Shell) -> Answer {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(home(shell)?).into_iter().flatten().flatten() {
        if entry.path().is_dir()
            && let Ok(name) = entry.file_name().into_string()
        {
            names.push(name);
        }
    }
    names.sort();
    done(&json!({"snapshots": names}))
}

/// Copies everything of one moment.
pub(super) async fn make(shell: &Shell, name: &str) -> Answer {
    let to = place(shell, name)?;
    private_file::make_dir(&home(shell)?)
        .map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    let mut left_out = serde_json::Map::new();
    for service in &shell.services {
        if let Some(what) = service.beside_snapshots().await {
            left_out.insert(service.name().to_owned(), what.into());
        }
    }
    shell.engine.snapshot(&to).await.map_err(refused)?;
    // With the credentials the copy is a data directory as good as this one.
    if let Some(dir) = shell.engine.dir() {
        let copied = private_file::read(&dir.join(CREDENTIALS)).and_then(|text| {
            text.map_or(Ok(()), |text| private_file::write(&to.join(CREDENTIALS), text.as_bytes()))
        });
        copied.map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    }
    let mut told = json!({"snapshot": name, "dir": to.display().to_string()});
    if !left_out.is_empty() {
        told["left_out"] = left_out.into();
    }
    done(&told)
}

/// Puts a snapshot in the place of everything. Clock, faults and log stay as they are.
pub(super) async fn restore(shell: &Shell, name: &str) -> Answer {
    let from = place(shell, name)?;
    if !from.is_dir() {
        return Err(absent(name));
    }
    shell.engine.restore(&from).await.map_err(refused)?;
    for service in &shell.services {
        service.restored().await.map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    }
    done(&json!({"restored": name}))
}

pub(super) fn remove(shell: &Shell, name: &str) -> Answer {
    match std::fs::remove_dir_all(place(shell, name)?) {
        Ok(()) => done(&json!({"removed": name})),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(absent(name)),
        Err(error) => Err(problem(StatusCode::INTERNAL_SERVER_ERROR, error)),
    }
}

fn absent(name: &str) -> Refusal {
    problem(StatusCode::NOT_FOUND, format!("there is no snapshot {}", Value::from(name)))
}

fn refused(error: StoreError) -> Refusal {
    let status = match error.kind() {
        StoreErrorKind::Conflict => StatusCode::CONFLICT,
        StoreErrorKind::NotFound => StatusCode::NOT_FOUND,
        // Of another key or program, or tables that are not in files.
        StoreErrorKind::Config | StoreErrorKind::Newer => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    problem(status, error)
}
