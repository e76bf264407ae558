//! The classes of failure that the original clients have (OpenStack reference A14, A15).

use http::StatusCode;
use pentad_core::{ApiDetails, Error};
use serde_json::Value;

/// The class of an HTTP failure: its name in the original, what it is a kind of, and what it says where the service said
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpClass {
    /// `NotFound`.
    pub name: &'static str,
    /// `HTTPClientError`.
    pub parent: &'static str,
    /// `Not Found`.
    pub message: &'static str,
}

const CLIENT: &str = "HTTPClientError";
const SERVER: &str = "HttpServerError";

/// Statuses that have a class of their own.
static CLASSES: &[(u16, &str, &str, &str)] = &[
    (300, "MultipleChoices", "HTTPRedirection", "Multiple Choices"),
    (400, "BadRequest", CLIENT, "Bad Request"),
    (401, "Unauthorized", CLIENT, "Unauthorized"),
    (402, "PaymentRequired", CLIENT, "Payment Required"),
    (403, "Forbidden", CLIENT, "Forbidden"),
    (404, "NotFound", CLIENT, "Not Found"),
    (405, "MethodNotAllowed", CLIENT, "Method Not Allowed"),
    (406, "NotAcceptable", CLIENT, "Not Acceptable"),
    (407, "ProxyAuthenticationRequired", CLIENT, "Proxy Authentication Required"),
    (408, "RequestTimeout", CLIENT, "Request Timeout"),
    (409, "Conflict", CLIENT, "Conflict"),
    (410, "Gone", CLIENT, "Gone"),
    (411, "LengthRequired", CLIENT, "Length Required"),
    (412, "PreconditionFailed", CLIENT, "Precondition Failed"),
    (413, "RequestEntityTooLarge", CLIENT, "Request Entity Too Large"),
    (414, "RequestUriTooLong", CLIENT, "Request-URI Too Long"),
    (415, "UnsupportedMediaType", CLIENT, "Unsupported Media Type"),
    (416, "RequestedRangeNotSatisfiable", CLIENT, "Requested Range Not Satisfiable"),
    (417, "ExpectationFailed", CLIENT, "Expectation Failed"),
    (422, "UnprocessableEntity", CLIENT, "Unprocessable Entity"),
    (500, "InternalServerError", SERVER, "Internal Server Error"),
    (501, "HttpNotImplemented", SERVER, "Not Implemented"),
    (502, "BadGateway", SERVER, "Bad Gateway"),
    (503, "ServiceUnavailable", SERVER, "Service Unavailable"),
    (504, "GatewayTimeout", SERVER, "Gateway Timeout"),
    (505, "HttpVersionNotSupported", SERVER, "HTTP Version Not Supported"),
];

impl HttpClass {
    /// The class that the original raises for a status.
    pub fn of(status: StatusCode) -> Self {
        if let Some((_, name, parent, message)) = CLASSES.iter().find(|class| class.0 == status.as_u16()) {
            return Self { name, parent, message };
        }
        let (name, parent, message) = match status.as_u16() {
            400..=499 => (CLIENT, "HttpError", "HTTP Client Error"),
            500..=599 => (SERVER, "HttpError", "HTTP Server Error"),
            _ => ("HttpError", "ClientException", "HTTP Error"),
        };
        Self { name, parent, message }
    }
}

/// What the service says beyond its message: the member `details` beside it, the document around a fault, or a body that
/// is text.
pub(super) fn details(api: &ApiDetails) -> Option<String> {
    let Some(raw) = &api.raw else { return api.message.clone() };
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    if let Some(own) = text(raw, "details") {
        return Some(own);
    }
    let within = raw.as_object()?.values().find(|value| value.is_object())?;
    text(within, "details").or_else(|| text(within, "faultstring").map(|_| raw.to_string()))
}

/// The failure as the original prints it: `Not Found (HTTP 404) (Request-ID: req-1)`.
pub(super) fn original_text(error: &Error) -> Option<String> {
    let status = error.status()?;
    // A body that is text is details there, and no message.
    let said = error.api().filter(|api| api.raw.is_some()).and_then(|api| api.message.as_deref());
    let message = said.unwrap_or(HttpClass::of(status).message);
    let id = error.request_id().map(|id| format!(" (Request-ID: {id})")).unwrap_or_default();
    Some(format!("{message} (HTTP {}){id}", status.as_u16()))
}
