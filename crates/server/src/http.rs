//! What a service sees of a request and what it answers, free of any listener.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tokio_util::sync::CancellationToken;

pub use pentad_core::socket::Frame;

pub use crate::incoming::{BodyFault, Incoming};
pub use crate::upgrade::{Link, Upgrade};

/// A body that is produced while it is sent. An `Err` breaks the connection off.
pub type BodyStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// One request, as every service receives it, whichever way it came in.
#[derive(Debug)]
pub struct Inbound {
    /// The verb as sent.
    pub method: Method,
    /// The raw (still percent-encoded) path below [`base`](Self::base); begins with `/`. The prefix `/NAME` is taken
    /// off, a root (`/v3`) is not: the service sees the same paths at both.
    pub path: String,
    /// The raw query without `?`, absent when there was none.
    pub query: Option<String>,
    /// All header fields as sent.
    pub headers: HeaderMap,
    /// The body, read when it is wanted.
    pub body: Incoming,
    /// Who sent it.
    pub peer: Peer,
    /// The id of this request: the caller's own if it sent a usable one, else a fresh one.
    pub request_id: String,
    /// `scheme://authority/prefix` (no trailing slash): the root for URLs in answers.
    pub base: String,
    /// By which door of the service it came in.
    pub mount: Mount,
    /// The client's offer to change to another protocol, if it made one.
    pub upgrade: Option<Upgrade>,
    /// Cancelled when the client has left or the server drains: a waiting handler answers what it holds.
    pub gone: CancellationToken,
}

/// The doors of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mount {
    /// Its prefix `/NAME` on a listener of all services, on the unix socket or in process.
    #[default]
    Prefix,
    /// One of its [roots](crate::Service::roots), by its path.
    Root(&'static str),
    /// A listener of its own.
    Own,
}

/// The other end of a connection.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    /// Its socket address; absent for the in-process door and for unix sockets.
    pub addr: Option<SocketAddr>,
    /// The DER leaf of the client certificate that the handshake verified.
    pub certificate: Option<Bytes>,
    /// Whether the connection is TLS.
    pub secure: bool,
}

impl Peer {
    /// Whether the peer is on this machine: the door, a unix socket or a loopback address.
    pub fn is_local(&self) -> bool {
        self.addr.is_none_or(|addr| addr.ip().to_canonical().is_loopback())
    }
}

impl Inbound {
    /// A request from this process with a body that is known, at the prefix of a service: for tests of services.
    pub fn local(method: Method, path_and_query: &str, body: impl Into<Bytes>) -> Self {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path_and_query, None),
        };
        Self {
            method,
            path: path.to_owned(),
            query,
            headers: HeaderMap::new(),
            body: Incoming::from(body.into()),
            peer: Peer::default(),
            request_id: "req-local".to_owned(),
            base: "http://pentad.local".to_owned(),
            mount: Mount::Prefix,
            upgrade: None,
            gone: CancellationToken::new(),
        }
    }

    /// `scheme://authority` of the request: [`base`](Self::base) without a prefix.
    pub fn origin(&self) -> &str {
        let authority = self.base.find("://").map_or(0, |at| at + 3);
        let end = self.base[authority..].find('/').map_or(self.base.len(), |at| authority + at);
        &self.base[..end]
    }

    /// The query as decoded pairs in order; `+` is a blank, a key without `=` has an empty value.
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let query = self.query.as_deref().unwrap_or_default();
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// The first value of a header field, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// One answer.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// Header fields; the listener adds `date`, `content-length` and `x-request-id`.
    pub headers: HeaderMap,
    /// The body.
    pub body: ReplyBody,
    /// The name of the route that answered, for metrics and the log.
    pub route: Option<&'static str>,
}

/// The body of an answer.
pub enum ReplyBody {
    /// Known in full.
    Full(Bytes),
    /// Produced while it is sent.
    Stream(BodyStream),
}

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream(..)"),
        }
    }
}

impl Reply {
    /// An answer with an empty body.
    pub fn new(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: ReplyBody::Full(Bytes::new()), route: None }
    }

    /// Sets a header field, replacing earlier values.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the `content-type`.
    #[must_use]
    pub fn content_type(self, value: &'static str) -> Self {
        self.header(CONTENT_TYPE, HeaderValue::from_static(value))
    }

    /// Sets a body that is known in full.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = ReplyBody::Full(body.into());
        self
    }

    /// Sets a body that is produced while it is sent.
    #[must_use]
    pub fn stream(mut self, body: BodyStream) -> Self {
        self.body = ReplyBody::Stream(body);
        self
    }

    /// Names the route that answered.
    #[must_use]
    pub fn route(mut self, name: &'static str) -> Self {
        self.route = Some(name);
        self
    }

    /// A compact JSON answer of the shell itself (control API, unknown prefixes).
    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        Self::new(status).content_type("application/json").body(value.to_string())
    }

    /// A plain text answer.
    pub fn text(status: StatusCode, text: impl Into<Bytes>) -> Self {
        Self::new(status).content_type("text/plain; charset=utf-8").body(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_of_a_request_is_its_base_without_the_prefix() {
        let mut inbound = Inbound::local(Method::GET, "/v3?a=1", "");
        assert_eq!((inbound.path.as_str(), inbound.query.as_deref()), ("/v3", Some("a=1")));
        for base in ["https://h:1", "https://h:1/identity"] {
            inbound.base = base.to_owned();
            assert_eq!(inbound.origin(), "https://h:1");
        }
    }
}
