//! Contents by their sum: what was downloaded once is there again, and two artifacts with one content share a file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pentad_core::{Error, ErrorKind, Result, Work};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::{Download, Saved};
use crate::artifact::Artifact;
use crate::blocking::blocking;
use crate::client::Client;
use crate::digest::{Sha256, sha256_of};
use crate::ops;

/// Downloads that are not whole yet.
const DRAFTS: &str = "drafts";

/// A folder of contents: `sha256/AB/ABCD…` holds them, `names/…` says which artifact has which.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Keeps contents below this folder, which is made when the first comes.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The content of an artifact as a file of the cache, downloaded if it is not there. The file is read-only and shared:
    /// copy it to change it. Contents do not change once they are there, so nothing is asked for what the cache has.
    ///
    /// # Errors
    /// Those of [`Artifact::save`].
    pub fn fetch(&self, artifact: &Artifact, download: Download) -> Work<PathBuf> {
        let (cache, preview) = (self.clone(), artifact.get_request());
        let (session, artifact) = (artifact.client().session().clone(), artifact.clone());
        Work::new(&session, &ops::BLOB_READ, preview, move |scope| {
            Box::pin(async move {
                let name = cache.name(artifact.client(), artifact.id());
                let (own, wanted) = (cache.clone(), name.clone());
                if let Some(path) = blocking(move || own.look_up(&wanted)).await? {
                    return Ok(path);
                }
                let drafts = cache.folder.join(DRAFTS);
                // The name is that of the artifact, so that a download that was cut off goes on.
                let draft = drafts.join(&Sha256::of(name.as_os_str().as_encoded_bytes())[..32]);
                blocking(move || fs::create_dir_all(&drafts).map_err(|error| failed(&drafts, error)))
                    .await??;
                let saved = super::file::save(artifact, draft, download.digest(true), scope).await?;
                blocking(move || cache.keep(&saved, &name)).await?
            })
        })
        .unlimited()
    }

    /// The content of an artifact, if it is there. Looks at the disk, as the next two do, and blocks meanwhile.
    pub fn find(&self, artifact: &Artifact) -> Option<PathBuf> {
        self.look_up(&self.name(artifact.client(), artifact.id()))
    }

    /// Whether a content still has its sum; one that has not is removed.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it cannot be read or removed.
    pub fn verify(&self, path: &Path) -> Result<bool> {
        let sum = fs::File::open(path).and_then(|mut file| sha256_of(&mut file, u64::MAX));
        let sum = sum.map_err(|error| failed(path, error))?.finish();
        let intact = path.file_name().is_some_and(|name| name == sum.as_str());
        if !intact {
            fs::remove_file(path).map_err(|error| failed(path, error))?;
        }
        Ok(intact)
    }

    /// Removes the contents that came first, and what is left of downloads that nobody goes on with, until the rest has at most `most` bytes; gives how many bytes went.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if the folder cannot be read or written.
    pub fn prune(&self, most: u64) -> Result<u64> {
        let pruned = || -> io::Result<u64> {
            let mut all = self.contents()?;
            all.sort();
            let mut size: u64 = all.iter().map(|content| content.1).sum();
            let before = size;
            for (_, bytes, path) in all {
                if size <= most {
                    break;
                }
                fs::remove_file(path)?;
                size -= bytes;
            }
            Ok(before - size)
        };
        pruned().map_err(|error| failed(&self.folder, error))
    }

    fn contents(&self) -> io::Result<Vec<(SystemTime, u64, PathBuf)>> {
        let mut all = Vec::new();
        let mut folders = vec![self.folder.join(DRAFTS)];
        for shelf in entries(&self.folder.join("sha256"))? {
            folders.push(shelf?.path());
        }
        for folder in folders {
            for file in entries(&folder)? {
                let file = file?;
                let facts = file.metadata()?;
                all.push((facts.modified()?, facts.len(), file.path()));
            }
        }
        all.retain(|(.., path)| !is_busy(path));
        Ok(all)
    }

    /// The file that names an artifact's content; platforms do not share names.
    fn name(&self, client: &Client, id: &str) -> PathBuf {
        let place = &Sha256::of(client.place().as_bytes())[..16];
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC).to_string();
        let id = if id.len() > 200 { Sha256::of(id.as_bytes()) } else { id };
        self.folder.join("names").join(format!("{place}-{id}"))
    }

    fn place(&self, sum: &str) -> PathBuf {
        self.folder.join("sha256").join(&sum[..2]).join(sum)
    }

    fn look_up(&self, name: &Path) -> Option<PathBuf> {
        let sum = fs::read_to_string(name).ok()?;
        let is_sum = sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = is_sum.then(|| self.place(&sum))?;
        path.is_file().then_some(path)
    }

    /// Puts a content in its place, then names it: a name never leads to half a content.
    fn keep(&self, saved: &Saved, name: &Path) -> Result<PathBuf> {
        let sum = saved.sha256.as_deref().unwrap_or_default();
        let (draft, path) = (&saved.path, self.place(sum));
        let kept = || -> io::Result<()> {
            for folder in [path.parent(), name.parent()].into_iter().flatten() {
                fs::create_dir_all(folder)?;
            }
            let mut rights = fs::metadata(draft)?.permissions();
            rights.set_readonly(true);
            fs::set_permissions(draft, rights)?;
            fs::rename(draft, &path)?;
            let beside = name.with_extension(Uuid::new_v4().simple().to_string());
            fs::write(&beside, sum)?;
            fs::rename(&beside, name)
        };
        kept().map_err(|error| failed(&path, error))?;
        Ok(path)
    }
}

/// What is in a folder; nothing in one that is not there.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// Whether a download goes on in this file.
fn is_busy(path: &Path) -> bool {
    let held = |file: fs::File| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock));
    fs::File::open(path).is_ok_and(held)
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("the cache cannot use {}", path.display())).with_source(error)
}
