//! One error type for all clients: what went wrong, how far the request got, what to do next.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::response::Parts;
use http::{HeaderMap, StatusCode};

use crate::op::Op;

/// Result with pentad's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Reads a service's own error body: code, title, message, and where needed another kind or another answer to "again?".
///
/// `None` means that the body is not one of the service's own errors (a balancer's page, for example).
pub type Details = fn(&Op, &Parts, &[u8]) -> Option<ApiDetails>;

/// What a caller can do next about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Settings are missing or contradict each other, a certificate is not trusted: fix the configuration.
    Config,
    /// An argument is wrong (here, or as judged by the service): fix the argument.
    Invalid,
    /// The credential is missing, wrong or expired: log in.
    Unauthenticated,
    /// The credential is known but not allowed to do this: ask for the right.
    Forbidden,
    /// The thing does not exist.
    NotFound,
    /// The thing exists already, or its state does not admit the operation.
    Conflict,
    /// A condition sent with the request does not hold.
    Precondition,
    /// The request (or the answer) is larger than allowed.
    TooLarge,
    /// Too many requests: slow down.
    RateLimited,
    /// The service is not able to answer now: try later.
    Unavailable,
    /// A time limit ran out.
    Timeout,
    /// No connection, or the connection broke.
    Connection,
    /// The answer is not what the operation promises.
    Decode,
    /// This API version, operation or option does not exist.
    Unsupported,
    /// A remote job ended without success.
    Failed,
    /// Anything else.
    Unexpected,
}

impl ErrorKind {
    /// The words used in error lines.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Config => "configuration",
            Self::Invalid => "invalid",
            Self::Unauthenticated => "not authenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Precondition => "precondition failed",
            Self::TooLarge => "too large",
            Self::RateLimited => "rate limited",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::Decode => "cannot decode",
            Self::Unsupported => "unsupported",
            Self::Failed => "failed",
            Self::Unexpected => "unexpected",
        }
    }
}

/// How far a request got before it failed. Set by the transport, read by retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// Nothing reached the service: the request can be sent again whatever it does.
    No,
    /// Some of it may have reached the service; the effect is unknown.
    Maybe,
    /// The service answered.
    Answered,
}

/// What a service itself says about an error.
#[derive(Clone, Default, PartialEq)]
pub struct ApiDetails {
    /// The service's own code, such as `NOT_FOUND` or `1003`.
    pub code: Option<String>,
    /// A short title.
    pub title: Option<String>,
    /// The explanation, one line.
    pub message: Option<String>,
    /// Replaces the kind that follows from the status.
    pub kind: Option<ErrorKind>,
    /// Replaces the retry table's answer: `Some(false)` is final, `Some(true)` may always be sent again.
    pub again: Option<bool>,
    /// The service's request id when it stands in the body.
    pub request_id: Option<String>,
    /// The parsed body.
    pub raw: Option<serde_json::Value>,
}

impl ApiDetails {
    /// Details that carry only an explanation.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }

    /// Sets the service's own code.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets the title.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Replaces the kind that follows from the status.
    pub const fn kind(mut self, kind: ErrorKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Replaces the retry table's answer.
    pub const fn again(mut self, again: bool) -> Self {
        self.again = Some(again);
        self
    }

    /// Keeps the parsed body.
    pub fn raw(mut self, raw: serde_json::Value) -> Self {
        self.raw = Some(raw);
        self
    }
}

impl fmt::Debug for ApiDetails {
    /// All but the raw body, which may repeat secrets of the request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiDetails")
            .field("code", &self.code)
            .field("title", &self.title)
            .field("message", &self.message)
            .field("kind", &self.kind)
            .field("again", &self.again)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

/// A failed operation.
///
/// `Display` is one line in a fixed order, without source and without query:
/// `ams.topic.get: not found: Topic doesn't exist (404, 1 attempt)`. The chain of sources is for whoever reports it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    sent: Sent,
    op: Option<&'static str>,
    message: Cow<'static, str>,
    hint: Option<Cow<'static, str>>,
    api: Option<ApiDetails>,
    status: Option<StatusCode>,
    headers: Option<HeaderMap>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    exhausted: bool,
    /// `None` until the loop has judged; then `sent` alone decides.
    may_have_applied: Option<bool>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of the given kind; nothing was sent.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            sent: Sent::No,
            op: None,
            message: message.into(),
            hint: None,
            api: None,
            status: None,
            headers: None,
            request_id: None,
            retry_after: None,
            attempts: 0,
            exhausted: false,
            may_have_applied: None,
            source: None,
        }))
    }

    /// An argument that cannot be sent: kind [`ErrorKind::Invalid`], message `field: why`.
    pub fn invalid(field: &str, why: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Invalid, format!("{field}: {why}"))
    }

    /// Adds the underlying failure.
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// Says how far the request got.
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    /// Names the operation; the first name stays, so that a nested login keeps its own.
    pub fn with_op(mut self, op: &'static str) -> Self {
        self.0.op.get_or_insert(op);
        self
    }

    /// Adds the answer's status; the request counts as answered.
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self.0.sent = Sent::Answered;
        self
    }

    /// Adds the answer's headers.
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.0.headers = Some(headers);
        self
    }

    /// Adds what the reader can do about it.
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the service's own words; their kind, if any, replaces this error's.
    pub fn with_api(mut self, api: ApiDetails) -> Self {
        if let Some(kind) = api.kind {
            self.0.kind = kind;
        }
        self.0.api = Some(api);
        self
    }

    /// Adds the service's request id.
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// Adds the pause that the service asked for.
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_may_have_applied(mut self, applied: bool) -> Self {
        self.0.may_have_applied = Some(applied || self.0.may_have_applied.unwrap_or(false));
        self
    }

    pub(crate) fn into_exhausted(mut self) -> Self {
        self.0.exhausted = true;
        self
    }

    /// What the caller can do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// How far the (last) request got.
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// Id of the operation that failed.
    pub fn op(&self) -> Option<&'static str> {
        self.0.op
    }

    /// Status of the (last) answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// Headers of the (last) answer, if there was one. They may hold secrets; `Debug` of an error does not show them.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.0.headers.as_ref()
    }

    /// What the service itself said.
    pub fn api(&self) -> Option<&ApiDetails> {
        self.0.api.as_ref()
    }

    /// The service's request id: quote it when reporting to the operator of the service.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref().or_else(|| self.0.api.as_ref()?.request_id.as_deref())
    }

    /// The pause that the service asked for.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many times the request was sent, or tried to be.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Whether the same call may succeed later without any change. An error that was retried until a limit is no
    /// longer transient.
    pub fn is_transient(&self) -> bool {
        if self.0.exhausted {
            return false;
        }
        match self.0.api.as_ref().and_then(|api| api.again) {
            Some(again) => again,
            None => matches!(
                self.0.kind,
                ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Connection
            ),
        }
    }

    /// Whether the operation may have had its effect although it failed: an attempt reached the service and its fate
    /// is unknown. A `Conflict` or `NotFound` with this flag may mean "already done".
    pub fn may_have_applied(&self) -> bool {
        self.0.may_have_applied.unwrap_or(self.0.sent == Sent::Maybe)
    }

    /// The explanation alone.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(op) = inner.op {
            write!(f, "{op}: ")?;
        }
        write!(f, "{}: {}", inner.kind.label(), inner.message)?;
        let mut open = " (";
        if let Some(status) = inner.status {
            write!(f, "{open}{}", status.as_u16())?;
            open = ", ";
        }
        if let Some(id) = self.request_id() {
            write!(f, "{open}{id}")?;
            open = ", ";
        }
        if inner.attempts > 0 {
            let plural = if inner.attempts == 1 { "" } else { "s" };
            write!(f, "{open}{} attempt{plural}", inner.attempts)?;
            open = ", ";
        }
        if open == ", " {
            f.write_str(")")?;
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        f.debug_struct("Error")
            .field("kind", &inner.kind)
            .field("sent", &inner.sent)
            .field("op", &inner.op)
            .field("message", &inner.message)
            .field("status", &inner.status)
            .field("code", &inner.api.as_ref().and_then(|api| api.code.as_deref()))
            .field("request_id", &self.request_id())
            .field("attempts", &inner.attempts)
            .field("source", &inner.source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_operation_kind_message_status_id_and_attempts_in_order() {
        let error = Error::new(ErrorKind::NotFound, "Topic doesn't exist")
            .with_op("ams.topic.get")
            .with_status(StatusCode::NOT_FOUND)
            .with_request_id("req-7f")
            .with_attempts(1);
        assert_eq!(
            error.to_string(),
            "ams.topic.get: not found: Topic doesn't exist (404, req-7f, 1 attempt)"
        );
    }

    #[test]
    fn line_without_answer_has_no_brackets_and_hint_comes_last() {
        let error = Error::invalid("topic", "must not be empty").with_hint("give a name");
        assert_eq!(error.to_string(), "invalid: topic: must not be empty; give a name");
    }

    #[test]
    fn source_is_reachable_but_not_printed() {
        let error = Error::new(ErrorKind::Connection, "refused").with_source(std::io::Error::other("inner"));
        assert!(!error.to_string().contains("inner"));
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("inner"));
    }

    #[test]
    fn exhausted_error_is_no_longer_transient() {
        let error = Error::new(ErrorKind::Unavailable, "busy");
        assert!(error.is_transient());
        assert!(!error.into_exhausted().is_transient());
    }

    #[test]
    fn service_says_whether_again() {
        let again = |again| {
            Error::new(ErrorKind::Timeout, "ack timeout")
                .with_api(ApiDetails::new("x").again(again))
                .is_transient()
        };
        assert!(!again(false));
        assert!(again(true));
    }
}
