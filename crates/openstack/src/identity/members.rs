//! Who has which role on what (OpenStack reference B9).

use pentad_core::{Call, Draft, List, Op, decode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::admin::Identity;
use super::kinds::{Reference, Role};
use crate::manager::{Extra, Resource, page};
use crate::ops;

/// One member of an answer.
pub(super) fn inner<T: DeserializeOwned + Send + 'static>(draft: Draft, member: &'static str) -> Call<T> {
    draft.call(decode::value).then(move |answer| {
        let mut answer = answer?;
        serde_json::from_value(answer[member].take()).map_err(|_| {
            let message = format!("the answer has no {member} of the kind that is expected");
            pentad_core::Error::new(pentad_core::ErrorKind::Decode, message)
                .with_sent(pentad_core::Sent::Answered)
        })
    })
}

/// Whether a thing is there: success is a yes, 404 a no.
pub(super) fn yes(draft: Draft) -> Call<bool> {
    draft.call(decode::empty).optional().map(|found| found.is_some())
}

pub(super) fn references(list: &Value) -> Vec<Reference> {
    let list = list.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(|one| serde_json::from_value(one.clone()).ok()).collect()
}

/// What a role is on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum On {
    /// A project, by id.
    Project(String),
    /// A domain, by id.
    Domain(String),
    /// The whole system.
    System,
    /// The projects below a project.
    BelowProject(String),
    /// The projects of a domain.
    BelowDomain(String),
}

/// Who has a role.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Holder {
    /// A user, by id.
    User(String),
    /// The users of a group, by id.
    Group(String),
}

/// The roles of somebody on something; see [`Identity::grants`].
#[derive(Clone, Debug)]
pub struct Grants {
    identity: Identity,
    on: On,
    holder: Holder,
}

/// The four operations of a kind of target.
struct Four {
    list: &'static Op,
    check: &'static Op,
    add: &'static Op,
    remove: &'static Op,
}

static PLAIN: Four = Four {
    list: &ops::GRANT_LIST,
    check: &ops::GRANT_CHECK,
    add: &ops::GRANT_ADD,
    remove: &ops::GRANT_REMOVE,
};
static SYSTEM: Four = Four {
    list: &ops::SYSTEM_GRANT_LIST,
    check: &ops::SYSTEM_GRANT_CHECK,
    add: &ops::SYSTEM_GRANT_ADD,
    remove: &ops::SYSTEM_GRANT_REMOVE,
};
static INHERITED: Four = Four {
    list: &ops::INHERITED_GRANT_LIST,
    check: &ops::INHERITED_GRANT_CHECK,
    add: &ops::INHERITED_GRANT_ADD,
    remove: &ops::INHERITED_GRANT_REMOVE,
};

impl Grants {
    /// The roles.
    pub fn list(&self) -> List<Role> {
        self.draft(|four| four.list).list(page::cursor, page::by_link::<Role>)
    }

    /// Whether this role is among them.
    pub fn has(&self, role: &str) -> Call<bool> {
        yes(self.draft(|four| four.check).arg("role", role))
    }

    /// Gives a role; having it already is no error.
    pub fn add(&self, role: &str) -> Call<()> {
        self.draft(|four| four.add).arg("role", role).call(decode::empty)
    }

    /// Takes a role.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it was not there.
    pub fn remove(&self, role: &str) -> Call<()> {
        self.draft(|four| four.remove).arg("role", role).call(decode::empty)
    }

    fn draft(&self, choose: impl Fn(&'static Four) -> &'static Op) -> Draft {
        let (four, place) = match &self.on {
            On::Project(id) => (&PLAIN, Some(("projects", id))),
            On::Domain(id) => (&PLAIN, Some(("domains", id))),
            On::System => (&SYSTEM, None),
            On::BelowProject(id) => (&INHERITED, Some(("projects", id))),
            On::BelowDomain(id) => (&INHERITED, Some(("domains", id))),
        };
        let (actors, actor) = match &self.holder {
            Holder::User(id) => ("users", id),
            Holder::Group(id) => ("groups", id),
        };
        let draft = self.identity.session.op(choose(four)).arg("actors", actors).arg("actor", actor);
        match place {
            Some((scope, target)) => draft.arg("scope", scope).arg("target", target),
            None => draft,
        }
    }
}

/// A role that somebody has on something.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Assignment {
    /// The role.
    pub role: Reference,
    /// The user who has it, unless a group has.
    pub user: Option<Reference>,
    /// The group whose users have it.
    pub group: Option<Reference>,
    /// What it is on: `project`, `domain`, `system`, and what else the service says of that.
    pub scope: Extra,
    /// Links to the grants that it follows from.
    pub links: Extra,
}

impl Assignment {
    /// The project that it is on.
    pub fn project_id(&self) -> Option<&str> {
        self.scope.get("project")?["id"].as_str()
    }

    /// The domain that it is on.
    pub fn domain_id(&self) -> Option<&str> {
        self.scope.get("domain")?["id"].as_str()
    }

    /// Whether it is on the whole system.
    pub fn is_system(&self) -> bool {
        self.scope.get("system").is_some()
    }

    /// Whether it is for the projects below.
    pub fn is_inherited(&self) -> bool {
        self.scope.get("OS-INHERIT:inherited_to").is_some()
    }
}

impl Resource for Assignment {
    const COLLECTION: &'static str = "role_assignments";

    /// Assignments have no ids of their own: the role's.
    fn id(&self) -> &str {
        &self.role.id
    }

    fn name(&self) -> Option<&str> {
        self.role.name.as_deref()
    }
}

/// A role and those that follow from it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Inference {
    /// The role.
    pub prior_role: Reference,
    /// What whoever has it has, too.
    pub implies: Vec<Reference>,
}

impl Identity {
    /// The roles of somebody on something.
    pub fn grants(&self, on: On, holder: Holder) -> Grants {
        Grants { identity: self.clone(), on, holder }
    }

    /// Who has which role on what, as far as `query` asks: `user.id`, `group.id`, `role.id`, `scope.project.id`,
    /// `scope.domain.id`, `scope.system`, `scope.OS-INHERIT:inherited_to`; `effective`, `include_names` and
    /// `include_subtree` count by being there.
    pub fn assignments(&self, query: &[(&str, &str)]) -> List<Assignment> {
        let draft = self.session.op(&ops::ROLE_ASSIGNMENTS);
        let draft = query.iter().fold(draft, |draft, (name, value)| draft.query((*name).to_owned(), *value));
        draft.list(page::cursor, page::by_link::<Assignment>)
    }

    /// Which roles imply which.
    pub fn inferences(&self) -> Call<Vec<Inference>> {
        inner(self.session.op(&ops::ROLE_INFERENCES), "role_inferences")
    }
}
