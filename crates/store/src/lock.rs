//! The data directory: held by one process at a time; temporary ones vanish with theirs.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Result, StoreError, StoreErrorKind};

const LOCK: &str = "lock";
const TEMPORARY: &str = "pentad-memory-";

/// A directory that this process holds until the value is dropped.
#[derive(Debug)]
pub(crate) struct Home {
    dir: PathBuf,
    temporary: bool,
    /// The lock is the kernel's: it ends with the process, however that ends.
    _lock: File,
}

impl Home {
    /// Creates `dir` if need be and locks it.
    pub(crate) fn claim(dir: &Path) -> Result<Self> {
        create(dir)?;
        let lock = lock(&dir.join(LOCK), dir)?;
        Ok(Self { dir: dir.to_owned(), temporary: false, _lock: lock })
    }

    /// Makes a private directory in memory where there is one, and removes those of dead processes.
    pub(crate) fn temporary() -> Result<Self> {
        let shm = Path::new("/dev/shm");
        Self::temporary_in(shm).or_else(|_| Self::temporary_in(&std::env::temp_dir()))
    }

    pub(crate) fn temporary_in(base: &Path) -> Result<Self> {
        sweep(base);
        // Locked under a name that nobody sweeps, then renamed: no process can take it for a leftover.
        let made = tempfile::Builder::new()
            .prefix(".pentad-new-")
            .tempdir_in(base)
            .map_err(|e| StoreError::io(format!("create a directory in {}", base.display()), e))?;
        let held = lock(&made.path().join(LOCK), made.path())?;
        let name =
            made.path().file_name().unwrap_or_default().to_string_lossy().replace(".pentad-new-", TEMPORARY);
        let dir = base.join(name);
        fs::rename(made.path(), &dir).map_err(|e| StoreError::io(format!("create {}", dir.display()), e))?;
        // The guard's path is gone: it must not try to remove it.
        let _ = made.keep();
        Ok(Self { dir, temporary: true, _lock: held })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.temporary
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = fs::remove_dir_all(&self.dir)
        {
            tracing::warn!(%error, dir = %self.dir.display(), "a temporary directory could not be removed");
        }
    }
}

/// Creates a directory that only its owner may enter.
pub(crate) fn create(dir: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| StoreError::io(format!("create {}", dir.display()), e))
}

fn lock(file: &Path, dir: &Path) -> Result<File> {
    let failed = |e| StoreError::io(format!("lock {}", dir.display()), e);
    let mut held = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(file)
        .map_err(failed)?;
    match held.try_lock() {
        Ok(()) => {}
        Err(TryLockError::Error(error)) => return Err(failed(error)),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = held.read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => "another process".to_owned(),
                pid => format!("process {pid}"),
            };
            let what = format!("{holder} holds the data directory {}", dir.display());
            return Err(StoreError::new(StoreErrorKind::Locked, what));
        }
    }
    held.set_len(0).and_then(|()| held.rewind()).map_err(failed)?;
    writeln!(held, "{}", std::process::id()).map_err(failed)?;
    Ok(held)
}

/// Removes temporary directories whose lock nobody holds any more.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            continue;
        }
        // Not ours to open: belongs to another user, or is being removed just now.
        let Ok(lock) = OpenOptions::new().read(true).write(true).open(entry.path().join(LOCK)) else {
            continue;
        };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_of_dead_processes_are_removed_and_living_ones_stay() {
        let base = tempfile::tempdir().unwrap();
        let living = Home::temporary_in(base.path()).unwrap();
        let dead = base.path().join("pentad-memory-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join(LOCK), "1").unwrap();
        let other = Home::temporary_in(base.path()).unwrap();
        assert!(living.dir().exists());
        assert!(!dead.exists());
        let dir = other.dir().to_owned();
        drop(other);
        assert!(!dir.exists());
    }

    #[test]
    fn second_holder_is_refused_and_told_who_holds_the_directory() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("data");
        let first = Home::claim(&dir).unwrap();
        let error = Home::claim(&dir).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Locked);
        assert!(error.message().contains(&format!("process {}", std::process::id())), "{error}");
        drop(first);
        Home::claim(&dir).unwrap();
    }
}
