//! Downloading: as a stream, in memory, into a file that appears when it is whole.

mod cache;
mod file;
mod stream;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::header::{ACCEPT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderValue, StatusCode};
use pentad_core::decode::Decode;
use pentad_core::message::{ByteStream, Response};
use pentad_core::retry::Schedule;
use pentad_core::work::{Event, Scope};
use pentad_core::{Call, Context, Error, ErrorKind, Result, Sent, Work};

use crate::artifact::{Artifact, Blob};
use crate::model::{self, ArtifactStatus};
use crate::ops;
use crate::retries::Retries;

pub use cache::Cache;

/// How something is downloaded.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Download {
    pub(crate) range: Option<Range<u64>>,
    pub(crate) from: u64,
    pub(crate) retries: Retries,
    pub(crate) overwrite: bool,
    pub(crate) resume: bool,
    pub(crate) sha256: Option<String>,
    pub(crate) digest: bool,
}

impl Default for Download {
    fn default() -> Self {
        Self::new()
    }
}

impl Download {
    /// The whole, with 5 retries after pauses from 1 s doubling to 30 s; an earlier part is kept, an earlier file replaced.
    pub const fn new() -> Self {
        Self {
            range: None,
            from: 0,
            retries: Retries::new(),
            overwrite: true,
            resume: true,
            sha256: None,
            digest: false,
        }
    }

    /// Only these bytes (the end is not among them). Of a part beyond the content's end nothing comes.
    pub const fn range(mut self, range: Range<u64>) -> Self {
        self.range = Some(range);
        self
    }

    /// From this byte on; nothing comes from beyond the end.
    pub const fn from(mut self, offset: u64) -> Self {
        self.from = offset;
        self
    }

    /// How often a connection that broke is opened again; whatever arrives starts the count anew.
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries.most = retries;
        self
    }

    /// The pauses before retries.
    pub const fn retry_schedule(mut self, schedule: Schedule) -> Self {
        self.retries.schedule = schedule;
        self
    }

    /// Whether an earlier file of that name is replaced. Default yes.
    pub const fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Whether what an earlier process left of the same download is kept. Default yes.
    pub const fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Also gives the SHA-256 of a saved file. It costs about as much processor time as the download itself. Default no.
    pub const fn digest(mut self, digest: bool) -> Self {
        self.digest = digest;
        self
    }

    /// The SHA-256 (in hexadecimal) that a saved file must have.
    pub fn sha256(mut self, sum: impl Into<String>) -> Self {
        self.sha256 = Some(sum.into().to_ascii_lowercase());
        self
    }
}

/// A content on its way.
#[non_exhaustive]
pub struct Content {
    /// The pieces in order.
    pub stream: ByteStream,
    /// Number of bytes that come, if known.
    pub size: Option<u64>,
    /// Type of the content.
    pub content_type: Option<String>,
    /// The artifact's record.
    pub record: model::Artifact,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content")
            .field("size", &self.size)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

/// A content in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// Size of the content in bytes.
    pub bytes: u64,
    /// How much of it was there from an earlier process.
    pub resumed_at: u64,
    /// Its SHA-256 in hexadecimal, if [`Download::digest`] or [`Download::sha256`] asked for one.
    pub sha256: Option<String>,
}

/// What an answer brings: where it begins, how much the whole has, the bytes.
pub(crate) struct Answer {
    start: u64,
    whole: Option<u64>,
    content_type: Option<String>,
    stream: ByteStream,
}

/// The rest of a content from an offset on.
pub(crate) fn read(client: &crate::Client, blob: &Blob, start: u64, end: Option<u64>) -> Call<Answer> {
    let mut draft = blob
        .draft(client, &ops::BLOB_READ)
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
        .accept(|status: StatusCode, _: &HeaderMap| status == StatusCode::RANGE_NOT_SATISFIABLE);
    if start > 0 || end.is_some() {
        let last = end.map(|end| end.saturating_sub(1).to_string()).unwrap_or_default();
        draft = draft.header_text(RANGE, &format!("bytes={start}-{last}"));
    }
    draft.call_with(Decode::Streaming(answer)).timeout(Duration::MAX)
}

fn answer(context: &Context, response: Response) -> Result<Answer> {
    let text = |name: http::HeaderName| response.headers.get(name).and_then(|value| value.to_str().ok());
    let (start, whole) = match response.status {
        StatusCode::PARTIAL_CONTENT => text(CONTENT_RANGE).and_then(part).ok_or_else(|| {
            Error::new(ErrorKind::Decode, "the answer does not say which part it is")
                .with_op(context.op().id)
                .with_sent(Sent::Answered)
        })?,
        // Nothing there: whether that is the end, the caller knows.
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let whole = text(CONTENT_RANGE).and_then(|range| range.rsplit('/').next()?.parse().ok());
            let stream = futures_util::stream::empty().boxed();
            return Ok(Answer { start: u64::MAX, whole, content_type: None, stream });
        }
        _ => (0, text(http::header::CONTENT_LENGTH).and_then(|length| length.parse().ok())),
    };
    let content_type = text(CONTENT_TYPE).map(str::to_owned);
    Ok(Answer { start, whole, content_type, stream: response.body.into_stream() })
}

/// `bytes 5-9/20`: where the part begins and how much the whole has.
fn part(range: &str) -> Option<(u64, Option<u64>)> {
    let (span, whole) = range.trim().strip_prefix("bytes")?.trim_start().split_once('/')?;
    let (first, _) = span.split_once('-')?;
    Some((first.trim().parse().ok()?, whole.trim().parse().ok()))
}

/// The record of an artifact whose content is there.
pub(crate) async fn ready(artifact: &Artifact, scope: &Scope) -> Result<model::Artifact> {
    let record = scope.run(artifact.get()).await?;
    match record.status {
        ArtifactStatus::Pending | ArtifactStatus::Partial => {
            let message = format!("the artifact's content is not there yet: it is {}", record.status);
            Err(Error::new(ErrorKind::Precondition, message).with_sent(Sent::Answered))
        }
        _ => Ok(record),
    }
}

pub(crate) fn content(artifact: &Artifact, download: Download) -> Work<Content> {
    let (client, preview) = (artifact.client.clone(), artifact.get_request());
    let artifact = artifact.clone();
    Work::new(client.session(), &ops::BLOB_READ, preview, move |scope| {
        Box::pin(async move {
            let record = ready(&artifact, &scope).await?;
            let blob = Blob::of(&artifact.client, &record)?;
            let (start, end) = match &download.range {
                Some(range) if range.is_empty() => {
                    return Err(Error::invalid("range", "must not be empty"));
                }
                Some(range) => (range.start, Some(range.end)),
                None => (download.from, None),
            };
            let place = stream::Place { client: artifact.client, blob, start, end, whole: record.size };
            let opened = stream::open(place, &download, scope).await?;
            Ok(Content {
                stream: opened.stream,
                size: opened.size,
                content_type: opened.content_type.or_else(|| record.mime_type.clone()),
                record,
            })
        })
    })
    .unlimited()
}

/// Beyond this a content does not go into memory.
const MEMORY: usize = 1024 * 1024 * 1024;

/// So much room is made at once for a content that says how large it is.
const EXPECTED: usize = 16 * 1024 * 1024;

pub(crate) fn bytes(artifact: &Artifact) -> Work<Bytes> {
    let content = content(artifact, Download::new());
    let preview = artifact.get_request();
    Work::new(artifact.client.session(), &ops::BLOB_READ, preview, move |scope| {
        Box::pin(async move {
            let mut content = scope.nested(content).await?;
            let expected = content.size.and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
            let mut whole = BytesMut::with_capacity(expected.min(EXPECTED));
            while let Some(piece) = content.stream.next().await.transpose()? {
                if whole.len() + piece.len() > MEMORY {
                    let message = "the content is too large for memory";
                    return Err(Error::new(ErrorKind::TooLarge, message).with_hint("save it to a file"));
                }
                whole.extend_from_slice(&piece);
                tell(&scope, whole.len() as u64, content.size);
            }
            Ok(whole.freeze())
        })
    })
    .unlimited()
}

/// Says how far a download is.
pub(crate) fn tell(scope: &Scope, done: u64, total: Option<u64>) {
    let event = Event::new("downloading").done(done);
    scope.progress(total.into_iter().fold(event, Event::total));
}

pub(crate) fn save(artifact: &Artifact, path: &Path, download: Download) -> Work<Saved> {
    let (preview, path) = (artifact.get_request(), path.to_owned());
    let session = artifact.client.session().clone();
    let artifact = artifact.clone();
    Work::new(&session, &ops::BLOB_READ, preview, move |scope| {
        Box::pin(async move { file::save(artifact, path, download, scope).await })
    })
    .unlimited()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_say_where_they_begin() {
        assert_eq!(part("bytes 5-9/20"), Some((5, Some(20))));
        assert_eq!(part("bytes 5-9/*"), Some((5, None)));
        for bad in ["", "bytes", "bytes */20", "items 1-2/3"] {
            assert_eq!(part(bad), None, "{bad}");
        }
    }
}
