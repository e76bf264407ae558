//! What is declared about collections, by the seed or by a document: fields, indexes, ids, actions, states.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use pentad_openapi::{Document, Role};
use pentad_rql::Schema;
use serde_json::{Map, Value};

use super::document;
use super::ids;
use super::settings::Settings;
use super::storage::cells::Hot;

/// Everything that is declared.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) collections: Vec<Declared>,
    pub(crate) document: Option<Document>,
    /// Whether there is nothing but what is declared.
    pub(crate) closed: bool,
    /// What the document says about fields, by its own paths, once it was asked.
    pub(crate) described: Mutex<HashMap<String, Arc<Schema>>>,
}

/// A declared collection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    pub(crate) pattern: Vec<Segment>,
    /// Letters that ids begin with.
    pub(crate) prefix: Option<String>,
    pub(crate) schema: Arc<Schema>,
    pub(crate) hot: Hot,
    pub(crate) states: Option<States>,
    pub(crate) actions: Vec<Action>,
}

/// A step of a declared path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Segment {
    Name(String),
    /// The id of any resource.
    Any,
}

/// What a path can be by declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Namespace,
    Collection,
    Resource,
    /// On a collection or on a resource.
    Action,
}

/// The states of a collection's resources.
#[derive(Debug, Clone, Default)]
pub(crate) struct States {
    /// The member that holds the state.
    pub(crate) field: String,
    pub(crate) initial: Option<String>,
    pub(crate) transitions: Vec<Transition>,
}

/// A way from some states to another.
#[derive(Debug, Clone)]
pub(crate) struct Transition {
    pub(crate) action: String,
    /// Any state if empty.
    pub(crate) from: Vec<String>,
    pub(crate) to: String,
    /// The refusal's code where the state is another.
    pub(crate) code: Option<String>,
    pub(crate) error: Option<String>,
}

impl Transition {
    /// Whether it starts in this state.
    pub(crate) fn starts_in(&self, state: Option<&str>) -> bool {
        self.from.is_empty() || state.is_some_and(|state| self.from.iter().any(|from| from == state))
    }
}

/// What a collection or its resources can do.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) name: String,
    pub(crate) methods: Vec<Method>,
    pub(crate) on_collection: bool,
    pub(crate) status: u16,
    /// What is answered instead of the resource.
    pub(crate) answer: Option<Value>,
    /// The answer as text with this content type.
    pub(crate) text: Option<(String, String)>,
    /// Members that it sets.
    pub(crate) set: Map<String, Value>,
    /// Whether the members of its body are set, too.
    pub(crate) merge: bool,
}

impl Declared {
    /// Reads `products/{id}/items`.
    pub(crate) fn pattern(path: &str) -> Vec<Segment> {
        let segment = |segment: &str| match segment.starts_with('{') {
            true => Segment::Any,
            false => Segment::Name(segment.to_owned()),
        };
        path.split('/').filter(|segment| !segment.is_empty()).map(segment).collect()
    }

    /// The pattern as text, the same for all names of its ids.
    pub(crate) fn path(&self) -> String {
        let segment = |segment: &Segment| match segment {
            Segment::Name(name) => name.clone(),
            Segment::Any => "{}".to_owned(),
        };
        self.pattern.iter().map(segment).collect::<Vec<_>>().join("/")
    }

    fn begins(&self, path: &[String]) -> bool {
        path.len() >= self.pattern.len()
            && self.pattern.iter().zip(path).all(|(segment, given)| match segment {
                Segment::Name(name) => name == given,
                Segment::Any => true,
            })
    }

    /// The action of this name.
    pub(crate) fn action(&self, name: &str, on_collection: bool) -> Option<&Action> {
        self.actions.iter().find(|action| action.name == name && action.on_collection == on_collection)
    }

    /// The way that an action goes.
    pub(crate) fn transition(&self, action: &str, state: Option<&str>) -> Option<&Transition> {
        let all = &self.states.as_ref()?.transitions;
        let named = || all.iter().filter(|transition| transition.action == action);
        named().find(|transition| transition.starts_in(state)).or_else(|| named().next())
    }
}

impl Registry {
    /// What the options say, and these collections.
    pub(crate) fn with(settings: &Settings, collections: Vec<Declared>) -> Self {
        let Settings { document, closed, .. } = settings.clone();
        Self { collections, document, closed, described: Mutex::default() }
    }

    /// Adds a collection; one of the same path is replaced.
    pub(crate) fn add(&mut self, declared: Declared) {
        match self.collections.iter_mut().find(|known| known.pattern == declared.pattern) {
            Some(known) => *known = declared,
            None => self.collections.push(declared),
        }
    }

    /// The declaration of the collection at a path.
    pub(crate) fn collection(&self, path: &[String]) -> Option<&Declared> {
        self.collections.iter().find(|one| one.pattern.len() == path.len() && one.begins(path))
    }

    /// What a path is by declaration. The seed counts before the document.
    pub(crate) fn kind(&self, path: &[String]) -> Option<Kind> {
        self.kind_in_seed(path).or_else(|| self.kind_in_document(path))
    }

    fn kind_in_seed(&self, path: &[String]) -> Option<Kind> {
        if self.collection(path).is_some() {
            return Some(Kind::Collection);
        }
        let (last, front) = path.split_last()?;
        if let Some(collection) = self.collection(front) {
            let action = collection.action(last, true).is_some();
            return Some(if action { Kind::Action } else { Kind::Resource });
        }
        let (_, front) = front.split_last()?;
        self.collection(front)?.action(last, false).map(|_| Kind::Action)
    }

    fn kind_in_document(&self, path: &[String]) -> Option<Kind> {
        let place = self.document.as_ref()?.place(&path.join("/")).ok()?;
        Some(match place.role() {
            Role::Collection => Kind::Collection,
            Role::Resource => Kind::Resource,
            Role::Action => Kind::Action,
            _ => Kind::Namespace,
        })
    }

    /// The types of the fields of a collection: declared ones, else the document's, else none.
    pub(crate) fn schema(&self, path: &[String]) -> Arc<Schema> {
        match (self.collection(path), &self.document) {
            (Some(declared), _) => Arc::clone(&declared.schema),
            (None, Some(document)) => self.described(document, &path.join("/")),
            (None, None) => Arc::new(Schema::open()),
        }
    }

    fn described(&self, document: &Document, path: &str) -> Arc<Schema> {
        let Some(list) = document.operation("get", path) else { return Arc::new(Schema::open()) };
        let mut described = self.described.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = described.get(list.path()) {
            return Arc::clone(known);
        }
        let schema = Arc::new(document::schema(document, path));
        described.insert(list.path().to_owned(), Arc::clone(&schema));
        schema
    }

    /// The indexed paths of a collection; none if nothing is declared about it.
    pub(crate) fn declared_hot(&self, path: &[String]) -> Option<Hot> {
        self.collection(path).map(|declared| declared.hot.clone())
    }

    /// The indexed paths of a new collection.
    pub(crate) fn hot(&self, path: &[String]) -> Hot {
        self.declared_hot(path).unwrap_or_default()
    }

    /// The letters of a collection's ids.
    pub(crate) fn prefix(&self, path: &[String]) -> String {
        let declared = self.collection(path).and_then(|declared| declared.prefix.clone());
        declared.unwrap_or_else(|| ids::prefix(&path.join("/")))
    }
}
