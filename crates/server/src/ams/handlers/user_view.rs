//! How users are read from requests and shown to callers (AMS reference 9).

use std::collections::HashSet;

use pentad_store::Tx;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::Failure;
use super::super::model::{ProjectRoles, User};
use super::super::storage::person::Person;
use super::super::storage::users::{Membership, UserRow};
use super::super::storage::{Db, projects, users};
use super::super::{Ams, names, roles};

/// A user with its projects, as read in one transaction.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) row: UserRow,
    pub(crate) memberships: Vec<Membership>,
}

/// Reads the projects of a user.
pub(crate) fn load(tx: &mut Tx<'_>, row: UserRow) -> Db<Loaded> {
    let memberships = users::memberships(tx, row.id)?;
    Ok(Loaded { row, memberships })
}

/// The user with everything.
pub(crate) fn full(ams: &Ams, loaded: Loaded) -> User {
    let token = ams.unseal(&loaded.row.token);
    User { token, ..without_token(loaded) }
}

/// The user as `caller_roles` may see it: everything for service administrators, else only what concerns
/// `project` (9.1).
pub(crate) fn visible(ams: &Ams, loaded: Loaded, caller_roles: roles::RoleSet, project: Option<i64>) -> User {
    if caller_roles.sees_secrets() {
        return full(ams, loaded);
    }
    let Loaded { row, mut memberships } = loaded;
    memberships.retain(|m| Some(m.project_id) == project);
    // The token is not opened at all: what is not shown need not be in memory.
    let mut user = without_token(Loaded { row, memberships });
    user.service_roles = Some(Vec::new());
    user.created_by = String::new();
    user
}

fn without_token(loaded: Loaded) -> User {
    let Loaded { row, memberships } = loaded;
    let projects = memberships.into_iter().map(|m| ProjectRoles {
        project: m.project,
        roles: m.roles,
        topics: m.topics,
        subscriptions: m.subscriptions,
    });
    User {
        uuid: row.uuid,
        projects: projects.collect(),
        name: row.name,
        first_name: row.person.first_name,
        last_name: row.person.last_name,
        organization: row.person.organization,
        description: row.person.description,
        token: String::new(),
        email: row.person.email,
        service_roles: row.service_roles,
        created_on: names::seconds(row.created_at),
        modified_on: names::seconds(row.modified_at),
        created_by: row.creator.unwrap_or_default(),
    }
}

/// What a user body says.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserInput {
    pub(crate) name: String,
    pub(crate) person: Person,
    /// `None` if absent or `null`.
    pub(crate) projects: Option<Vec<ProjectInput>>,
    /// `None` if absent or `null`.
    pub(crate) service_roles: Option<Vec<String>>,
}

/// One entry of `projects`.
#[derive(Debug, Clone)]
pub(crate) struct ProjectInput {
    pub(crate) project: String,
    pub(crate) roles: Option<Vec<String>>,
}

impl UserInput {
    /// Reads a body.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        Self::read(body).map_err(|Wrong| Failure::arguments("User"))
    }

    fn read(body: &[u8]) -> Result<Self, Wrong> {
        const KEYS: &[&str] = &[
            "name",
            "first_name",
            "last_name",
            "organization",
            "description",
            "email",
            "projects",
            "service_roles",
        ];
        let fields = Fields::read(body, KEYS, Tail::Nothing)?;
        let projects = match fields.objects("projects", &["project", "roles"])? {
            None => None,
            Some(entries) => {
                let read = |entry: &Fields<'_>| -> Result<ProjectInput, Wrong> {
                    Ok(ProjectInput { project: entry.text("project")?, roles: entry.texts("roles")? })
                };
                Some(entries.iter().map(read).collect::<Result<Vec<_>, _>>()?)
            }
        };
        Ok(Self {
            name: fields.text("name")?,
            person: Person {
                first_name: fields.text("first_name")?,
                last_name: fields.text("last_name")?,
                organization: fields.text("organization")?,
                description: fields.text("description")?,
                email: fields.text("email")?,
            },
            projects,
            service_roles: fields.texts("service_roles")?,
        })
    }
}

/// A project id and the roles a user has in it.
pub(crate) type ProjectRolesOf = (i64, Option<Vec<String>>);

/// Project id and roles of each usable entry, checked in the order of AMS reference 9.2: per entry duplicate,
/// unknown project, invalid role. Entries without a project name are skipped.
pub(crate) fn resolve_projects(
    tx: &mut Tx<'_>,
    entries: &[ProjectInput],
) -> Result<Vec<ProjectRolesOf>, Failure> {
    let mut seen = HashSet::new();
    let mut resolved = Vec::with_capacity(entries.len());
    for entry in entries.iter().filter(|entry| !entry.project.is_empty()) {
        if !seen.insert(entry.project.as_str()) {
            return Err(Failure::invalid(format!("duplicate reference of project {}", entry.project)));
        }
        let project = projects::by_name(tx, &entry.project)?
            .ok_or_else(|| Failure::invalid(format!("invalid project: {}", entry.project)))?;
        check_roles(entry.roles.as_deref().unwrap_or_default())?;
        resolved.push((project.id, entry.roles.clone()));
    }
    Ok(resolved)
}

/// 400 for the first name that is not a role.
pub(crate) fn check_roles(list: &[String]) -> Result<(), Failure> {
    match roles::unknown(list) {
        None => Ok(()),
        Some(role) => Err(Failure::invalid(format!("invalid role: {role}"))),
    }
}
