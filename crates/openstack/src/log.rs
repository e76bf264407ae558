//! Requests and answers as the original logs them (OpenStack reference A6).

use std::fmt::{self, Write as _};

use aws_lc_rs::digest;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pentad_core::{Body, Observer, Op, Request, redact};

/// Writes each request as a `curl` command and each answer's head as the original does, credentials as digests, secrets
/// in bodies and URLs hidden:
///
/// ```text
/// REQ: curl -g -i -X 'GET' 'http://db.test/v1.0/p1/instances' -H 'X-Auth-Token: {SHA1}b42162b6ffdbd7c3c37b7c95b7ba9f51dda0236d'
/// RESP: [200] {'Content-Type': 'application/json'}
/// ```
///
/// Unlike the original's, the command is whole: the body is part of it, and quotes are quoted. The digest of a token is the
/// same in each line, so that requests of one token can be told.
pub struct CurlLog {
    write: Box<dyn Fn(&str) + Send + Sync>,
    insecure: bool,
}

impl CurlLog {
    /// Hands each line to `write`, which is called within calls and must not block for long.
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { write: Box::new(write), insecure: false }
    }

    /// Says in each command that certificates are not checked.
    #[must_use]
    pub const fn insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }
}

impl Observer for CurlLog {
    fn sending(&self, request: &Request, _attempt: u32) {
        let mut line = String::from("REQ: curl -g -i");
        if self.insecure {
            line.push_str(" --insecure");
        }
        let url = request.uri().map_or_else(|_| request.path_and_query(), |url| url.to_string());
        let url = redact::url_with(&url, request.template(), &mut |_| redact::HIDDEN.to_owned());
        let _ = write!(line, " -X {} {}", quoted(request.method.as_str()), quoted(&url));
        for (name, value) in &request.headers {
            let header = format!("{}: {}", titled(name), shown(name, value));
            let _ = write!(line, " -H {}", quoted(&header));
        }
        match &request.body {
            Body::Empty => {}
            Body::Bytes(bytes) => {
                let kind = request.headers.get(http::header::CONTENT_TYPE);
                let body = redact::body(kind.and_then(|kind| kind.to_str().ok()), bytes);
                let _ = write!(line, " -d {}", quoted(&body));
            }
            // What is read while it is sent cannot be shown.
            _ => line.push_str(" -d @-"),
        }
        (self.write)(&line);
    }

    fn answered(&self, _op: &Op, status: StatusCode, headers: &HeaderMap, _attempt: u32) {
        let pair = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("'{}': '{}'", titled(name), shown(name, value))
        };
        let headers: Vec<String> = headers.iter().map(pair).collect();
        (self.write)(&format!("RESP: [{}] {{{}}}", status.as_u16(), headers.join(", ")));
    }
}

impl fmt::Debug for CurlLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurlLog").field("insecure", &self.insecure).finish_non_exhaustive()
    }
}

/// `x-auth-token` → `X-Auth-Token`.
fn titled(name: &HeaderName) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.as_str().split('-').map(|part| word(part).unwrap_or_default()).collect::<Vec<_>>().join("-")
}

/// A header's value; of a secret one its digest, of a URL what may be seen.
fn shown(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if value.is_sensitive() || redact::is_secret(name.as_str()) {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, value.as_bytes());
        let mut shown = String::from("{SHA1}");
        for byte in digest.as_ref() {
            let _ = write!(shown, "{byte:02x}");
        }
        return shown;
    }
    let one = HeaderMap::from_iter([(name.clone(), value.clone())]);
    redact::headers(&one).into_iter().next().map_or_else(|| text.into_owned(), |(_, value)| value)
}

/// Quotes for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
