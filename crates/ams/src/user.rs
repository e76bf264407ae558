//! Users of the service.

use pentad_core::{Call, Draft, Error, ErrorKind, List, Op, Result, Secret, decode};
use serde_json::{Map, Value, json};

use crate::client::{Client, named};
use crate::model::{self, Membership};
use crate::{list, name, ops};

/// A handle on one user. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct User {
    client: Client,
    name: String,
}

/// A user to be created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewUser(Fields);

/// Changes to a user; what is not set stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserUpdate {
    name: Option<String>,
    fields: Fields,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Fields {
    projects: Option<Vec<Membership>>,
    first_name: Option<String>,
    last_name: Option<String>,
    organization: Option<String>,
    description: Option<String>,
    email: Option<String>,
    service_roles: Option<Vec<String>>,
}

impl Fields {
    fn body(&self) -> Map<String, Value> {
        let mut body = Map::new();
        if let Some(projects) = &self.projects {
            let entry = |member: &Membership| json!({ "project": member.project, "roles": member.roles });
            body.insert("projects".to_owned(), projects.iter().map(entry).collect());
        }
        for (key, value) in [
            ("first_name", &self.first_name),
            ("last_name", &self.last_name),
            ("description", &self.description),
            ("organization", &self.organization),
            ("email", &self.email),
        ] {
            if let Some(value) = value {
                body.insert(key.to_owned(), value.clone().into());
            }
        }
        if let Some(roles) = &self.service_roles {
            body.insert("service_roles".to_owned(), roles.clone().into());
        }
        body
    }

    fn member(&mut self, project: String, roles: Vec<String>) {
        self.projects.get_or_insert_default().push(Membership::new(project, roles));
    }
}

fn owned<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Vec<String> {
    roles.into_iter().map(Into::into).collect()
}

macro_rules! texts {
    ($($field:ident: $doc:literal;)*) => {$(
        #[doc = $doc]
        #[must_use]
        pub fn $field(mut self, text: impl Into<String>) -> Self {
            self.fields_mut().$field = Some(text.into());
            self
        }
    )*};
}

macro_rules! user_fields {
    ($type:ident, $($path:tt)+) => {
        impl $type {
            /// Nothing set yet.
            pub fn new() -> Self {
                Self::default()
            }

            fn fields_mut(&mut self) -> &mut Fields {
                &mut self.$($path)+
            }

            texts! {
                first_name: "Sets the given name.";
                last_name: "Sets the family name.";
                organization: "Sets the organisation.";
                description: "Sets the free text.";
                email: "Sets the mail address.";
            }

            /// Adds a project with the roles held there.
            #[must_use]
            pub fn member<R: Into<String>>(
                mut self,
                project: impl Into<String>,
                roles: impl IntoIterator<Item = R>,
            ) -> Self {
                self.fields_mut().member(project.into(), owned(roles));
                self
            }

            /// Sets the roles in the whole service.
            #[must_use]
            pub fn service_roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
                self.fields_mut().service_roles = Some(owned(roles));
                self
            }
        }
    };
}

user_fields!(NewUser, 0);
user_fields!(UserUpdate, fields);

impl UserUpdate {
    /// Renames the user.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Takes the user out of all projects (unless some are added again).
    #[must_use]
    pub fn no_projects(mut self) -> Self {
        self.fields.projects = Some(Vec::new());
        self
    }

    fn body(&self) -> Result<Value> {
        let mut body = self.fields.body();
        if let Some(name) = &self.name {
            name::check("name", name)?;
            body.insert("name".to_owned(), name.clone().into());
        }
        Ok(body.into())
    }
}

impl Client {
    /// The users of the service, newest first, with their projects.
    ///
    /// `GET /users`
    ///
    /// # Shapes
    /// `.query("project", name)` narrows to one project. Service administrators see tokens and service roles.
    /// # Source
    /// AMS reference 6 and 9.2.
    pub fn users(&self) -> List<model::User> {
        self.op(&ops::USER_LIST)
            .query("details", "true")
            .list(list::cursor, list::page::<model::User>)
            .size_query(list::SIZE)
    }

    /// The user of the client's own token.
    ///
    /// # Source
    /// AMS reference 9.2.
    pub fn profile(&self) -> Call<model::User> {
        self.op(&ops::USER_PROFILE).call(decode::json)
    }

    /// The user who owns a token.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) for a token that nobody owns.
    /// # Source
    /// AMS reference 9.2.
    pub fn user_by_token(&self, token: &Secret) -> Call<model::User> {
        // The refusal must not repeat the secret, as the check of other names does.
        let fits = match name::is_valid(token.expose()) {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Invalid, "token: has characters that no token has")),
        };
        self.op(&ops::USER_BY_TOKEN).check(fits).arg("token", token.expose()).call(decode::json)
    }

    /// The user with an identifier.
    ///
    /// # Source
    /// AMS reference 9.2.
    pub fn user_by_uuid(&self, uuid: &str) -> Call<model::User> {
        named(self.op(&ops::USER_BY_UUID), "uuid", uuid).call(decode::json)
    }
}

impl User {
    pub(crate) fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn op(&self, op: &'static Op) -> Draft {
        named(self.client.op(op), "user", &self.name)
    }

    /// Reads the user.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if nobody has this name.
    /// # Source
    /// AMS reference 9.2.
    pub fn get(&self) -> Call<model::User> {
        self.op(&ops::USER_GET).call(decode::json)
    }

    /// Creates the user; the answer holds the new token.
    ///
    /// # Errors
    /// [`Conflict`](ErrorKind::Conflict) if the name is taken; [`Invalid`](ErrorKind::Invalid) for unknown projects or
    /// roles.
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// AMS reference 9.2.
    pub fn create(&self, new: &NewUser) -> Call<model::User> {
        self.op(&ops::USER_CREATE).json(&Value::from(new.0.body())).call(decode::json)
    }

    /// Changes the user. Projects and service roles replace the whole list, also with an empty one; empty texts change
    /// nothing.
    ///
    /// # Errors
    /// [`NotFound`](ErrorKind::NotFound) if nobody has this name; [`Invalid`](ErrorKind::Invalid) if the new name is taken.
    /// # Source
    /// AMS reference 9.2.
    pub fn update(&self, update: &UserUpdate) -> Call<model::User> {
        let draft = self.op(&ops::USER_UPDATE);
        match update.body() {
            Ok(body) => draft.json(&body),
            Err(error) => draft.refuse(error),
        }
        .call(decode::json)
    }

    /// Deletes the user.
    ///
    /// # Source
    /// AMS reference 9.2.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::USER_DELETE).call(decode::empty)
    }

    /// Replaces the token; the answer holds the new one and the old one ends.
    ///
    /// # Retry
    /// Not idempotent: resent only if the first attempt is known not to have been sent.
    /// # Source
    /// AMS reference 9.2.
    pub fn refresh_token(&self) -> Call<model::User> {
        self.op(&ops::USER_REFRESH_TOKEN).call(decode::json)
    }
}
