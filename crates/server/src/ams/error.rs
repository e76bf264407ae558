//! Every refusal AMS can give: status, status word, text and where it was raised (AMS reference 5).
//!
//! Errors raised before the handler runs carry `text/plain`, the others `application/json`; the body is the same
//! three-space JSON in both cases (AMS reference 1).

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use pentad_store::StoreError;
use serde::Serialize;

use crate::http::Reply;
use crate::reply::go;

/// Content type of what a handler answers.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// Content type of what is answered before a handler runs.
pub(crate) const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// A refusal in AMS's own shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    status: StatusCode,
    word: &'static str,
    message: Cow<'static, str>,
    before_handler: bool,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Inner<'a>,
}

#[derive(Serialize)]
struct Inner<'a> {
    code: u16,
    message: &'a str,
    status: &'a str,
}

impl Failure {
    fn new(status: StatusCode, word: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, word, message: message.into(), before_handler: false }
    }

    /// 400 `INVALID_ARGUMENT` with the given text.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    /// 400 `Invalid <what> Arguments`.
    pub(crate) fn arguments(what: &str) -> Self {
        Self::invalid(format!("Invalid {what} Arguments"))
    }

    /// 400 `BAD_REQUEST` `Invalid Request Body`.
    pub(crate) fn bad_body() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "Invalid Request Body")
    }

    /// 401 `Unauthorized`.
    pub(crate) fn unauthorized() -> Self {
        Self::unauthorized_because("Unauthorized")
    }

    /// 401 with a text of its own (push endpoint verification).
    pub(crate) fn unauthorized_because(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    /// 403 of the role check, the ACL check and pulls from push subscriptions.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", "Access to this resource is forbidden")
    }

    /// 403 of member update and removal.
    pub(crate) fn not_a_member() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            "Access to this resource is forbidden. User is not a member of the project",
        )
    }

    /// 404 with a text of its own.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// 404 `<What> doesn't exist`.
    pub(crate) fn missing(what: &str) -> Self {
        Self::not_found(format!("{what} doesn't exist"))
    }

    /// 409 `<What> already exists`.
    pub(crate) fn exists(what: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "ALREADY_EXISTS", format!("{what} already exists"))
    }

    /// 409 `CONFLICT` with a text of its own.
    pub(crate) fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message)
    }

    /// 408 `ack timeout`.
    pub(crate) fn ack_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "ack timeout")
    }

    /// 413 `Message size is too large`.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_ARGUMENT", "Message size is too large")
    }

    /// 500 with a text of its own.
    pub(crate) fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", message)
    }

    /// Marks the refusal as raised before the handler, which changes its content type.
    pub(crate) fn before_handler(mut self) -> Self {
        self.before_handler = true;
        self
    }

    /// The text, as the client reads it.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The answer that carries this refusal.
    pub(crate) fn reply(&self) -> Reply {
        let error = Inner { code: self.status.as_u16(), message: &self.message, status: self.word };
        let kind = if self.before_handler { PLAIN } else { JSON };
        Reply::new(self.status).header(header::CONTENT_TYPE, kind).body(go::indented(&Envelope { error }, 3))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the AMS store failed");
        Self::internal("Internal error while querying datastore")
    }
}

/// 200 with three-space JSON, the layout of most answers (AMS reference 1.1).
pub(crate) fn indented(value: &impl Serialize) -> Reply {
    ok().body(go::indented(value, 3))
}

/// 200 with one-space JSON: status, version, va_metrics and schemas (AMS reference 1.1).
pub(crate) fn narrow(value: &impl Serialize) -> Reply {
    ok().body(go::indented(value, 1))
}

/// 200 with compact JSON (AMS reference 1.1).
pub(crate) fn compact(value: &impl Serialize) -> Reply {
    ok().body(go::compact(value))
}

/// 200 with the bytes as they are.
pub(crate) fn raw(body: impl Into<Bytes>) -> Reply {
    ok().body(body.into())
}

/// 200 with `{}`.
pub(crate) fn braces() -> Reply {
    raw(Bytes::from_static(b"{}"))
}

/// 200 with an empty body, which still says that it is JSON.
pub(crate) fn empty() -> Reply {
    ok()
}

fn ok() -> Reply {
    Reply::new(StatusCode::OK).header(header::CONTENT_TYPE, JSON)
}
