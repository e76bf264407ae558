//! The bare HTTP stack: hyper-util's pooled client sending prepared requests, and nothing around it.

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderName, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::Result;

/// How the message of [`Bare::call`] begins when the server answered, but not with a success.
pub const REFUSED: &str = "refused:";

/// A client of one base address with one token. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Bare {
    client: Client<HttpConnector, Full<Bytes>>,
    base: String,
    headers: Vec<(HeaderName, String)>,
}

impl Bare {
    /// A client for `base`, such as `http://127.0.0.1:7700/ams/v1`.
    #[must_use]
    pub fn new(base: &str, token: &str) -> Self {
        Self::with(base, vec![(HeaderName::from_static("x-api-key"), token.to_owned())])
    }

    /// A client of Zaqar for `base`, in a project and under a client id.
    #[must_use]
    pub fn project(base: &str, project: &str, client: &str) -> Self {
        let headers = [("x-project-id", project), ("client-id", client)];
        let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value.to_owned()));
        Self::with(base, headers.to_vec())
    }

    fn with(base: &str, headers: Vec<(HeaderName, String)>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(256).build(connector);
        Self { client, base: base.to_owned(), headers }
    }

    /// The same with a credential of the usual header in place of the token.
    #[must_use]
    pub fn authorization(self, credential: &str) -> Self {
        Self { headers: vec![(header::AUTHORIZATION, credential.to_owned())], ..self }
    }

    /// The same with one more header.
    #[must_use]
    pub fn and(mut self, header: HeaderName, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    /// The same with another name of the header.
    #[must_use]
    pub fn named(self, header: &HeaderName) -> Self {
        let headers = self.headers.into_iter().map(|(_, value)| (header.clone(), value)).collect();
        Self { headers, ..self }
    }

    /// The whole address of `path`.
    ///
    /// # Errors
    /// When the result is no address.
    pub fn uri(&self, path: &str) -> Result<Uri> {
        Ok(format!("{}{path}", self.base).parse()?)
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection fails before the answer is complete. Any status is an answer.
    pub async fn send(&self, method: Method, uri: Uri, body: Bytes) -> Result<(StatusCode, Bytes)> {
        let (head, body) = self.exchange(method, uri, body).await?;
        Ok((head.status, body))
    }

    /// The same with the head of the answer.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn exchange(&self, method: Method, uri: Uri, body: Bytes) -> Result<(Parts, Bytes)> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_str());
        }
        let request = request.body(Full::new(body))?;
        let answer = self.client.request(request).await?;
        let (head, body) = answer.into_parts();
        Ok((head, body.collect().await?.to_bytes()))
    }

    /// Sends JSON and reads JSON; an empty answer is `null`.
    ///
    /// # Errors
    /// When the connection fails, or the answer is not a success; then its text is the message.
    pub async fn call(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let sent = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        let (status, answer) = self.send(method, self.uri(path)?, sent).await?;
        if !status.is_success() {
            return Err(format!("{REFUSED} {path}: {status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        if answer.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&answer)?) }
    }
}
