//! The OpenAPI document of the service: where it comes from, and what is held against it.

use std::path::PathBuf;

use http::Uri;
use pentad_core::{Error, ErrorKind, Redirect, Result, Session, Target, decode};
use pentad_openapi::{Cache, Document};

use crate::client::of_document;
use crate::ops;

/// How much is checked against the document before a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validate {
    /// Nothing: the document is for help alone.
    Nothing,
    /// Method and path, as the original does.
    #[default]
    Paths,
    /// Method and path with the arguments in it, JSON bodies against their schemas, parameters, fields and lookups of filters,
    /// names in orderings and selections. Not headers and parameters that are added to a call after it was made.
    Everything,
}

/// Where the OpenAPI document is.
#[derive(Clone, Debug)]
pub struct Specs {
    source: Source,
    cache: Option<PathBuf>,
}

#[derive(Clone, Debug)]
enum Source {
    Here(Document),
    File(PathBuf),
    Url(String),
}

impl Specs {
    /// A file, or for a text that begins with `http://` or `https://` a URL.
    pub fn at(location: &str) -> Self {
        let source = match location {
            url if url.starts_with("http://") || url.starts_with("https://") => Source::Url(url.to_owned()),
            file => Source::File(file.into()),
        };
        Self { source, cache: None }
    }

    /// A file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { source: Source::File(path.into()), cache: None }
    }

    /// The document that the service publishes.
    pub fn published() -> Self {
        Self::at(crate::connect::SPECS)
    }

    /// Keeps the parsed document in a directory, so that the next program has it at once.
    #[must_use]
    pub fn cache(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cache = Some(directory.into());
        self
    }

    /// The document, if nothing has to be fetched.
    pub(crate) fn here(&self) -> Result<Document> {
        match &self.source {
            Source::Here(document) => Ok(document.clone()),
            Source::File(path) => {
                let bytes = std::fs::read(path).map_err(|error| {
                    let message = format!("cannot read the OpenAPI document {}", path.display());
                    Error::new(ErrorKind::Config, message).with_source(error)
                })?;
                self.parse(&bytes)
            }
            Source::Url(_) => Err(Error::new(ErrorKind::Config, "the OpenAPI document has to be fetched")
                .with_hint("finish the client with open().await, which does it")),
        }
    }

    /// The document, fetched without credential if it lies at a URL.
    pub(crate) async fn load(self, session: &Session) -> Result<Document> {
        let Source::Url(url) = &self.source else { return aside(move || self.here()).await };
        let uri: Uri = url.parse().map_err(|error| {
            Error::new(ErrorKind::Config, format!("{url:?} is no URL")).with_source(error)
        })?;
        let (scheme, path) = (uri.scheme_str().unwrap_or("https"), uri.path());
        let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        let target = Target::parse(&format!("{scheme}://{authority}{path}"))?;
        let api = if path.ends_with('/') { ops::FOLDER } else { ops::V1 };
        let exchange = session.exchange().with(|session| session.target(target).api(api));
        let mut draft = exchange.op(&ops::SPECS);
        if let Some(query) = uri.query() {
            draft = draft.raw_query(query);
        }
        let bytes = draft.redirect(Redirect::AnyWithoutCredentials).call(decode::bytes).await?;
        aside(move || self.parse(&bytes)).await
    }

    fn parse(&self, bytes: &[u8]) -> Result<Document> {
        let document = match &self.cache {
            Some(directory) => Cache::new(directory).parse(bytes),
            None => Document::parse(bytes),
        };
        document.map_err(|error| of_document(&error, ErrorKind::Config))
    }
}

/// Reads or parses where it holds up nobody: the published document takes a quarter of a second, a cache waits for the disk.
async fn aside(work: impl FnOnce() -> Result<Document> + Send + 'static) -> Result<Document> {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return work() };
    runtime.spawn_blocking(work).await.unwrap_or_else(|error| {
        let message = "the OpenAPI document could not be read to its end";
        Err(Error::new(ErrorKind::Unexpected, message).with_source(error))
    })
}

impl From<Document> for Specs {
    fn from(document: Document) -> Self {
        Self { source: Source::Here(document), cache: None }
    }
}

impl From<&str> for Specs {
    fn from(location: &str) -> Self {
        Self::at(location)
    }
}
