//! A content in a file: written beside it, and put in its place when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use pentad_core::message::ByteStream;
use pentad_core::work::{Event, Scope};
use pentad_core::{Error, ErrorKind, Result, Sent};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Download, Saved, ready, stream};
use crate::artifact::{Artifact, Blob};
use crate::digest::{Sha256, sha256_of};

/// Pieces that wait to be written.
const WAITING: usize = 8;

pub(super) async fn save(
    artifact: Artifact,
    path: PathBuf,
    download: Download,
    scope: Scope,
) -> Result<Saved> {
    if !download.overwrite && path.exists() {
        return Err(Error::new(ErrorKind::Conflict, format!("{} exists already", path.display())));
    }
    if download.range.is_some() || download.from > 0 {
        return Err(Error::invalid("range", "a file is saved whole; read a part as a stream"));
    }
    let record = ready(&artifact, &scope).await?;
    let part = part_of(&path, &record.id, record.etag.as_deref())?;
    let keep = if download.resume { record.size } else { Some(0) };
    let beside = part.clone();
    let (file, sum, resumed_at) = blocking(move || begin(&beside, keep)).await?;
    let blob = Blob::of(&artifact.client, &record)?;
    let place =
        stream::Place { client: artifact.client, blob, start: resumed_at, end: None, whole: record.size };
    tell(&scope, resumed_at, record.size);
    let opened = stream::open(place, &download, scope.clone()).await?;
    let (bytes, sha256) = write(opened.stream, writer(file, sum), resumed_at, |done| {
        tell(&scope, done, record.size);
    })
    .await?;
    if let Some(promised) = download.sha256.filter(|promised| *promised != sha256) {
        remove(&part).await;
        let message = format!("the content has SHA-256 {sha256}, not {promised}");
        return Err(Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered));
    }
    let place = path.clone();
    blocking(move || put(&part, &place)).await?;
    Ok(Saved { path, bytes, resumed_at, sha256 })
}

fn tell(scope: &Scope, done: u64, total: Option<u64>) {
    let event = Event::new("downloading").done(done);
    scope.progress(total.into_iter().fold(event, Event::total));
}

/// Writes what arrives; gives size and sum of the whole. What has arrived before a failure stays for the next time.
async fn write(
    mut stream: ByteStream,
    (pieces, writer): Writer,
    mut bytes: u64,
    tell: impl Fn(u64),
) -> Result<(u64, String)> {
    let mut failure = None;
    while let Some(piece) = stream.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => {
                failure = Some(error);
                break;
            }
        };
        bytes += piece.len() as u64;
        tell(bytes);
        if pieces.send(piece).await.is_err() {
            break;
        }
    }
    drop(pieces);
    let written = finish(writer).await;
    failure.map_or(Ok(()), Err)?;
    Ok((bytes, written?))
}

/// The file beside: its name tells artifact and mark, so that nothing else goes on in it.
fn part_of(path: &Path, id: &str, etag: Option<&str>) -> Result<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| Error::invalid("path", format!("{} names no file", path.display())))?;
    let identity = Sha256::of(format!("{id}\n{}", etag.unwrap_or_default()).as_bytes());
    Ok(path.with_file_name(format!(".{name}.{}.part", &identity[..16])))
}

/// Opens the part; what is in it counts if the whole is at least as large.
fn begin(part: &Path, keep: Option<u64>) -> io::Result<(File, Sha256, u64)> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(part)?;
    file.try_lock()
        .map_err(|_| io::Error::new(io::ErrorKind::ResourceBusy, "another process downloads it"))?;
    let there = file.metadata()?.len();
    let keep = if keep.is_none_or(|most| there <= most) { there } else { 0 };
    file.set_len(keep)?;
    let sum = sha256_of(&mut file, keep)?;
    file.seek(SeekFrom::Start(keep))?;
    Ok((file, sum, keep))
}

type Writer = (mpsc::Sender<Bytes>, JoinHandle<io::Result<String>>);

/// A thread that writes and sums what it is given.
fn writer(mut file: File, mut sum: Sha256) -> Writer {
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(WAITING);
    let writer = tokio::task::spawn_blocking(move || {
        while let Some(piece) = waiting.blocking_recv() {
            file.write_all(&piece)?;
            sum.update(&piece);
        }
        file.sync_all()?;
        Ok(sum.finish())
    });
    (pieces, writer)
}

async fn finish(writer: JoinHandle<io::Result<String>>) -> Result<String> {
    match writer.await {
        Ok(done) => done.map_err(unwritable),
        Err(stopped) => Err(Error::new(ErrorKind::Unexpected, "writing was stopped").with_source(stopped)),
    }
}

fn put(part: &Path, path: &Path) -> io::Result<()> {
    fs::rename(part, path)?;
    // The name is on disk when its folder is.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

async fn remove(part: &Path) {
    let part = part.to_owned();
    // What cannot be removed is overwritten the next time.
    let _ = blocking(move || fs::remove_file(part)).await;
}

fn unwritable(error: io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("the file cannot be written: {}", error.kind())).with_source(error)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(unwritable),
        Err(stopped) => Err(Error::new(ErrorKind::Unexpected, "writing was stopped").with_source(stopped)),
    }
}
