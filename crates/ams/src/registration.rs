//! Requests for users.

use pentad_core::{Call, Draft, Op, Secret, decode};
use serde::Serialize;
use serde_json::json;

use crate::client::{Client, named};
use crate::model::{self, RegistrationStatus};
use crate::{list, name, ops};

/// A handle on one registration. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Registration {
    client: Client,
    uuid: String,
}

/// A request for a user, to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NewRegistration {
    name: String,
    first_name: String,
    last_name: String,
    email: String,
    organization: String,
    description: String,
}

impl NewRegistration {
    /// A request for a user with this name and mail address.
    pub fn new(name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { name: name.into(), email: email.into(), ..Self::default() }
    }

    /// Sets given and family name.
    #[must_use]
    pub fn person(mut self, first: impl Into<String>, last: impl Into<String>) -> Self {
        self.first_name = first.into();
        self.last_name = last.into();
        self
    }

    /// Sets the organisation.
    #[must_use]
    pub fn organization(mut self, text: impl Into<String>) -> Self {
        self.organization = text.into();
        self
    }

    /// Sets the free text.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }
}

/// Which registrations to list; what is not set does not matter.
#[derive(Debug, Clone, Default)]
pub struct RegistrationFilter {
    status: Option<RegistrationStatus>,
    name: Option<String>,
    email: Option<String>,
    organization: Option<String>,
    activation_token: Option<Secret>,
}

impl RegistrationFilter {
    /// All of them.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only those in this state.
    #[must_use]
    pub fn status(mut self, status: RegistrationStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those for this user name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Only those with this mail address.
    #[must_use]
    pub fn email(mut self, email: impl Into<String>) -> Self {
        self.email = Some(email.into());
        self
    }

    /// Only those of this organisation.
    #[must_use]
    pub fn organization(mut self, text: impl Into<String>) -> Self {
        self.organization = Some(text.into());
        self
    }

    /// Only the one with this token.
    #[must_use]
    pub fn activation_token(mut self, token: Secret) -> Self {
        self.activation_token = Some(token);
        self
    }
}

impl Client {
    /// Requests for users. The service does not page them.
    ///
    /// # Source
    /// AMS reference 14.4.
    pub fn registrations(&self, filter: RegistrationFilter) -> Call<Vec<model::Registration>> {
        self.op(&ops::REGISTRATION_LIST)
            .query_opt("status", filter.status.as_ref().map(RegistrationStatus::as_str))
            .query_opt("name", filter.name)
            .query_opt("email", filter.email)
            .query_opt("organization", filter.organization)
            .query_opt("activation_token", filter.activation_token.as_ref().map(Secret::expose))
            .call(list::whole)
    }

    /// Asks for a user.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if the name is taken.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// AMS reference 14.4.
    pub fn register(&self, new: &NewRegistration) -> Call<model::Registration> {
        self.op(&ops::REGISTRATION_CREATE).check(name::check("name", &new.name)).json(new).call(decode::json)
    }

    /// A registration; nothing is sent.
    pub fn registration(&self, uuid: impl Into<String>) -> Registration {
        Registration { client: self.clone(), uuid: uuid.into() }
    }
}

impl Registration {
    /// The identifier.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    fn op(&self, op: &'static Op) -> Draft {
        named(self.client.op(op), "uuid", &self.uuid)
    }

    /// Reads the registration.
    ///
    /// # Source
    /// AMS reference 14.4.
    pub fn get(&self) -> Call<model::Registration> {
        self.op(&ops::REGISTRATION_GET).call(decode::json)
    }

    /// Creates the user who was asked for: no projects, no service roles, a new token.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) also if it was decided already.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// AMS reference 14.4.
    pub fn accept(&self) -> Call<model::User> {
        self.op(&ops::REGISTRATION_ACCEPT).call(decode::json)
    }

    /// Refuses the request, with a comment that may be empty.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) also if it was decided already.
    /// # Source
    /// AMS reference 14.4.
    pub fn decline(&self, comment: &str) -> Call<()> {
        let body = if comment.is_empty() { json!({}) } else { json!({ "comment": comment }) };
        self.op(&ops::REGISTRATION_DECLINE).json(&body).call(decode::empty)
    }

    /// Removes the registration.
    ///
    /// # Source
    /// AMS reference 14.4.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::REGISTRATION_DELETE).call(decode::empty)
    }
}
