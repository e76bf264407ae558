//! Unfinished uploads on disk, so that another process can go on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use pentad_core::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::digest::Sha256;
use crate::model;

/// What tells a file from a changed one: size, time of change, place on disk, and the sum of its ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub(super) size: u64,
    modified_ns: i128,
    inode: u64,
    ends: String,
}

/// How much of each end of a file goes into its fingerprint.
const END: u64 = 64 * 1024;

/// The size of a regular file. Opening what is none may wait for somebody, or end who writes into it.
pub(super) fn size_of(path: &Path) -> io::Result<u64> {
    regular(path).map(|facts| facts.len())
}

fn regular(path: &Path) -> io::Result<fs::Metadata> {
    let facts = fs::metadata(path)?;
    if facts.is_file() {
        return Ok(facts);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"))
}

impl Fingerprint {
    /// Looks at a file.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let facts = regular(path)?;
        let mut file = File::open(path)?;
        let size = facts.len();
        let mut ends = Vec::new();
        Read::by_ref(&mut file).take(END).read_to_end(&mut ends)?;
        file.seek(SeekFrom::Start(size.saturating_sub(END)))?;
        file.take(END).read_to_end(&mut ends)?;
        Ok(Self { size, modified_ns: modified(&facts), inode: inode(&facts), ends: Sha256::of(&ends) })
    }
}

fn modified(facts: &fs::Metadata) -> i128 {
    let since = facts.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i128::try_from(since.as_nanos()).ok()).unwrap_or_default()
}

#[cfg(unix)]
fn inode(facts: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(facts)
}

#[cfg(not(unix))]
const fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// An unfinished upload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    version: u32,
    artifact: String,
    blob: Option<String>,
    fingerprint: Fingerprint,
}

/// The form of the file; another one is not read.
const FORM: u32 = 1;

impl Kept {
    pub(super) fn new(artifact: &str, blob: Option<&str>, fingerprint: Fingerprint) -> Self {
        let (artifact, blob) = (artifact.to_owned(), blob.map(str::to_owned));
        Self { version: FORM, artifact, blob, fingerprint }
    }

    pub(super) fn artifact(&self) -> &str {
        &self.artifact
    }

    pub(super) fn fits(&self, fingerprint: &Fingerprint) -> bool {
        self.version == FORM && self.fingerprint == *fingerprint
    }

    /// Puts the address of the content into a record that does not say it.
    pub(super) fn restore(&self, record: &mut model::Artifact) {
        record.data_href.clone_from(&self.blob);
    }
}

/// The file of one upload, held against other processes that upload the same.
pub(super) struct Store {
    path: PathBuf,
    lock: PathBuf,
    /// Held until the upload ends; a process that dies gives it up.
    _held: File,
}

impl Store {
    /// Takes the file of an upload.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) while another process has it; [`Config`](ErrorKind::Config) if the folder cannot be
    /// written.
    pub(super) fn open(folder: &Path, identity: &str) -> Result<Self> {
        let name = Sha256::of(identity.as_bytes());
        let path = folder.join(format!("{}.json", &name[..32]));
        let lock = path.with_extension("lock");
        make(folder).map_err(|error| failed(folder, error))?;
        loop {
            let held = private(&lock).map_err(|error| failed(folder, error))?;
            match held.try_lock() {
                Ok(()) if is_at(&held, &lock) => return Ok(Self { path, lock, _held: held }),
                // Whoever had it has removed it meanwhile: a lock on what nobody else finds is none.
                Ok(()) => {}
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(Error::new(
                        ErrorKind::Conflict,
                        "another process is uploading the same file",
                    ));
                }
                Err(fs::TryLockError::Error(error)) => return Err(failed(folder, error)),
            }
        }
    }

    /// What an earlier process left; a damaged file is as good as none.
    pub(super) fn load(&self) -> Option<Kept> {
        serde_json::from_slice(&fs::read(&self.path).ok()?).ok()
    }

    /// Keeps an upload: written beside the old file, which it then replaces.
    pub(super) fn save(&self, kept: &Kept) -> Result<()> {
        let draft = self.path.with_extension("tmp");
        let text = serde_json::to_vec(kept).unwrap_or_default();
        let _ = fs::remove_file(&draft);
        private(&draft)
            .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&draft, &self.path))
            .map_err(|error| failed(&self.path, error))
    }

    /// Forgets the upload.
    pub(super) fn forget(&self) -> Result<()> {
        let gone = |path: &Path| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, error)),
            _ => Ok(()),
        };
        gone(&self.path)?;
        gone(&self.lock)
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    let message = format!("the unfinished upload cannot be kept in {}", path.display());
    Error::new(ErrorKind::Config, message).with_source(error)
}

/// Whether an open file is the one that has this name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |facts: io::Result<fs::Metadata>| facts.ok().map(|facts| (facts.dev(), facts.ino()));
    place(file.metadata()).is_some_and(|own| place(fs::metadata(path)) == Some(own))
}

/// Elsewhere an open file cannot be removed.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A file that only its owner can read.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
