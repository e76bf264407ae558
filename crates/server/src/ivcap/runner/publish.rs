//! Files that an order leaves behind become artifacts.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::provenance;
use super::task::Assignment;
use crate::ivcap::auth::policy;
use crate::ivcap::core::Core;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::model::{Artifact, State, blob_key};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::urn::{self, Kind};

/// Read at once.
const PIECE: usize = 2 << 20;
/// Artifacts of one order.
pub(super) const MOST: usize = 1000;
/// Bytes of the name of an artifact.
pub(super) const LONGEST: usize = 1000;

/// Media types by the end of a name.
const TYPES: [(&str, &str); 24] = [
    (".tar.gz", "application/x-tar"),
    (".geojson", "application/geo+json"),
    (".json", "application/json"),
    (".csv", "text/csv"),
    (".txt", "text/plain"),
    (".log", "text/plain"),
    (".md", "text/markdown"),
    (".html", "text/html"),
    (".xml", "text/xml"),
    (".yaml", "application/yaml"),
    (".yml", "application/yaml"),
    (".pdf", "application/pdf"),
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".svg", "image/svg+xml"),
    (".tif", "image/tiff"),
    (".tiff", "image/tiff"),
    (".nc", "application/x-netcdf"),
    (".zip", "application/zip"),
    (".gz", "application/gzip"),
    (".mp4", "video/mp4"),
    (".wav", "audio/x-wav"),
];

/// The media type of a file by its name.
fn media_type(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    TYPES.iter().find(|(end, _)| name.ends_with(end)).map_or("application/octet-stream", |(_, kind)| kind)
}

/// Stores files as artifacts of what produced them.
pub(super) async fn publish(
    core: &Arc<Core>,
    task: &Assignment,
    files: Vec<(String, PathBuf)>,
) -> Answer<()> {
    for (name, path) in files {
        let id = urn::fresh(Kind::Artifact);
        let stored = content(core, &id, &path).await;
        let (length, etag) = match stored {
            Ok(stored) => stored,
            Err(failure) => return Err(discarded(core, &id, failure).await),
        };
        let doc = Artifact {
            mime_type: media_type(&name).to_owned(),
            status: State::Ready,
            size: Some(length),
            length: Some(length),
            etag: Some(etag),
            produced_by: Some(task.id.clone()),
            ..Artifact::default()
        };
        let held = Held::new(id, &task.account, policy::default_of(Kind::Artifact), doc);
        let held = held.named(&name).below(&task.id);
        let (task, user, id) = (task.id.clone(), task.user.clone(), held.id.clone());
        let recorded = core.write(move |change| {
            things::create(change, &held)?;
            provenance::produced(change, &task, &held, &user)?;
            Ok(())
        });
        if let Err(failure) = recorded.await {
            return Err(discarded(core, &id, failure).await);
        }
    }
    Ok(())
}

/// Removes what was stored of a content that nobody will find.
async fn discarded(core: &Arc<Core>, id: &str, failure: Failure) -> Failure {
    if let Err(error) = core.blobs.delete(&blob_key(id)).await {
        tracing::warn!(%error, id, "a content that belongs to nothing could not be removed");
    }
    failure
}

/// Stores the content of a file; gives its length and digest.
async fn content(core: &Arc<Core>, id: &str, path: &Path) -> Answer<(u64, String)> {
    let mut turn = core.work.uploads.turn(&blob_key(id)).await;
    let mut file = blocking({
        let path = path.to_owned();
        move || open(&path)
    })
    .await?;
    let mut offset = 0;
    loop {
        let (back, piece) = blocking(move || read(file)).await?;
        file = back;
        if piece.is_empty() {
            break;
        }
        offset = turn.append(offset, piece).await?;
    }
    Ok((offset, turn.seal().await?))
}

/// A link that took the place of the file is not followed.
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// The content of a file, or its first `most` bytes and one more; `None` if it is not there, empty or no plain file.
pub(super) fn beginning(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => open(path)?,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(None),
    };
    let mut content = Vec::new();
    if file.metadata()?.is_file() {
        file.take(most as u64 + 1).read_to_end(&mut content)?;
    }
    Ok((!content.is_empty()).then_some(content))
}

fn read(mut file: File) -> io::Result<(File, Bytes)> {
    let mut piece = Vec::with_capacity(PIECE);
    Read::by_ref(&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
    Ok((file, piece.into()))
}

/// Does what waits for the disk where waiting holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Answer<T> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)));
    done.map_err(|error| {
        tracing::warn!(%error, "a file of an order could not be used");
        Failure::internal()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_media_type() {
        for (name, kind) in [
            ("map.TIFF", "image/tiff"),
            ("a.tar.gz", "application/x-tar"),
            ("x.geojson", "application/geo+json"),
            ("none", "application/octet-stream"),
        ] {
            assert_eq!(media_type(name), kind);
        }
    }
}
