//! Managers: the things of one kind that a service has (OpenStack reference A16 to A18).
//!
//! A [`Manager`] stands for a collection: it lists, reads, makes, changes and removes, and finds by name, by
//! human-readable id or by attributes. Typed ones are those of the [`Identity`](crate::Identity) service; for any other
//! service of the catalog, [`RawService::manager`](crate::RawService::manager) gives one of [`Object`]s.

mod extra;
mod fields;
mod find;
mod lazy;
mod object;
pub(crate) mod page;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use pentad_core::{Call, Draft, Error, ErrorKind, List, Op, Session, decode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use self::extra::Extra;
pub use self::fields::Fields;
pub use self::lazy::Lazy;
pub use self::object::{Object, human_id};

use crate::raw::{RawService, Verb};

/// What an id may have in a path without being escaped.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A thing that a manager gives.
pub trait Resource: Clone + fmt::Debug + DeserializeOwned + Serialize + Send + Sync + 'static {
    /// The member of a listing that holds the things; empty: the only list in it.
    const COLLECTION: &'static str = "";

    /// Its identifier.
    fn id(&self) -> &str;

    /// Its name, if it has one.
    fn name(&self) -> Option<&str>;

    /// Its name as a word of small letters, if things of this kind have that.
    fn human_id(&self) -> Option<String> {
        None
    }

    /// One of its attributes as the service calls it.
    fn attribute(&self, name: &str) -> Option<Value> {
        serde_json::to_value(self).ok()?.get_mut(name).map(Value::take)
    }

    /// Tells it what its kind is called; for things that do not know by their type.
    #[must_use]
    fn of_class(self, _class: &str) -> Self {
        self
    }
}

/// How things of a kind are called and by which operations they are reached.
#[derive(Debug)]
#[non_exhaustive]
pub struct Kind {
    /// In messages, as the original's class is called: `User`.
    pub class: &'static str,
    /// The member that holds one of them: `user`.
    pub key: &'static str,
    /// The member that holds those to be made, where several are made at once: `limits`.
    pub many: Option<&'static str>,
    /// The path argument that names one of them.
    pub id: &'static str,
    /// Lists them.
    pub list: &'static Op,
    /// Reads one.
    pub get: &'static Op,
    /// Makes one.
    pub create: &'static Op,
    /// Changes one, if they can be changed.
    pub update: Option<&'static Op>,
    /// Removes one.
    pub delete: &'static Op,
}

#[derive(Clone)]
enum Place {
    /// Operations of a table, with the arguments of what they are below.
    Ops(&'static Kind, Vec<(&'static str, String)>),
    /// A path below the endpoint of a service, escaped.
    Path(RawService, String),
}

/// The things of one kind. A clone costs a few reference counts.
#[derive(Clone)]
pub struct Manager<T> {
    session: Session,
    place: Place,
    class: Cow<'static, str>,
    key: Cow<'static, str>,
    things: PhantomData<fn() -> T>,
}

impl<T: Resource> Manager<T> {
    pub(crate) fn of_kind(session: &Session, kind: &'static Kind, above: &[(&'static str, &str)]) -> Self {
        let above = above.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self {
            session: session.clone(),
            place: Place::Ops(kind, above),
            class: kind.class.into(),
            key: kind.key.into(),
            things: PhantomData,
        }
    }

    pub(crate) fn at_path(service: &RawService, key: &str, path: &str) -> Self {
        Self {
            session: service.session().clone(),
            place: Place::Path(service.clone(), path.trim_matches('/').to_owned()),
            class: class_name(key).into(),
            key: key.to_owned().into(),
            things: PhantomData,
        }
    }

    /// What its things are called in messages: `User`.
    pub fn class(&self) -> &str {
        &self.class
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    fn draft(&self, verb: Verb, id: Option<&str>) -> Draft {
        match &self.place {
            Place::Path(service, path) => match id {
                Some(id) => service.draft(verb, &format!("{path}/{}", utf8_percent_encode(id, SEGMENT))),
                None => service.draft(verb, path),
            },
            Place::Ops(kind, above) => {
                let op = match (verb, id) {
                    (Verb::Get | Verb::Head, None) => Some(kind.list),
                    (Verb::Get | Verb::Head, Some(_)) => Some(kind.get),
                    (Verb::Post, _) => Some(kind.create),
                    (Verb::Put | Verb::Patch, _) => kind.update,
                    (Verb::Delete, _) => Some(kind.delete),
                };
                let Some(op) = op else {
                    let message = format!("a {} cannot be changed, only made and removed", self.noun());
                    return self.session.op(kind.list).refuse(Error::new(ErrorKind::Unsupported, message));
                };
                let draft =
                    above.iter().fold(self.session.op(op), |draft, (name, value)| draft.arg(name, value));
                match id {
                    Some(id) => draft.arg(kind.id, id),
                    None => draft,
                }
            }
        }
    }

    /// `application credential` for the class `ApplicationCredential`.
    fn noun(&self) -> String {
        let mut noun = String::new();
        for letter in self.class.chars() {
            if letter.is_uppercase() && !noun.is_empty() {
                noun.push(' ');
            }
            noun.extend(letter.to_lowercase());
        }
        noun
    }

    /// The things, page by page; a page's link leads to the next one where the service has pages.
    ///
    /// # Source
    /// OpenStack reference A16.3.
    pub fn list(&self) -> List<T> {
        self.list_where(&[])
    }

    /// As [`list`](Self::list), with what the service itself is to look for: `[("domain_id", "default")]`.
    pub fn list_where(&self, query: &[(&str, &str)]) -> List<T> {
        self.named(self.listing(query).list(page::cursor, page::by_link::<T>))
    }

    /// The things in pages of `size`, the next page asked for by the last id of the one before: for services whose
    /// answers have no links. The last page is known by being empty.
    ///
    /// # Source
    /// OpenStack reference A18.
    pub fn list_by_marker(&self, size: u32, query: &[(&str, &str)]) -> List<T> {
        let list = self.listing(query).list(page::cursor, page::by_marker::<T>);
        self.named(list.size_query("limit").page_size(size))
    }

    fn listing(&self, query: &[(&str, &str)]) -> Draft {
        let draft = self.draft(Verb::Get, None);
        query.iter().fold(draft, |draft, (name, value)| draft.query((*name).to_owned(), *value))
    }

    fn named(&self, list: List<T>) -> List<T> {
        let class = self.class.clone();
        list.map(move |thing| thing.of_class(&class))
    }

    /// Reads one by its id.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none.
    /// # Source
    /// OpenStack reference A16.3.
    pub fn get(&self, id: &str) -> Call<T> {
        self.one(self.draft(Verb::Get, Some(id)))
    }

    /// Whether there is one with this id.
    ///
    /// # Source
    /// OpenStack reference A16.3: any success is a yes, not only 204.
    pub fn exists(&self, id: &str) -> Call<bool> {
        self.draft(Verb::Head, Some(id)).call(decode::empty).optional().map(|found| found.is_some())
    }

    /// Makes one of what `fields` serialises to: a struct, a map, [`Fields`].
    ///
    /// # Source
    /// OpenStack reference A16.5.
    pub fn create(&self, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        let Place::Ops(Kind { many: Some(many), .. }, _) = &self.place else {
            return self.one(self.with_body(self.draft(Verb::Post, None), &self.key, fields));
        };
        // Made in a list of one.
        let draft = self.with_body(self.draft(Verb::Post, None), many, &[fields]);
        let class = self.class.clone();
        draft.call(decode::value).then(move |answer| page::member::<T>(answer?[*many][0].take(), "", &class))
    }

    /// Changes the attributes that `fields` has.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) for things that cannot be changed.
    /// # Source
    /// OpenStack reference A16.5.
    pub fn update(&self, id: &str, fields: &(impl Serialize + ?Sized)) -> Call<T> {
        self.one(self.with_body(self.draft(Verb::Patch, Some(id)), &self.key, fields))
    }

    /// Removes one.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if there is none.
    /// # Source
    /// OpenStack reference A16.3.
    pub fn delete(&self, id: &str) -> Call<()> {
        self.draft(Verb::Delete, Some(id)).call(decode::empty)
    }

    /// One by its id, without asking: its attributes are read when one is wanted that is not known.
    pub fn lazy(&self, id: &str) -> Lazy<T> {
        Lazy::new(self.clone(), id, Map::new())
    }

    /// As [`lazy`](Self::lazy), with what is known of it; `id` must be in it.
    pub fn lazy_from(&self, known: Map<String, Value>) -> Lazy<T> {
        let id = object::id_in(&known).unwrap_or_default();
        Lazy::new(self.clone(), &id, known)
    }

    fn with_body(&self, draft: Draft, key: &str, fields: &(impl Serialize + ?Sized)) -> Draft {
        match serde_json::to_value(fields) {
            Ok(fields) => draft.json(&Map::from_iter([(key.to_owned(), fields)])),
            Err(error) => {
                draft.refuse(Error::invalid("body", "cannot be written as JSON").with_source(error))
            }
        }
    }

    fn one(&self, draft: Draft) -> Call<T> {
        let (key, class) = (self.key.clone(), self.class.clone());
        draft.call(decode::value).then(move |answer| page::member::<T>(answer?, &key, &class))
    }
}

impl<T> fmt::Debug for Manager<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("class", &self.class).finish_non_exhaustive()
    }
}

/// `registered_limit` → `RegisteredLimit`.
fn class_name(key: &str) -> String {
    let words = key.split(['_', '-', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
        })
        .map(Option::unwrap_or_default)
        .collect()
}
