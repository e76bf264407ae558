//! What OpenStack services say in their error bodies, and questions worth asking of an error.

mod class;

use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::response::Parts;
use pentad_core::{ApiDetails, Error, ErrorKind, Op};
use serde_json::{Map, Value};

pub use self::class::HttpClass;

use crate::ops;

/// The header of a 401 that asks for a further method of authentication.
pub(crate) const RECEIPT: &str = "openstack-auth-receipt";
/// Longest text taken over from a body that is not JSON, in characters.
const TEXT: usize = 300;

/// Codes of errors that are found out here, as the original clients' classes are called.
pub(crate) mod code {
    pub(crate) const ENDPOINT_NOT_FOUND: &str = "EndpointNotFound";
    pub(crate) const EMPTY_CATALOG: &str = "EmptyCatalog";
    pub(crate) const MISSING_OPTIONS: &str = "AuthPluginOptionsMissing";
    pub(crate) const DISCOVERY: &str = "DiscoveryFailure";
    pub(crate) const RECEIPT: &str = "MissingAuthMethods";
    pub(crate) const AUTH_SYSTEM: &str = "AuthSystemNotFound";
    pub(crate) const NO_UNIQUE_MATCH: &str = "NoUniqueMatch";
}

/// Reads an error body in any of the shapes that OpenStack services have (OpenStack reference A15 and B7):
/// `{"error": {"message", "title"}}`, `{"badRequest": {"message"}}`, `{"title", "description"}`, `{"message"}`,
/// `{"error": "text"}`, `{"errors": [{"title", "detail"}]}`, `{"faultstring"}` and its wrapping, text, and nothing.
pub fn details(op: &Op, parts: &Parts, body: &[u8]) -> Option<ApiDetails> {
    let mut details = match serde_json::from_slice::<Value>(body) {
        Ok(document) => match structured(&document) {
            Some(details) => ApiDetails { raw: Some(document), ..details },
            // A receipt explains nothing in words, but says what is asked for.
            None if parts.headers.contains_key(RECEIPT) => {
                ApiDetails { raw: Some(document), ..Default::default() }
            }
            None => ApiDetails::default(),
        },
        Err(_) => text(parts, body).unwrap_or_default(),
    };
    details.request_id = header(parts, "x-openstack-request-id")
        .or_else(|| header(parts, "x-compute-request-id"))
        .map(str::to_owned);
    judge(op, parts, &mut details);
    (details != ApiDetails::default()).then_some(details)
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

fn structured(document: &Value) -> Option<ApiDetails> {
    let members = document.as_object()?;
    if let Some(first) = members.get("errors").and_then(|errors| errors.get(0)).and_then(Value::as_object) {
        return said(first);
    }
    said(members).or_else(|| {
        // The first member that explains anything: `error`, `badRequest`, `itemNotFound`, `error_message`.
        let (name, details) =
            members.iter().find_map(|(name, value)| Some((name, said(value.as_object()?)?)))?;
        let named =
            matches!(name.as_str(), "error" | "error_message" | "conflictingRequest" | "computeFault");
        let code = details.code.or_else(|| (!named || name == "conflictingRequest").then(|| name.clone()));
        Some(ApiDetails { code, ..details })
    })
}

/// An object that explains itself.
fn said(members: &Map<String, Value>) -> Option<ApiDetails> {
    let text = |name: &str| members.get(name)?.as_str().filter(|text| !text.trim().is_empty());
    let message = ["message", "description", "detail", "faultstring", "error_description"]
        .iter()
        .find_map(|name| text(name))
        .or_else(|| text("error"));
    let title = text("title");
    message.or(title)?;
    Some(ApiDetails {
        code: text("code").or_else(|| text("faultcode")).or(title).map(str::to_owned),
        title: title.map(str::to_owned),
        message: message.map(str::to_owned),
        ..ApiDetails::default()
    })
}

fn text(parts: &Parts, body: &[u8]) -> Option<ApiDetails> {
    let kind = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    if !kind.starts_with("text/") {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let plain = if kind.starts_with("text/html") { without_tags(&text) } else { text.into_owned() };
    let line: String = plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(TEXT).collect();
    (!line.is_empty()).then(|| ApiDetails::new(line))
}

fn without_tags(page: &str) -> String {
    let mut inside = false;
    let visible = |character: char| {
        inside = match character {
            '<' => true,
            '>' => {
                let was = inside;
                inside = false;
                return if was { ' ' } else { '>' };
            }
            _ => inside,
        };
        if inside { '\0' } else { character }
    };
    page.chars().map(visible).filter(|character| *character != '\0').collect()
}

/// Where the status alone would mislead.
fn judge(op: &Op, parts: &Parts, details: &mut ApiDetails) {
    let issuing = op.id == ops::TOKEN_ISSUE.id;
    match parts.status {
        // A step of a login, not a rejected credential: another token would not help.
        StatusCode::UNAUTHORIZED if parts.headers.contains_key(RECEIPT) => {
            details.code = Some(code::RECEIPT.to_owned());
            details.again = Some(false);
        }
        // The token, or the application credential, that was given does not exist (B7).
        StatusCode::NOT_FOUND if issuing && details.raw.is_some() => {
            details.kind = Some(ErrorKind::Unauthenticated);
            details.again = Some(false);
        }
        StatusCode::MULTIPLE_CHOICES => details.kind = Some(ErrorKind::Unsupported),
        _ => {}
    }
}

/// An error that is found out here, before or without an answer of a service.
pub(crate) fn coded(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Error {
    let message: String = message.into();
    Error::new(kind, message).with_api(ApiDetails::default().code(code))
}

/// The failure of a search by name that finds several things of a kind;
/// [`ErrorExt::is_no_unique_match`] tells it from others.
///
/// # Source
/// OpenStack reference A17.
pub fn no_unique_match(noun: &str, wanted: &str) -> Error {
    let message = format!("Multiple {noun} matches found for '{wanted}', use an ID to be more specific.");
    coded(ErrorKind::Invalid, code::NO_UNIQUE_MATCH, message)
}

/// What is missing for a login, by the names of its options (OpenStack reference A13.2).
pub(crate) fn missing(options: &[&str]) -> Error {
    let variables: Vec<String> = options
        .iter()
        .map(|option| match option.split_once(" or ") {
            Some((a, b)) => format!("{} or {}", variable(a), variable(b)),
            None => variable(option),
        })
        .collect();
    coded(
        ErrorKind::Config,
        code::MISSING_OPTIONS,
        format!("Authentication failed. Missing options: {}", options.join(", ")),
    )
    .with_hint(format!("set them in clouds.yaml, or {}", variables.join(", ")))
}

fn variable(option: &str) -> String {
    format!("OS_{}", option.to_ascii_uppercase())
}

/// Questions about an error that OpenStack clients ask.
pub trait ErrorExt {
    /// The class that the original raises for it; `None` where no service answered.
    fn class(&self) -> Option<HttpClass>;
    /// What the service says beyond its message.
    fn details(&self) -> Option<String>;
    /// As the original prints it: `Not Found (HTTP 404) (Request-ID: req-1)`.
    fn original_text(&self) -> Option<String>;
    /// No login is called so.
    fn is_auth_system_not_found(&self) -> bool;
    /// The catalog has no endpoint like the one that was asked for.
    fn is_endpoint_not_found(&self) -> bool;
    /// Several things match where one was asked for.
    fn is_no_unique_match(&self) -> bool;
    /// The login lacks options; the message names them.
    fn is_missing_options(&self) -> bool;
    /// No version of the identity service could be found out.
    fn is_discovery_failure(&self) -> bool;
    /// A further method of authentication is asked for; [`receipt`](Self::receipt) is what to come back with.
    fn needs_more_methods(&self) -> bool;
    /// The receipt of the methods that succeeded, for [`Keystone::receipt`](crate::auth::Keystone::receipt).
    fn receipt(&self) -> Option<pentad_core::Secret>;
    /// The sets of methods that the service would accept, each of them complete.
    fn required_methods(&self) -> Vec<Vec<String>>;
}

fn has_code(error: &Error, code: &str) -> bool {
    error.api().and_then(|api| api.code.as_deref()) == Some(code)
}

impl ErrorExt for Error {
    fn class(&self) -> Option<HttpClass> {
        self.status().map(HttpClass::of)
    }

    fn details(&self) -> Option<String> {
        class::details(self.api()?)
    }

    fn original_text(&self) -> Option<String> {
        class::original_text(self)
    }

    fn is_auth_system_not_found(&self) -> bool {
        has_code(self, code::AUTH_SYSTEM)
    }

    fn is_endpoint_not_found(&self) -> bool {
        has_code(self, code::ENDPOINT_NOT_FOUND) || has_code(self, code::EMPTY_CATALOG)
    }

    fn is_no_unique_match(&self) -> bool {
        has_code(self, code::NO_UNIQUE_MATCH)
    }

    fn is_missing_options(&self) -> bool {
        has_code(self, code::MISSING_OPTIONS)
    }

    fn is_discovery_failure(&self) -> bool {
        has_code(self, code::DISCOVERY)
    }

    fn needs_more_methods(&self) -> bool {
        has_code(self, code::RECEIPT)
    }

    fn receipt(&self) -> Option<pentad_core::Secret> {
        Some(pentad_core::Secret::new(self.headers()?.get(RECEIPT)?.to_str().ok()?))
    }

    fn required_methods(&self) -> Vec<Vec<String>> {
        let raw = self.api().and_then(|api| api.raw.as_ref());
        raw.and_then(|raw| raw.get("required_auth_methods"))
            .and_then(|rules| serde_json::from_value(rules.clone()).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(op: &Op, status: u16, kind: &str, body: &str) -> Option<ApiDetails> {
        let answer = http::Response::builder().status(status).header(CONTENT_TYPE, kind).body(()).unwrap();
        details(op, &answer.into_parts().0, body.as_bytes())
    }

    #[test]
    fn an_explanation_is_found_in_every_shape_that_services_have() {
        let json = "application/json; charset=UTF-8";
        for (body, message, code) in [
            (
                r#"{"error": {"code": 401, "message": "m", "title": "Unauthorized"}}"#,
                "m",
                Some("Unauthorized"),
            ),
            (r#"{"error": {"message": "m", "details": "d"}}"#, "m", None),
            (r#"{"badRequest": {"message": "m", "code": 400}}"#, "m", Some("badRequest")),
            (r#"{"extra": 1, "itemNotFound": {"message": "m"}}"#, "m", Some("itemNotFound")),
            (r#"{"error_message": {"faultstring": "m", "faultcode": "Client"}}"#, "m", Some("Client")),
            (r#"{"message": "m"}"#, "m", None),
            (r#"{"title": "Bad", "description": "m"}"#, "m", Some("Bad")),
            (r#"{"errors": [{"title": "T", "detail": "m"}]}"#, "m", Some("T")),
            (r#"{"error": "m"}"#, "m", None),
            (r#"{"faultstring": "m"}"#, "m", None),
        ] {
            let got = read(&ops::AUTH_PROJECTS, 400, json, body).unwrap();
            assert_eq!((got.message.as_deref(), got.code.as_deref()), (Some(message), code), "{body}");
            assert!(got.raw.is_some());
        }
    }

    #[test]
    fn bodies_that_explain_nothing_are_none_and_never_a_failure() {
        for body in ["", "{}", "[]", "null", "1", r#"{"alien": 123}"#, "{", r#"{"errors": []}"#] {
            assert_eq!(read(&ops::AUTH_PROJECTS, 400, "application/json", body), None, "{body}");
        }
        let page = read(&ops::AUTH_PROJECTS, 404, "text/html", "<html>\n<h1>Not Found</h1> gone").unwrap();
        assert_eq!(page.message.as_deref(), Some("Not Found gone"));
        assert_eq!(
            read(&ops::AUTH_PROJECTS, 400, "text/plain", "oops").unwrap().message.as_deref(),
            Some("oops")
        );
    }

    #[test]
    fn an_unknown_token_to_log_in_with_is_a_bad_credential_and_not_a_missing_thing() {
        let body = r#"{"error": {"code": 404, "message": "Could not recognize Fernet token", "title": "Not Found"}}"#;
        let got = read(&ops::TOKEN_ISSUE, 404, "application/json", body).unwrap();
        assert_eq!((got.kind, got.again), (Some(ErrorKind::Unauthenticated), Some(false)));
        assert_eq!(read(&ops::TOKEN_VALIDATE, 404, "application/json", body).unwrap().kind, None);
    }

    #[test]
    fn what_is_missing_is_named_as_option_and_as_variable() {
        let error = missing(&["username", "user_domain_id or user_domain_name"]);
        assert!(error.is_missing_options());
        let line = error.to_string();
        assert!(line.contains("Missing options: username, user_domain_id or user_domain_name"), "{line}");
        assert!(line.contains("OS_USERNAME, OS_USER_DOMAIN_ID or OS_USER_DOMAIN_NAME"), "{line}");
    }
}
