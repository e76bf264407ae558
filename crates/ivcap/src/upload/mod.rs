//! Uploading: resumable, from anything that can be read (IVCAP reference 7.6 and 8.7).

mod create;
mod feeder;
mod marker;
mod source;
mod state;
mod tus;

use std::path::PathBuf;
use std::time::Duration;

use pentad_core::Work;
use pentad_core::retry::Schedule;

use crate::client::Client;
use crate::retries::Retries;
use crate::{model, ops};

pub(crate) use create::guess as guess_type;
pub(crate) use create::same_sum;
pub use source::Source;
pub(crate) use tus::{RESUMABLE, VERSION};

/// The content's size in one piece, as the original's default.
pub const WHOLE: u64 = i64::MAX.cast_unsigned();
/// Default size of the pieces in which sources are sent that can be read only once; so much is kept in memory.
pub const PIECE: u64 = 4 * 1024 * 1024;

/// How something is uploaded. The default is ours: several retries with growing pauses;
/// [`original`](Self::original) is the first client's.
///
/// # Example
/// ```
/// use pentad_ivcap::Upload;
/// let upload = Upload::new().name("map").content_type("image/tiff").chunk_size(8 * 1024 * 1024);
/// # let _ = upload;
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Upload {
    pub(crate) name: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_size: Option<u64>,
    pub(crate) chunk_size: Option<u64>,
    pub(crate) retries: Retries,
    pub(crate) collection: Option<String>,
    pub(crate) policy: Option<String>,
    pub(crate) state: Option<PathBuf>,
    pub(crate) marker: bool,
    pub(crate) force: bool,
    pub(crate) checksum: bool,
    pub(crate) sha256: Option<String>,
}

impl Default for Upload {
    fn default() -> Self {
        Self::new()
    }
}

impl Upload {
    /// The defaults: 5 retries per piece after pauses from 1 s doubling to 30 s, nothing kept on disk.
    pub fn new() -> Self {
        Self {
            name: None,
            content_type: None,
            content_size: None,
            chunk_size: None,
            retries: Retries::new(),
            collection: None,
            policy: None,
            state: None,
            marker: false,
            force: false,
            checksum: false,
            sha256: None,
        }
    }

    /// The original's defaults: no retries, pauses of 30 s, the whole in one piece.
    pub fn original() -> Self {
        Self::new().chunk_size(WHOLE).retries(0).retry_delay(Duration::from_secs(30))
    }

    /// What people call it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Type of the content. Without it the name of the file tells, or the call is refused.
    pub fn content_type(mut self, mime: impl Into<String>) -> Self {
        self.content_type = Some(mime.into());
        self
    }

    /// Size of the content in bytes, where the source does not tell; a source of another size is refused.
    pub const fn content_size(mut self, bytes: u64) -> Self {
        self.content_size = Some(bytes);
        self
    }

    /// Most bytes per request. Default: a file in one request, other sources in pieces of [`PIECE`]. Of a source that can
    /// be read only once a piece is kept in memory until it has arrived.
    pub const fn chunk_size(mut self, bytes: u64) -> Self {
        self.chunk_size = Some(bytes);
        self
    }

    /// How often a piece is tried again; what has arrived is asked for first and not sent again. Each piece that arrives
    /// starts the count anew.
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries.most = retries;
        self
    }

    /// The same pause before each retry.
    pub const fn retry_delay(mut self, pause: Duration) -> Self {
        self.retries.schedule = Schedule::Fixed(pause);
        self
    }

    /// The pauses before retries.
    pub const fn retry_schedule(mut self, schedule: Schedule) -> Self {
        self.retries.schedule = schedule;
        self
    }

    /// The collection that it becomes part of; not in [`L23`](crate::Dialect::L23).
    pub fn collection(mut self, urn: impl Into<String>) -> Self {
        self.collection = Some(urn.into());
        self
    }

    /// Who may read it; not in [`L23`](crate::Dialect::L23).
    pub fn policy(mut self, urn: impl Into<String>) -> Self {
        self.policy = Some(urn.into());
        self
    }

    /// Remembers unfinished uploads of files in this folder (mode 0600), so that the same upload of the same, unchanged
    /// file goes on where an earlier process was cut off.
    pub fn resumable(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state = Some(folder.into());
        self
    }

    /// Keeps the original's marker beside the file, `.ivcap-NAME.txt` with the MD5 and the artifact, and uploads a file
    /// that has one with the same sum not again.
    pub const fn marker(mut self, marker: bool) -> Self {
        self.marker = marker;
        self
    }

    /// Uploads although a marker or an unfinished upload is there.
    pub const fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Sends a checksum with each piece, which the platform verifies; pieces are then at most 16 MiB. A platform that
    /// checks none refuses the upload as unsupported.
    pub const fn checksum(mut self, checksum: bool) -> Self {
        self.checksum = checksum;
        self
    }

    /// Refuses a source with another SHA-256 (in hexadecimal) than this: a file before anything is sent, other sources
    /// before their last piece is.
    pub fn sha256(mut self, sum: impl Into<String>) -> Self {
        self.sha256 = Some(sum.into().to_ascii_lowercase());
        self
    }
}

/// What came of an upload.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// The artifact's record after the upload.
    pub artifact: model::Artifact,
    /// Size of the content in bytes.
    pub bytes: u64,
    /// How much of it had arrived before, from an earlier process.
    pub resumed_at: u64,
    /// Whether nothing was sent because the artifact was there already.
    pub reused: bool,
}

impl Client {
    /// Makes an artifact of a source: a path, bytes, a reader, a stream or standard input.
    ///
    /// The record is made first, then its content is sent in pieces; after a failure the platform is asked how much has
    /// arrived. Progress is in bytes. There is no time limit unless one is set.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for a file that cannot be read, or a content type that is
    /// neither given nor guessed; [`Unexpected`](pentad_core::ErrorKind::Unexpected) if the platform holds another size in the
    /// end; failures of a piece that outlast its retries. With [`Upload::resumable`] the same call goes on later.
    /// # Shapes
    /// A size that is not known is sent as `-1`. The modern dialect is told the end by `Upload-Length`; the old ones cannot
    /// be told and show the artifact as ready after each piece.
    /// # Source
    /// IVCAP reference 7.5, 7.6, 8.7 and 9.6.
    pub fn upload(&self, source: impl Into<Source>, upload: Upload) -> Work<Uploaded> {
        let client = self.clone();
        let source = source.into();
        let planned = create::plan(&client, source, upload);
        let preview = match &planned {
            Ok((plan, _)) => create::draft(&client, plan).request(),
            Err(error) => Err(pentad_core::Error::new(error.kind(), error.message().to_owned())),
        };
        Work::new(self.session(), &ops::ARTIFACT_CREATE, preview, move |scope| {
            Box::pin(async move {
                let (plan, kind) = planned?;
                create::run(client, plan, kind, scope).await
            })
        })
        .unlimited()
    }

    /// The upload of [`upload`](Self::upload) as the original returns it: the artifact's record alone.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub fn upload_artifact(&self, source: impl Into<Source>, upload: Upload) -> Work<model::Artifact> {
        self.upload(source, upload).map(|uploaded| uploaded.artifact)
    }
}

/// What an upload was refused for, before anything was sent.
pub(crate) fn unreadable(path: &std::path::Path, error: std::io::Error) -> pentad_core::Error {
    pentad_core::Error::invalid("source", format!("{} cannot be read: {}", path.display(), error.kind()))
        .with_source(error)
}
