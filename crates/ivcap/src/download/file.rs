//! A content in a file: written beside it, and put in its place when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use pentad_core::message::ByteStream;
use pentad_core::work::Scope;
use pentad_core::{Error, ErrorKind, Result, Sent};
use pentad_disk::Sink;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Download, Saved, ready, stream, tell};
use crate::artifact::{Artifact, Blob};
use crate::blocking::blocking;
use crate::digest::{Sha256, sha256_of};

/// Pieces that wait to be written.
const WAITING: usize = 8;
/// Characters of a file's name in that of its part.
const SHOWN: usize = 40;

pub(super) async fn save(
    artifact: Artifact,
    path: PathBuf,
    download: Download,
    scope: Scope,
) -> Result<Saved> {
    if download.range.is_some() || download.from > 0 {
        return Err(Error::invalid("range", "a file is saved whole; read a part as a stream"));
    }
    if !download.overwrite {
        absent(&path).await?;
    }
    let record = ready(&artifact, &scope).await?;
    let part = part_of(&path, &record.id, record.etag.as_deref())?;
    let keep = if download.resume { record.size } else { Some(0) };
    let (beside, summed) = (part.clone(), download.digest || download.sha256.is_some());
    let (file, sum, resumed_at) = blocking(move || begin(&beside, keep, summed)).await??;
    let blob = Blob::of(&artifact.client, &record)?;
    let place =
        stream::Place { client: artifact.client, blob, start: resumed_at, end: None, whole: record.size };
    tell(&scope, resumed_at, record.size);
    let opened = stream::open(place, &download, scope.clone()).await?;
    let rest = record.size.map(|size| size.saturating_sub(resumed_at));
    let sink = blocking(move || Sink::new(file, resumed_at, rest)).await?.map_err(unwritable)?;
    let (bytes, sha256) = write(opened.stream, writer(sink, sum), resumed_at, |done| {
        tell(&scope, done, record.size);
    })
    .await?;
    if let (Some(promised), Some(found)) = (&download.sha256, &sha256)
        && promised != found
    {
        // What cannot be removed is overwritten the next time.
        let _ = blocking(move || fs::remove_file(part)).await?;
        let message = format!("the content has SHA-256 {found}, not {promised}");
        return Err(Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered));
    }
    let place = path.clone();
    blocking(move || put(&part, &place)).await?.map_err(unwritable)?;
    Ok(Saved { path, bytes, resumed_at, sha256 })
}

async fn absent(path: &Path) -> Result<()> {
    let wanted = path.to_owned();
    if blocking(move || wanted.exists()).await? {
        return Err(Error::new(ErrorKind::Conflict, format!("{} exists already", path.display())));
    }
    Ok(())
}

/// Writes what arrives; gives size and sum of the whole. What has arrived before a failure stays for the next time.
async fn write(
    mut stream: ByteStream,
    (pieces, writer): Writer,
    mut bytes: u64,
    tell: impl Fn(u64),
) -> Result<(u64, Option<String>)> {
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

/// The file beside: its name tells file, artifact and mark, so that nothing else goes on in it. Of a long name only the
/// beginning is in it.
fn part_of(path: &Path, id: &str, etag: Option<&str>) -> Result<PathBuf> {
    let name = path.file_name();
    let name = name.ok_or_else(|| Error::invalid("path", format!("{} names no file", path.display())))?;
    let mut identity = format!("{id}\n{}\n", etag.unwrap_or_default()).into_bytes();
    identity.extend_from_slice(name.as_encoded_bytes());
    let shown: String = name.to_string_lossy().chars().take(SHOWN).collect();
    Ok(path.with_file_name(format!(".{shown}.{}.part", &Sha256::of(&identity)[..16])))
}

/// Opens the part; what is in it counts if the whole is at least as large.
fn begin(part: &Path, keep: Option<u64>, summed: bool) -> Result<(File, Option<Sha256>, u64)> {
    let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(part);
    let mut file = options.map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            return Err(Error::new(ErrorKind::Conflict, "another process is downloading the same file"));
        }
        Err(fs::TryLockError::Error(error)) => return Err(unwritable(error)),
    }
    let mut ready = || {
        let there = file.metadata()?.len();
        let keep = if keep.is_none_or(|most| there <= most) { there } else { 0 };
        file.set_len(keep)?;
        let sum = if summed { Some(sha256_of(&mut file, keep)?) } else { None };
        Ok((sum, keep))
    };
    let (sum, keep) = ready().map_err(unwritable)?;
    Ok((file, sum, keep))
}

type Writer = (mpsc::Sender<Bytes>, JoinHandle<io::Result<Option<String>>>);

/// A thread that writes, and sums if that is wanted, what it is given.
fn writer(mut sink: Sink, mut sum: Option<Sha256>) -> Writer {
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(WAITING);
    let writer = tokio::task::spawn_blocking(move || {
        while let Some(piece) = waiting.blocking_recv() {
            sink.write(&piece)?;
            if let Some(sum) = &mut sum {
                sum.update(&piece);
            }
        }
        sink.finish()?.sync_all()?;
        Ok(sum.map(Sha256::finish))
    });
    (pieces, writer)
}

async fn finish(writer: JoinHandle<io::Result<Option<String>>>) -> Result<Option<String>> {
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

fn unwritable(error: io::Error) -> Error {
    Error::new(ErrorKind::Config, format!("the file cannot be written: {}", error.kind())).with_source(error)
}
