//! Answers whose form the caller decides about.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use pentad_core::{Context, Error, ErrorKind, Op, Result, Sent, decode};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An answer as it came: JSON, a document, or nothing. Debug shows its size only: answers carry secrets.
#[derive(Clone)]
pub struct Answer {
    op: &'static Op,
    status: StatusCode,
    content_type: Option<String>,
    body: Bytes,
}

impl Answer {
    /// Status, 2xx or a redirect that was not followed.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Content type, if the service names one.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Whether the content type is one of JSON, parameters and case apart.
    pub fn is_json(&self) -> bool {
        self.content_type.as_deref().is_some_and(is_json)
    }

    /// Whether there is no body.
    pub fn is_empty(&self) -> bool {
        self.body.is_empty()
    }

    /// The body as it came.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// The body as it came, by value.
    pub fn into_bytes(self) -> Bytes {
        self.body
    }

    /// The JSON document; an empty body is `null`.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) if there is a body and it is not JSON.
    pub fn value(&self) -> Result<Value> {
        self.json()
    }

    /// The JSON document as a type.
    ///
    /// # Errors
    /// [`Decode`](ErrorKind::Decode) with the place in the document and what was expected there.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        read(self.op, &self.body)
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("op", &self.op.id)
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

pub(crate) fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/json-") || kind.ends_with("+json")
}

pub(crate) fn is_blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

fn read<T: DeserializeOwned>(op: &'static Op, body: &[u8]) -> Result<T> {
    if is_blank(body) {
        // What may be nothing is nothing; everything else says that the body is missing.
        return serde_json::from_slice(b"null").or_else(|_| decode::from_json(op, b""));
    }
    decode::from_json(op, body)
}

/// Whatever came.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn whole(context: &Context, parts: Parts, body: Bytes) -> Result<Answer> {
    let content_type =
        parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Answer { op: context.op(), status: parts.status, content_type, body })
}

/// A JSON document of a type.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn typed<T: DeserializeOwned>(context: &Context, parts: Parts, body: Bytes) -> Result<T> {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match kind.filter(|kind| !is_json(kind) && !is_blank(&body)) {
        // Some services leave the content type of JSON out or wrong: then the body decides.
        Some(kind) => read(context.op(), &body).map_err(|_| {
            Error::new(ErrorKind::Decode, format!("the answer is {kind}, not JSON"))
                .with_op(context.op().id)
                .with_status(parts.status)
                .with_sent(Sent::Answered)
                .with_hint(
                    "ask for it with action(..).get() or get(..) of the client, which take any content",
                )
        }),
        None => read(context.op(), &body),
    }
}

/// The resources of a bulk answer: an array, nothing, or one document.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn several<T: DeserializeOwned>(context: &Context, _: Parts, body: Bytes) -> Result<Vec<T>> {
    match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Ok(Vec::new()),
        Some(b'[') => decode::from_json(context.op(), &body),
        Some(_) => decode::from_json(context.op(), &body).map(|one| vec![one]),
    }
}

/// Whether the answer is any other than 404.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn exists(_: &Context, parts: Parts, _: Bytes) -> Result<bool> {
    Ok(parts.status != StatusCode::NOT_FOUND)
}
