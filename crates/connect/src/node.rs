//! Namespaces, and places named by a whole path.

use std::fmt::{self, Display};

use pentad_core::Call;
use pentad_openapi::Role;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::action::Action;
use crate::answer::Answer;
use crate::body::Payload;
use crate::collection::Collection;
use crate::filter::IntoFilter;
use crate::help;
use crate::resource::Resource;
use crate::set::ResourceSet;
use crate::spot::Spot;

/// A handle on one namespace. Making one sends nothing.
#[derive(Clone)]
pub struct Ns(pub(crate) Spot);

impl Ns {
    /// The path below the endpoint, not escaped.
    pub fn path(&self) -> String {
        self.0.path.to_string()
    }

    /// A namespace within.
    pub fn ns(&self, name: impl AsRef<str>) -> Self {
        Self(self.0.step("name", name.as_ref()))
    }

    /// A collection within.
    pub fn collection(&self, name: impl AsRef<str>) -> Collection {
        Collection::new(self.0.step("name", name.as_ref()))
    }

    /// What there is within, as Markdown, from the OpenAPI document.
    pub fn help(&self) -> String {
        self.0.help(Role::Namespace)
    }
}

impl fmt::Debug for Ns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ns").field(&self.path()).finish()
    }
}

/// A place named by a whole path: whatever the caller takes it for. Making one sends nothing.
#[derive(Clone)]
pub struct Node(pub(crate) Spot);

impl Node {
    /// The path below the endpoint, not escaped.
    pub fn path(&self) -> String {
        self.0.path.to_string()
    }

    /// What it is, if the client has an OpenAPI document that knows the path.
    pub fn role(&self) -> Option<Role> {
        let place = self.0.client.document()?.place(self.0.path.escaped().ok()?).ok()?;
        Some(place.role())
    }

    /// The place as a namespace.
    pub fn as_ns(&self) -> Ns {
        Ns(self.0.clone())
    }

    /// The place as a collection.
    pub fn as_collection(&self) -> Collection {
        Collection::new(self.0.clone())
    }

    /// The place as a resource.
    pub fn as_resource(&self) -> Resource {
        Resource::new(self.0.clone())
    }

    /// The place as an action.
    pub fn as_action(&self) -> Action {
        Action::new(self.0.clone())
    }

    /// A namespace within.
    pub fn ns(&self, name: impl AsRef<str>) -> Ns {
        self.as_ns().ns(name)
    }

    /// A collection within.
    pub fn collection(&self, name: impl AsRef<str>) -> Collection {
        self.as_ns().collection(name)
    }

    /// A resource of the collection.
    pub fn resource(&self, id: impl Display) -> Resource {
        self.as_collection().resource(id)
    }

    /// An action on the collection or resource.
    pub fn action(&self, name: impl AsRef<str>) -> Action {
        self.as_resource().action(name)
    }

    /// All resources of the collection.
    pub fn all(&self) -> ResourceSet {
        self.as_collection().all()
    }

    /// The resources of the collection for which a condition holds.
    pub fn filter(&self, condition: impl IntoFilter) -> ResourceSet {
        self.as_collection().filter(condition)
    }

    /// Creates a resource of the collection: [`Collection::create`].
    pub fn create(&self, payload: impl Into<Payload>) -> Call<Value> {
        self.as_collection().create(payload)
    }

    /// Creates several resources of the collection: [`Collection::bulk_create`].
    pub fn bulk_create(&self, items: &[impl Serialize]) -> Call<Vec<Value>> {
        self.as_collection().bulk_create(items)
    }

    /// Changes several resources of the collection: [`Collection::bulk_update`].
    pub fn bulk_update(&self, items: &[impl Serialize]) -> Call<Vec<Value>> {
        self.as_collection().bulk_update(items)
    }

    /// Removes several resources of the collection: [`Collection::bulk_delete`].
    pub fn bulk_delete(&self, items: &[impl Serialize]) -> Call<Answer> {
        self.as_collection().bulk_delete(items)
    }

    /// Reads chosen fields of the resource: [`Resource::values`].
    pub fn values<S: Into<String>>(&self, fields: impl IntoIterator<Item = S>) -> Call<Map<String, Value>> {
        self.as_resource().values(fields)
    }

    /// Reads the resource: [`Resource::get`].
    pub fn get(&self) -> Call<Value> {
        self.as_resource().get()
    }

    /// Whether the resource exists: [`Resource::exists`].
    pub fn exists(&self) -> Call<bool> {
        self.as_resource().exists()
    }

    /// Changes the resource: [`Resource::update`].
    pub fn update(&self, payload: impl Into<Payload>) -> Call<Value> {
        self.as_resource().update(payload)
    }

    /// Removes the resource: [`Resource::delete`].
    pub fn delete(&self) -> Call<Value> {
        self.as_resource().delete()
    }

    /// Sets off the action: [`Action::post`].
    pub fn post(&self, payload: impl Into<Payload>) -> Call<Answer> {
        self.as_action().post(payload)
    }

    /// Sends `PUT` to the action: [`Action::put`].
    pub fn put(&self, payload: impl Into<Payload>) -> Call<Answer> {
        self.as_action().put(payload)
    }

    /// What the OpenAPI document says about the place, as Markdown.
    pub fn help(&self) -> String {
        help::any(self.0.client.document(), &self.0.path)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(&self.path()).finish()
    }
}
