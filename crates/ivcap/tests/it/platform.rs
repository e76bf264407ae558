//! A platform in memory that speaks the resumable protocol and breaks off where it is told to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use pentad_core::message::ResponseBody;
use pentad_core::{Body, BoxFuture, Error, ErrorKind, Request, Response, Result, Sent, Transport};
use serde_json::json;

pub(crate) const ID: &str = "urn:ivcap:artifact:9a";
const BASE: &str = "http://ivcap.test:8088";

/// What goes wrong with a request that carries content, or with the content of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    /// The connection breaks after so many bytes; what arrived is kept.
    Break(usize),
    /// So many bytes are kept, then the platform answers 500.
    Fail(usize),
    /// All is kept and the answer is lost.
    Lose,
    /// The offset is said to be wrong.
    Conflict,
}

#[derive(Debug, Default)]
struct State {
    content: Vec<u8>,
    length: Option<u64>,
    made: usize,
    troubles: Vec<Trouble>,
    log: Vec<String>,
    headers: Vec<HeaderMap>,
    largest: usize,
    ranges: bool,
    checksums: bool,
}

/// Clones share the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct Platform(Arc<Mutex<State>>);

impl Platform {
    pub(crate) fn new() -> Self {
        let platform = Self::default();
        platform.state().ranges = true;
        platform
    }

    pub(crate) fn with(self, troubles: &[Trouble]) -> Self {
        self.state().troubles = troubles.iter().rev().copied().collect();
        self
    }

    pub(crate) fn holding(self, content: &[u8]) -> Self {
        {
            let mut state = self.state();
            state.content = content.to_vec();
            state.length = Some(content.len() as u64);
        }
        self
    }

    pub(crate) fn without_ranges(self) -> Self {
        self.state().ranges = false;
        self
    }

    pub(crate) fn with_checksums(self) -> Self {
        self.state().checksums = true;
        self
    }

    pub(crate) fn trouble(&self, trouble: Trouble) {
        self.state().troubles.push(trouble);
    }

    pub(crate) fn content(&self) -> Vec<u8> {
        self.state().content.clone()
    }

    /// Method and path of each request, with the offset of parts.
    pub(crate) fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    pub(crate) fn headers(&self) -> Vec<HeaderMap> {
        self.state().headers.clone()
    }

    /// The largest body that one request had.
    pub(crate) fn largest(&self) -> usize {
        self.state().largest
    }

    /// How many records were made.
    pub(crate) fn made(&self) -> usize {
        self.state().made
    }

    pub(crate) fn shared(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, mut request: Request) -> Result<Response> {
        let uri = request.uri()?;
        let header = |name: &str| {
            request.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let offset = header("upload-offset");
        {
            let mut state = self.state();
            let at = if offset.is_empty() { String::new() } else { format!(" @{offset}") };
            let range = header("range");
            let range = if range.is_empty() { String::new() } else { format!(" {range}") };
            let path = uri.path().replace(ID, "ID").replace("urn%3Aivcap%3Aartifact%3A9a", "ID");
            state.log.push(format!("{} {path}{at}{range}", request.method));
            state.headers.push(request.headers.clone());
        }
        let blob = uri.path().ends_with("/blob");
        match (&request.method, blob) {
            (&Method::POST, false) => Ok(self.make(&header("x-content-length"))),
            (&Method::GET, false) => Ok(self.record(200)),
            (&Method::HEAD, true) => Ok(self.offset(200)),
            (&Method::OPTIONS, true) => {
                let sums = if self.state().checksums { "sha1,sha256" } else { "" };
                Ok(with(Response::new(StatusCode::NO_CONTENT, ""), "tus-checksum-algorithm", sums))
            }
            (&Method::POST, true) => Ok(with(Response::new(StatusCode::CREATED, ""), "location", uri.path())),
            (&Method::PATCH, true) => {
                let body = std::mem::take(&mut request.body);
                let length = header("upload-length");
                self.part(body, &offset, &length).await
            }
            (&Method::GET, true) => self.read(&header("range")),
            other => panic!("nobody answers {other:?}"),
        }
    }

    fn make(&self, length: &str) -> Response {
        let mut state = self.state();
        state.made += 1;
        state.content.clear();
        state.length = length.parse().ok();
        drop(state);
        self.record(201)
    }

    fn record(&self, status: u16) -> Response {
        let state = self.state();
        let held = state.content.len() as u64;
        let whole = state.length.is_none_or(|length| held >= length);
        let word = match (held, whole) {
            (_, true) => "ready",
            (0, _) => "pending",
            _ => "partial",
        };
        let blob = format!("{BASE}/1/artifacts/{ID}/blob");
        let record = json!({"id": ID, "status": word, "size": state.length.unwrap_or(held), "mime-type": "text/plain",
            "data-href": blob, "data": {"self": blob}, "links": []});
        Response::new(StatusCode::from_u16(status).expect("a status"), record.to_string())
    }

    fn offset(&self, status: u16) -> Response {
        let held = self.state().content.len().to_string();
        with(Response::new(StatusCode::from_u16(status).expect("a status"), ""), "upload-offset", &held)
    }

    async fn part(&self, body: Body, offset: &str, length: &str) -> Result<Response> {
        let offset: usize = offset.parse().expect("an offset");
        let trouble = self.state().troubles.pop();
        if matches!(trouble, Some(Trouble::Conflict)) || offset != self.state().content.len() {
            return Ok(self.offset(409));
        }
        let bytes = whole(body).await?;
        {
            let mut state = self.state();
            state.largest = state.largest.max(bytes.len());
            let keep = match trouble {
                Some(Trouble::Break(keep) | Trouble::Fail(keep)) => keep.min(bytes.len()),
                _ => bytes.len(),
            };
            state.content.extend_from_slice(&bytes[..keep]);
            if let (Ok(length), None | Some(Trouble::Lose)) = (length.parse(), trouble) {
                state.length = Some(length);
            }
        }
        match trouble {
            Some(Trouble::Break(_) | Trouble::Lose) => {
                Err(Error::new(ErrorKind::Connection, "the connection broke").with_sent(Sent::Maybe))
            }
            Some(Trouble::Fail(_)) => Ok(Response::new(StatusCode::INTERNAL_SERVER_ERROR, "")),
            _ => Ok(self.offset(204)),
        }
    }

    /// The content, whole or from an offset on, cut off as the next trouble says.
    fn read(&self, range: &str) -> Result<Response> {
        let mut state = self.state();
        let all = Bytes::from(state.content.clone());
        let asked =
            range.strip_prefix("bytes=").and_then(|range| range.split_once('-')).filter(|_| state.ranges);
        let (status, from, to) = match asked {
            Some((from, to)) => {
                let from: usize = from.parse().expect("a start");
                let to = to.parse::<usize>().map_or(all.len(), |to| (to + 1).min(all.len()));
                if from >= all.len() {
                    let refused = Response::new(StatusCode::RANGE_NOT_SATISFIABLE, "");
                    return Ok(with(refused, "content-range", &format!("bytes */{}", all.len())));
                }
                (206, from, to)
            }
            None => (200, 0, all.len()),
        };
        let part = all.slice(from..to);
        let mut pieces = vec![Ok(part.clone())];
        if let Some(Trouble::Break(after)) = state.troubles.pop() {
            let broken = Error::new(ErrorKind::Connection, "the connection broke").with_sent(Sent::Maybe);
            pieces = vec![Ok(part.slice(..after.min(part.len()))), Err(broken)];
        }
        let mut response = Response::new(StatusCode::from_u16(status).expect("a status"), "");
        response.body = ResponseBody::Stream(futures_util::stream::iter(pieces).boxed());
        let response = with(response, "content-length", &part.len().to_string());
        let range = format!("bytes {from}-{}/{}", to.saturating_sub(1), all.len());
        Ok(if status == 206 { with(response, "content-range", &range) } else { response })
    }
}

fn with(mut response: Response, name: &'static str, value: &str) -> Response {
    let value = HeaderValue::from_str(value).expect("a header");
    response.headers.insert(HeaderName::from_static(name), value);
    response
}

async fn whole(body: Body) -> Result<Bytes> {
    match body {
        Body::Bytes(bytes) => Ok(bytes),
        Body::Replay(open, _) => ResponseBody::Stream(open()).bytes(usize::MAX).await,
        Body::Once(stream, _) => ResponseBody::Stream(stream).bytes(usize::MAX).await,
        _ => Ok(Bytes::new()),
    }
}

impl Transport for Platform {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(request))
    }
}
