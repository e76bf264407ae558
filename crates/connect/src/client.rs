//! The client: where all handles come from.

use std::fmt::Display;
use std::sync::Arc;

use http::Method;
use pentad_core::{Error, ErrorKind, Result, Session, SessionBuilder};
use pentad_openapi::Document;

use crate::body::Payload;
use crate::check;
use crate::collection::Collection;
use crate::connect::ClientBuilder;
use crate::help;
use crate::node::{Node, Ns};
use crate::path::Path;
use crate::specs::{Specs, Validate};
use crate::spot::Spot;

/// A client of one Connect account. A clone is one reference count.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug, Clone)]
pub(crate) struct Inner {
    pub(crate) session: Session,
    pub(crate) page_size: u32,
    pub(crate) document: Option<Document>,
    pub(crate) validate: Validate,
}

impl Client {
    /// Starts a client that speaks with an API key, `ApiKey SU-000-000-000:…` commonly, sent as it is.
    #[expect(clippy::new_ret_no_self, reason = "the builder takes what else there is to say")]
    pub fn new(api_key: impl Into<pentad_core::Secret>) -> ClientBuilder {
        ClientBuilder::new(api_key.into())
    }

    pub(crate) fn from_inner(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What all calls share: retry policy, limits, clock, timings.
    pub fn session(&self) -> &Session {
        &self.0.session
    }

    /// The size of pages where a resource set says nothing.
    pub fn page_size(&self) -> u32 {
        self.0.page_size
    }

    /// The OpenAPI document, if the client has one.
    pub fn document(&self) -> Option<&Document> {
        self.0.document.as_ref()
    }

    /// A client with changed settings; it shares connections, credential and retry budget unless they are replaced.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(SessionBuilder) -> SessionBuilder) -> Self {
        let inner = Inner { session: self.0.session.with(change), ..Inner::clone(&self.0) };
        Self(Arc::new(inner))
    }

    /// The same client with an OpenAPI document, for help and for checks before sending.
    #[must_use]
    pub fn with_document(&self, document: Document, validate: Validate) -> Self {
        let inner = Inner { document: Some(document), validate, ..Inner::clone(&self.0) };
        Self(Arc::new(inner))
    }

    /// The same client with the document that lies somewhere, fetched over its own transport without the credential.
    ///
    /// It is parsed aside: no task of the runtime waits for that.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if it cannot be used, and those of the fetch.
    /// # Retry
    /// Idempotent: fetched again after transient failures.
    pub async fn load(&self, specs: impl Into<Specs>) -> Result<Self> {
        let document = specs.into().load(self.session()).await?;
        Ok(self.with_document(document, self.0.validate))
    }

    /// A namespace; nothing is sent. Names are taken as they are: no underscore becomes a hyphen.
    pub fn ns(&self, name: impl AsRef<str>) -> Ns {
        Ns(self.top().step("name", name.as_ref()))
    }

    /// A collection; nothing is sent.
    pub fn collection(&self, name: impl AsRef<str>) -> Collection {
        Collection::new(self.top().step("name", name.as_ref()))
    }

    /// A place by its path, as in `devops/services/SRVC-1/environments`; nothing is sent. Each step is escaped, so names
    /// are written as they are.
    ///
    /// # Example
    /// ```
    /// # fn main() -> pentad_core::Result<()> {
    /// let client = pentad_connect::Client::new("ApiKey SU-000-000-000:key").build()?;
    /// let call = client.at("devops/services/SRVC-1/environments").filter("eq(type,production)").first();
    /// assert_eq!(
    ///     call.request().unwrap().path_and_query(),
    ///     "/devops/services/SRVC-1/environments?eq(type,production)&limit=1&offset=0"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn at(&self, path: impl AsRef<str>) -> Node {
        Node(Spot { client: self.clone(), path: Path::read(path.as_ref()) })
    }

    /// A place by its steps, each taken as it is: a slash within one does not lead further.
    pub fn at_steps<S: Display>(&self, steps: impl IntoIterator<Item = S>) -> Node {
        let path = steps.into_iter().fold(Path::default(), |path, step| path.push("path", &step.to_string()));
        Node(Spot { client: self.clone(), path })
    }

    /// What there is at the top, as Markdown, from the OpenAPI document.
    pub fn help(&self) -> String {
        help::top(self.document())
    }

    fn top(&self) -> Spot {
        Spot { client: self.clone(), path: Path::default() }
    }

    /// Holds a call against the document, as far as that was asked for.
    pub(crate) fn check(&self, method: &Method, path: &str, payload: &Payload) -> Result<()> {
        match (&self.0.document, self.0.validate) {
            (None, _) | (_, Validate::Nothing) => Ok(()),
            (Some(document), validate) => check::call(document, validate, method, path, payload),
        }
    }

    /// The document, if queries are to be held against it.
    pub(crate) fn strict(&self) -> Option<&Document> {
        self.0.document.as_ref().filter(|_| self.0.validate == Validate::Everything)
    }
}

/// An error of the document as one of ours.
pub(crate) fn of_document(error: &pentad_openapi::Error, kind: ErrorKind) -> Error {
    let mut message = error.message().to_owned();
    if let Some((line, column)) = error.position() {
        message = format!("{message} at line {line} column {column}");
    }
    let wrong = Error::new(kind, message);
    match (error.nearest(), error.advice()) {
        ([], None) => wrong,
        ([], Some(advice)) => wrong.with_hint(advice.to_owned()),
        (near, None) => wrong.with_hint(format!("nearest: {}", near.join(", "))),
        (near, Some(advice)) => wrong.with_hint(format!("nearest: {} ({advice})", near.join(", "))),
    }
}
