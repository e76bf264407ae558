//! Folders of clusters: copied, measured and removed on threads that may block.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::programs::Programs;

/// Does what blocks, on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Copies a folder into another and gives all of it away; the lock of a server that ran there stays behind.
pub(super) async fn copy(from: PathBuf, to: PathBuf, programs: Programs) -> io::Result<()> {
    blocking(move || {
        copy_into(&from, &to)?;
        programs.give_all(&to)
    })
    .await
}

fn copy_into(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_into(&entry.path(), &target)?;
        } else if entry.file_name() != super::process::LOCK {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Removes a folder; one that is not there is removed.
pub(super) async fn remove(folder: PathBuf) -> io::Result<()> {
    blocking(move || match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    })
    .await
}

/// Removes what is in a folder.
pub(super) async fn remove_within(folder: PathBuf) -> io::Result<()> {
    blocking(move || {
        for entry in std::fs::read_dir(&folder)? {
            std::fs::remove_dir_all(entry?.path())?;
        }
        Ok(())
    })
    .await
}

/// Removes the folders that nobody came to an end with.
pub(super) async fn remove_left_over(folder: PathBuf) -> io::Result<()> {
    blocking(move || {
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(super::cluster::is_left_over) {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    })
    .await
}

/// The bytes that a folder takes.
pub(super) async fn size(folder: PathBuf) -> io::Result<u64> {
    blocking(move || Ok(size_of(&folder))).await
}

fn size_of(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}

/// A part of a file: at most `most` bytes from `start` on, and how long the whole is.
pub(super) async fn part(path: PathBuf, start: u64, most: u64) -> io::Result<(Vec<u8>, u64)> {
    blocking(move || {
        let mut file = File::open(&path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(start.min(length)))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok((bytes, length))
    })
    .await
}
