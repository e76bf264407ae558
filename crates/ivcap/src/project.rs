//! Projects, their members and accounts. Modern dialect.

use pentad_core::{Call, Error, List, Result, decode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::Client;
use crate::list::listing;
use crate::query::ListQuery;
use crate::{model, ops};

/// A handle on one project. Making one sends nothing.
#[derive(Clone, Debug)]
pub struct Project {
    client: Client,
    urn: String,
}

/// A project to be created, or what of it shall change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[must_use]
pub struct NewProject {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    urn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Value>,
}

impl NewProject {
    /// Nothing said yet; a new project needs a name.
    pub fn new() -> Self {
        Self::default()
    }

    /// What people call it: at least three characters.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The project that it is part of.
    pub fn parent(mut self, urn: impl Into<String>) -> Self {
        self.parent = Some(urn.into());
        self
    }

    /// Who pays.
    pub fn account(mut self, urn: impl Into<String>) -> Self {
        self.account = Some(urn.into());
        self
    }

    /// Its name in the platform.
    pub fn urn(mut self, urn: impl Into<String>) -> Self {
        self.urn = Some(urn.into());
        self
    }

    /// More about it.
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.properties = Some(json!({"details": details.into()}));
        self
    }

    fn check(&self, new: bool) -> Result<()> {
        match self.name.as_deref().map(|name| name.chars().count()) {
            None if new => Err(Error::invalid("name", "is missing")),
            Some(0..=2) => Err(Error::invalid("name", "must have at least 3 characters")),
            _ => Ok(()),
        }
    }
}

impl Client {
    /// The projects.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn projects(&self, query: ListQuery) -> List<model::Project> {
        listing(query.apply(self.op(&ops::PROJECT_LIST)), self.dialect())
    }

    /// Creates a project.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for a name that is missing or too short.
    /// # Source
    /// IVCAP reference 7.12.
    pub fn create_project(&self, project: &NewProject) -> Call<model::Project> {
        self.op(&ops::PROJECT_CREATE).check(project.check(true)).json(project).call(decode::json)
    }

    /// A project by its URN; nothing is sent.
    pub fn project(&self, urn: impl Into<String>) -> Project {
        Project { client: self.clone(), urn: urn.into() }
    }

    /// The caller's default project.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn default_project(&self) -> Call<model::Project> {
        self.op(&ops::PROJECT_DEFAULT).call(decode::json)
    }

    /// Chooses a default project, for the caller or for another user.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn set_default_project(&self, project: &str, user: Option<&str>) -> Call<()> {
        let mut body = json!({"project_urn": project});
        if let Some(user) = user {
            body["user_urn"] = json!(user);
        }
        self.op(&ops::PROJECT_SET_DEFAULT).json(&body).call(decode::empty)
    }
}

impl Project {
    /// The URN.
    pub fn urn(&self) -> &str {
        &self.urn
    }

    /// Reads the project.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn get(&self) -> Call<model::Project> {
        self.client.id_op(&ops::PROJECT_GET, "id", &self.urn).call(decode::json)
    }

    /// Changes what is said of the project; the rest stays.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn update(&self, change: &NewProject) -> Call<model::Project> {
        let draft = self.client.id_op(&ops::PROJECT_UPDATE, "urn", &self.urn);
        draft.check(change.check(false)).json(change).call(decode::json)
    }

    /// Removes the project.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn delete(&self) -> Call<()> {
        self.client.id_op(&ops::PROJECT_DELETE, "id", &self.urn).call(decode::empty)
    }

    /// The members, all or those with a role.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn members(&self, role: Option<&str>) -> List<model::Member> {
        let draft = self.client.id_op(&ops::PROJECT_MEMBERS, "urn", &self.urn).query_opt("role", role);
        listing(draft, self.client.dialect())
    }

    /// Gives a user a role.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn add_member(&self, user: &str, role: &str) -> Call<()> {
        let draft = self.client.id_op(&ops::PROJECT_ADD_MEMBER, "project", &self.urn);
        let draft = draft.check(crate::urn::check("user", user)).arg("user", user);
        draft.json(&json!({"role": role})).call(decode::empty)
    }

    /// Takes a user out.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn remove_member(&self, user: &str) -> Call<()> {
        let draft = self.client.id_op(&ops::PROJECT_REMOVE_MEMBER, "project", &self.urn);
        draft.check(crate::urn::check("user", user)).arg("user", user).call(decode::empty)
    }

    /// The account that pays.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn account(&self) -> Call<String> {
        #[derive(Deserialize)]
        struct Answer {
            account_urn: String,
        }
        let draft = self.client.id_op(&ops::PROJECT_ACCOUNT, "project", &self.urn);
        draft.call(decode::json::<Answer>).map(|answer| answer.account_urn)
    }

    /// Chooses the account that pays.
    ///
    /// # Source
    /// IVCAP reference 7.12.
    pub fn set_account(&self, account: &str) -> Call<()> {
        let draft = self.client.id_op(&ops::PROJECT_SET_ACCOUNT, "project", &self.urn);
        draft.json(&json!({"account_urn": account})).call(decode::empty)
    }
}
