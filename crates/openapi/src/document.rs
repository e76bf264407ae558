//! The document: reading it, its head, its references.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use crate::check::Compiled;
use crate::error::{Error, ErrorKind, Result};
use crate::near::nearest;
use crate::route::Routes;
use crate::tree::{Kind, Limits, Node, Tree};
use crate::{json, yaml};

/// The line of OpenAPI that a document follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Line {
    /// 3.0.x: `nullable`, boolean `exclusiveMinimum`, nothing beside a `$ref`.
    V3_0,
    /// 3.1.x: schemas are JSON Schema 2020-12.
    V3_1,
}

/// An OpenAPI document. Clones share one copy.
///
/// Nothing is resolved, compiled or copied before it is asked for.
#[derive(Debug, Clone)]
pub struct Document(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) tree: Tree,
    pub(crate) routes: Routes,
    line: Line,
    pub(crate) telling: OnceLock<bool>,
    pub(crate) validators: Mutex<HashMap<(u32, bool), Arc<Compiled>>>,
}

impl Document {
    /// Reads a YAML or JSON document.
    ///
    /// # Errors
    /// [`Syntax`](ErrorKind::Syntax) with line and column; [`TooLarge`](ErrorKind::TooLarge) beyond [`Limits::default`] or
    /// 128 levels; [`Unsupported`](ErrorKind::Unsupported) for Swagger 2.0 and OpenAPI lines other than 3.0 and 3.1;
    /// [`Invalid`](ErrorKind::Invalid) if it is not an OpenAPI document.
    ///
    /// # Example
    /// ```
    /// # use pentad_openapi::Document;
    /// let document = Document::parse(b"openapi: 3.0.3\ninfo: {title: Shop, version: '1'}\npaths:\n  /products: {get: {}}\n")?;
    /// assert_eq!(document.title(), Some("Shop".to_owned()));
    /// assert!(document.exists("get", "products"));
    /// # Ok::<(), pentad_openapi::Error>(())
    /// ```
    pub fn parse(source: &[u8]) -> Result<Self> {
        Self::parse_within(source, Limits::default())
    }

    /// [`parse`](Self::parse) under other limits.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_within(source: &[u8], limits: Limits) -> Result<Self> {
        if source.len() > limits.bytes {
            let text =
                format!("the source has {} bytes, more than the limit of {}", source.len(), limits.bytes);
            return Err(
                Error::new(ErrorKind::TooLarge, text).hint("raise `Limits::bytes` if the source is trusted")
            );
        }
        let text = text(source)?;
        let tree = if text.trim_start().starts_with('{') {
            // JSON with comments or bare names is still YAML; if it is neither, the JSON reader tells more.
            json::read(text, limits).or_else(|error| match error.kind() {
                ErrorKind::Syntax => yaml::read(text, limits).map_err(|_| error),
                _ => Err(error),
            })?
        } else {
            yaml::read(text, limits)?
        };
        Self::of(tree)
    }

    /// Reads a file. Nothing is cached; see [`Cache`](crate::Cache).
    ///
    /// # Errors
    /// [`Io`](ErrorKind::Io), and as [`parse`](Self::parse).
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::parse(&source(path.as_ref())?)
    }

    pub(crate) fn of(tree: Tree) -> Result<Self> {
        let line = line(tree.root())?;
        if let Some(paths) = tree.root().get("paths")
            && !matches!(paths.kind(), Kind::Object | Kind::Null)
        {
            return Err(Error::new(ErrorKind::Invalid, "`paths` is not an object").pointed("/paths"));
        }
        let routes = Routes::of(&tree)?;
        Ok(Self(Arc::new(Inner {
            tree,
            routes,
            line,
            telling: OnceLock::new(),
            validators: Mutex::default(),
        })))
    }

    /// The whole document.
    pub fn root(&self) -> Node<'_> {
        self.0.tree.root()
    }

    /// The line of OpenAPI that the document follows.
    pub fn line(&self) -> Line {
        self.0.line
    }

    /// `info.title`.
    pub fn title(&self) -> Option<String> {
        self.root().pointer("/info/title")?.to_text()
    }

    /// `info.version`: of the API, not of OpenAPI.
    pub fn version(&self) -> Option<String> {
        self.root().pointer("/info/version")?.to_text()
    }

    /// `info.description`, Markdown.
    pub fn description(&self) -> Option<&str> {
        self.root().pointer("/info/description")?.as_str()
    }

    /// Names and descriptions of the tags.
    pub fn tags(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let tags = self.root().get("tags").into_iter().flat_map(Node::items);
        tags.filter_map(|tag| {
            Some((tag.get("name")?.as_str()?, tag.get("description").and_then(Node::as_str)))
        })
    }

    /// URLs of the servers, as written.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        let servers = self.root().get("servers").into_iter().flat_map(Node::items);
        servers.filter_map(|server| server.get("url")?.as_str())
    }

    /// Follows `$ref` until something else is found; a value without `$ref` is its own result.
    ///
    /// # Errors
    /// [`Reference`](ErrorKind::Reference) if it leads nowhere (with the nearest names) or to itself;
    /// [`Unsupported`](ErrorKind::Unsupported) if it leads to another document.
    pub fn resolve<'d>(&'d self, node: Node<'d>) -> Result<Node<'d>> {
        let mut here = node;
        let mut seen = Vec::new();
        while let Some(reference) = here.get("$ref").and_then(Node::as_str) {
            if seen.contains(&here.offset()) {
                return Err(Error::new(
                    ErrorKind::Reference,
                    format!("the reference `{reference}` leads to itself"),
                ));
            }
            seen.push(here.offset());
            here = self.target(reference)?;
        }
        Ok(here)
    }

    /// The value that a reference names, one step.
    pub(crate) fn target(&self, reference: &str) -> Result<Node<'_>> {
        let Some(fragment) = reference.strip_prefix('#') else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("`{reference}` leads to another document"),
            )
            .hint("bundle the document into one file"));
        };
        let pointer = percent_encoding::percent_decode_str(fragment).decode_utf8_lossy();
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("`{reference}` names an anchor, not a place"),
            )
            .hint("write the reference as `#/components/…`"));
        }
        self.root().pointer(&pointer).ok_or_else(|| {
            let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", &pointer));
            let names = self.root().pointer(parent).into_iter().flat_map(Node::entries).map(|(name, _)| name);
            Error::new(ErrorKind::Reference, format!("the reference `{reference}` leads nowhere"))
                .near(nearest(name, names))
        })
    }
}

/// The bytes of a file.
pub(crate) fn source(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::io(format!("cannot read `{}`", path.display()), error))
}

fn text(source: &[u8]) -> Result<&str> {
    if source.starts_with(&[0xff, 0xfe]) || source.starts_with(&[0xfe, 0xff]) {
        return Err(Error::new(ErrorKind::Unsupported, "the source is UTF-16").hint("save it as UTF-8"));
    }
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    std::str::from_utf8(source).map_err(|error| {
        let good = &source[..error.valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column =
            good.iter().rev().take_while(|byte| **byte != b'\n').filter(|byte| **byte & 0xc0 != 0x80).count();
        Error::new(ErrorKind::Syntax, "the source is not UTF-8").at(line, column + 1).hint("save it as UTF-8")
    })
}

fn line(root: Node<'_>) -> Result<Line> {
    if root.kind() != Kind::Object {
        return Err(Error::new(ErrorKind::Invalid, "not an OpenAPI document: the top is not an object")
            .hint("the top level has the keys `openapi`, `info` and `paths`"));
    }
    let Some(version) = root.get("openapi").and_then(Node::to_text) else {
        let swagger = root.get("swagger").and_then(Node::to_text);
        return Err(match swagger {
            Some(version) => Error::new(ErrorKind::Unsupported, format!("this is Swagger {version}"))
                .hint("convert it to OpenAPI 3"),
            None => Error::new(ErrorKind::Invalid, "not an OpenAPI document: the key `openapi` is missing"),
        });
    };
    match version.split('.').take(2).collect::<Vec<_>>().as_slice() {
        ["3", "0"] => Ok(Line::V3_0),
        ["3", "1"] => Ok(Line::V3_1),
        _ => Err(Error::new(ErrorKind::Unsupported, format!("OpenAPI {version} is not known"))
            .pointed("/openapi")
            .hint("3.0 and 3.1 are")),
    }
}
