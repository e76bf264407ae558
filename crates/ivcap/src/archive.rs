//! Archives: many files as one artifact (IVCAP reference 9.7).

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use pentad_core::{Error, ErrorKind, Result, Work};
use tokio::sync::mpsc;

use crate::artifact::Artifact;
use crate::client::Client;
use crate::download::{Download, tell};
use crate::model;
use crate::ops;
use crate::upload::{Source, Upload};

/// Type of a compressed archive, as the original says it.
const GZIP: &str = "application/gzip";
/// Size of the pieces that are sent, as the original's.
const CHUNK: u64 = 4 * 1024 * 1024;
/// Size of the pieces that go from the archive to the upload, and how many wait.
const PIECE: usize = 64 * 1024;
const WAITING: usize = 4;

/// One file of an archive.
#[derive(Clone, Debug)]
pub struct TarMember {
    name: String,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    File(PathBuf),
    Bytes { data: Bytes, modified: u64, mode: u32 },
}

impl TarMember {
    /// A file, under its own name or another one.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if the path names no file and no name is given.
    pub fn from_file(path: impl Into<PathBuf>, name: Option<&str>) -> Result<Self> {
        let path = path.into();
        let own = || path.file_name()?.to_str().map(str::to_owned);
        let name = name.map(str::to_owned).or_else(own);
        let name =
            name.ok_or_else(|| Error::invalid("member", format!("{} names no file", path.display())))?;
        Ok(Self { name, content: Content::File(path) })
    }

    /// Bytes under a name; `modified` is in seconds since 1970.
    pub fn from_bytes(data: impl Into<Bytes>, name: impl Into<String>, modified: u64, mode: u32) -> Self {
        Self { name: name.into(), content: Content::Bytes { data: data.into(), modified, mode } }
    }

    fn append(&self, archive: &mut tar::Builder<impl Write>) -> io::Result<()> {
        match &self.content {
            Content::File(path) => archive.append_file(&self.name, &mut File::open(path)?),
            Content::Bytes { data, modified, mode } => {
                let mut header = tar::Header::new_gnu();
                header.set_size(data.len() as u64);
                header.set_mtime(*modified);
                header.set_mode(*mode);
                archive.append_data(&mut header, &self.name, &**data)
            }
        }
    }
}

impl Client {
    /// Makes one artifact of many files: a compressed archive that is written while it is sent, so that neither disk nor
    /// memory holds it as a whole.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a member that cannot be read; those of [`upload`](Self::upload).
    /// # Source
    /// IVCAP reference 9.7.
    pub fn upload_tar_artifact(&self, members: Vec<TarMember>, upload: Upload) -> Work<model::Artifact> {
        let upload = match upload.content_type {
            Some(_) => upload,
            None => upload.content_type(GZIP),
        };
        let upload = match upload.chunk_size {
            Some(_) => upload,
            None => upload.chunk_size(CHUNK),
        };
        self.upload_artifact(Source::stream(packed(members).boxed()), upload)
    }
}

/// The archive in pieces, written on a thread of its own when the first piece is asked for.
fn packed(members: Vec<TarMember>) -> impl futures_core::Stream<Item = Result<Bytes>> + Send {
    futures_util::stream::once(async move {
        let (pieces, archive) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || {
            let mut sink = Pieces { pieces: pieces.clone(), piece: Vec::with_capacity(PIECE) };
            if let Err(error) = pack(&members, &mut sink).and_then(|()| sink.flush()) {
                let failed = Error::invalid("member", format!("cannot be packed: {}", error.kind()));
                // Whoever no longer listens has ended the upload.
                let _ = pieces.blocking_send(Err(failed.with_source(error)));
            }
        });
        futures_util::stream::unfold(
            archive,
            |mut archive| async move { Some((archive.recv().await?, archive)) },
        )
    })
    .flatten()
}

fn pack(members: &[TarMember], sink: &mut Pieces) -> io::Result<()> {
    let mut archive = tar::Builder::new(GzEncoder::new(sink, Compression::default()));
    members.iter().try_for_each(|member| member.append(&mut archive))?;
    archive.into_inner()?.finish().map(|_| ())
}

/// Hands what is written on in pieces.
struct Pieces {
    pieces: mpsc::Sender<Result<Bytes>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.pieces.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Whether a content is an archive, by its type or the ending of its name.
pub(crate) fn is_tar(record: &model::Artifact) -> bool {
    let typed = record.mime_type.as_deref().is_some_and(|mime| {
        matches!(mime, "application/x-tar" | "application/tar" | "application/gzip" | "application/x-gtar")
    });
    let name = record.name.as_deref().unwrap_or_default().to_ascii_lowercase();
    typed || [".tar", ".tar.gz", ".tgz"].iter().any(|ending| name.ends_with(ending))
}

impl Artifact {
    /// Whether the content is an archive, as far as its record tells.
    ///
    /// # Source
    /// IVCAP reference 9.6, `is_tar_file`.
    pub fn is_tar_file(&self) -> pentad_core::Call<bool> {
        self.get().map(|record| is_tar(&record))
    }

    /// Unpacks the content, an archive that may be compressed, into a folder while it arrives. Members that would leave the
    /// folder are left out; gives how many files and folders were made.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) for a content that is no archive; [`Config`](ErrorKind::Config) if the folder cannot be
    /// written; those of [`content`](Self::content).
    /// # Source
    /// IVCAP reference 9.6, `untar`.
    pub fn untar(&self, folder: impl AsRef<Path>) -> Work<usize> {
        let (artifact, folder) = (self.clone(), folder.as_ref().to_owned());
        let session = self.client().session().clone();
        Work::new(&session, &ops::BLOB_READ, self.get_request(), move |scope| {
            Box::pin(async move {
                let mut content = scope.nested(artifact.content(Download::new())).await?;
                let mut done = 0;
                let (pieces, waiting) = mpsc::channel::<Bytes>(WAITING);
                let unpacking = tokio::task::spawn_blocking(move || unpack(waiting, &folder));
                let mut failure = None;
                while let Some(piece) = content.stream.next().await {
                    let piece = match piece {
                        Ok(piece) => piece,
                        Err(error) => {
                            failure = Some(error);
                            break;
                        }
                    };
                    done += piece.len() as u64;
                    tell(&scope, done, content.size);
                    // The archive may have its end before that of the content, or cannot be unpacked.
                    if pieces.send(piece).await.is_err() {
                        break;
                    }
                }
                drop(pieces);
                let unpacked = unpacking.await;
                if let Some(failure) = failure {
                    return Err(failure);
                }
                let stopped =
                    |error| Error::new(ErrorKind::Unexpected, "unpacking was stopped").with_source(error);
                unpacked.map_err(stopped)?.map_err(|error| match error.kind() {
                    io::ErrorKind::PermissionDenied
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::NotFound => {
                        Error::new(ErrorKind::Config, "the folder cannot be written").with_source(error)
                    }
                    _ => Error::invalid("content", "is no archive").with_source(error),
                })
            })
        })
        .unlimited()
    }
}

fn unpack(waiting: mpsc::Receiver<Bytes>, folder: &Path) -> io::Result<usize> {
    let mut source = Arriving { waiting, piece: Bytes::new() };
    let mut head = [0; 2];
    source.read_exact(&mut head)?;
    let whole = io::Cursor::new(head).chain(source);
    std::fs::create_dir_all(folder)?;
    if head == [0x1f, 0x8b] { each(MultiGzDecoder::new(whole), folder) } else { each(whole, folder) }
}

fn each(source: impl Read, folder: &Path) -> io::Result<usize> {
    let mut archive = tar::Archive::new(source);
    archive.set_preserve_permissions(false);
    let mut count = 0;
    for member in archive.entries()? {
        // It says no to members that would leave the folder.
        count += usize::from(member?.unpack_in(folder)?);
    }
    Ok(count)
}

/// What arrives, as a reader.
struct Arriving {
    waiting: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.waiting.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let piece = self.piece.split_to(buffer.len().min(self.piece.len()));
        buffer[..piece.len()].copy_from_slice(&piece);
        Ok(piece.len())
    }
}
