//! The log of requests and answers: text blocks as the original writes them, secrets hidden.

use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use pentad_core::message::{ByteStream, ResponseBody};
use pentad_core::{Body, BoxFuture, Error, Request, Response, Result, Transport, redact};

use crate::answer::is_json;

/// Bodies are shown up to this size.
const SHOWN: usize = 64 * 1024;

/// Writes a block per request and per answer: start line, headers, JSON body.
///
/// Hidden are the secret of the API key (its identifier stays), cookies, and whatever has a secret's name in headers,
/// query and JSON. A request that got no answer has a block that says why. A log that cannot be written fails no call.
///
/// Blocks are written and flushed by the task that sends, one at a time: a sink that may be slow wants a channel in between.
#[derive(Clone)]
pub struct RequestLog(Arc<Mutex<dyn Write + Send>>);

impl RequestLog {
    /// A log on anything that takes bytes: a file, a pipe, standard output.
    pub fn new(sink: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(sink)))
    }

    fn write(&self, block: &str) {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = sink.write_all(block.as_bytes()).and_then(|()| sink.flush()) {
            tracing::debug!(%error, "the request log cannot be written");
        }
    }

    fn request(&self, request: &Request) {
        let mut block = String::from("--- HTTP Request ---\n");
        let url =
            request.uri().map(|uri| redact::url(&uri.to_string())).unwrap_or_else(|_| request.path.clone());
        let _ = writeln!(block, "{} {url}", request.method);
        headers(&mut block, &request.headers);
        if let Body::Bytes(bytes) = &request.body {
            body(&mut block, &request.headers, bytes);
        }
        block.push('\n');
        self.write(&block);
    }

    fn failure(&self, error: &Error) {
        self.write(&format!(
            "--- HTTP Response ---\n(none: {}: {})\n\n",
            error.kind().label(),
            error.message()
        ));
    }

    fn answer(&self, head: &(http::StatusCode, HeaderMap), bytes: &[u8]) {
        let mut block = String::from("--- HTTP Response ---\n");
        let _ = writeln!(block, "{} {}", head.0.as_u16(), head.0.canonical_reason().unwrap_or_default());
        headers(&mut block, &head.1);
        body(&mut block, &head.1, bytes);
        block.push('\n');
        self.write(&block);
    }
}

impl fmt::Debug for RequestLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestLog")
    }
}

fn headers(block: &mut String, map: &HeaderMap) {
    for (name, shown) in redact::headers(map) {
        let shown = match map.get(&name).filter(|_| name == AUTHORIZATION.as_str()) {
            Some(value) => key_id(value).unwrap_or(shown),
            None => shown,
        };
        let _ = writeln!(block, "{name}: {shown}");
    }
}

/// `ApiKey SU-000-000-000:***`: who it is may be seen, the secret not. Nothing of any other form is shown.
fn key_id(value: &HeaderValue) -> Option<String> {
    let (id, _) = value.to_str().ok()?.strip_prefix("ApiKey ")?.split_once(':')?;
    Some(format!("ApiKey {id}:{}", redact::HIDDEN))
}

fn body(block: &mut String, headers: &HeaderMap, bytes: &[u8]) {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if bytes.is_empty() || !kind.is_some_and(is_json) {
        return;
    }
    if bytes.len() > SHOWN {
        let _ = writeln!(block, "({} bytes)", bytes.len());
        return;
    }
    match serde_json::from_slice(bytes) {
        Ok(mut value) => {
            redact::json(&mut value);
            let _ = writeln!(block, "{value:#}");
        }
        Err(_) => {
            let _ = writeln!(block, "({} bytes, not JSON)", bytes.len());
        }
    }
}

/// A transport that writes what passes.
#[derive(Debug)]
pub(crate) struct Logged {
    inner: Arc<dyn Transport>,
    log: RequestLog,
}

impl Logged {
    pub(crate) fn new(inner: Arc<dyn Transport>, log: RequestLog) -> Self {
        Self { inner, log }
    }
}

impl Transport for Logged {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(async move {
            self.log.request(&request);
            let mut response = self.inner.send(request).await.inspect_err(|error| self.log.failure(error))?;
            let head = (response.status, response.headers.clone());
            response.body = match response.body {
                ResponseBody::Full(bytes) => {
                    self.log.answer(&head, &bytes);
                    ResponseBody::Full(bytes)
                }
                ResponseBody::Stream(stream) => ResponseBody::Stream(overheard(
                    stream,
                    Heard { log: self.log.clone(), head, seen: BytesMut::new() },
                )),
            };
            Ok(response)
        })
    }
}

/// What has been seen of an answer on its way; written when the answer ends or nobody wants the rest.
struct Heard {
    log: RequestLog,
    head: (http::StatusCode, HeaderMap),
    seen: BytesMut,
}

impl Heard {
    fn hear(&mut self, piece: &Bytes) {
        // One more than is shown is enough to know that it is too long.
        let room = (SHOWN + 1).saturating_sub(self.seen.len());
        self.seen.extend_from_slice(&piece[..piece.len().min(room)]);
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        self.log.answer(&self.head, &self.seen);
    }
}

fn overheard(stream: ByteStream, heard: Heard) -> ByteStream {
    stream::unfold((stream, heard), |(mut stream, mut heard)| async move {
        let piece = stream.next().await?;
        if let Ok(piece) = &piece {
            heard.hear(piece);
        }
        Some((piece, (stream, heard)))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_identifier_of_a_key_is_shown() {
        let shown = |text: &'static str| key_id(&HeaderValue::from_static(text));
        assert_eq!(shown("ApiKey SU-1:secret:more").as_deref(), Some("ApiKey SU-1:***"));
        assert_eq!(shown("ApiKey secret"), None);
        assert_eq!(shown("Basic a:b"), None);
    }
}
