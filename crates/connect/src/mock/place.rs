//! The fluent paths of a mock: the same steps as those of a client.

use std::fmt::Display;
use std::ops::RangeBounds;

use http::{Method, StatusCode};
use serde_json::Value;

use super::Mock;
use super::expect::{Expectation, Paged};
use super::store::Stored;
use crate::asked::Asked;
use crate::filter::IntoFilter;
use crate::path::Path;
use crate::set::Configure;

/// A namespace of a mock.
#[derive(Clone, Debug)]
pub struct MockNs {
    mock: Mock,
    path: Path,
}

impl MockNs {
    /// A namespace within.
    pub fn ns(&self, name: impl AsRef<str>) -> Self {
        Self { mock: self.mock.clone(), path: self.path.clone().push("name", name.as_ref()) }
    }

    /// A collection within.
    pub fn collection(&self, name: impl AsRef<str>) -> MockCollection {
        self.ns(name).as_collection()
    }

    pub(super) fn as_collection(&self) -> MockCollection {
        MockCollection { mock: self.mock.clone(), path: self.path.clone() }
    }
}

/// A collection of a mock.
#[derive(Clone, Debug)]
pub struct MockCollection {
    mock: Mock,
    path: Path,
}

impl MockCollection {
    /// A resource of the collection.
    pub fn resource(&self, id: impl Display) -> MockResource {
        MockResource::new(self.mock.clone(), self.path.clone().push("resource_id", &id.to_string()))
    }

    /// An action on the collection.
    pub fn action(&self, name: impl AsRef<str>) -> MockAction {
        MockAction { mock: self.mock.clone(), path: self.path.clone().push("name", name.as_ref()) }
    }

    /// All resources.
    pub fn all(&self) -> MockSet {
        MockSet {
            mock: self.mock.clone(),
            path: self.path.clone(),
            asked: Asked::default(),
            configured: Configure::new(),
        }
    }

    /// Those for which a condition holds.
    pub fn filter(&self, condition: impl IntoFilter) -> MockSet {
        self.all().filter(condition)
    }

    /// A resource is created; 201 unless said otherwise.
    pub fn create(&self) -> Expectation {
        self.mock.expect(Method::POST, &self.path)
    }

    /// Several resources are created; 201 with an empty list unless said otherwise.
    pub fn bulk_create(&self) -> Expectation {
        self.mock.expect(Method::POST, &self.path).reply(Value::Array(Vec::new()))
    }

    /// Several resources are changed; 200 with an empty list unless said otherwise.
    pub fn bulk_update(&self) -> Expectation {
        self.mock.expect(Method::PUT, &self.path).reply(Value::Array(Vec::new()))
    }

    /// Several resources are removed; 204 unless said otherwise.
    pub fn bulk_delete(&self) -> Expectation {
        self.mock.expect(Method::DELETE, &self.path)
    }

    /// The collection behaves: these resources are found, filtered, ordered, selected, paged, created, changed and
    /// removed. Expectations come first; what nobody asks of it is no fault.
    pub fn store(&self, items: impl IntoIterator<Item = Value>) {
        self.mock.keep(Stored::new(self.path.to_string(), items.into_iter().collect()));
    }
}

/// A resource of a mock, or any other place named by a whole path.
#[derive(Clone, Debug)]
pub struct MockResource {
    mock: Mock,
    path: Path,
}

impl MockResource {
    pub(super) const fn new(mock: Mock, path: Path) -> Self {
        Self { mock, path }
    }

    /// The place as a namespace.
    pub fn as_ns(&self) -> MockNs {
        MockNs { mock: self.mock.clone(), path: self.path.clone() }
    }

    /// The place as a collection.
    pub fn as_collection(&self) -> MockCollection {
        self.as_ns().as_collection()
    }

    /// The place as an action.
    pub fn as_action(&self) -> MockAction {
        MockAction { mock: self.mock.clone(), path: self.path.clone() }
    }

    /// A collection of the resource.
    pub fn collection(&self, name: impl AsRef<str>) -> MockCollection {
        self.as_ns().collection(name)
    }

    /// An action on the resource.
    pub fn action(&self, name: impl AsRef<str>) -> MockAction {
        MockAction { mock: self.mock.clone(), path: self.path.clone().push("name", name.as_ref()) }
    }

    /// The resource is read, or its values are.
    pub fn get(&self) -> Expectation {
        self.mock.expect(Method::GET, &self.path)
    }

    /// Somebody asks whether the resource exists: it does, or it does not.
    pub fn exists(&self, exists: bool) -> Expectation {
        let status = if exists { StatusCode::OK } else { StatusCode::NOT_FOUND };
        self.get().reply(serde_json::json!({})).status(status)
    }

    /// The resource is changed; 200 unless said otherwise.
    pub fn update(&self) -> Expectation {
        self.mock.expect(Method::PUT, &self.path)
    }

    /// The resource is removed; 204 unless said otherwise.
    pub fn delete(&self) -> Expectation {
        self.mock.expect(Method::DELETE, &self.path)
    }
}

/// An action of a mock.
#[derive(Clone, Debug)]
pub struct MockAction {
    mock: Mock,
    path: Path,
}

impl MockAction {
    /// The action is asked.
    pub fn get(&self) -> Expectation {
        self.mock.expect(Method::GET, &self.path)
    }

    /// The action is set off; 200 unless said otherwise.
    pub fn post(&self) -> Expectation {
        self.mock.expect(Method::POST, &self.path).status(StatusCode::OK)
    }

    /// `PUT` is sent to the action; 200 unless said otherwise.
    pub fn put(&self) -> Expectation {
        self.mock.expect(Method::PUT, &self.path)
    }

    /// `DELETE` is sent to the action; 204 unless said otherwise.
    pub fn delete(&self) -> Expectation {
        self.mock.expect(Method::DELETE, &self.path)
    }
}

/// A resource set of a mock. Page sizes do not matter: pages are given as they are asked for.
#[derive(Clone, Debug)]
pub struct MockSet {
    mock: Mock,
    path: Path,
    asked: Asked,
    configured: Configure,
}

impl MockSet {
    /// Those for which this condition holds, too.
    #[must_use]
    pub fn filter(mut self, condition: impl IntoFilter) -> Self {
        self.asked.filter(condition);
        self
    }

    /// In this order.
    #[must_use]
    pub fn order_by<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.asked.order_by(fields);
        self
    }

    /// With these fields.
    #[must_use]
    pub fn select<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.asked.select(fields);
        self
    }

    /// Those in which the text is found.
    #[must_use]
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.asked.search(text.into());
        self
    }

    /// With a parameter besides the query.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.configured = self.configured.param(name.to_owned(), value);
        self
    }

    /// With what a set of the client is configured with: its parameters and headers are demanded. Time limit and retry
    /// policy are the client's own affair. The last call counts.
    #[must_use]
    pub fn configure(mut self, options: Configure) -> Self {
        self.configured = options;
        self
    }

    /// In pages of a size: as for any mock the size is the caller's choice, so this demands nothing and is here for tests
    /// that share the words of a set with its expectation.
    #[must_use]
    pub const fn limit(self, _page_size: u32) -> Self {
        self
    }

    /// Reduced to some fields, which the client does with whole resources: it demands nothing.
    #[must_use]
    pub fn values_list<S: Into<String>>(self, _fields: impl IntoIterator<Item = S>) -> Self {
        self
    }

    /// Those between two positions of this set. A slice of a slice counts from the slice's start.
    #[must_use]
    pub fn slice(mut self, positions: impl RangeBounds<u64>) -> Self {
        self.asked.slice(positions);
        self
    }

    /// The set is read to its end. `items` is the whole of what the query finds, of which a slice picks by position.
    pub fn list(&self, items: impl IntoIterator<Item = Value>) -> Expectation {
        let items = items.into_iter().collect();
        let (from, to) = (self.asked.from, self.asked.to);
        self.expect(Paged::List { items, from, to, served: 0 })
    }

    /// Somebody asks for the first one, or nothing.
    pub fn first(&self, item: Option<Value>) -> Expectation {
        self.nth(0, item)
    }

    /// Somebody asks for the one at a position, or nothing.
    pub fn nth(&self, position: u64, item: Option<Value>) -> Expectation {
        let place = self.asked.from.saturating_add(position);
        let range = match &item {
            Some(_) => format!("items {place}-{place}/{}", place.saturating_add(1)),
            None => format!("items {place}-{place}/{place}"),
        };
        self.expect(Paged::One(place)).reply(Value::Array(item.into_iter().collect())).change(|expected| {
            expected.ranged(&range);
        })
    }

    /// Somebody asks how many there are.
    pub fn count(&self, count: u64) -> Expectation {
        let range = format!("items 0-0/{count}");
        self.expect(Paged::Count).reply(Value::Array(Vec::new())).change(|expected| expected.ranged(&range))
    }

    /// The first page is refused with this status.
    pub fn refuse(&self, status: StatusCode) -> Expectation {
        self.expect(Paged::No).status(status)
    }

    fn expect(&self, paged: Paged) -> Expectation {
        // What is no RQL is compared as text, and never fits: the client refuses it, too.
        let query = self.asked.query.to_rql().unwrap_or_else(|error| error.to_string());
        let Configure { params, headers, .. } = self.configured.clone();
        let params = params.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
        let search = self.asked.search.clone();
        self.mock.expect(Method::GET, &self.path).change(|expected| {
            expected.ask(&query, search, params, paged);
            headers.into_iter().for_each(|(name, value)| expected.demand(name, value));
        })
    }
}
