//! What the service's error bodies say, and questions worth asking of an error.

use http::StatusCode;
use http::response::Parts;
use pentad_core::{ApiDetails, Error, ErrorKind, Op};

/// Name of the fault that the service itself raises for a missing right.
const UNAUTHORIZED: &str = "unauthorized";
/// Name of the fault for too much of something.
const OVER_LIMIT: &str = "overLimit";

/// Reads an error body: one member that names the fault, `{"itemNotFound": {"code": 404, "message": "…"}}`, or what the
/// token check and the web server in front of the service answer (OpenStack reference C2).
pub fn details(op: &Op, parts: &Parts, body: &[u8]) -> Option<ApiDetails> {
    let mut details = pentad_openstack::details(op, parts, body)?;
    let fault = details.code.as_deref().unwrap_or_default();
    match (parts.status, fault) {
        // The token was good: a right is missing, and another token would not bring it.
        (StatusCode::UNAUTHORIZED, UNAUTHORIZED) => {
            details.kind = Some(ErrorKind::Forbidden);
            details.again = Some(false);
        }
        // Nothing was done: too many calls in a minute.
        (StatusCode::PAYLOAD_TOO_LARGE, OVER_LIMIT) if is_rate(parts, &details) => {
            details.kind = Some(ErrorKind::RateLimited);
            details.again = Some(true);
        }
        (StatusCode::UNPROCESSABLE_ENTITY, _) if is_busy(&details) => {
            details.kind = Some(ErrorKind::Conflict);
        }
        _ => {}
    }
    Some(details)
}

fn is_rate(parts: &Parts, details: &ApiDetails) -> bool {
    parts.headers.contains_key(http::header::RETRY_AFTER)
        || details.raw.as_ref().is_some_and(|raw| raw[OVER_LIMIT].get("retryAfter").is_some())
}

fn is_busy(details: &ApiDetails) -> bool {
    let message = details.message.as_deref().unwrap_or_default();
    ["not currently available", "is not ready", "is running", "currently being", "being used"]
        .iter()
        .any(|words| message.contains(words))
}

/// Questions about an error that only this service raises.
pub trait ErrorExt {
    /// The name of the fault, such as `itemNotFound` or `overLimit`.
    fn fault(&self) -> Option<&str>;
    /// The instance, backup or cluster is busy: the same call may succeed later.
    fn is_busy(&self) -> bool;
    /// The project would have more than its quota, or a volume would be too large.
    fn is_over_quota(&self) -> bool;
    /// Only administrators may do this.
    fn needs_admin(&self) -> bool;
    /// The datastore, or the installation, cannot do this at all.
    fn is_not_supported(&self) -> bool;
}

impl ErrorExt for Error {
    fn fault(&self) -> Option<&str> {
        self.api()?.code.as_deref()
    }

    fn is_busy(&self) -> bool {
        self.status() == Some(StatusCode::UNPROCESSABLE_ENTITY) && self.kind() == ErrorKind::Conflict
    }

    fn is_over_quota(&self) -> bool {
        self.fault() == Some(OVER_LIMIT) && self.kind() != ErrorKind::RateLimited
    }

    fn needs_admin(&self) -> bool {
        self.status() == Some(StatusCode::UNAUTHORIZED) && self.fault() == Some(UNAUTHORIZED)
    }

    fn is_not_supported(&self) -> bool {
        self.status() == Some(StatusCode::NOT_IMPLEMENTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops;

    fn read(status: u16, header: Option<&str>, body: &str) -> ApiDetails {
        let mut answer = http::Response::builder().status(status).header("content-type", "application/json");
        if let Some(pause) = header {
            answer = answer.header("retry-after", pause);
        }
        details(&ops::INSTANCE_GET, &answer.body(()).unwrap().into_parts().0, body.as_bytes()).unwrap()
    }

    #[test]
    fn the_fault_is_the_code_and_its_message_the_message() {
        let got =
            read(404, None, r#"{"itemNotFound": {"code": 404, "message": "Resource x cannot be found."}}"#);
        assert_eq!(got.code.as_deref(), Some("itemNotFound"));
        assert_eq!(got.message.as_deref(), Some("Resource x cannot be found."));
        assert_eq!(got.kind, None);
    }

    #[test]
    fn a_missing_right_is_not_a_bad_token() {
        let right = r#"{"unauthorized": {"code": 401, "message": "User does not have admin privileges."}}"#;
        assert_eq!(
            (read(401, None, right).kind, read(401, None, right).again),
            (Some(ErrorKind::Forbidden), Some(false))
        );
        let token = r#"{"error": {"code": 401, "title": "Unauthorized", "message": "m"}}"#;
        assert_eq!(read(401, None, token).kind, None);
    }

    #[test]
    fn too_many_calls_and_too_many_things_are_told_apart() {
        let rate =
            r#"{"overLimit": {"code": 413, "message": "This request was rate-limited.", "retryAfter": "1"}}"#;
        assert_eq!(read(413, Some("1"), rate).kind, Some(ErrorKind::RateLimited));
        let quota =
            r#"{"overLimit": {"code": 413, "message": "Quota exceeded for resources: ['instances']."}}"#;
        assert_eq!(read(413, None, quota).kind, None);
    }

    #[test]
    fn a_busy_instance_is_a_conflict_and_a_bad_value_is_not() {
        let busy = r#"{"unprocessableEntity": {"code": 422, "message": "Instance x is not currently available for an action to be performed (task status was REBOOTING)."}}"#;
        assert_eq!(read(422, None, busy).kind, Some(ErrorKind::Conflict));
        let value = r#"{"unprocessableEntity": {"code": 422, "message": "The value provided for the configuration parameter max_connections is not of type integer."}}"#;
        assert_eq!(read(422, None, value).kind, None);
    }
}
