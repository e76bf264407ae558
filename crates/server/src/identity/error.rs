//! Every refusal of the identity service: status and text in the shape of OpenStack reference B7.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use pentad_store::StoreError;
use serde_json::{Map, Value, json};

use crate::http::Reply;

/// The text of a 401 that tells nothing.
const REQUIRES: &str = "The request you have made requires authentication.";
/// The end of the texts about malformed requests.
const MALFORMED: &str = "The server could not comply with the request since it is either malformed or otherwise \
    incorrect. The client is assumed to be in error.";
/// The page for paths that do not exist.
const NO_PAGE: &str = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The \
    requested URL was not found on the server. If you entered the URL manually please check your spelling and try \
    again.</p>\n";

/// A refusal.
#[derive(Debug, Clone)]
pub(crate) struct Failure(Box<Refusal>);

#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    message: Cow<'static, str>,
    /// The member `identity` of the error: what an authentication method has to say.
    identity: Option<Value>,
    /// The receipt of a login that needs more methods, with its body.
    receipt: Option<(String, Value)>,
}

/// A result whose error is [`Failure`].
pub(crate) type Answer<T> = Result<T, Failure>;

impl Failure {
    fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Refusal { status, message: message.into(), identity: None, receipt: None }))
    }

    /// 400 with a text of its own.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 400 `Expecting to find <what> in <place>. …`.
    pub(crate) fn expecting(what: &str, place: &str) -> Self {
        Self::invalid(format!("Expecting to find {what} in {place}. {MALFORMED}"))
    }

    /// 400 with the usual end about malformed requests.
    pub(crate) fn malformed(message: &str) -> Self {
        Self::invalid(format!("{message} {MALFORMED}"))
    }

    /// 401 that tells nothing.
    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, REQUIRES)
    }

    /// 401 with a text of its own.
    pub(crate) fn unauthorized_because(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 401 of an authentication method, with the member `identity`.
    pub(crate) fn method(message: &'static str, identity: Value) -> Self {
        let mut failure = Self::new(StatusCode::UNAUTHORIZED, message);
        failure.0.identity = Some(identity);
        failure
    }

    /// 401 with a receipt: some methods succeeded, more are needed (OpenStack reference B10).
    pub(crate) fn receipt(receipt: String, body: Value) -> Self {
        let mut failure = Self::unauthorized();
        failure.0.receipt = Some((receipt, body));
        failure
    }

    /// 403 of a policy, naming what was asked.
    pub(crate) fn forbidden_action(action: &str) -> Self {
        let text = format!("You are not authorized to perform the requested action: {action}.");
        Self::new(StatusCode::FORBIDDEN, text)
    }

    /// 403 that tells nothing.
    pub(crate) fn forbidden() -> Self {
        Self::forbidden_because("You are not authorized to perform the requested action.")
    }

    /// 403 with a text of its own.
    pub(crate) fn forbidden_because(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404 `Could not find <kind>: <id>.`.
    pub(crate) fn missing(kind: &str, id: &str) -> Self {
        Self::not_found(format!("Could not find {kind}: {id}."))
    }

    /// 404 `Could not find <title> <id>.`
    pub(crate) fn missing_for(title: &str, id: &str) -> Self {
        Self::not_found(format!("Could not find {title} {id}."))
    }

    /// 404 with a text of its own.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 409 `Conflict occurred attempting to store <kind> - <details>.`.
    pub(crate) fn conflict(kind: &str, details: &str) -> Self {
        let text = format!("Conflict occurred attempting to store {kind} - {details}.");
        Self::new(StatusCode::CONFLICT, text)
    }

    /// 413.
    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Request is too large.")
    }

    /// 500.
    pub(crate) fn internal() -> Self {
        let text = "An unexpected error prevented the server from fulfilling your request.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, text)
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The text, as the client reads it.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The answer that carries this refusal; `base` is the root of the service as the client sees it.
    pub(crate) fn reply(&self, base: &str) -> Reply {
        let refusal = &*self.0;
        let body = match &refusal.receipt {
            Some((_, body)) => body.clone(),
            None => {
                let mut error = Map::new();
                error.insert("code".to_owned(), json!(refusal.status.as_u16()));
                if let Some(identity) = &refusal.identity {
                    error.insert("identity".to_owned(), identity.clone());
                }
                error.insert("message".to_owned(), json!(refusal.message));
                let title = refusal.status.canonical_reason().unwrap_or("Error");
                error.insert("title".to_owned(), json!(title));
                json!({ "error": error })
            }
        };
        let mut reply = Reply::json(refusal.status, &body);
        if refusal.status == StatusCode::UNAUTHORIZED
            && let Ok(uri) = HeaderValue::from_str(&format!("Keystone uri=\"{base}/v3\""))
        {
            reply.headers.insert(header::WWW_AUTHENTICATE, uri);
        }
        if let Some((receipt, _)) = &refusal.receipt
            && let Ok(receipt) = HeaderValue::from_str(receipt)
        {
            reply.headers.insert(HeaderName::from_static("openstack-auth-receipt"), receipt);
        }
        reply
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the identity store failed");
        Self::internal()
    }
}

/// 404 for a path that does not exist: a page.
pub(crate) fn no_page() -> Reply {
    Reply::new(StatusCode::NOT_FOUND).content_type("text/html; charset=utf-8").body(NO_PAGE)
}

/// 405 with the verbs that the path has.
pub(crate) fn wrong_method(allowed: &[Method]) -> Reply {
    let body = json!({"message": "The method is not allowed for the requested URL."});
    allow(Reply::new(StatusCode::METHOD_NOT_ALLOWED), allowed)
        .content_type("application/json")
        .body(crate::reply::python::dumps(&body))
}

/// The verbs of a path, as an answer to `OPTIONS` and to wrong verbs has them.
pub(crate) fn allow(reply: Reply, allowed: &[Method]) -> Reply {
    let mut verbs = vec!["OPTIONS"];
    if allowed.contains(&Method::GET) {
        verbs.push("HEAD");
    }
    verbs.extend(allowed.iter().filter(|verb| **verb != Method::HEAD).map(Method::as_str));
    match HeaderValue::from_str(&verbs.join(", ")) {
        Ok(value) => reply.header(header::ALLOW, value),
        Err(_) => reply,
    }
}
