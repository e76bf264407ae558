//! What the service's error bodies say, and questions worth asking of an error.

use http::StatusCode;
use http::response::Parts;
use pentad_core::{ApiDetails, Error, ErrorKind, Op};
use serde::Deserialize;
use serde_json::Value;

use crate::ops;

/// Longest text taken over from a page that is not JSON.
const PAGE_TEXT: usize = 200;

/// Reads an error body: the service's JSON envelope, or a load balancer's page (AMS reference 5.1 and 1).
///
/// The service's own answers about an acknowledgement (`ack timeout`, `wrong ack`, `no ack pending`) are final although
/// their statuses are 408 and 500; the same statuses with a balancer's page keep the meaning of the retry table.
pub fn details(op: &Op, parts: &Parts, body: &[u8]) -> Option<ApiDetails> {
    #[derive(Deserialize)]
    struct Envelope {
        error: Fields,
    }
    #[derive(Deserialize)]
    struct Fields {
        message: Option<String>,
        status: Option<String>,
    }
    let Ok(Envelope { error }) = serde_json::from_slice::<Envelope>(body) else {
        return page_text(body).map(ApiDetails::new);
    };
    let message = error.message.unwrap_or_default();
    let mut details = judge(op, parts.status, &message);
    details.code = error.status;
    details.message = (!message.is_empty()).then_some(message);
    details.raw = serde_json::from_slice::<Value>(body).ok();
    Some(details)
}

/// What an answer of the service itself means where its status misleads.
fn judge(op: &Op, status: StatusCode, message: &str) -> ApiDetails {
    let plain = ApiDetails::default();
    match status {
        StatusCode::REQUEST_TIMEOUT if op.id == ops::SUBSCRIPTION_ACK.id => plain.again(false),
        StatusCode::INTERNAL_SERVER_ERROR => match message {
            "wrong ack" | "no ack pending" => plain.kind(ErrorKind::Conflict).again(false),
            "sub not found during UpdateSubOffsetAck" => plain.kind(ErrorKind::NotFound).again(false),
            "Message retrieved from broker network has invalid JSON Structure"
            | "Could not load schema for topic"
            | "Multiple users found with the same uuid" => plain.kind(ErrorKind::Failed).again(false),
            _ => plain,
        },
        // The two are swapped on this route: 403 is an unknown token, 401 a missing role (AMS reference 8.1).
        StatusCode::FORBIDDEN if op.id == ops::STATUS.id => plain.kind(ErrorKind::Unauthenticated),
        StatusCode::UNAUTHORIZED if op.id == ops::STATUS.id => plain.kind(ErrorKind::Forbidden),
        // The service could not prove that the endpoint is ours; the caller's own token is fine.
        StatusCode::UNAUTHORIZED
            if op.id == ops::SUBSCRIPTION_VERIFY_PUSH.id && message.starts_with("Endpoint") =>
        {
            plain.kind(ErrorKind::Failed).again(false)
        }
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN if op.id == ops::AUTHN.id => {
            plain.kind(ErrorKind::Unauthenticated)
        }
        _ => plain,
    }
}

/// The words of a page, without tags; none if there are none.
fn page_text(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let mut words = String::new();
    let mut inside_tag = false;
    for c in text.chars() {
        match c {
            '<' => inside_tag = true,
            '>' if inside_tag => {
                inside_tag = false;
                words.push(' ');
            }
            _ if !inside_tag => words.push(c),
            _ => {}
        }
    }
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(PAGE_TEXT).collect();
    (!cut.is_empty()).then_some(cut)
}

/// Questions about an error that only this service raises.
pub trait ErrorExt {
    /// The acknowledgement came after the deadline; pull again and acknowledge that delivery.
    fn is_ack_timeout(&self) -> bool;
    /// The acknowledgement named an offset outside the last pull; somebody else may have pulled meanwhile.
    fn is_wrong_ack(&self) -> bool;
    /// There was no delivery to acknowledge: one pull admits one acknowledgement.
    fn is_no_ack_pending(&self) -> bool;
    /// The project of the call does not exist (rather than the thing in it).
    fn is_project_missing(&self) -> bool;
    /// A thing of this name exists already.
    fn is_already_exists(&self) -> bool;
    /// The subscription outlived its topic.
    fn is_topic_missing(&self) -> bool;
    /// The service does not deliver by push.
    fn is_push_disabled(&self) -> bool;
    /// A load balancer or another go-between answered, not the service.
    fn is_balancer(&self) -> bool;
}

fn says(error: &Error, text: &str) -> bool {
    error.api().and_then(|api| api.message.as_deref()) == Some(text)
}

impl ErrorExt for Error {
    fn is_ack_timeout(&self) -> bool {
        self.status() == Some(StatusCode::REQUEST_TIMEOUT) && says(self, "ack timeout")
    }

    fn is_wrong_ack(&self) -> bool {
        says(self, "wrong ack")
    }

    fn is_no_ack_pending(&self) -> bool {
        says(self, "no ack pending")
    }

    fn is_project_missing(&self) -> bool {
        says(self, "project doesn't exist")
    }

    fn is_already_exists(&self) -> bool {
        self.api().and_then(|api| api.code.as_deref()) == Some("ALREADY_EXISTS")
    }

    fn is_topic_missing(&self) -> bool {
        says(self, "Subscription's topic doesn't exist")
    }

    fn is_push_disabled(&self) -> bool {
        says(self, "Push functionality is currently disabled")
    }

    fn is_balancer(&self) -> bool {
        self.status().is_some_and(|status| !status.is_success())
            && self.api().is_none_or(|api| api.raw.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(op: &Op, status: u16, body: &str) -> Option<ApiDetails> {
        let (parts, ()) = http::Response::builder().status(status).body(()).unwrap().into_parts();
        details(op, &parts, body.as_bytes())
    }

    fn envelope(code: u16, message: &str, status: &str) -> String {
        format!(r#"{{"error":{{"code":{code},"message":"{message}","status":"{status}"}}}}"#)
    }

    #[test]
    fn envelope_gives_code_message_and_raw() {
        let got = read(&ops::TOPIC_GET, 404, &envelope(404, "Topic doesn't exist", "NOT_FOUND")).unwrap();
        assert_eq!(got.code.as_deref(), Some("NOT_FOUND"));
        assert_eq!(got.message.as_deref(), Some("Topic doesn't exist"));
        assert_eq!(got.raw.unwrap()["error"]["code"], 404);
        assert_eq!((got.kind, got.again), (None, None));
    }

    #[test]
    fn own_answers_about_acknowledgements_are_final_and_a_balancers_are_not() {
        let own = read(&ops::SUBSCRIPTION_ACK, 408, &envelope(408, "ack timeout", "TIMEOUT")).unwrap();
        assert_eq!(own.again, Some(false));
        for text in ["wrong ack", "no ack pending"] {
            let own =
                read(&ops::SUBSCRIPTION_ACK, 500, &envelope(500, text, "INTERNAL_SERVER_ERROR")).unwrap();
            assert_eq!((own.kind, own.again), (Some(ErrorKind::Conflict), Some(false)));
        }
        let page = "<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a complete request.</body></html>";
        let balancer = read(&ops::SUBSCRIPTION_ACK, 408, page).unwrap();
        assert_eq!((balancer.kind, balancer.again, balancer.raw), (None, None, None));
        assert_eq!(
            balancer.message.unwrap(),
            "408 Request Time-out Your browser didn't send a complete request."
        );
    }

    #[test]
    fn empty_and_foreign_bodies_are_read_without_complaint() {
        assert_eq!(read(&ops::TOPIC_GET, 502, ""), None);
        assert_eq!(
            read(&ops::TOPIC_GET, 404, "404 page not found\n").unwrap().message.unwrap(),
            "404 page not found"
        );
        assert!(read(&ops::TOPIC_GET, 404, r#"{"detail":"x"}"#).unwrap().raw.is_none());
        assert!(
            details(&ops::TOPIC_GET, &http::Response::new(()).into_parts().0, b"\xff\xfe<\xff").is_some()
        );
    }

    #[test]
    fn swapped_statuses_of_the_status_route_are_put_right() {
        let body = envelope(403, "Access to this resource is forbidden", "FORBIDDEN");
        assert_eq!(read(&ops::STATUS, 403, &body).unwrap().kind, Some(ErrorKind::Unauthenticated));
    }
}
