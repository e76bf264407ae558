//! Every refusal of the service, in the shapes of IVCAP reference 4.

use std::fmt::Display;

use http::{HeaderValue, Method, StatusCode, header};
use pentad_store::{StoreError, StoreErrorKind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::http::{BodyFault, Reply};

/// Characters of a value that an answer repeats.
const SHOWN: usize = 200;

/// A refusal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure(Box<Refusal>);

#[derive(Debug, Clone, PartialEq)]
struct Refusal {
    status: StatusCode,
    /// [`Value::Null`] is an empty body.
    body: Value,
}

/// A result whose error is [`Failure`].
pub(crate) type Answer<T> = Result<T, Failure>;

impl Failure {
    /// A status with a body of its own; `null` is no body.
    pub(crate) fn status(status: StatusCode, body: Value) -> Self {
        Self(Box::new(Refusal { status, body }))
    }

    fn message(status: StatusCode, message: impl Display) -> Self {
        Self::status(status, json!({"message": message.to_string()}))
    }

    /// 400: the request as a whole cannot be understood.
    pub(crate) fn bad_request(message: impl Display) -> Self {
        Self::message(StatusCode::BAD_REQUEST, message)
    }

    /// 401, without a body: nobody reads one.
    pub(crate) fn unauthorized() -> Self {
        Self::status(StatusCode::UNAUTHORIZED, Value::Null)
    }

    /// 403. Its `id` is left out: clients take only a bare UUID there.
    pub(crate) fn forbidden(message: impl Display) -> Self {
        Self::message(StatusCode::FORBIDDEN, message)
    }

    /// 404.
    pub(crate) fn not_found(id: impl Display, message: impl Display) -> Self {
        Self::named(StatusCode::NOT_FOUND, id, message)
    }

    /// 409.
    pub(crate) fn conflict(id: impl Display, message: impl Display) -> Self {
        Self::named(StatusCode::CONFLICT, id, message)
    }

    fn named(status: StatusCode, id: impl Display, message: impl Display) -> Self {
        Self::status(status, json!({"id": uri(&id.to_string()), "message": message.to_string()}))
    }

    /// 413.
    pub(crate) fn too_large(limit: u64) -> Self {
        let text = format!("the body may have at most {limit} bytes");
        Self::message(StatusCode::PAYLOAD_TOO_LARGE, text)
    }

    /// 415.
    pub(crate) fn wrong_type(message: impl Display) -> Self {
        Self::message(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// 422: a parameter or member has a value that it cannot have.
    pub(crate) fn invalid(name: &str, value: impl Display, message: impl Display) -> Self {
        let body = json!({"name": name, "value": shown(&value.to_string()), "message": message.to_string()});
        Self::status(StatusCode::UNPROCESSABLE_ENTITY, body)
    }

    /// 422: a parameter or member is not there.
    pub(crate) fn missing(name: &str) -> Self {
        let body = json!({"name": name, "message": format!("'{name}' is missing")});
        Self::status(StatusCode::UNPROCESSABLE_ENTITY, body)
    }

    /// 424: several records where one is needed.
    pub(crate) fn not_unique(count: usize) -> Self {
        Self::message(StatusCode::FAILED_DEPENDENCY, format!("found {count} matches."))
    }

    /// 501.
    pub(crate) fn not_implemented(message: impl Display) -> Self {
        Self::message(StatusCode::NOT_IMPLEMENTED, message)
    }

    /// 503, without a body.
    pub(crate) fn unavailable() -> Self {
        Self::status(StatusCode::SERVICE_UNAVAILABLE, Value::Null)
    }

    /// 500.
    pub(crate) fn internal() -> Self {
        Self::message(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }

    /// The status.
    pub(crate) fn code(&self) -> StatusCode {
        self.0.status
    }

    /// What it says, for seeds and logs.
    pub(crate) fn text(&self) -> String {
        let said = self.0.body.get("message").and_then(Value::as_str);
        said.map_or_else(|| self.0.status.to_string(), str::to_owned)
    }

    /// The answer that carries this refusal.
    pub(crate) fn reply(&self) -> Reply {
        let Refusal { status, body } = &*self.0;
        let reply = if body.is_null() { Reply::new(*status) } else { Reply::json(*status, body) };
        if *status == StatusCode::UNAUTHORIZED {
            return reply.header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        reply
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store of ivcap failed");
        match error.kind() {
            StoreErrorKind::Full => {
                Self::message(StatusCode::INSUFFICIENT_STORAGE, "there is no room left to store it")
            }
            _ => Self::internal(),
        }
    }
}

impl From<BodyFault> for Failure {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooLarge { limit } => Self::too_large(limit),
            BodyFault::Slow => Self::message(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time"),
            BodyFault::Broken(why) => Self::bad_request(format!("the body ended early: {why}")),
        }
    }
}

/// What a URI may hold beside letters and digits; a percent sign stands for itself here.
const URI: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'/');

/// An id as clients read it: they take only URIs there.
fn uri(id: &str) -> String {
    let plain = utf8_percent_encode(shown(id).trim_end_matches('…'), URI).to_string();
    if plain == id && crate::ivcap::urn::is_urn(id) { plain } else { format!("urn:ivcap:unknown:{plain}") }
}

/// The beginning of a value.
fn shown(value: &str) -> String {
    match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// 405 with the verbs that the path has.
pub(crate) fn wrong_method(allowed: &[Method]) -> Reply {
    let verbs: Vec<&str> = allowed.iter().map(Method::as_str).collect();
    let reply = Failure::message(StatusCode::METHOD_NOT_ALLOWED, "this path has no such method").reply();
    match HeaderValue::from_str(&verbs.join(", ")) {
        Ok(value) => reply.header(header::ALLOW, value),
        Err(_) => reply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_what_is_not_there_is_always_a_uri() {
        let id = |id: &str| Failure::not_found(id, "x").0.body["id"].as_str().unwrap_or_default().to_owned();
        assert_eq!(id("urn:ivcap:order:1"), "urn:ivcap:order:1");
        assert_eq!(id("0"), "urn:ivcap:unknown:0");
        assert_eq!(id("a b%"), "urn:ivcap:unknown:a%20b%25");
        assert_eq!(id(""), "urn:ivcap:unknown:");
        assert!(id(&"ä".repeat(1000)).len() < 2000);
    }
}
