//! Requests and answers as values.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_core::stream::BoxStream;
use futures_util::StreamExt;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, Method, StatusCode, Version};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::error::{Error, ErrorKind, Result, Sent};
use crate::op::{Op, fill};
use crate::target::{Limits, Target, resolve};

/// Headers that a request gets on its way.
const ADDED: usize = 6;

/// A body in pieces.
pub type ByteStream = BoxStream<'static, Result<Bytes>>;

/// Query values escape all but the unreserved characters of RFC 3986; a blank is `%20`.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What is sent with a request.
#[non_exhaustive]
#[derive(Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes in memory.
    Bytes(Bytes),
    /// A source that can be read again from its start for each attempt, and its length if known.
    Replay(Arc<dyn Fn() -> ByteStream + Send + Sync>, Option<u64>),
    /// A source that can be read once, and its length if known. A call with such a body is never sent twice.
    Once(ByteStream, Option<u64>),
}

impl Body {
    /// Whether the body can be sent again.
    pub const fn is_replayable(&self) -> bool {
        !matches!(self, Self::Once(..))
    }

    /// Number of bytes, if known.
    pub fn len(&self) -> Option<u64> {
        match self {
            Self::Empty => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Replay(_, length) | Self::Once(_, length) => *length,
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// A copy for one attempt; a one-shot body moves out and leaves nothing behind.
    fn take_copy(&mut self) -> Self {
        match self {
            Self::Empty => Self::Empty,
            Self::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Self::Replay(source, length) => Self::Replay(Arc::clone(source), *length),
            Self::Once(..) => std::mem::take(self),
        }
    }

    fn try_clone(&self) -> Option<Self> {
        match self {
            Self::Empty => Some(Self::Empty),
            Self::Bytes(bytes) => Some(Self::Bytes(bytes.clone())),
            Self::Replay(source, length) => Some(Self::Replay(Arc::clone(source), *length)),
            Self::Once(..) => None,
        }
    }
}

impl fmt::Debug for Body {
    /// Sizes only: bodies carry secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::Replay(_, length) => write!(f, "Replay({length:?})"),
            Self::Once(_, length) => write!(f, "Once({length:?})"),
        }
    }
}

/// The path arguments of a request, as given (not escaped). Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Args(Option<Arc<Vec<(&'static str, String)>>>);

impl Args {
    pub(crate) fn new(args: Vec<(&'static str, String)>) -> Self {
        Self((!args.is_empty()).then(|| Arc::new(args)))
    }

    /// The value of an argument.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|arg| arg.0 == name).map(|arg| arg.1)
    }

    /// All arguments in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().flat_map(|args| args.iter()).map(|arg| (arg.0, arg.1.as_str()))
    }
}

impl fmt::Debug for Args {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter().map(|arg| (arg.0, shown_arg(arg)))).finish()
    }
}

/// A path argument as it may be seen.
pub(crate) fn shown_arg<'a>((name, value): (&str, &'a str)) -> Cow<'a, str> {
    if crate::redact::is_secret(name) {
        Cow::Borrowed(crate::redact::HIDDEN)
    } else if value.contains('/') {
        // A path of its own.
        Cow::Owned(crate::redact::path(value, None))
    } else {
        Cow::Borrowed(value)
    }
}

/// One request, complete but for the credential.
pub struct Request {
    /// The operation that it performs.
    pub op: &'static Op,
    /// HTTP method.
    pub method: Method,
    /// Where it goes.
    pub target: Target,
    /// Escaped path below the target's prefix; begins with `/`.
    pub path: String,
    /// Query in order, not escaped.
    pub query: Vec<(Cow<'static, str>, String)>,
    /// A query that is already escaped, without `?`; comes before [`query`](Self::query).
    pub raw_query: Option<String>,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Body,
    /// Path arguments by name, for transports that do not speak HTTP.
    pub args: Args,
    /// Time limits, the operation's patience included.
    pub limits: Limits,
}

impl Request {
    /// The full URL.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the target is a catalog service that nobody resolved; [`ErrorKind::Invalid`] if path or
    /// query cannot stand in a URL.
    pub fn uri(&self) -> Result<Uri> {
        let Target::Url(base) = &self.target else {
            return Err(Error::new(ErrorKind::Config, "the service's endpoint is not resolved")
                .with_op(self.op.id)
                .with_hint("give an endpoint, or credentials with a catalog"));
        };
        self.uri_at(base)
    }

    /// The full URL below a base, whatever the target.
    pub(crate) fn uri_at(&self, base: &Uri) -> Result<Uri> {
        let path = PathAndQuery::from_maybe_shared(Bytes::from(self.path_and_query_under(base.path())))
            .map_err(|error| Error::invalid("path", "cannot stand in a URL").with_source(error))?;
        let mut parts = http::uri::Parts::default();
        parts.scheme = base.scheme().cloned();
        parts.authority = base.authority().cloned();
        parts.path_and_query = Some(path);
        Uri::from_parts(parts).map_err(|error| {
            Error::new(ErrorKind::Config, "the endpoint is not a URL").with_op(self.op.id).with_source(error)
        })
    }

    /// Escaped path and query below the target's prefix, as in `/topics?pageSize=10`.
    pub fn path_and_query(&self) -> String {
        self.path_and_query_under("")
    }

    /// The template that made the path; `None` after the request was pointed elsewhere.
    pub fn template(&self) -> Option<&'static str> {
        let filled =
            |template: &&str| fill(template, |name| self.args.get(name)).is_ok_and(|path| path == self.path);
        self.op.routes.iter().map(|route| route.2).find(filled)
    }

    /// Adds a pair to the query.
    pub fn push_query(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.query.push((name.into(), value.into()));
    }

    /// Sets a pair of the query, replacing all of that name; it stands where the first of them stood.
    pub fn set_query(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let name = name.into();
        let place = self.query.iter().position(|pair| pair.0 == name).unwrap_or(self.query.len());
        self.query.retain(|pair| pair.0 != name);
        self.query.insert(place, (name, value.into()));
    }

    /// Points the request at a URL, absolute or relative to its present one. Its query replaces the present query.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the two do not make a URL.
    pub fn follow(&mut self, link: &str) -> Result<()> {
        let here = self.uri()?;
        let there = resolve(&here, link).ok_or_else(|| Error::invalid("link", "is not a URL"))?;
        self.follow_uri(there)
    }

    pub(crate) fn follow_uri(&mut self, there: Uri) -> Result<()> {
        self.path = there.path().to_owned();
        self.raw_query = there.query().map(str::to_owned);
        self.query.clear();
        let mut parts = there.into_parts();
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        let base = Uri::from_parts(parts)
            .map_err(|error| Error::invalid("link", "is not a URL").with_source(error))?;
        self.target = Target::Url(base);
        Ok(())
    }

    /// A copy, unless the body can be read only once.
    pub fn try_clone(&self) -> Option<Self> {
        let body = self.body.try_clone()?;
        Some(self.with_body(body))
    }

    /// A copy to be shown: a one-shot body is left out.
    pub(crate) fn clone_head(&self) -> Self {
        self.with_body(self.body.try_clone().unwrap_or_default())
    }

    /// A copy for one attempt. A one-shot body moves into it.
    pub(crate) fn take_copy(&mut self) -> Self {
        let body = self.body.take_copy();
        self.with_body(body)
    }

    fn with_body(&self, body: Body) -> Self {
        // Room for what credential and transport add; growing later would cost more than the copy.
        let mut headers = HeaderMap::with_capacity(self.headers.len() + ADDED);
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        Self {
            op: self.op,
            method: self.method.clone(),
            target: self.target.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            raw_query: self.raw_query.clone(),
            headers,
            body,
            args: self.args.clone(),
            limits: self.limits,
        }
    }

    fn path_and_query_under(&self, prefix: &str) -> String {
        // Without a path of the operation it is exactly this URL.
        let prefix = if self.path.is_empty() { prefix } else { prefix.trim_end_matches('/') };
        let mut text = String::with_capacity(prefix.len() + self.path.len() + 24 * self.query.len());
        text.push_str(prefix);
        text.push_str(&self.path);
        if text.is_empty() {
            text.push('/');
        }
        let mut separator = '?';
        if let Some(raw) = self.raw_query.as_deref().filter(|raw| !raw.is_empty()) {
            text.push(separator);
            text.push_str(raw);
            separator = '&';
        }
        for (name, value) in &self.query {
            text.push(separator);
            text.extend(utf8_percent_encode(name, QUERY));
            text.push('=');
            text.extend(utf8_percent_encode(value, QUERY));
            separator = '&';
        }
        text
    }
}

impl fmt::Debug for Request {
    /// Names only where values may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("op", &self.op.id)
            .field("method", &self.method)
            .field("target", &self.target)
            .field("path", &crate::redact::path(&self.path, self.template()))
            .field("query", &crate::redact::query(&self.query))
            .field("headers", &crate::redact::headers(&self.headers))
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// The body of an answer.
pub enum ResponseBody {
    /// All of it.
    Full(Bytes),
    /// Still on its way.
    Stream(ByteStream),
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Stream(_) => f.write_str("Stream(..)"),
        }
    }
}

impl ResponseBody {
    /// Reads all of it, at most `max` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`] beyond `max`; [`ErrorKind::Connection`] or [`ErrorKind::Timeout`] if it breaks off.
    pub async fn bytes(self, max: usize) -> Result<Bytes> {
        let mut stream = match self {
            Self::Full(bytes) if bytes.len() > max => return Err(too_large(max)),
            Self::Full(bytes) => return Ok(bytes),
            Self::Stream(stream) => stream,
        };
        let Some(first) = stream.next().await.transpose()? else { return Ok(Bytes::new()) };
        if first.len() > max {
            return Err(too_large(max));
        }
        // Most answers are one piece; only longer ones are copied together.
        let Some(second) = stream.next().await.transpose()? else { return Ok(first) };
        let mut whole = BytesMut::with_capacity((first.len() + second.len()) * 2);
        whole.extend_from_slice(&first);
        let mut piece = second;
        loop {
            if whole.len() + piece.len() > max {
                return Err(too_large(max));
            }
            whole.extend_from_slice(&piece);
            match stream.next().await.transpose()? {
                Some(next) => piece = next,
                None => return Ok(whole.freeze()),
            }
        }
    }

    /// The body in pieces.
    pub fn into_stream(self) -> ByteStream {
        match self {
            Self::Full(bytes) => futures_util::stream::iter((!bytes.is_empty()).then_some(Ok(bytes))).boxed(),
            Self::Stream(stream) => stream,
        }
    }
}

fn too_large(max: usize) -> Error {
    Error::new(ErrorKind::TooLarge, format!("the answer has more than {max} bytes")).with_sent(Sent::Answered)
}

/// The answer to a request; 4xx and 5xx are answers too.
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// HTTP version.
    pub version: Version,
    /// Body.
    pub body: ResponseBody,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &crate::redact::headers(&self.headers))
            .field("version", &self.version)
            .field("body", &self.body)
            .finish()
    }
}

impl Response {
    /// An answer with a body in memory.
    pub fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            version: Version::HTTP_11,
            body: ResponseBody::Full(body.into()),
        }
    }

    /// Reads all of the body, at most `max` bytes; see [`ResponseBody::bytes`].
    ///
    /// # Errors
    /// As [`ResponseBody::bytes`].
    pub async fn bytes(self, max: usize) -> Result<Bytes> {
        self.body.bytes(max).await
    }

    pub(crate) fn into_parts(self) -> (http::response::Parts, ResponseBody) {
        let (mut parts, ()) = http::Response::new(()).into_parts();
        parts.status = self.status;
        parts.headers = self.headers;
        parts.version = self.version;
        (parts, self.body)
    }

    pub(crate) fn from_parts(parts: http::response::Parts, body: ResponseBody) -> Self {
        Self { status: parts.status, headers: parts.headers, version: parts.version, body }
    }
}
