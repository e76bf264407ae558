//! Server-sent events of a job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt};
use http::header::{ACCEPT, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use pentad_core::decode::Decode;
use pentad_core::feed::Link;
use pentad_core::message::{ByteStream, Response};
use pentad_core::work::Scope;
use pentad_core::{Context, Draft, Error, ErrorKind, Feed, Result};

use crate::job::Job;
use crate::model::JobEvent;
use crate::ops;

/// The longest event: more is not kept while its end is waited for.
const LONGEST: usize = 16 * 1024 * 1024;
const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

pub(crate) fn events(job: Job) -> Feed<JobEvent> {
    let session = job.session().clone();
    let preview = draft(&job, None).request();
    // What the openings of one feed know of each other.
    let (opened, ended) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    Feed::reconnecting(&session, &ops::JOB_EVENTS, preview, place, move |scope, last| {
        let (job, scope, last) = (job.clone(), scope.clone(), last.map(str::to_owned));
        let (opened, ended) = (Arc::clone(&opened), Arc::clone(&ended));
        Box::pin(async move {
            if opened.fetch_add(1, Ordering::Relaxed) > 0 {
                // The stream after the end brings what had not come before it; then there is no more.
                if ended.load(Ordering::Relaxed) {
                    return Ok(None);
                }
                let state = scope.run(job.read(false, false)).await?.status;
                ended.store(state.is_final(), Ordering::Relaxed);
            }
            open(&job, &scope, last.as_deref()).await
        })
    })
}

fn place(event: &JobEvent) -> Option<String> {
    Some(event.place.clone()).filter(|place| !place.is_empty())
}

fn draft(job: &Job, last: Option<&str>) -> Draft {
    let draft = job.op(&ops::JOB_EVENTS).header(ACCEPT, HeaderValue::from_static("text/event-stream"));
    match last {
        Some(last) => draft.header_text(LAST_EVENT, last),
        None => draft,
    }
    // Nothing came within the time that the platform waits: an answer, not a failure.
    .accept(|status: StatusCode, _: &HeaderMap| status == StatusCode::GATEWAY_TIMEOUT)
}

async fn open(job: &Job, scope: &Scope, last: Option<&str>) -> Result<Link<JobEvent>> {
    let call = draft(job, last).call_with(Decode::Streaming(stream));
    Ok(Some(scope.run(call).await?))
}

fn stream(_: &Context, response: Response) -> Result<BoxStream<'static, Result<JobEvent>>> {
    if matches!(response.status, StatusCode::NO_CONTENT | StatusCode::GATEWAY_TIMEOUT) {
        return Ok(futures_util::stream::empty().boxed());
    }
    Ok(parse(response.body.into_stream()).boxed())
}

struct Reader {
    source: ByteStream,
    parser: Parser,
    over: bool,
}

fn parse(source: ByteStream) -> impl futures_core::Stream<Item = Result<JobEvent>> + Send {
    let reader = Reader { source, parser: Parser::default(), over: false };
    futures_util::stream::unfold(reader, |mut reader| async move {
        loop {
            match reader.parser.next() {
                Some(Ok(event)) => return Some((Ok(event), reader)),
                Some(Err(error)) => {
                    reader.over = true;
                    reader.parser = Parser::default();
                    return Some((Err(error), reader));
                }
                None if reader.over => return None,
                None => {}
            }
            match reader.source.next().await {
                Some(Ok(piece)) => reader.parser.push(&piece),
                Some(Err(error)) => {
                    reader.over = true;
                    return Some((Err(error), reader));
                }
                None => reader.over = true,
            }
        }
    })
}

/// Takes events out of the text of a stream (`field: value` lines, an empty line ends an event). What has no end yet is
/// dropped when the stream ends.
#[derive(Default)]
struct Parser {
    rest: Vec<u8>,
    /// Where the next line begins, and how far no end of it was found.
    at: usize,
    looked: usize,
    id: Option<String>,
    kind: Option<String>,
    data: Option<String>,
}

impl Parser {
    fn push(&mut self, piece: &Bytes) {
        // Lines that were read go all at once.
        self.rest.drain(..self.at);
        self.looked -= self.at;
        self.at = 0;
        self.rest.extend_from_slice(piece);
    }

    fn next(&mut self) -> Option<Result<JobEvent>> {
        while let Some(length) = self.rest[self.looked..].iter().position(|byte| *byte == b'\n') {
            let end = self.looked + length;
            let line = String::from_utf8_lossy(&self.rest[self.at..end]).into_owned();
            (self.at, self.looked) = (end + 1, end + 1);
            let line = line.trim_end_matches('\r');
            if !line.is_empty() {
                self.field(line);
            } else if let Some(data) = self.data.take() {
                return Some(self.event(&data));
            } else {
                // What brings nothing is no event, and names none.
                self.kind = None;
            }
        }
        self.looked = self.rest.len();
        let kept = self.rest.len() - self.at + self.data.as_ref().map_or(0, String::len);
        (kept > LONGEST).then(|| Err(Error::new(ErrorKind::TooLarge, "an event is too long")))
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.id = Some(value.to_owned()),
            "event" => self.kind = Some(value.to_owned()),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            _ => {}
        }
    }

    /// The documented object, or any other data under the names that the stream itself gives.
    fn event(&mut self, data: &str) -> Result<JobEvent> {
        let document: serde_json::Value =
            serde_json::from_str(data).unwrap_or_else(|_| serde_json::Value::String(data.to_owned()));
        let named = document.get("SeqID").or_else(|| document.get("seq-id")).is_some();
        let mut event = if named {
            serde_json::from_value::<JobEvent>(document).map_err(|error| {
                Error::new(ErrorKind::Decode, "an event is not what the document says").with_source(error)
            })?
        } else {
            JobEvent { data: document, ..JobEvent::default() }
        };
        if event.place.is_empty()
            && let Some(id) = &self.id
        {
            event.place.clone_from(id);
        }
        if event.kind.is_none() {
            event.kind = self.kind.clone();
        }
        self.kind = None;
        Ok(event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pieces: &[&str]) -> Vec<JobEvent> {
        let mut parser = Parser::default();
        let mut all = Vec::new();
        for piece in pieces {
            parser.push(&Bytes::copy_from_slice(piece.as_bytes()));
            while let Some(event) = parser.next() {
                all.push(event.unwrap());
            }
        }
        all
    }

    #[test]
    fn an_event_without_data_names_no_other() {
        let all = parsed(&["event: lost\n\nid: 1\ndata: {}\n\n"]);
        assert_eq!((all.len(), all[0].kind.as_deref(), all[0].place.as_str()), (1, None, "1"));
    }

    #[test]
    fn events_are_read_however_the_stream_is_cut() {
        let text = "retry: 10\n: note\nid: 7\nevent: ivcap.job.status\ndata: {\"SeqID\": \"7\", \"data\": {\"status\": \"executing\"}}\n\nid: 8\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\ndata: open";
        let whole = parsed(&[text]);
        assert_eq!(whole.len(), 2);
        assert_eq!((whole[0].place.as_str(), whole[0].kind.as_deref()), ("7", Some("ivcap.job.status")));
        assert_eq!(whole[0].data["status"], "executing");
        assert_eq!((whole[1].place.as_str(), &whole[1].data["a"]), ("8", &serde_json::json!(1)));
        let bytes: Vec<String> = text.chars().map(String::from).collect();
        let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(parsed(&bytes), whole);
    }
}
