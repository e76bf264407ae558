//! What operations take and answer.

use serde_json::Value;

use crate::check::{Problem, Way};
use crate::document::Document;
use crate::error::{Error, ErrorKind, Result};
use crate::near::nearest;
use crate::tree::Node;

/// What an operation takes.
#[derive(Debug, Clone)]
pub struct RequestBody<'d> {
    pub(crate) document: &'d Document,
    pub(crate) node: Node<'d>,
}

impl<'d> RequestBody<'d> {
    /// Whether it must be sent.
    pub fn is_required(&self) -> bool {
        self.node.get("required").and_then(Node::as_bool).unwrap_or(false)
    }

    /// What it is for, Markdown.
    pub fn description(&self) -> Option<&'d str> {
        self.node.get("description")?.as_str()
    }

    /// The forms it may have.
    pub fn media(&self) -> Vec<Media<'d>> {
        media(self.document, self.node)
    }
}

/// What an operation answers under one status.
#[derive(Debug, Clone)]
pub struct Response<'d> {
    pub(crate) document: &'d Document,
    pub(crate) status: &'d str,
    pub(crate) node: Node<'d>,
}

impl<'d> Response<'d> {
    /// `200`, `4XX`, `default`.
    pub fn status(&self) -> &'d str {
        self.status
    }

    /// What it means, Markdown.
    pub fn description(&self) -> Option<&'d str> {
        self.node.get("description")?.as_str()
    }

    /// Names and descriptions of its headers.
    pub fn headers(&self) -> impl Iterator<Item = (&'d str, Option<&'d str>)> + use<'d> {
        let document = self.document;
        self.node.get("headers").into_iter().flat_map(Node::entries).map(move |(name, node)| {
            let header = document.resolve(node).ok();
            (name, header.and_then(|header| header.get("description")?.as_str()))
        })
    }

    /// The forms its body may have; none if it has no body.
    pub fn media(&self) -> Vec<Media<'d>> {
        media(self.document, self.node)
    }
}

fn media<'d>(document: &'d Document, node: Node<'d>) -> Vec<Media<'d>> {
    let content = node.get("content").into_iter().flat_map(Node::entries);
    content.map(|(kind, node)| Media { document, kind, node }).collect()
}

/// One form of a body.
#[derive(Debug, Clone)]
pub struct Media<'d> {
    document: &'d Document,
    kind: &'d str,
    node: Node<'d>,
}

impl<'d> Media<'d> {
    /// The media type as written: `application/json`, `text/*`.
    pub fn kind(&self) -> &'d str {
        self.kind
    }

    /// The schema as written; it may be a reference.
    pub fn schema(&self) -> Option<Node<'d>> {
        self.node.get("schema")
    }

    /// An example, if the document has one.
    pub fn example(&self) -> Option<Node<'d>> {
        if let Some(example) = self.node.get("example") {
            return Some(example);
        }
        let (_, first) = self.node.get("examples")?.entries().next()?;
        self.document.resolve(first).ok()?.get("value")
    }

    /// Whether it stands for a content type, parameters ignored; the better fit is smaller.
    fn fits(&self, content_type: &str) -> Option<u8> {
        let essence = |text: &str| text.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let (own, wanted) = (essence(self.kind), essence(content_type));
        if own == wanted {
            return Some(0);
        }
        match own.strip_suffix("/*") {
            Some("*") => Some(2),
            Some(front) => (wanted.split('/').next() == Some(front)).then_some(1),
            None => None,
        }
    }
}

/// Checks a JSON body against the form that its content type belongs to.
pub(crate) fn check(
    document: &Document,
    media: &[Media<'_>],
    content_type: &str,
    body: &Value,
    way: Way,
) -> Result<Vec<Problem>> {
    let fitting =
        media.iter().filter_map(|media| Some((media.fits(content_type)?, media))).min_by_key(|(fit, _)| *fit);
    let Some((_, fitting)) = fitting else {
        let kinds = || media.iter().map(|media| media.kind);
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("a body of type `{content_type}` is not described"),
        )
        .near(nearest(content_type, kinds()))
        .hint(match media.len() {
            0 => "no body is".to_owned(),
            _ => format!("described are {}", kinds().collect::<Vec<_>>().join(", ")),
        }));
    };
    match fitting.schema() {
        Some(schema) => document.check(schema, body, way),
        None => Ok(Vec::new()),
    }
}
