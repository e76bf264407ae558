//! Members of a project.

use pentad_core::{Call, Draft, List, Op, decode};
use serde_json::{Map, Value, json};

use crate::client::named;
use crate::model;
use crate::project::Project;
use crate::{list, ops};

/// A handle on one member of a project. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Member {
    project: Project,
    name: String,
}

impl Project {
    /// The members, newest first, with their roles.
    ///
    /// `GET /projects/{project}/members`
    ///
    /// # Source
    /// AMS reference 6 and 10.2.
    pub fn members(&self) -> List<model::User> {
        self.op(&ops::MEMBER_LIST)
            .query("details", "true")
            .list(list::cursor, list::page::<model::User>)
            .size_query(list::SIZE)
    }

    /// A member, or a user who shall become one; nothing is sent.
    pub fn member(&self, user: impl Into<String>) -> Member {
        Member { project: self.clone(), name: user.into() }
    }
}

impl Member {
    /// The user's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn op(&self, op: &'static Op) -> Draft {
        named(self.project.op(op), "user", &self.name)
    }

    /// Reads the member.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) also for users who are no members.
    /// # Source
    /// AMS reference 10.2.
    pub fn get(&self) -> Call<model::User> {
        self.op(&ops::MEMBER_GET).call(decode::json)
    }

    /// Creates a user inside the project; the answer holds the new token.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if the name is taken.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// AMS reference 10.2.
    pub fn create(&self, email: Option<&str>, roles: &[impl AsRef<str>]) -> Call<model::User> {
        let mut body = self.roles(roles);
        if let Some(email) = email.filter(|email| !email.is_empty()) {
            body.insert("email".to_owned(), email.into());
        }
        self.op(&ops::MEMBER_CREATE).json(&Value::from(body)).call(decode::json)
    }

    /// Replaces the roles that the member has in the project.
    ///
    /// # Errors
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) if the user is no member.
    /// # Source
    /// AMS reference 10.2.
    pub fn update(&self, roles: &[impl AsRef<str>]) -> Call<model::User> {
        self.op(&ops::MEMBER_UPDATE).json(&Value::from(self.roles(roles))).call(decode::json)
    }

    /// Makes an existing user a member.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if the user is one already.
    /// # Source
    /// AMS reference 10.2.
    pub fn add(&self, roles: &[impl AsRef<str>]) -> Call<model::User> {
        self.op(&ops::MEMBER_ADD).json(&json!({ "roles": texts(roles) })).call(decode::json)
    }

    /// Ends the membership. Lists of topics and subscriptions still name the user.
    ///
    /// # Errors
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) if the user is no member.
    /// # Source
    /// AMS reference 10.2.
    pub fn remove(&self) -> Call<()> {
        self.op(&ops::MEMBER_REMOVE).call(decode::empty)
    }

    fn roles(&self, roles: &[impl AsRef<str>]) -> Map<String, Value> {
        let entry = json!([{ "project": self.project.name, "roles": texts(roles) }]);
        Map::from_iter([("projects".to_owned(), entry)])
    }
}

fn texts(roles: &[impl AsRef<str>]) -> Vec<&str> {
    roles.iter().map(AsRef::as_ref).collect()
}
