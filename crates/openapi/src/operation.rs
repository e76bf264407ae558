//! Path items and operations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::body::{RequestBody, Response};
use crate::document::Document;
use crate::error::{Error, ErrorKind, Result};
use crate::near::nearest;
use crate::parameter::Parameter;
use crate::tree::{Kind, Node};

/// The methods of OpenAPI, in the order in which help shows them.
pub const METHODS: [&str; 8] = ["get", "post", "put", "delete", "patch", "head", "options", "trace"];

/// What the document says about one path.
#[derive(Debug, Clone)]
pub struct PathItem<'d> {
    pub(crate) document: &'d Document,
    pub(crate) path: &'d str,
    pub(crate) node: Node<'d>,
}

impl<'d> PathItem<'d> {
    pub(crate) fn new(document: &'d Document, path: &'d str, at: u32) -> Self {
        let node = document.0.tree.node(at);
        // A path item may be a reference; one that leads nowhere is an item without operations.
        Self { document, path, node: document.resolve(node).unwrap_or(node) }
    }

    /// The path as written, without its first slash: `products/{product_id}`.
    pub fn path(&self) -> &'d str {
        self.path
    }

    /// The item as written.
    pub fn node(&self) -> Node<'d> {
        self.node
    }

    /// The item's own summary.
    pub fn summary(&self) -> Option<&'d str> {
        self.node.get("summary")?.as_str()
    }

    /// The item's own description.
    pub fn description(&self) -> Option<&'d str> {
        self.node.get("description")?.as_str()
    }

    /// The operation of a method, in any case.
    pub fn operation(&self, method: &str) -> Option<Operation<'d>> {
        let method = METHODS.into_iter().find(|known| known.eq_ignore_ascii_case(method))?;
        let node = self.node.get(method).filter(|node| node.kind() == Kind::Object)?;
        Some(Operation { item: self.clone(), method, node })
    }

    /// The operations, in the order of [`METHODS`].
    pub fn operations(&self) -> impl Iterator<Item = Operation<'d>> + use<'d> {
        let item = self.clone();
        METHODS.into_iter().filter_map(move |method| item.operation(method))
    }
}

/// One method of one path.
#[derive(Debug, Clone)]
pub struct Operation<'d> {
    item: PathItem<'d>,
    method: &'static str,
    node: Node<'d>,
}

impl<'d> Operation<'d> {
    pub(crate) fn document(&self) -> &'d Document {
        self.item.document
    }

    /// The method, lower case.
    pub fn method(&self) -> &'static str {
        self.method
    }

    /// The path as written, without its first slash.
    pub fn path(&self) -> &'d str {
        self.item.path
    }

    /// The operation as written.
    pub fn node(&self) -> Node<'d> {
        self.node
    }

    /// The operation's name in the document.
    pub fn id(&self) -> Option<&'d str> {
        self.node.get("operationId")?.as_str()
    }

    /// One line about it; the path's if it has none of its own.
    pub fn summary(&self) -> Option<&'d str> {
        self.node.get("summary").and_then(Node::as_str).or_else(|| self.item.summary())
    }

    /// More about it, Markdown; the path's if it has none of its own.
    pub fn description(&self) -> Option<&'d str> {
        self.node.get("description").and_then(Node::as_str).or_else(|| self.item.description())
    }

    /// The tags it is sorted under.
    pub fn tags(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        self.node.get("tags").into_iter().flat_map(Node::items).filter_map(Node::as_str)
    }

    /// Whether the service wants it no longer used.
    pub fn is_deprecated(&self) -> bool {
        self.node.get("deprecated").and_then(Node::as_bool).unwrap_or(false)
    }

    /// Its parameters: the path's, replaced by its own of the same name and place.
    ///
    /// # Errors
    /// As [`Document::resolve`] for a parameter that is a reference.
    pub fn parameters(&self) -> Result<Vec<Parameter<'d>>> {
        let mut found: Vec<Parameter<'d>> = Vec::new();
        let mut places = HashMap::new();
        let lists = [self.item.node.get("parameters"), self.node.get("parameters")];
        for node in lists.into_iter().flatten().flat_map(Node::items) {
            let Some(parameter) = Parameter::of(self.document(), node)? else { continue };
            match places.entry((parameter.name(), parameter.location())) {
                Entry::Occupied(place) => found[*place.get()] = parameter,
                Entry::Vacant(place) => {
                    place.insert(found.len());
                    found.push(parameter);
                }
            }
        }
        Ok(found)
    }

    /// What it takes; none if it takes no body.
    ///
    /// # Errors
    /// As [`Document::resolve`] if the body is a reference.
    pub fn request_body(&self) -> Result<Option<RequestBody<'d>>> {
        let Some(node) = self.node.get("requestBody") else { return Ok(None) };
        let document = self.document();
        Ok(Some(RequestBody { document, node: document.resolve(node)? }))
    }

    /// What it answers, in the document's order: `200`, `4XX`, `default`.
    ///
    /// # Errors
    /// As [`Document::resolve`] for an answer that is a reference.
    pub fn responses(&self) -> Result<Vec<Response<'d>>> {
        let document = self.document();
        let responses = self.node.get("responses").into_iter().flat_map(Node::entries);
        responses
            .map(|(status, node)| Ok(Response { document, status, node: document.resolve(node)? }))
            .collect()
    }

    /// The answer that a status belongs to: itself, else its class (`4XX`), else `default`.
    ///
    /// # Errors
    /// As [`responses`](Self::responses).
    pub fn response(&self, status: u16) -> Result<Option<Response<'d>>> {
        let (exact, class) = (status.to_string(), format!("{}XX", status / 100));
        let mut all = self.responses()?;
        let place = [exact.as_str(), class.as_str(), "default"].into_iter().find_map(|wanted| {
            all.iter().position(|response| response.status().eq_ignore_ascii_case(wanted))
        });
        Ok(place.map(|place| all.swap_remove(place)))
    }
}

impl Document {
    /// The paths, in the document's order.
    pub fn paths(&self) -> impl Iterator<Item = PathItem<'_>> {
        self.0.routes.order.iter().map(|(path, at)| PathItem::new(self, path, *at))
    }

    /// The operations, in the order of their paths.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.paths().flat_map(|item| item.operations())
    }

    /// The operation of a method on a path with its arguments filled in: `products/PRD-1`, no slash in front; what
    /// follows a `?` is ignored. A literal segment wins over a template, whatever the document's order.
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        self.items(path).find_map(|item| item.operation(method))
    }

    /// Whether the document knows the method on the path.
    ///
    /// # Source
    /// Connect reference 11.2, except that `summary` and the like are not taken for methods and that a path's method is
    /// found behind any of the document's paths that fit.
    pub fn exists(&self, method: &str, path: &str) -> bool {
        self.operation(method, path).is_some()
    }

    /// [`operation`](Self::operation), or an error that says what there is instead.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound): ``The path `…` does not exist.`` with the nearest paths, or the methods
    /// that the path has.
    pub fn require(&self, method: &str, path: &str) -> Result<Operation<'_>> {
        if let Some(operation) = self.operation(method, path) {
            return Ok(operation);
        }
        let methods: Vec<&str> =
            self.items(path).flat_map(|item| item.operations()).map(|found| found.method()).collect();
        if methods.is_empty() {
            return Err(self.no_path(path));
        }
        let text = format!("`{}` has no {}", bare(path), method.to_uppercase());
        Err(Error::new(ErrorKind::NotFound, text)
            .hint(format!("it has {}", methods.join(", ").to_uppercase())))
    }

    /// The document's paths that the path can mean, literal segments before templates.
    pub fn items<'d>(&'d self, path: &str) -> impl Iterator<Item = PathItem<'d>> + use<'d> {
        let spots = self.0.routes.candidates(bare(path));
        let items = spots.into_iter().flat_map(|spot| &self.0.routes.spot(spot).items);
        items.map(|(path, at)| PathItem::new(self, path, *at))
    }

    /// The error for a path that the document does not have.
    pub(crate) fn no_path(&self, path: &str) -> Error {
        let path = bare(path);
        let error = Error::new(ErrorKind::NotFound, format!("The path `{path}` does not exist."));
        if let Some(relative) = path.strip_prefix('/') {
            return error.near(vec![relative.to_owned()]).hint("paths are written without the first slash");
        }
        let (spot, length) = self.0.routes.deepest(path);
        let segments: Vec<&str> = path.split('/').collect();
        let Some(wrong) = segments.get(length) else {
            return error.hint("it only leads to others");
        };
        let front = segments[..length].join("/");
        let names = self.0.routes.spot(spot).literals.keys().map(String::as_str);
        let near = nearest(wrong, names).into_iter().map(|name| match front.as_str() {
            "" => name,
            front => format!("{front}/{name}"),
        });
        error.near(near.collect()).hint(match front.as_str() {
            "" => format!("nothing begins with `{wrong}`"),
            front => format!("`{front}` has no `{wrong}`"),
        })
    }
}

/// A path without its query.
pub(crate) fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}
