//! Every refusal Zaqar can give, and the layout of answers (Zaqar reference 2.2, 2.3).

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, LOCATION, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use pentad_store::StoreError;
use serde::Serialize;

use super::accept::Wanted;
use crate::http::Reply;
use crate::reply::python;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A refusal in Zaqar's own shape. Its body depends on what the caller accepts: see [`Failure::reply`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) title: Cow<'static, str>,
    pub(crate) description: Option<Cow<'static, str>>,
    link: bool,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
}

#[derive(Serialize)]
struct Link {
    text: &'static str,
    href: &'static str,
    rel: &'static str,
}

const ACCEPT_LINK: Link = Link {
    text: "14.1 Accept, Hypertext Transfer Protocol -- HTTP/1.1",
    href: "http://www.w3.org/Protocols/rfc2616/rfc2616-sec14.html",
    rel: "help",
};

impl Failure {
    /// Any status, title and description.
    pub(crate) fn new(
        status: StatusCode,
        title: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        let description = Some(description.into());
        Self { status, title: title.into(), description, link: false, headers: Vec::new() }
    }

    fn bare(status: StatusCode, title: impl Into<Cow<'static, str>>) -> Self {
        Self { status, title: title.into(), description: None, link: false, headers: Vec::new() }
    }

    /// 400 with a title of its own.
    pub(crate) fn bad(
        title: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(StatusCode::BAD_REQUEST, title, description)
    }

    /// 400 with a title alone.
    pub(crate) fn bad_title(title: impl Into<Cow<'static, str>>) -> Self {
        Self::bare(StatusCode::BAD_REQUEST, title)
    }

    /// 400 `Invalid API request`: a value is out of range.
    pub(crate) fn api(description: impl Into<Cow<'static, str>>) -> Self {
        Self::bad("Invalid API request", description)
    }

    /// 400 `Invalid request body`.
    pub(crate) fn body(description: impl Into<Cow<'static, str>>) -> Self {
        Self::bad("Invalid request body", description)
    }

    /// 400 `Invalid parameter`.
    pub(crate) fn parameter(name: &str, why: &str) -> Self {
        Self::bad("Invalid parameter", format!("The \"{name}\" parameter is invalid. {why}"))
    }

    /// 403 `Not authorized`.
    pub(crate) fn not_authorized() -> Self {
        let description = "You are not authorized to complete this action.";
        Self::new(StatusCode::FORBIDDEN, "Not authorized", description)
    }

    /// 404 `Not found`: a resource of ours.
    pub(crate) fn not_found(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", description)
    }

    /// 404 of the router and of wrong signatures.
    pub(crate) fn no_route() -> Self {
        Self::bare(StatusCode::NOT_FOUND, "404 Not Found")
    }

    /// 404 of a queue.
    pub(crate) fn no_queue(queue: &str, project: &str) -> Self {
        Self::not_found(format!("Queue {queue} does not exist for project {}", shown(project)))
    }

    /// 405 with the methods that there are.
    pub(crate) fn wrong_method(allowed: &[Method]) -> Self {
        let mut names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
        names.sort_unstable();
        names.push("OPTIONS");
        let failure = Self::bare(StatusCode::METHOD_NOT_ALLOWED, "405 Method Not Allowed");
        failure.header(ALLOW, &names.join(", "))
    }

    /// 406.
    pub(crate) fn not_acceptable() -> Self {
        let description = "Endpoint only serves `application/json`; specify client-side media type support with \
                           the \"Accept\" header.";
        let failure = Self::new(StatusCode::NOT_ACCEPTABLE, "406 Not Acceptable", description);
        Self { link: true, ..failure }
    }

    /// 409 `Resource conflict`.
    pub(crate) fn conflict(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "Resource conflict", description)
    }

    /// 415.
    pub(crate) fn unsupported_media(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "415 Unsupported Media Type", description)
    }

    /// 500 with the text of an exception.
    pub(crate) fn internal(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error", description)
    }

    /// 503: `what` is a sentence, e.g. `Queue could not be created.`
    pub(crate) fn unavailable(what: &str) -> Self {
        let description = format!("{what} Please try again in a few seconds.");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Service temporarily unavailable", description)
    }

    /// 401 as the token middleware gives it.
    pub(crate) fn unauthorized() -> Self {
        let failure = Self::bare(StatusCode::UNAUTHORIZED, "Unauthorized");
        failure.header(WWW_AUTHENTICATE, "Keystone uri=\"/identity\"")
    }

    /// Adds a header field; values that cannot stand in one are left out.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Whether the store failed, so that the sentence can be a better one.
    pub(crate) fn is_of_store(&self) -> bool {
        self.text().starts_with(STORE)
    }

    /// The description, `""` without one.
    pub(crate) fn text(&self) -> &str {
        self.description.as_deref().unwrap_or_default()
    }

    /// The answer, as the caller can read it.
    pub(crate) fn reply(&self, wanted: Wanted) -> Reply {
        let mut reply = Reply::new(self.status).header(VARY, HeaderValue::from_static("Accept"));
        for (name, value) in &self.headers {
            reply = reply.header(name.clone(), value.clone());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            return reply.header(CONTENT_TYPE, JSON).body(UNAUTHORIZED);
        }
        match wanted {
            Wanted::Json => {
                let link = self.link.then_some(ACCEPT_LINK);
                let error = Envelope { title: &self.title, description: self.description.as_deref(), link };
                reply.header(CONTENT_TYPE, JSON).body(python::dumps_unicode(&error))
            }
            Wanted::Xml(kind) => reply.content_type(kind).body(self.xml()),
            Wanted::Nothing => reply.header(CONTENT_TYPE, JSON),
        }
    }

    fn xml(&self) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><error><title>");
        escape(&self.title, &mut out);
        out.push_str("</title>");
        if let Some(description) = &self.description {
            out.push_str("<description>");
            escape(description, &mut out);
            out.push_str("</description>");
        }
        if self.link {
            let Link { text, href, rel } = ACCEPT_LINK;
            out.push_str(&format!("<link><text>{text}</text><href>{href}</href><rel>{rel}</rel></link>"));
        }
        out.push_str("</error>");
        out
    }
}

/// What is said of the store where nothing better is known.
const STORE: &str = "The storage is not available.";

/// What the token middleware says.
const UNAUTHORIZED: &str = "{\"error\": {\"code\": 401, \"title\": \"Unauthorized\", \"message\": \"The request you have made requires \
     authentication.\"}}";

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() && !c.is_whitespace() => {}
            c => out.push(c),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the Zaqar store failed");
        Self::unavailable(STORE)
    }
}

/// A project as texts name it: none is `None`.
pub(crate) fn shown(project: &str) -> &str {
    if project.is_empty() { "None" } else { project }
}

/// 200 with JSON.
pub(crate) fn ok(value: &impl Serialize) -> Reply {
    json(StatusCode::OK, value)
}

/// Any status with JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    Reply::new(status).header(CONTENT_TYPE, JSON).body(python::dumps_unicode(value))
}

/// A status without a body, which is JSON nevertheless.
pub(crate) fn empty(status: StatusCode) -> Reply {
    let reply = Reply::new(status);
    if status == StatusCode::NO_CONTENT { reply } else { reply.header(CONTENT_TYPE, JSON).body(Bytes::new()) }
}

/// 204.
pub(crate) fn no_content() -> Reply {
    empty(StatusCode::NO_CONTENT)
}

/// Adds a `location`; what cannot stand in one is left out.
pub(crate) fn located(reply: Reply, location: &str) -> Reply {
    with(reply, LOCATION, location)
}

/// Adds a header field; a value that cannot stand in one is left out.
pub(crate) fn with(reply: Reply, name: HeaderName, value: &str) -> Reply {
    match HeaderValue::from_str(value) {
        Ok(value) => reply.header(name, value),
        Err(_) => reply,
    }
}
