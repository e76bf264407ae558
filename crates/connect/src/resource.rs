//! Resources.

use std::fmt;
use std::marker::PhantomData;

use http::StatusCode;
use pentad_core::Call;
use pentad_openapi::Role;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::action::Action;
use crate::answer;
use crate::body::Payload;
use crate::collection::Collection;
use crate::ops;
use crate::project::project;
use crate::spot::Spot;

/// A handle on one resource. Making one sends nothing.
pub struct Resource<T = Value> {
    spot: Spot,
    item: PhantomData<fn() -> T>,
}

impl<T> Resource<T> {
    pub(crate) fn new(spot: Spot) -> Self {
        Self { spot, item: PhantomData }
    }

    /// The path below the endpoint, not escaped.
    pub fn path(&self) -> String {
        self.spot.path.to_string()
    }

    /// The same resource read as another type.
    pub fn typed<U>(&self) -> Resource<U> {
        Resource::new(self.spot.clone())
    }

    /// A collection of the resource.
    pub fn collection(&self, name: impl AsRef<str>) -> Collection {
        Collection::new(self.spot.step("name", name.as_ref()))
    }

    /// An action on the resource.
    pub fn action(&self, name: impl AsRef<str>) -> Action {
        Action::new(self.spot.step("name", name.as_ref()))
    }

    /// What can be done with the resource, as Markdown, from the OpenAPI document.
    pub fn help(&self) -> String {
        self.spot.help(Role::Resource)
    }

    /// Whether the resource exists. The service knows no cheaper way than reading it.
    ///
    /// # Errors
    /// All but 404, which is `false`.
    /// # Source
    /// Connect reference 6.
    pub fn exists(&self) -> Call<bool> {
        let draft = self.spot.draft(&ops::RESOURCE_EXISTS);
        draft.accept(|status, _| status == StatusCode::NOT_FOUND).call(answer::exists)
    }

    /// Reads the resource and gives the chosen fields in order; dots lead into objects, what is missing is null.
    ///
    /// # Source
    /// Connect reference 6.
    pub fn values<S: Into<String>>(&self, fields: impl IntoIterator<Item = S>) -> Call<Map<String, Value>> {
        let fields: Vec<String> = fields.into_iter().map(Into::into).collect();
        self.typed::<Value>().get().map(move |value| project(&value, &fields))
    }

    /// Removes the resource. The answer is `null` commonly.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist; with
    /// [`may_have_applied`](pentad_core::Error::may_have_applied) an earlier attempt of this call may have removed it.
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 6.
    pub fn delete(&self) -> Call<Value> {
        self.delete_with(())
    }

    /// Removes the resource, telling the service more about it.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    /// # Source
    /// Connect reference 6.
    pub fn delete_with(&self, payload: impl Into<Payload>) -> Call<Value> {
        self.spot.draft_with(&ops::RESOURCE_DELETE, payload.into()).call(answer::typed)
    }
}

impl<T: DeserializeOwned + 'static> Resource<T> {
    /// Reads the resource.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist; [`Call::optional`] makes nothing of that.
    /// # Source
    /// Connect reference 6.
    pub fn get(&self) -> Call<T> {
        self.spot.draft(&ops::RESOURCE_GET).call(answer::typed)
    }

    /// Changes the resource; the service answers with it.
    ///
    /// `PUT /{collection}/{id}`
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist, and as judged by the service.
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 6.
    pub fn update(&self, payload: impl Into<Payload>) -> Call<T> {
        self.spot.draft_with(&ops::RESOURCE_UPDATE, payload.into()).call(answer::typed)
    }
}

impl<T> Clone for Resource<T> {
    fn clone(&self) -> Self {
        Self::new(self.spot.clone())
    }
}

impl<T> fmt::Debug for Resource<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resource").field(&self.path()).finish()
    }
}
