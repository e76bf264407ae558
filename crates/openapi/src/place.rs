//! Namespaces, collections, resources and actions: what a place in the tree of paths is, and what is below it.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::error::Result;
use crate::operation::{PathItem, bare};
use crate::route::TOP;

/// What a place is to the fluent client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The service itself, the empty path.
    Top,
    /// Holds collections and other namespaces.
    Namespace,
    /// Holds resources.
    Collection,
    /// One object of a collection.
    Resource,
    /// Something that a collection or a resource can do.
    Action,
}

/// A name below a place, and one line about it if the document has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'d> {
    /// The segment.
    pub name: &'d str,
    /// The summary of the path, else of its first operation.
    pub summary: Option<&'d str>,
}

/// A place that the document knows.
#[derive(Debug, Clone)]
pub struct Place<'d> {
    document: &'d Document,
    spot: usize,
    path: String,
}

impl Document {
    /// The place that a path leads to: `devops/services/SRVC-1`, no slash in front; the empty path is the top.
    ///
    /// # Errors
    /// [`NotFound`](crate::ErrorKind::NotFound) with the nearest paths.
    ///
    /// # Example
    /// ```
    /// # use pentad_openapi::{Document, Role};
    /// let document = Document::parse(b"
    /// openapi: 3.0.3
    /// paths:
    ///   /devops/services: {get: {}}
    ///   /devops/services/{id}: {get: {}}
    /// ")?;
    /// assert_eq!(document.place("devops")?.role(), Role::Namespace);
    /// assert_eq!(document.place("devops/services/SRVC-1")?.role(), Role::Resource);
    /// let error = document.place("devop/services").unwrap_err();
    /// assert_eq!(error.nearest(), ["devops"]);
    /// # Ok::<(), pentad_openapi::Error>(())
    /// ```
    pub fn place(&self, path: &str) -> Result<Place<'_>> {
        let path = bare(path);
        if path.is_empty() {
            return Ok(self.top());
        }
        let spots = self.0.routes.candidates(path);
        // A place with operations is likelier meant than one that only leads to others.
        let whole = spots.iter().copied().find(|spot| !self.0.routes.spot(*spot).items.is_empty());
        let spot = whole.or_else(|| spots.first().copied()).ok_or_else(|| self.no_path(path))?;
        Ok(Place { document: self, spot, path: path.to_owned() })
    }

    /// The place above all others.
    pub fn top(&self) -> Place<'_> {
        Place { document: self, spot: TOP, path: String::new() }
    }

    /// The namespaces at the top, sorted.
    pub fn namespaces(&self) -> Vec<&str> {
        self.top().namespaces().into_iter().map(|found| found.name).collect()
    }

    /// The collections at the top, sorted.
    pub fn collections(&self) -> Vec<&str> {
        self.top().collections().into_iter().map(|found| found.name).collect()
    }

    /// Whether operation ids tell what they do in their second last word, as `items_list_get` does.
    fn has_telling_ids(&self) -> bool {
        let tell = || self.operations().any(|operation| operation.id().and_then(told) == Some(true));
        *self.0.telling.get_or_init(tell)
    }

    /// Whether a path ends here or a resource is below.
    fn holds(&self, spot: usize) -> bool {
        let spot = self.0.routes.spot(spot);
        !spot.items.is_empty() || spot.template.is_some()
    }

    fn role(&self, index: usize) -> Role {
        if index == TOP {
            return Role::Top;
        }
        let spot = self.0.routes.spot(index);
        if spot.segment.contains('{') {
            return Role::Resource;
        }
        match self.role(spot.parent) {
            // A first segment is a namespace as soon as one path goes on with a name.
            Role::Top if spot.literals.is_empty() => Role::Collection,
            Role::Top => Role::Namespace,
            Role::Namespace if self.holds(index) => Role::Collection,
            Role::Namespace => Role::Namespace,
            Role::Collection if spot.template.is_some() => Role::Collection,
            Role::Resource if self.is_nested_collection(index) => Role::Collection,
            Role::Collection | Role::Resource | Role::Action => Role::Action,
        }
    }

    /// What a name below a resource is: where ids tell, those of `GET` (else `POST`) of the paths below decide; otherwise
    /// it is a collection if resources are below it.
    fn is_nested_collection(&self, index: usize) -> bool {
        if self.has_telling_ids() {
            let told: Vec<bool> = self.ids_below(index).into_iter().filter_map(told).collect();
            if !told.is_empty() {
                return told.contains(&true);
            }
        }
        self.0.routes.spot(index).template.is_some()
    }

    /// The operation ids of `GET`, else `POST`, of this place and of the resource below it.
    fn ids_below(&self, index: usize) -> Vec<&str> {
        let spot = self.0.routes.spot(index);
        let items =
            std::iter::once(index).chain(spot.template).flat_map(|spot| &self.0.routes.spot(spot).items);
        items
            .filter_map(|(path, at)| {
                let item = PathItem::new(self, path, *at);
                item.operation("get").or_else(|| item.operation("post"))?.id()
            })
            .collect()
    }
}

/// Whether the second last word of an operation id is that of a collection or a resource; none if there is no such word.
fn told(id: &str) -> Option<bool> {
    id.rsplit('_').nth(1).map(|word| matches!(word, "list" | "retrieve"))
}

impl<'d> Place<'d> {
    pub(crate) fn document(&self) -> &'d Document {
        self.document
    }

    /// The path that led here.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path as the document writes it: `devops/services/{service_id}`.
    pub fn template(&self) -> String {
        self.document.0.routes.template(self.spot)
    }

    /// What it is.
    ///
    /// A first segment is a namespace as soon as one path goes on with a name, and a collection otherwise; below a
    /// namespace, what has operations or resources is a collection, what only leads on is a namespace.
    ///
    /// # Source
    /// Connect reference 11.3.
    pub fn role(&self) -> Role {
        self.document.role(self.spot)
    }

    /// What the document says about the path; none for places that only lead to others.
    pub fn item(&self) -> Option<PathItem<'d>> {
        let document = self.document;
        let (path, at) = document.0.routes.spot(self.spot).items.first()?;
        Some(PathItem::new(document, path, *at))
    }

    /// The namespaces directly below, sorted.
    pub fn namespaces(&self) -> Vec<Named<'d>> {
        self.below(|role| role == Role::Namespace)
    }

    /// The collections directly below, sorted. Below a collection there is none: its resources have some.
    pub fn collections(&self) -> Vec<Named<'d>> {
        self.below(|role| role == Role::Collection)
    }

    /// The actions directly below, sorted.
    pub fn actions(&self) -> Vec<Named<'d>> {
        self.below(|role| role == Role::Action)
    }

    /// The name of the template below a collection: `product_id`.
    pub fn argument(&self) -> Option<&'d str> {
        let document = self.document;
        let template = document.0.routes.spot(self.spot).template?;
        let name = document.0.routes.spot(template).segment.strip_prefix('{')?;
        Some(name.split('}').next().unwrap_or(name))
    }

    fn below(&self, wanted: impl Fn(Role) -> bool) -> Vec<Named<'d>> {
        let document = self.document;
        let children: BTreeSet<(&str, usize)> = document
            .0
            .routes
            .spot(self.spot)
            .literals
            .iter()
            .map(|(name, spot)| (name.as_str(), *spot))
            .collect();
        let fitting = children.into_iter().filter(|(_, spot)| wanted(document.role(*spot)));
        fitting.map(|(name, spot)| Named { name, summary: summary(document, spot) }).collect()
    }
}

fn summary(document: &Document, spot: usize) -> Option<&str> {
    let (path, at) = document.0.routes.spot(spot).items.first()?;
    let item = PathItem::new(document, path, *at);
    item.summary()
        .or_else(|| item.operations().find_map(|operation| operation.node().get("summary")?.as_str()))
}
