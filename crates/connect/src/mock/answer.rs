//! Answers of a mock.

use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pentad_core::{Error, ErrorKind, Response, Result, Sent};
use serde_json::{Value, json};

/// The header by which a mock tells its own complaints from answers.
const COMPLAINT: HeaderName = HeaderName::from_static("pentad-mock");

/// One answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The connection breaks in place of an answer.
    pub(super) broken: bool,
}

impl Reply {
    pub(super) fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new(), broken: false }
    }

    pub(super) fn json(status: StatusCode, value: &Value) -> Self {
        Self::new(status).with_json(value)
    }

    pub(super) fn with_json(mut self, value: &Value) -> Self {
        self.body = value.to_string().into();
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// A page of a listing, with its place in the whole.
    pub(super) fn page(items: &[Value], offset: u64, limit: u64) -> Self {
        let total = items.len() as u64;
        let start = offset.min(total);
        let end = start.saturating_add(limit).min(total);
        let range = start.try_into().unwrap_or(usize::MAX)..end.try_into().unwrap_or(usize::MAX);
        let page: Vec<&Value> = items.get(range).into_iter().flatten().collect();
        // With nothing in it the last position is the first (reference 14.4).
        let first = if limit == 0 || total == 0 { 0 } else { offset };
        let last = first + (page.len() as u64).saturating_sub(1);
        let mut reply = Self::json(StatusCode::OK, &json!(page));
        reply.ranged(&format!("items {first}-{last}/{total}"));
        reply
    }

    pub(super) fn ranged(&mut self, range: &str) {
        if let Ok(value) = HeaderValue::from_str(range) {
            self.headers.insert(CONTENT_RANGE, value);
        }
    }

    pub(super) fn error(status: StatusCode, code: &str, text: &str) -> Self {
        Self::json(status, &json!({"error_code": code, "errors": [text]}))
    }

    /// What a request gets that nobody expected.
    pub(super) fn unexpected(line: &str) -> Self {
        let mut reply =
            Self::error(StatusCode::NOT_IMPLEMENTED, "MOCK_001", &format!("not expected: {line}"));
        reply.headers.insert(COMPLAINT, HeaderValue::from_static("unexpected"));
        reply
    }

    pub(super) fn into_response(self) -> Result<Response> {
        if self.broken {
            return Err(
                Error::new(ErrorKind::Connection, "the mock broke the connection").with_sent(Sent::Maybe)
            );
        }
        if self.headers.contains_key(COMPLAINT) {
            let text = serde_json::from_slice::<Value>(&self.body).ok();
            let line = text.and_then(|text| Some(text["errors"][0].as_str()?.to_owned())).unwrap_or_default();
            return Err(Error::new(ErrorKind::Unexpected, format!("the mock was asked something {line}")));
        }
        let mut response = Response::new(self.status, self.body);
        response.headers = self.headers;
        Ok(response)
    }
}
