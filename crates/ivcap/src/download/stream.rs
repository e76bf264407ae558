//! A content as a stream that goes on where its connection broke.

use bytes::{Buf, Bytes};
use futures_util::StreamExt;
use pentad_core::message::ByteStream;
use pentad_core::work::Scope;
use pentad_core::{Error, ErrorKind, Result, Sent};

use super::{Download, read};
use crate::artifact::Blob;
use crate::client::Client;

/// Which part of which content.
pub(super) struct Place {
    pub(super) client: Client,
    pub(super) blob: Blob,
    pub(super) start: u64,
    /// The first byte that is not wanted.
    pub(super) end: Option<u64>,
    /// Size of the whole, as the record says.
    pub(super) whole: Option<u64>,
}

pub(super) struct Opened {
    pub(super) stream: ByteStream,
    /// Number of bytes that come, if known.
    pub(super) size: Option<u64>,
    pub(super) content_type: Option<String>,
}

struct Reader {
    place: Place,
    scope: Scope,
    download: Download,
    /// The next byte to hand on.
    at: u64,
    /// The first byte that does not come, if known.
    until: Option<u64>,
    /// Bytes of the answer that come before `at`, from a platform that knows no ranges.
    skip: u64,
    stream: Option<ByteStream>,
    failures: u32,
}

/// Opens the stream; the first answer decides about its size.
pub(super) async fn open(place: Place, download: &Download, scope: Scope) -> Result<Opened> {
    let at = place.start;
    let until = match (place.end, place.whole) {
        (Some(end), Some(whole)) => Some(end.min(whole)),
        (end, whole) => end.or(whole),
    };
    let mut reader =
        Reader { place, scope, download: download.clone(), at, until, skip: 0, stream: None, failures: 0 };
    let content_type = loop {
        match reader.connect().await {
            Ok(content_type) => break content_type,
            Err(error) => reader.pause(error).await?,
        }
    };
    let size = reader.until.map(|until| until.saturating_sub(at));
    let stream = futures_util::stream::unfold(Some(reader), |reader| async move {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(reader))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    });
    Ok(Opened { stream: stream.boxed(), size, content_type })
}

impl Reader {
    /// Asks for what is missing.
    async fn connect(&mut self) -> Result<Option<String>> {
        let call = read(&self.place.client, &self.place.blob, self.at, self.place.end);
        let answer = self.scope.run(call).await?;
        let known = answer.whole.map(|whole| self.place.end.map_or(whole, |end| end.min(whole)));
        if answer.start == u64::MAX {
            // Beyond the end: there is nothing more, or never was so much.
            if known.or(self.until).is_none_or(|until| until <= self.at) {
                self.until = Some(self.at);
                self.stream = Some(answer.stream);
                return Ok(None);
            }
        }
        self.skip = self.at.checked_sub(answer.start).ok_or_else(|| {
            let message = "the platform sent another part than was asked for";
            Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered)
        })?;
        if let (Some(was), Some(now)) = (self.place.whole, answer.whole)
            && was != now
        {
            let message = format!("the content has {now} bytes, its record says {was}");
            return Err(Error::new(ErrorKind::Unexpected, message).with_sent(Sent::Answered));
        }
        if answer.whole.is_some() {
            self.place.whole = answer.whole;
        }
        self.until = known.or(self.until);
        self.stream = Some(answer.stream);
        Ok(answer.content_type)
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if self.until.is_some_and(|until| self.at >= until) {
                return Ok(None);
            }
            let Some(stream) = &mut self.stream else {
                if let Err(error) = self.connect().await {
                    self.pause(error).await?;
                }
                continue;
            };
            match stream.next().await {
                Some(Ok(piece)) => {
                    if let Some(piece) = self.wanted(piece) {
                        self.failures = 0;
                        return Ok(Some(piece));
                    }
                }
                Some(Err(error)) => {
                    self.stream = None;
                    self.pause(error).await?;
                }
                None if self.until.is_none() => return Ok(None),
                None => {
                    self.stream = None;
                    let error = Error::new(ErrorKind::Connection, "the content ended before its size");
                    self.pause(error.with_sent(Sent::Answered)).await?;
                }
            }
        }
    }

    /// The part of a piece that is wanted.
    fn wanted(&mut self, mut piece: Bytes) -> Option<Bytes> {
        let drop = usize::try_from(self.skip).unwrap_or(usize::MAX).min(piece.len());
        piece.advance(drop);
        self.skip -= drop as u64;
        if let Some(left) = self.until.map(|until| until - self.at) {
            piece.truncate(usize::try_from(left).unwrap_or(usize::MAX).min(piece.len()));
        }
        self.at += piece.len() as u64;
        (!piece.is_empty()).then_some(piece)
    }

    async fn pause(&mut self, error: Error) -> Result<()> {
        if !error.is_outage() || self.failures >= self.download.retries.most {
            return Err(error);
        }
        let pause = self.download.retries.pause(self.failures, &error, &**self.scope.session().clock());
        self.failures += 1;
        tracing::debug!(%error, at = self.at, "the download goes on after a pause");
        self.scope.pause(pause).await
    }
}
