//! Collections.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use pentad_core::Call;
use pentad_openapi::Role;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::action::Action;
use crate::answer::{self, Answer};
use crate::body::Payload;
use crate::filter::IntoFilter;
use crate::ops;
use crate::resource::Resource;
use crate::set::ResourceSet;
use crate::spot::Spot;

/// A handle on one collection. Making one sends nothing.
///
/// `T` is what its resources are read as: any JSON document unless [`typed`](Self::typed) says otherwise.
pub struct Collection<T = Value> {
    spot: Spot,
    item: PhantomData<fn() -> T>,
}

impl<T> Collection<T> {
    pub(crate) fn new(spot: Spot) -> Self {
        Self { spot, item: PhantomData }
    }

    /// The path below the endpoint, not escaped.
    pub fn path(&self) -> String {
        self.spot.path.to_string()
    }

    /// The same collection with resources of another type.
    pub fn typed<U>(&self) -> Collection<U> {
        Collection::new(self.spot.clone())
    }

    /// A resource of the collection. Texts and numbers are identifiers, 0 too.
    pub fn resource(&self, id: impl Display) -> Resource<T> {
        Resource::new(self.spot.step("resource_id", &id.to_string()))
    }

    /// An action on the collection.
    pub fn action(&self, name: impl AsRef<str>) -> Action {
        Action::new(self.spot.step("name", name.as_ref()))
    }

    /// All resources of the collection.
    pub fn all(&self) -> ResourceSet<T> {
        ResourceSet::new(self.spot.clone())
    }

    /// The resources for which a condition holds: an [`R`](pentad_rql::R), or RQL as text.
    pub fn filter(&self, condition: impl IntoFilter) -> ResourceSet<T> {
        self.all().filter(condition)
    }

    /// What can be done with the collection, as Markdown, from the OpenAPI document.
    pub fn help(&self) -> String {
        self.spot.help(Role::Collection)
    }
}

impl<T: DeserializeOwned + 'static> Collection<T> {
    /// Creates a resource; the service answers with it.
    ///
    /// `POST /{collection}`
    ///
    /// # Shapes
    /// An object, a [`Multipart`](crate::Multipart), a file; `()` for no body. `{}` is sent as `{}`. An empty answer is `null`:
    /// nothing for a `Value` or an `Option`, for other types an error although the resource may be there.
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for JSON that is no object, and as judged by the
    /// service.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// Connect reference 5.
    pub fn create(&self, payload: impl Into<Payload>) -> Call<T> {
        self.spot.draft_with(&ops::COLLECTION_CREATE, payload.into().object()).call(answer::typed)
    }

    /// Creates several resources in one request.
    ///
    /// `POST /{collection}` with an array
    ///
    /// # Shapes
    /// The answer is the list of what was created. An empty answer is an empty list, a single document a list of one; what
    /// became of each resource where a collection tells that instead is read with [`typed`](Self::typed), or by
    /// [`create`](crate::Client::create) of the client, which takes any answer.
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for an empty list.
    /// [`Decode`](pentad_core::ErrorKind::Decode) for an answer of another form: the resources are there all the same.
    /// # Retry
    /// As [`create`](Self::create).
    /// # Source
    /// Connect reference 5.
    pub fn bulk_create(&self, items: &[impl Serialize]) -> Call<Vec<T>> {
        self.spot.draft_with(&ops::COLLECTION_BULK_CREATE, Payload::several(items)).call(answer::several)
    }

    /// Changes several resources in one request; each has an `id`.
    ///
    /// `PUT /{collection}` with an array
    ///
    /// # Shapes
    /// As [`bulk_create`](Self::bulk_create).
    /// # Errors
    /// As [`bulk_create`](Self::bulk_create).
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 5.
    pub fn bulk_update(&self, items: &[impl Serialize]) -> Call<Vec<T>> {
        self.spot.draft_with(&ops::COLLECTION_BULK_UPDATE, Payload::several(items)).call(answer::several)
    }

    /// Removes several resources in one request; each has an `id`.
    ///
    /// `DELETE /{collection}` with an array
    ///
    /// # Shapes
    /// The answer is empty commonly; some collections say what became of each resource.
    /// # Errors
    /// As [`bulk_create`](Self::bulk_create): a request without a list could mean the whole collection.
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 5.
    pub fn bulk_delete(&self, items: &[impl Serialize]) -> Call<Answer> {
        self.spot.draft_with(&ops::COLLECTION_BULK_DELETE, Payload::several(items)).call(answer::whole)
    }
}

impl<T> Clone for Collection<T> {
    fn clone(&self) -> Self {
        Self::new(self.spot.clone())
    }
}

impl<T> fmt::Debug for Collection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Collection").field(&self.path()).finish()
    }
}
