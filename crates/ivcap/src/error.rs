//! What the platform's error bodies say, and questions worth asking of an error.

use http::StatusCode;
use http::response::Parts;
use pentad_core::{ApiDetails, Error, ErrorKind, Op};
use serde::Deserialize;
use serde_json::Value;

/// Reads an error body (IVCAP reference 4). Anything else than an object with a message is not the platform's own.
pub fn details(_: &Op, parts: &Parts, body: &[u8]) -> Option<ApiDetails> {
    #[derive(Deserialize)]
    struct Body {
        message: String,
        name: Option<String>,
        value: Option<Value>,
    }
    let raw: Value = serde_json::from_slice(body).ok()?;
    let Body { message, name, value } = Body::deserialize(&raw).ok()?;
    let text = match (name.as_deref(), value) {
        (Some(name), Some(value)) if parts.status == StatusCode::UNPROCESSABLE_ENTITY => {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{name} = {value:?}: {message}")
        }
        (Some(name), None) if parts.status == StatusCode::UNPROCESSABLE_ENTITY => {
            format!("{name}: {message}")
        }
        _ => message,
    };
    let mut details = ApiDetails::new(text).raw(raw);
    if let Some(name) = name {
        details = details.code(name);
    }
    if parts.status == StatusCode::FAILED_DEPENDENCY {
        details = details.kind(ErrorKind::Conflict);
    }
    Some(details)
}

/// Questions about an error that only this platform raises.
pub trait ErrorExt {
    /// The parameter that the platform refuses (422), such as `limit`.
    fn parameter(&self) -> Option<&str>;
    /// The thing that the error is about (404, 409), such as `urn:ivcap:service:…`.
    fn resource(&self) -> Option<&str>;
    /// More than one record would have been replaced (424): nothing was changed.
    fn is_not_unique(&self) -> bool;
    /// The original's `NotAuthorizedException`: 401, and 403 as its later releases say.
    fn is_not_authorized(&self) -> bool;
    /// A remote job or order ended as failed.
    fn is_failed_remotely(&self) -> bool;
}

impl ErrorExt for Error {
    fn parameter(&self) -> Option<&str> {
        let refused = self.status() == Some(StatusCode::UNPROCESSABLE_ENTITY);
        self.api().filter(|_| refused)?.code.as_deref()
    }

    fn resource(&self) -> Option<&str> {
        self.api()?.raw.as_ref()?.get("id")?.as_str()
    }

    fn is_not_unique(&self) -> bool {
        self.status() == Some(StatusCode::FAILED_DEPENDENCY)
    }

    fn is_not_authorized(&self) -> bool {
        matches!(self.kind(), ErrorKind::Unauthenticated | ErrorKind::Forbidden)
    }

    fn is_failed_remotely(&self) -> bool {
        self.kind() == ErrorKind::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops;

    fn read(status: u16, body: &str) -> Option<ApiDetails> {
        let (parts, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
        details(&ops::ORDER_GET, &parts, body.as_bytes())
    }

    #[test]
    fn refused_parameters_are_named_with_their_value() {
        let got = read(422, r#"{"name": "limit", "value": "0", "message": "must be 1 to 50"}"#).unwrap();
        assert_eq!(got.message.as_deref(), Some(r#"limit = "0": must be 1 to 50"#));
        assert_eq!(got.code.as_deref(), Some("limit"));
        assert_eq!(read(424, r#"{"message": "found 3 matches."}"#).unwrap().kind, Some(ErrorKind::Conflict));
    }

    #[test]
    fn foreign_bodies_are_not_read() {
        for body in ["", "<html>", "[]", r#"{"message": 3}"#, r#"{"detail": "no"}"#] {
            assert!(read(404, body).is_none(), "{body}");
        }
    }
}
