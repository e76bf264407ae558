//! The OpenAPI document of the service: where it comes from, and what is held against it.

use std::path::PathBuf;

use http::{Method, Uri};
use pentad_core::{Error, ErrorKind, Redirect, Result, Session, Target, decode};
use pentad_openapi::{Cache, Document, Operation};
use pentad_rql::{Expr, parse};

use crate::body::{self, Payload};
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
    /// Method and path, JSON bodies against their schemas, fields and lookups of filters.
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

/// Holds method, path and body against the document.
pub(crate) fn check(
    document: &Document,
    validate: Validate,
    method: &Method,
    path: &str,
    payload: &Payload,
) -> Result<()> {
    let operation =
        document.require(method.as_str(), path).map_err(|error| of_document(&error, ErrorKind::Invalid))?;
    if validate != Validate::Everything || matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let Some(value) = body::known(payload) else { return Ok(()) };
    // What the document does not describe is not held against the caller.
    let Ok(problems) = operation.check_body("application/json", value) else { return Ok(()) };
    match problems.as_slice() {
        [] => Ok(()),
        problems => {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Err(Error::new(ErrorKind::Invalid, lines.join("; ")))
        }
    }
}

/// Holds fields and lookups of a query against what the document says about the collection.
pub(crate) fn check_query(document: &Document, path: &str, query: &str) -> Result<()> {
    if query.is_empty() {
        return Ok(());
    }
    let invalid = |text: String| Err(Error::invalid("filter", text));
    let tree = match parse(query) {
        Ok(tree) => tree,
        Err(error) => return invalid(error.to_string()),
    };
    let Some(get) = document.operation("GET", path) else { return Ok(()) };
    let known = lookups(&get);
    // A collection that names no field leaves them open.
    if known.is_empty() {
        return Ok(());
    }
    let mut used = Vec::new();
    fields(&tree, &mut used);
    for (name, operator) in used {
        if matches!(name.as_str(), "limit" | "offset" | "search") {
            continue;
        }
        match known.iter().find(|(field, _)| *field == name) {
            None => {
                let near: Vec<&str> =
                    known.iter().map(|(field, _)| *field).filter(|field| near(field, &name)).collect();
                let error = Error::invalid("filter", format!("`{path}` has no field `{name}`"));
                return Err(match near.as_slice() {
                    [] => error,
                    near => error.with_hint(format!("nearest: {}", near.join(", "))),
                });
            }
            Some((_, Some(lookups))) if !lookups.contains(&operator.as_str()) => {
                return invalid(format!("`{name}` knows no `{operator}`, only: {}", lookups.join(", ")));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn near(field: &str, name: &str) -> bool {
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_lowercase();
    let (field, name) = (last(field), last(name));
    field == name || field.starts_with(&name) || name.starts_with(&field)
}

/// The fields that the query parameters of a listing describe, with their lookups if they are told.
fn lookups<'d>(get: &Operation<'d>) -> Vec<(&'d str, Option<Vec<&'d str>>)> {
    let parameters = get.parameters().unwrap_or_default();
    let described =
        parameters.iter().filter(|parameter| !parameter.is_shared() && parameter.lookups().is_some());
    described.map(|parameter| (parameter.name(), parameter.lookups())).collect()
}

fn fields(tree: &Expr, out: &mut Vec<(String, String)>) {
    match tree {
        Expr::And(terms) | Expr::Or(terms) => terms.iter().for_each(|term| fields(term, out)),
        Expr::Not(term) => fields(term, out),
        Expr::Test { property, operator, .. } => {
            out.push((property.to_string(), operator.as_str().to_owned()))
        }
        Expr::Member { property, operator, .. } => {
            out.push((property.to_string(), operator.as_str().to_owned()))
        }
        _ => {}
    }
}
