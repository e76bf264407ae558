//! Every refusal Trove can give, and the layout of answers (OpenStack reference C2).

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use pentad_store::StoreError;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::accept::Wanted;
use crate::http::{BodyFault, Reply};
use crate::reply::python;

/// What a handler gives.
pub(crate) type Answer<T> = Result<T, Failure>;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// In the service's own shape: one key that names the kind.
    Fault { status: StatusCode, message: Cow<'static, str> },
    /// In the shape of the web framework, before the service itself was reached.
    Framework { status: StatusCode, body: String },
    /// The token middleware's 401.
    Token { uri: String },
    /// Too many calls.
    Limited { details: String, seconds: u64 },
    /// A text as the whole body, which one call answers.
    Text { status: StatusCode, message: String },
}

impl Failure {
    /// Any status of the service's own shape.
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Fault { status, message: message.into() }
    }

    /// 400.
    pub(crate) fn bad(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401 for a caller without the role of administrators: not 403, which clients would take as it is meant.
    pub(crate) fn not_admin() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "User does not have admin privileges.")
    }

    /// 403.
    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 403 of the policy.
    pub(crate) fn policy(rule: &str) -> Self {
        Self::forbidden(format!("Policy doesn't allow {rule} to be performed."))
    }

    /// 403 for what belongs to another project.
    pub(crate) fn other_tenant(own: &str) -> Self {
        Self::forbidden(format!("Operation not allowed for tenant {own}."))
    }

    /// 404.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 404 of something with an id.
    pub(crate) fn missing(id: &str) -> Self {
        Self::not_found(format!("Resource {id} cannot be found."))
    }

    /// 404 of the router.
    pub(crate) fn no_route() -> Self {
        Self::not_found("The resource could not be found.")
    }

    /// 409.
    pub(crate) fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 413 of a quota.
    pub(crate) fn over(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// 422.
    pub(crate) fn unprocessable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 501.
    pub(crate) fn unsupported(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, message)
    }

    /// 501 for a member of a cluster.
    pub(crate) fn in_cluster() -> Self {
        Self::unsupported("Operation not supported for instances that are part of a cluster.")
    }

    /// 500 of an exception that the original does not expect; strict clients of the original know the sentence.
    pub(crate) fn crash() -> Self {
        let id = Uuid::new_v4();
        let text = "Internal Server Error. Please keep this ID to help us figure out what went wrong: ";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{text}({id})."))
    }

    /// 500 with a text of its own.
    pub(crate) fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// 503.
    pub(crate) fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
    }

    /// 403 for a project that is not the token's.
    pub(crate) fn wrong_project(own: &str) -> Self {
        let detail = format!("User with tenant id {own} cannot access this resource.");
        let body = format!("Access was denied to this resource.<br /><br />\n{}\n\n", escaped(&detail));
        Self::Framework { status: StatusCode::FORBIDDEN, body }
    }

    /// 400 for what is no JSON.
    pub(crate) fn malformed() -> Self {
        let body = "Malformed request body<br /><br />\n\n\n".to_owned();
        Self::Framework { status: StatusCode::BAD_REQUEST, body }
    }

    /// 415.
    pub(crate) fn unsupported_media(kind: &str) -> Self {
        let body = format!(
            "The request media type {} is not supported by this server.\n<br /><br />\n",
            escaped(kind)
        );
        Self::Framework { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, body }
    }

    /// The sentence of the refusal, for what else wants to say it.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Fault { message, .. } => message,
            Self::Framework { body, .. } => body,
            Self::Token { .. } => "The request you have made requires authentication.",
            Self::Limited { details, .. } => details,
            Self::Text { message, .. } => message,
        }
    }

    /// Whether it is a 404 of the service.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Fault { status: StatusCode::NOT_FOUND, .. })
    }

    /// The answer.
    pub(crate) fn reply(&self, wanted: Wanted) -> Reply {
        match self {
            Self::Fault { status, message } => fault(*status, message),
            Self::Framework { status, body } => framework(*status, body, wanted),
            Self::Token { uri } => token(uri),
            Self::Limited { details, seconds } => limited(details, *seconds),
            Self::Text { status, message } => body(*status, &json!(message)),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the Trove store failed");
        Self::unavailable("The storage is not available.")
    }
}

impl From<BodyFault> for Failure {
    /// The shell puts its own answer in the place of this one.
    fn from(fault: BodyFault) -> Self {
        Self::new(fault.reply().status, fault.to_string())
    }
}

/// The key of a fault.
fn kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "badRequest",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "itemNotFound",
        405 => "badMethod",
        406 => "notAcceptable",
        409 => "conflict",
        413 => "overLimit",
        415 => "badMediaType",
        422 => "unprocessableEntity",
        501 => "notImplemented",
        503 => "serviceUnavailable",
        _ => "instanceFault",
    }
}

fn fault(status: StatusCode, message: &str) -> Reply {
    let mut all = Map::new();
    all.insert(kind(status).to_owned(), json!({"code": status.as_u16(), "message": message}));
    body(status, &Value::Object(all))
}

fn framework(status: StatusCode, text: &str, wanted: Wanted) -> Reply {
    let reason = status.canonical_reason().unwrap_or_default();
    let code = format!("{} {reason}", status.as_u16());
    match wanted {
        Wanted::Json => body(status, &json!({"message": text, "code": code, "title": reason})),
        Wanted::Html => {
            let page = format!(
                "<html>\n <head>\n  <title>{code}</title>\n </head>\n <body>\n  <h1>{code}</h1>\n  {text}\n \
                 </body>\n</html>"
            );
            Reply::new(status).content_type("text/html; charset=UTF-8").body(page)
        }
        // Plain text of these is turned into the service's own shape on its way out.
        Wanted::Neither => fault(status, explanation(status)),
    }
}

fn explanation(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => "Access was denied to this resource.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The request media type is not supported by this server.",
        _ => {
            "The server could not comply with the request since it is either malformed or otherwise incorrect."
        }
    }
}

fn token(uri: &str) -> Reply {
    let text = "The request you have made requires authentication.";
    let reply = body(
        StatusCode::UNAUTHORIZED,
        &json!({"error": {"code": 401, "title": "Unauthorized", "message": text}}),
    );
    match HeaderValue::from_str(&format!("Keystone uri=\"{uri}\"")) {
        Ok(value) => reply.header(WWW_AUTHENTICATE, value),
        Err(_) => reply,
    }
}

fn limited(details: &str, seconds: u64) -> Reply {
    let after = seconds.to_string();
    let message = "This request was rate-limited.";
    let reply = body(
        StatusCode::PAYLOAD_TOO_LARGE,
        &json!({"overLimit": {"code": 413, "message": message, "details": details, "retryAfter": after}}),
    );
    reply.header(RETRY_AFTER, HeaderValue::from(seconds))
}

/// An answer with a body.
pub(crate) fn body(status: StatusCode, value: &Value) -> Reply {
    Reply::new(status).header(CONTENT_TYPE, JSON).body(python::dumps(value))
}

/// An answer without a body, which says nevertheless that it is JSON.
pub(crate) fn empty(status: StatusCode) -> Reply {
    Reply::new(status).header(CONTENT_TYPE, JSON).body(Bytes::new())
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
