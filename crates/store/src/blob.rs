//! Large bytes, beside the database.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::future::Future;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use pentad_disk::{Buffer, Buffers, Source, append_at};

use crate::error::{Result, StoreError, StoreErrorKind};
use crate::lock;
use crate::worker::Workers;

/// A boxed future of a [`Blobs`] operation.
pub type BlobFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Blobs by key: they grow at their end until they are sealed, and never change afterwards.
///
/// Keys are 1 to 128 of `A-Z a-z 0-9 - _ .`, not beginning with a dot. One writer per key at a time.
///
/// # Errors
/// `Statement` for a faulty key, `Io` if the disk fails, and those named at each operation.
pub trait Blobs: Debug + Send + Sync + 'static {
    /// Appends `bytes` if the blob is exactly `offset` bytes long, and gives its new length.
    ///
    /// The first append, at 0, creates the blob. What is answered is on disk at the configured durability.
    ///
    /// # Errors
    /// `Offset` (with [`StoreError::length`]) if the blob has another length or is sealed.
    /// # Retry
    /// After an unknown outcome, ask [`len`](Blobs::len) and go on from there.
    fn append<'a>(&'a self, key: &'a str, offset: u64, bytes: Bytes) -> BlobFuture<'a, u64>;

    /// Makes the blob immutable and gives its length; sealing twice is no error.
    ///
    /// # Errors
    /// `NotFound` if there is no such blob.
    fn seal<'a>(&'a self, key: &'a str) -> BlobFuture<'a, u64>;

    /// Reads up to `most` bytes from `offset`; fewer only at the end of the blob.
    ///
    /// # Errors
    /// `NotFound` if there is no such blob.
    fn read<'a>(&'a self, key: &'a str, offset: u64, most: usize) -> BlobFuture<'a, Bytes>;

    /// The length in bytes, of which all are on disk at the configured durability; `None` if there is no such blob.
    fn len<'a>(&'a self, key: &'a str) -> BlobFuture<'a, Option<u64>>;

    /// The keys of all blobs, in no order.
    fn keys(&self) -> BlobFuture<'_, Vec<String>>;

    /// Removes the blob; `false` if there was none.
    fn delete<'a>(&'a self, key: &'a str) -> BlobFuture<'a, bool>;

    /// Removes all blobs.
    fn clear(&self) -> BlobFuture<'_, ()>;
}

/// Memory in which blobs are read: pieces of this size come from buffers that are used again.
const PIECE: usize = 1 << 20;
/// So many of those are kept while nobody reads.
const BUFFERS: usize = 4;

/// Blobs as files of a directory: `KEY.part` while they grow, `KEY.blob` once sealed.
#[derive(Debug, Clone)]
pub(crate) struct DirBlobs {
    dir: Arc<Path>,
    /// Whether the answer waits for the disk.
    durable: bool,
    workers: Arc<Workers>,
    buffers: Arc<Mutex<Buffers>>,
}

impl DirBlobs {
    pub(crate) fn new(dir: &Path, durable: bool, workers: Arc<Workers>) -> Self {
        let buffers = Arc::new(Mutex::new(Buffers::new(PIECE, BUFFERS)));
        Self { dir: dir.into(), durable, workers, buffers }
    }

    /// The same in a directory below.
    pub(crate) fn below(&self, name: &str) -> Self {
        Self { dir: self.dir.join(name).into(), ..self.clone() }
    }

    fn run<'a, T: Send + 'static>(
        &'a self,
        key: &str,
        work: impl FnOnce(Files) -> Result<T> + Send + 'static,
    ) -> BlobFuture<'a, T> {
        let files = Files::new(self, key);
        Box::pin(async move {
            let files = files?;
            self.workers.run(move || work(files)).await
        })
    }
}

impl Blobs for DirBlobs {
    fn append<'a>(&'a self, key: &'a str, offset: u64, bytes: Bytes) -> BlobFuture<'a, u64> {
        self.run(key, move |files| files.append(offset, &bytes))
    }

    fn seal<'a>(&'a self, key: &'a str) -> BlobFuture<'a, u64> {
        self.run(key, |files| files.seal())
    }

    fn read<'a>(&'a self, key: &'a str, offset: u64, most: usize) -> BlobFuture<'a, Bytes> {
        let buffers = Arc::clone(&self.buffers);
        self.run(key, move |files| files.read(&buffers, offset, most))
    }

    fn len<'a>(&'a self, key: &'a str) -> BlobFuture<'a, Option<u64>> {
        self.run(key, |files| files.len())
    }

    fn delete<'a>(&'a self, key: &'a str) -> BlobFuture<'a, bool> {
        self.run(key, |files| files.delete())
    }

    fn keys(&self) -> BlobFuture<'_, Vec<String>> {
        let dir = Arc::clone(&self.dir);
        Box::pin(self.workers.run(move || {
            let entries = match fs::read_dir(&dir) {
                Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries.map_err(|e| failed("read", &dir, e))?,
            };
            let mut keys = Vec::new();
            for entry in entries {
                let name = entry.map_err(|e| failed("read", &dir, e))?.file_name();
                let key = name.to_str().and_then(|n| n.strip_suffix(".blob").or(n.strip_suffix(".part")));
                keys.extend(key.map(str::to_owned));
            }
            Ok(keys)
        }))
    }

    fn clear(&self) -> BlobFuture<'_, ()> {
        let dir = Arc::clone(&self.dir);
        Box::pin(self.workers.run(move || match fs::remove_dir_all(&dir) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(failed("remove", &dir, e)),
            _ => Ok(()),
        }))
    }
}

/// The files that one blob may be in.
struct Files {
    dir: Arc<Path>,
    key: String,
    part: PathBuf,
    sealed: PathBuf,
    durable: bool,
}

impl Files {
    fn new(blobs: &DirBlobs, key: &str) -> Result<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if key.is_empty() || key.len() > 128 || key.starts_with('.') || !key.bytes().all(allowed) {
            return Err(StoreError::new(
                StoreErrorKind::Statement,
                format!("{key:?} cannot be the key of a blob"),
            ));
        }
        Ok(Self {
            dir: Arc::clone(&blobs.dir),
            key: key.to_owned(),
            part: blobs.dir.join(format!("{key}.part")),
            sealed: blobs.dir.join(format!("{key}.blob")),
            durable: blobs.durable,
        })
    }

    fn append(&self, offset: u64, bytes: &[u8]) -> Result<u64> {
        if let Some(length) = length_of(&self.sealed)? {
            return Err(StoreError::offset(&self.key, length));
        }
        let length = length_of(&self.part)?;
        if length.unwrap_or(0) != offset {
            return Err(StoreError::offset(&self.key, length.unwrap_or(0)));
        }
        if length.is_none() && !self.dir.is_dir() {
            lock::create(&self.dir)?;
            // The directory must not be lost either, nor the one of all services that may be new with it.
            for above in self.dir.ancestors().skip(1).take(2) {
                self.sync_entries(above)?;
            }
        }
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&self.part);
        let mut file = file.map_err(|e| failed("open", &self.part, e))?;
        let written = append_at(&mut file, bytes, offset).and_then(|()| self.sync(&file));
        if let Err(error) = written {
            // What nobody was told about must not count.
            let _ = file.set_len(offset);
            return Err(failed("write", &self.part, error));
        }
        if length.is_none() {
            self.sync_dir()?;
        }
        Ok(offset + bytes.len() as u64)
    }

    fn seal(&self) -> Result<u64> {
        if let Some(length) = length_of(&self.sealed)? {
            return Ok(length);
        }
        let length = self.len()?.ok_or_else(|| self.absent())?;
        fs::rename(&self.part, &self.sealed).map_err(|e| failed("rename", &self.part, e))?;
        self.sync_dir()?;
        Ok(length)
    }

    fn read(&self, buffers: &Mutex<Buffers>, offset: u64, most: usize) -> Result<Bytes> {
        let source = match Source::open(&self.sealed) {
            Err(e) if e.kind() == ErrorKind::NotFound => Source::open(&self.part),
            opened => opened,
        };
        let mut source = source.map_err(|e| match e.kind() {
            ErrorKind::NotFound => self.absent(),
            _ => failed("open", &self.part, e),
        })?;
        let there = usize::try_from(source.size().saturating_sub(offset)).unwrap_or(usize::MAX);
        let most = most.min(there);
        let lock = || buffers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_whole = most == PIECE;
        let mut buffer = if is_whole { lock().take() } else { Buffer::new(most) };
        let read = source.read_at(&mut buffer, offset, most);
        let bytes = if is_whole { lock().lend(buffer, most) } else { buffer.into_bytes(most) };
        match read {
            Ok(read) if read == most => Ok(bytes),
            Ok(_) => Err(failed("read", &self.part, ErrorKind::UnexpectedEof.into())),
            Err(e) => Err(failed("read", &self.part, e)),
        }
    }

    /// A crash may have left bytes that were written and not yet synced: they count once they are on disk.
    fn len(&self) -> Result<Option<u64>> {
        if let Some(length) = length_of(&self.sealed)? {
            return Ok(Some(length));
        }
        let Some(length) = length_of(&self.part)? else { return Ok(None) };
        let synced = File::open(&self.part).and_then(|file| self.sync(&file));
        synced.map_err(|e| failed("sync", &self.part, e))?;
        Ok(Some(length))
    }

    fn delete(&self) -> Result<bool> {
        let mut deleted = false;
        for file in [&self.part, &self.sealed] {
            match fs::remove_file(file) {
                Ok(()) => deleted = true,
                Err(e) if e.kind() == ErrorKind::NotFound => {}
                Err(e) => return Err(failed("remove", file, e)),
            }
        }
        if deleted {
            self.sync_dir()?;
        }
        Ok(deleted)
    }

    fn sync(&self, file: &File) -> std::io::Result<()> {
        if self.durable { file.sync_data() } else { Ok(()) }
    }

    fn sync_dir(&self) -> Result<()> {
        self.sync_entries(&self.dir)
    }

    fn sync_entries(&self, dir: &Path) -> Result<()> {
        if !self.durable {
            return Ok(());
        }
        File::open(dir).and_then(|open| open.sync_all()).map_err(|e| failed("sync", dir, e))
    }

    fn absent(&self) -> StoreError {
        StoreError::new(StoreErrorKind::NotFound, format!("there is no blob \"{}\"", self.key))
    }
}

fn length_of(file: &Path) -> Result<Option<u64>> {
    match fs::metadata(file) {
        Ok(metadata) => Ok(Some(metadata.len())),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed("read", file, e)),
    }
}

fn failed(doing: &str, file: &Path, error: std::io::Error) -> StoreError {
    StoreError::io(format!("{doing} {}", file.display()), error)
}
