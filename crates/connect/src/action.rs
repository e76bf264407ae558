//! Actions.

use std::fmt;

use pentad_core::Call;
use pentad_core::decode::{self, Decode};
use pentad_core::message::ByteStream;
use pentad_openapi::Role;

use crate::answer::{self, Answer};
use crate::body::Payload;
use crate::ops;
use crate::spot::Spot;

/// A handle on something that a collection or a resource can do. Making one sends nothing.
///
/// Answers are whatever the action gives: JSON, a spreadsheet, nothing ([`Answer`]).
#[derive(Clone)]
pub struct Action(Spot);

impl Action {
    pub(crate) const fn new(spot: Spot) -> Self {
        Self(spot)
    }

    /// The path below the endpoint, not escaped.
    pub fn path(&self) -> String {
        self.0.path.to_string()
    }

    /// What can be done with the action, as Markdown, from the OpenAPI document.
    pub fn help(&self) -> String {
        self.0.help(Role::Action)
    }

    /// Asks the action.
    ///
    /// # Source
    /// Connect reference 7.
    pub fn get(&self) -> Call<Answer> {
        self.0.draft(&ops::ACTION_GET).call(answer::whole)
    }

    /// Asks the action for a document of any size, read while it arrives.
    ///
    /// # Source
    /// Connect reference 7.
    pub fn download(&self) -> Call<ByteStream> {
        self.0.draft(&ops::ACTION_GET).call_with(Decode::Streaming(decode::stream))
    }

    /// Sets off the action; `()` for no body.
    ///
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// Connect reference 7.
    pub fn post(&self, payload: impl Into<Payload>) -> Call<Answer> {
        self.0.draft_with(&ops::ACTION_POST, payload.into()).call(answer::whole)
    }

    /// Sends `PUT` to the action.
    ///
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 7.
    pub fn put(&self, payload: impl Into<Payload>) -> Call<Answer> {
        self.0.draft_with(&ops::ACTION_PUT, payload.into()).call(answer::whole)
    }

    /// Sends `DELETE` to the action, with `()` for no body.
    ///
    /// # Retry
    /// Idempotent: sent again after transient failures.
    /// # Source
    /// Connect reference 7.
    pub fn delete(&self, payload: impl Into<Payload>) -> Call<Answer> {
        self.0.draft_with(&ops::ACTION_DELETE, payload.into()).call(answer::whole)
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Action").field(&self.path()).finish()
    }
}
