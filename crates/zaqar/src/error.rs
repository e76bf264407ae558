//! What the service's error bodies say, and questions worth asking of an error.

use http::StatusCode;
use http::response::Parts;
use pentad_core::{ApiDetails, Error, ErrorKind, Op};
use serde::Deserialize;
use serde_json::Value;

use crate::version::Version;

/// Reads an error body: `{"title", "description"}` (Zaqar reference 2.3). Anything else is not the service's own.
pub(crate) fn details(_: &Op, parts: &Parts, body: &[u8]) -> Option<ApiDetails> {
    #[derive(Deserialize)]
    struct Body {
        title: String,
        description: Option<String>,
    }
    let Body { title, description } = serde_json::from_slice(body).ok()?;
    let mut details = ApiDetails::default().title(title);
    details.message = description;
    details.raw = serde_json::from_slice::<Value>(body).ok();
    // The text of an exception: the same request fails again in the same way.
    if parts.status == StatusCode::INTERNAL_SERVER_ERROR
        && details.title.as_deref() == Some("Internal server error")
    {
        details = details.again(false);
    }
    Some(details)
}

/// A method that this version cannot do, in the words of the table of operations.
pub(crate) fn unsupported(what: &'static str, here: Version, there: &[Version]) -> Error {
    let there: Vec<_> = there.iter().map(|version| version.label()).collect();
    let message = format!("not in API {here}, only in: {}", there.join(", "));
    Error::new(ErrorKind::Unsupported, message).with_op(what)
}

/// Questions about an error that only this service raises.
pub trait ErrorExt {
    /// The title that the service gave, such as `Invalid API request`.
    fn title(&self) -> Option<&str>;
    /// The message is leased to somebody, and the claim that was named (if any) is not that lease.
    fn is_claimed(&self) -> bool;
    /// The claim is over: it ended, was released, or all its messages are gone.
    fn is_claim_lost(&self) -> bool;
    /// A confirmed subscription of this receiver exists already.
    fn is_already_subscribed(&self) -> bool;
    /// The router knows no such path: another version, a server without the administrative part, or a signed URL that
    /// is not accepted.
    fn is_not_routed(&self) -> bool;
}

fn says(error: &Error, text: &str) -> bool {
    error.api().and_then(|api| api.message.as_deref()).is_some_and(|message| message.contains(text))
}

impl ErrorExt for Error {
    fn title(&self) -> Option<&str> {
        self.api()?.title.as_deref()
    }

    fn is_claimed(&self) -> bool {
        self.status() == Some(StatusCode::FORBIDDEN) && says(self, "message is claimed")
    }

    fn is_claim_lost(&self) -> bool {
        let refused = self.status() == Some(StatusCode::BAD_REQUEST)
            && (says(self, "claim does not exist or has expired") || says(self, "not currently claimed"));
        let gone = self.status() == Some(StatusCode::NOT_FOUND)
            && self.op().is_some_and(|op| op.starts_with("zaqar.claim."));
        refused || gone || self.is_claimed()
    }

    fn is_already_subscribed(&self) -> bool {
        self.kind() == ErrorKind::Conflict
            && self.op().is_some_and(|op| op.starts_with("zaqar.subscription."))
    }

    fn is_not_routed(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND) && self.title() == Some("404 Not Found")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops;

    fn read(status: u16, body: &str) -> Option<ApiDetails> {
        let (parts, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
        details(&ops::QUEUE_GET, &parts, body.as_bytes())
    }

    #[test]
    fn title_and_description_are_read_and_foreign_bodies_are_not() {
        let got =
            read(400, r#"{"title": "Invalid API request", "description": "Limit must be 1."}"#).unwrap();
        assert_eq!(got.title.as_deref(), Some("Invalid API request"));
        assert_eq!(got.message.as_deref(), Some("Limit must be 1."));
        assert_eq!(read(404, r#"{"title": "404 Not Found"}"#).unwrap().message, None);
        assert_eq!(read(502, "<html>bad gateway</html>"), None);
        assert_eq!(read(404, ""), None);
    }

    #[test]
    fn a_bug_that_was_hit_is_final_and_a_balancers_500_is_not() {
        let body = r#"{"title": "Internal server error", "description": "string indices must be integers"}"#;
        assert_eq!(read(500, body).unwrap().again, Some(false));
        assert_eq!(read(500, "oops"), None);
    }
}
