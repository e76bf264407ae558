//! From an answer that is no success to an error, once for all services.

use http::response::Parts;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::clock::Clock;
use crate::error::{Details, Error, ErrorKind};
use crate::op::Op;
use crate::retry::retry_after;

/// Longest explanation taken over from a body, in characters.
const LONGEST: usize = 400;

/// The error for a status, with the service's own words where it gave some.
pub(crate) fn classify(
    op: &'static Op,
    parts: &Parts,
    body: &[u8],
    details: Option<Details>,
    clock: &dyn Clock,
) -> Error {
    let api = details.and_then(|details| details(op, parts, body));
    let said = api.as_ref().and_then(|api| api.message.clone().or_else(|| api.title.clone()));
    let message = said.or_else(|| general(body)).map(|text| one_line(&text)).unwrap_or_else(|| {
        parts
            .status
            .canonical_reason()
            .map_or_else(|| format!("status {}", parts.status.as_u16()), str::to_owned)
    });
    let mut error = Error::new(kind(parts.status), message)
        .with_op(op.id)
        .with_status(parts.status)
        .with_headers(parts.headers.clone());
    if let Some(api) = api {
        error = error.with_api(api);
    }
    if let Some(id) = request_id(&parts.headers) {
        error = error.with_request_id(id);
    }
    match retry_after(&parts.headers, || clock.wall()) {
        Some(pause) => error.with_retry_after(pause),
        None => error,
    }
}

/// The kind that follows from a status alone.
pub(crate) fn kind(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        400 | 406 | 411 | 414..=417 | 422 => ErrorKind::Invalid,
        401 | 407 => ErrorKind::Unauthenticated,
        403 | 451 => ErrorKind::Forbidden,
        404 | 410 => ErrorKind::NotFound,
        405 | 426 | 501 | 505 => ErrorKind::Unsupported,
        408 | 504 => ErrorKind::Timeout,
        409 | 423 => ErrorKind::Conflict,
        412 | 428 => ErrorKind::Precondition,
        413 | 431 => ErrorKind::TooLarge,
        425 | 500 | 502 | 503 | 507 | 520..=599 => ErrorKind::Unavailable,
        429 => ErrorKind::RateLimited,
        _ => ErrorKind::Unexpected,
    }
}

/// The id that a service gave to the request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<&str> {
    const NAMES: [&str; 5] =
        ["x-request-id", "x-openstack-request-id", "request-id", "x-correlation-id", "x-amzn-requestid"];
    NAMES.iter().find_map(|name| headers.get(*name)?.to_str().ok())
}

/// The explanation in the shapes that services commonly use.
fn general(body: &[u8]) -> Option<String> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let within = |value: &Value| {
        ["message", "detail", "description", "title", "error_description"]
            .iter()
            .find_map(|key| text(value.get(key)?))
    };
    let error = document.get("error");
    error.and_then(within).or_else(|| within(&document)).or_else(|| error.and_then(text)).or_else(|| {
        // `{"badRequest": {"message": ..}}`: one member that holds it.
        let members = document.as_object().filter(|members| members.len() == 1)?;
        members.values().next().and_then(within)
    })
}

/// One line of bounded length.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(LONGEST));
    for (index, character) in text.trim().chars().enumerate() {
        if index == LONGEST {
            line.push('…');
            break;
        }
        line.push(if character.is_control() { ' ' } else { character });
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn explanation_is_found_in_common_shapes() {
        for body in [
            r#"{"error": {"code": 404, "message": "gone"}}"#,
            r#"{"message": "gone"}"#,
            r#"{"error": "gone"}"#,
            r#"{"itemNotFound": {"message": "gone", "code": 404}}"#,
            r#"{"title": "gone"}"#,
        ] {
            assert_eq!(general(body.as_bytes()).as_deref(), Some("gone"), "{body}");
        }
        assert_eq!(general(b"<html>"), None);
    }

    #[test]
    fn explanation_is_one_bounded_line() {
        assert_eq!(one_line("a\nb\tc\n"), "a b c");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), LONGEST + 1);
    }
}
