//! The directories that orders work in.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// Precedes the id of the server's process in the name of its directory.
const PREFIX: &str = "pentad-orders-";
/// So many levels of directories are counted; what is deeper counts as too much.
const DEEPEST: usize = 64;

/// The directory that holds those of all orders of this process, until it ends.
#[derive(Debug)]
pub(super) struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes the directory, and removes those that dead servers left behind.
    pub(super) fn make(place: Option<&Path>) -> io::Result<Self> {
        let place = place.map_or_else(std::env::temp_dir, Path::to_owned);
        sweep(&place);
        let mut builder = tempfile::Builder::new();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        // Others may pass through, not look around.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o711);
        builder.prefix(&prefix).permissions(mode);
        Ok(Self(builder.tempdir_in(place)?))
    }
}

fn sweep(place: &Path) {
    let own = rustix::process::geteuid().as_raw();
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let pid = rest.split('-').next().unwrap_or_default();
        let lives = Path::new("/proc").join(pid).exists() || !Path::new("/proc/self").exists();
        let is_own = entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == own);
        if is_own && !lives && !pid.is_empty() {
            // Another server may be doing the same.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The directory of one order, removed with the value.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Who its files belong to, if not the server.
    user: Option<u32>,
}

impl Folder {
    /// Makes the directories of an order; what is asked of it is in the file `request`.
    pub(super) fn make(scratch: &Scratch, user: Option<u32>, request: &[u8]) -> io::Result<Self> {
        let folder = Self { root: scratch.0.path().join(Uuid::new_v4().simple().to_string()), user };
        DirBuilder::new().mode(0o711).create(&folder.root)?;
        for dir in [folder.work(), folder.input(), folder.output(), folder.temporary()] {
            DirBuilder::new().mode(0o700).create(&dir)?;
            folder.hand_over(&dir)?;
        }
        fs::write(folder.request(), request)?;
        folder.hand_over(&folder.request())?;
        Ok(folder)
    }

    fn hand_over(&self, path: &Path) -> io::Result<()> {
        match self.user {
            Some(user) => chown(path, Some(user), Some(user)),
            None => Ok(()),
        }
    }

    /// Where it starts.
    pub(super) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    pub(super) fn input(&self) -> PathBuf {
        self.work().join("in")
    }

    /// What is here at the end becomes artifacts.
    pub(super) fn output(&self) -> PathBuf {
        self.work().join("out")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.work().join("tmp")
    }

    pub(super) fn request(&self) -> PathBuf {
        self.input().join("request.json")
    }

    /// What is in this file at the end is the result.
    pub(super) fn result(&self) -> PathBuf {
        self.work().join("result")
    }

    /// The bytes on the disk and the files in it, as far as they can be counted. Nobody waits for a file to appear or
    /// stay while this runs.
    pub(super) fn taken(&self) -> (u64, u64) {
        taken(&self.work(), DEEPEST)
    }

    /// The files of the output that are the order's own, with their names below it, not many more than `most`, and the bytes
    /// that reading them all gives: holes take no room here, but where they are copied to. Links are no files.
    pub(super) fn products(&self, most: usize) -> io::Result<(Vec<(String, PathBuf)>, u64)> {
        let (mut found, mut bytes) = (Vec::new(), 0_u64);
        let mut dirs = vec![(String::new(), self.output(), DEEPEST)];
        while let Some((prefix, dir, depth)) = dirs.pop() {
            for entry in fs::read_dir(dir)? {
                let entry = entry?;
                let metadata = fs::symlink_metadata(entry.path())?;
                let is_own = self.user.is_none_or(|user| metadata.uid() == user);
                let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                if metadata.is_dir() && depth > 0 {
                    dirs.push((format!("{name}/"), entry.path(), depth - 1));
                } else if metadata.is_file() && is_own {
                    found.push((name, entry.path()));
                    bytes = bytes.saturating_add(metadata.len());
                }
                if found.len() > most {
                    return Ok((found, bytes));
                }
            }
        }
        found.sort();
        Ok((found, bytes))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.root) {
            tracing::warn!(%error, "the directory of an order could not be removed");
        }
    }
}

fn taken(dir: &Path, depth: usize) -> (u64, u64) {
    if depth == 0 {
        return (u64::MAX, u64::MAX);
    }
    let (mut bytes, mut files) = (0_u64, 0_u64);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let Ok(metadata) = fs::symlink_metadata(entry.path()) else { continue };
        bytes = bytes.saturating_add(metadata.blocks() * 512);
        files = files.saturating_add(1);
        if metadata.is_dir() {
            let below = taken(&entry.path(), depth - 1);
            (bytes, files) = (bytes.saturating_add(below.0), files.saturating_add(below.1));
        }
    }
    (bytes, files)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_order_hands_over_its_own_files_and_no_others() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::make(Some(place.path())).unwrap();
        let folder = Folder::make(&scratch, None, b"{}").unwrap();
        fs::create_dir(folder.output().join("sub")).unwrap();
        fs::write(folder.output().join("sub/b.txt"), "b").unwrap();
        fs::write(folder.output().join("a.txt"), "a").unwrap();
        symlink("/etc/passwd", folder.output().join("link")).unwrap();
        symlink("/etc", folder.output().join("dir")).unwrap();
        fs::File::create(folder.output().join("hole")).unwrap().set_len(1 << 40).unwrap();
        let (files, bytes) = folder.products(10).unwrap();
        let names: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a.txt", "hole", "sub/b.txt"]);
        assert_eq!(bytes, (1 << 40) + 2);
        assert_eq!(folder.products(1).unwrap().0.len(), 2, "one more tells that there are more");
        let root = folder.root.clone();
        drop(folder);
        assert!(!root.exists());
    }

    #[test]
    fn what_is_taken_is_counted_without_following_links() {
        let place = tempfile::tempdir().unwrap();
        let scratch = Scratch::make(Some(place.path())).unwrap();
        let folder = Folder::make(&scratch, None, b"{}").unwrap();
        symlink("/", folder.output().join("everything")).unwrap();
        let (before, files) = folder.taken();
        fs::write(folder.output().join("big"), vec![1; 1 << 20]).unwrap();
        let (after, more) = folder.taken();
        assert!(after >= before + (1 << 20) && more == files + 1 && files < 10);
    }
}
