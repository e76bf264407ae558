//! The resumable protocol, TUS 1.0.0 (IVCAP reference 7.6).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use http::{HeaderName, HeaderValue};
use pentad_core::work::{Event, Scope};
use pentad_core::{Body, Call, Context, Error, ErrorKind, Result, RetryPolicy, Sent};

use super::create::same_sum;
use super::feeder::{Chunk, Feeder};
use super::{PIECE, Upload, WHOLE};
use crate::artifact::Blob;
use crate::client::Client;
use crate::ops;

pub(crate) const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const DEFER: HeaderName = HeaderName::from_static("upload-defer-length");
const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");
const ALGORITHMS: &str = "tus-checksum-algorithm";
const PART: HeaderValue = HeaderValue::from_static("application/offset+octet-stream");

/// Pieces with a checksum are in memory as a whole.
const CHECKED_PIECE: u64 = 16 * 1024 * 1024;

/// How much of a content the platform holds.
pub(super) fn offset(client: &Client, blob: &Blob) -> Call<u64> {
    blob.draft(client, &ops::BLOB_OFFSET).header(RESUMABLE, VERSION).call(held)
}

/// The offset that an answer tells.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
fn held(context: &Context, parts: Parts, _: Bytes) -> Result<u64> {
    let told = parts.headers.get(&OFFSET).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    told.ok_or_else(|| {
        Error::new(ErrorKind::Decode, "the answer has no Upload-Offset")
            .with_op(context.op().id)
            .with_sent(Sent::Answered)
    })
}

/// A sum that the platform can check.
#[derive(Clone, Copy)]
enum Algorithm {
    Sha256,
    Sha1,
}

impl Algorithm {
    fn header(self, piece: &[u8]) -> String {
        let (name, sum) = match self {
            Self::Sha256 => ("sha256", digest(&SHA256, piece)),
            // What the protocol demands of all that check sums.
            Self::Sha1 => ("sha1", digest(&SHA1_FOR_LEGACY_USE_ONLY, piece)),
        };
        format!("{name} {}", STANDARD.encode(sum.as_ref()))
    }

    /// The best that is offered.
    fn of(offered: &str) -> Option<Self> {
        let has = |name: &str| offered.split(',').any(|offer| offer.trim().eq_ignore_ascii_case(name));
        if has("sha256") {
            return Some(Self::Sha256);
        }
        has("sha1").then_some(Self::Sha1)
    }
}

/// The sending of one content.
pub(super) struct Transfer<'a> {
    pub(super) client: &'a Client,
    pub(super) scope: &'a Scope,
    pub(super) upload: &'a Upload,
    pub(super) size: Option<u64>,
}

/// One piece to be sent.
struct Piece {
    body: Body,
    offset: u64,
    /// The whole length, told with the last piece of a content that began without one.
    closing: Option<u64>,
    checksum: Option<String>,
}

impl Transfer<'_> {
    /// Sends a content from an offset to its end; gives its size.
    pub(super) async fn run(&self, mut blob: Blob, mut feeder: Feeder, mut offset: u64) -> Result<u64> {
        let algorithm = self.algorithm(&blob).await?;
        let most = self.most(&feeder, algorithm.is_some());
        // The modern dialect can be told the end; the old ones only ever see pieces.
        let deferred = self.size.is_none() && !self.client.dialect().is_old();
        if deferred {
            blob = self.open(&blob).await?;
        }
        let mut failures = 0;
        loop {
            let chunk = feeder.ready(offset, most).await?;
            let end = self.check(&mut feeder, &chunk, offset)?;
            if self.size == Some(offset) || (chunk.length == 0 && !deferred) {
                return Ok(offset);
            }
            let closing = if deferred { end } else { None };
            let sent = match self.piece(&mut feeder, offset, chunk.length, closing, algorithm).await {
                Ok(piece) => self.send(&blob, piece).await,
                Err(error) => return Err(error),
            };
            match sent {
                Ok(held) if held <= offset && chunk.length > 0 => {
                    let message = "the platform took a piece and holds no more than before";
                    return Err(Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered));
                }
                Ok(held) => {
                    (offset, failures) = (held, 0);
                    self.tell(held);
                    if end == Some(held) {
                        return Ok(held);
                    }
                }
                Err(error) => offset = self.recover(&blob, error, &mut failures, offset).await?,
            }
        }
    }

    /// Checks a chunk against what was promised of the source; gives the end of the content where it is known now.
    fn check(&self, feeder: &mut Feeder, chunk: &Chunk, offset: u64) -> Result<Option<u64>> {
        let reached = offset + chunk.length;
        if let Some(size) = self.size
            && (reached > size || (chunk.last != (reached == size)))
        {
            let found = if chunk.last { reached.to_string() } else { format!("more than {size}") };
            return Err(Error::invalid("content size", format!("the source has {found} bytes, not {size}")));
        }
        if !chunk.last {
            return Ok(None);
        }
        if let (Some(promised), Some(found)) = (&self.upload.sha256, feeder.sum()) {
            same_sum(promised, &found)?;
        }
        Ok(Some(reached))
    }

    fn most(&self, feeder: &Feeder, checked: bool) -> u64 {
        let wanted = match feeder {
            Feeder::Stream(_) => self.upload.chunk_size.filter(|size| *size < WHOLE).unwrap_or(PIECE),
            _ => self.upload.chunk_size.unwrap_or(WHOLE),
        };
        if checked { wanted.min(CHECKED_PIECE) } else { wanted }
    }

    async fn algorithm(&self, blob: &Blob) -> Result<Option<Algorithm>> {
        if !self.upload.checksum {
            return Ok(None);
        }
        #[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
        fn offered(_: &Context, parts: Parts, _: Bytes) -> Result<String> {
            let value = parts.headers.get(ALGORITHMS).and_then(|value| value.to_str().ok());
            Ok(value.unwrap_or_default().to_owned())
        }
        let draft = blob.draft(self.client, &ops::BLOB_OPTIONS).header(RESUMABLE, VERSION);
        let offered = self.scope.run(draft.call(offered)).await?;
        Algorithm::of(&offered).map(Some).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "the platform checks no sums of uploads")
                .with_hint("upload without checksums")
        })
    }

    /// Begins a content of unknown length; its pieces may go elsewhere on the platform.
    async fn open(&self, blob: &Blob) -> Result<Blob> {
        #[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
        fn place(_: &Context, parts: Parts, _: Bytes) -> Result<Option<String>> {
            let place = parts.headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok());
            Ok(place.map(str::to_owned))
        }
        let draft = blob.draft(self.client, &ops::BLOB_OPEN);
        let draft = draft.header(RESUMABLE, VERSION).header(DEFER, HeaderValue::from_static("1"));
        match self.scope.run(draft.call(place)).await? {
            Some(place) => blob.moved(&place),
            None => Ok(blob.clone()),
        }
    }

    async fn piece(
        &self,
        feeder: &mut Feeder,
        offset: u64,
        length: u64,
        closing: Option<u64>,
        algorithm: Option<Algorithm>,
    ) -> Result<Piece> {
        let Some(algorithm) = algorithm else {
            return Ok(Piece {
                body: feeder.body(offset, length, self.scope),
                offset,
                closing,
                checksum: None,
            });
        };
        let bytes = feeder.bytes(offset, length, self.scope).await?;
        let checksum = Some(algorithm.header(&bytes));
        Ok(Piece { body: Body::Bytes(bytes), offset, closing, checksum })
    }

    /// Sends a piece once: what follows a failure is decided here, not by the session. A rejected credential is renewed.
    async fn send(&self, blob: &Blob, piece: Piece) -> Result<u64> {
        let mut draft = blob
            .draft(self.client, &ops::BLOB_WRITE)
            .header(RESUMABLE, VERSION)
            .header(OFFSET, HeaderValue::from(piece.offset))
            .header(CONTENT_TYPE, PART)
            .body(piece.body);
        if let Some(length) = piece.closing {
            draft = draft.header(LENGTH, HeaderValue::from(length));
        }
        if let Some(checksum) = &piece.checksum {
            draft = draft.header_text(CHECKSUM, checksum);
        }
        let call = draft.call(held).retry(RetryPolicy::none()).timeout(std::time::Duration::MAX);
        self.scope.run(call).await
    }

    /// After a failure: a pause, then the platform says how much has arrived. That it does not answer is another failure.
    async fn recover(&self, blob: &Blob, error: Error, failures: &mut u32, before: u64) -> Result<u64> {
        let mut error = error;
        loop {
            if !is_passing(&error) || *failures >= self.upload.retries.most {
                return Err(error);
            }
            let clock = self.scope.session().clock();
            let pause = self.upload.retries.pause(*failures, &error, &**clock);
            *failures += 1;
            tracing::debug!(%error, pause_ms = pause.as_millis(), "the upload goes on after a pause");
            self.scope.progress(Event::new("retrying").done(before));
            self.scope.pause(pause).await?;
            match self.scope.run(offset(self.client, blob)).await {
                Ok(held) => {
                    if held > before {
                        *failures = 0;
                    }
                    self.tell(held);
                    return Ok(held);
                }
                Err(again) => error = again,
            }
        }
    }

    fn tell(&self, done: u64) {
        let event = Event::new("uploading").done(done);
        self.scope.progress(self.size.into_iter().fold(event, Event::total));
    }
}

/// Whether another try may help: the original tries after anything, these cannot be mended by it.
fn is_passing(error: &Error) -> bool {
    !matches!(
        error.kind(),
        ErrorKind::Config
            | ErrorKind::Invalid
            | ErrorKind::Unauthenticated
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Precondition
            | ErrorKind::TooLarge
            | ErrorKind::Unsupported
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_sum_that_is_offered_is_taken() {
        assert!(matches!(Algorithm::of("md5, sha1,SHA256"), Some(Algorithm::Sha256)));
        assert!(matches!(Algorithm::of("sha1"), Some(Algorithm::Sha1)));
        assert!(Algorithm::of("crc32").is_none());
        assert_eq!(Algorithm::Sha1.header(b""), "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
    }

    #[test]
    fn what_another_try_cannot_mend_is_final() {
        assert!(is_passing(&Error::new(ErrorKind::Conflict, "offset")));
        assert!(is_passing(&Error::new(ErrorKind::Unexpected, "460")));
        assert!(!is_passing(&Error::new(ErrorKind::TooLarge, "413")));
        assert!(!is_passing(&Error::new(ErrorKind::NotFound, "gone")));
    }
}
