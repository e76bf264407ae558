//! A transport that answers from a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use pentad_core::message::ResponseBody;
use pentad_core::{BoxFuture, Error, ErrorKind, Request, Response, Result, Transport};

/// Answers requests in the order of its script and keeps what it was sent. Clones share script and record.
#[derive(Clone, Debug, Default)]
pub struct ScriptedTransport(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    steps: VecDeque<Step>,
    requests: Vec<Recorded>,
}

#[derive(Debug)]
enum Step {
    Answer(Result<Response>),
    Hang,
}

/// One request as it reached the transport, credential included.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Id of the operation.
    pub op: &'static str,
    /// Method.
    pub method: Method,
    /// Full URL.
    pub uri: Uri,
    /// Headers.
    pub headers: HeaderMap,
    /// Whole body.
    pub body: Bytes,
}

impl Recorded {
    /// A header as text; empty if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }
}

impl ScriptedTransport {
    /// An empty script: every request fails as unexpected.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an answer with a status and a body.
    ///
    /// # Panics
    /// If the status is none.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a wrong script is a wrong test")]
    pub fn answer(self, status: u16, body: impl Into<Bytes>) -> Self {
        self.reply(Response::new(StatusCode::from_u16(status).expect("a status"), body))
    }

    /// Adds an answer with a header.
    ///
    /// # Panics
    /// If status, name or value cannot be sent.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a wrong script is a wrong test")]
    pub fn answer_with(self, status: u16, header: (&str, &str), body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(StatusCode::from_u16(status).expect("a status"), body);
        let name = HeaderName::from_bytes(header.0.as_bytes()).expect("a header name");
        response.headers.insert(name, HeaderValue::from_str(header.1).expect("a header value"));
        self.reply(response)
    }

    /// Adds a whole answer.
    #[must_use]
    pub fn reply(self, response: Response) -> Self {
        self.push(Step::Answer(Ok(response)))
    }

    /// Adds a failure.
    #[must_use]
    pub fn fail(self, error: Error) -> Self {
        self.push(Step::Answer(Err(error)))
    }

    /// Adds a request that is never answered.
    #[must_use]
    pub fn hang(self) -> Self {
        self.push(Step::Hang)
    }

    /// What was sent so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.inner().requests.clone()
    }

    /// Answers that nobody asked for yet.
    pub fn left(&self) -> usize {
        self.inner().steps.len()
    }

    /// This transport as a session takes it.
    pub fn shared(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    fn push(self, step: Step) -> Self {
        self.inner().steps.push_back(step);
        self
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(&self, request: Request) -> Result<Response> {
        let uri = request.uri()?;
        let (op, method, headers) = (request.op.id, request.method, request.headers);
        let body = match request.body {
            pentad_core::Body::Bytes(bytes) => bytes,
            pentad_core::Body::Replay(source, _) => ResponseBody::Stream(source()).bytes(usize::MAX).await?,
            pentad_core::Body::Once(stream, _) => ResponseBody::Stream(stream).bytes(usize::MAX).await?,
            _ => Bytes::new(),
        };
        let step = {
            let mut inner = self.inner();
            inner.requests.push(Recorded { op, method, uri, headers, body });
            inner.steps.pop_front()
        };
        match step {
            Some(Step::Answer(answer)) => answer,
            Some(Step::Hang) => std::future::pending().await,
            None => Err(Error::new(ErrorKind::Unexpected, "the script has no further answer")),
        }
    }
}

impl Transport for ScriptedTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response>> {
        Box::pin(self.exchange(request))
    }
}
