//! `pentad openstack grant` and `pentad openstack application-credential`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::Run;
use super::find;
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;
use crate::settings::SecretSource;

#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// List who has which role on what.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        paging: Paging,
    },
    /// Give a role.
    Add {
        role: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take a role.
    Remove {
        role: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Who, and on what; by name or id.
#[derive(Args, Debug)]
pub(crate) struct Place {
    #[arg(long)]
    user: Option<String>,
    #[arg(long, conflicts_with = "user")]
    group: Option<String>,
    #[arg(long)]
    project: Option<String>,
    #[arg(long, conflicts_with = "project")]
    domain: Option<String>,
    /// On the whole system.
    #[arg(long, conflicts_with_all = ["project", "domain"])]
    system: bool,
}

const ASSIGNMENT: View = View::of(&[
    "role.name",
    "user.name",
    "group.name",
    "scope.project.name",
    "scope.domain.name",
    "scope.system",
]);

impl GrantCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { place, paging } => {
                let mut plan =
                    Plan::read("openstack.role_assignment.list").query("include_names", Some("true"));
                for (key, kind, wanted) in [
                    ("user.id", find::USER, &place.user),
                    ("group.id", find::GROUP, &place.group),
                    ("scope.project.id", find::PROJECT, &place.project),
                    ("scope.domain.id", find::DOMAIN, &place.domain),
                ] {
                    plan = plan.query(key, find::maybe(run, kind, wanted.as_deref()).await?);
                }
                plan = plan.query("scope.system", place.system.then_some("all"));
                run.perform(plan.pages(paging, ASSIGNMENT)).await
            }
            Self::Add { role, place } => {
                let plan = place.plan(run, "add", &role).await?;
                run.perform(plan.done(format!("gave role {role}"))).await
            }
            Self::Remove { role, place } => {
                let plan = place.plan(run, "remove", &role).await?;
                let effect = Effect::Destroy(format!("take role {role}"));
                run.perform(Plan { effect, ..plan.done(format!("took role {role}")) }).await
            }
        }
    }
}

impl Place {
    async fn plan(&self, run: &mut Run<'_>, verb: &str, role: &str) -> Result<Plan> {
        let missing =
            |what: &str| Failure::usage(format!("{what} is not said"), "a role is somebody's, on something");
        let (actors, actor) = match (&self.user, &self.group) {
            (Some(user), _) => ("users", find::id(run, find::USER, user).await?),
            (None, Some(group)) => ("groups", find::id(run, find::GROUP, group).await?),
            (None, None) => return Err(missing("who")),
        };
        let role = find::id(run, find::ROLE, role).await?;
        if self.system {
            let op =
                if verb == "add" { "openstack.system_grant.add" } else { "openstack.system_grant.remove" };
            return Ok(Plan::change(op).arg("actors", actors).arg("actor", actor).arg("role", role));
        }
        let (scope, target) = match (&self.project, &self.domain) {
            (Some(project), _) => ("projects", find::id(run, find::PROJECT, project).await?),
            (None, Some(domain)) => ("domains", find::id(run, find::DOMAIN, domain).await?),
            (None, None) => return Err(missing("what").hint("--project, --domain or --system")),
        };
        let op = if verb == "add" { "openstack.grant.add" } else { "openstack.grant.remove" };
        let plan = Plan::change(op).arg("scope", scope).arg("target", target);
        Ok(plan.arg("actors", actors).arg("actor", actor).arg("role", role))
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ApplicationCredentialCommand {
    /// List one's own.
    List(Paging),
    /// Show one by its id.
    #[command(alias = "get")]
    Show { credential: String },
    /// Make one. Its secret is shown once.
    Create {
        name: String,
        #[arg(long)]
        description: Option<String>,
        /// Only these of one's roles, by name.
        #[arg(long)]
        role: Vec<String>,
        /// When it ends, e.g. 2030-01-01T00:00:00.
        #[arg(long, value_name = "TIME")]
        expiration: Option<String>,
        /// File (0600) with the secret; the service makes one without it.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
        /// Let it make and remove application credentials and trusts.
        #[arg(long)]
        unrestricted: bool,
    },
    /// Delete one by its id. Its tokens end.
    Delete { credential: String },
}

const CREDENTIAL: View = View::of(&["id", "name", "project_id", "description", "expires_at"]);

/// The id of whoever is logged in.
async fn myself(run: &mut Run<'_>) -> Result<String> {
    if run.is_shown(&Effect::Read) || run.is_shown(&Effect::Change) {
        return Ok("USER".to_owned());
    }
    let issued = run.client(None).await?.issue().await?;
    let id = issued.access.user_id().map(str::to_owned);
    id.ok_or_else(|| Failure::config("whose credentials are they?", "the login tells no user"))
}

impl ApplicationCredentialCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let me = myself(run).await?;
        match self {
            Self::List(paging) => {
                let plan = Plan::read("openstack.application_credential.list").arg("user", me);
                run.perform(plan.pages(paging, CREDENTIAL)).await
            }
            Self::Show { credential } => {
                let plan = Plan::read("openstack.application_credential.get").arg("user", me);
                find::show(run, plan.arg("credential_id", credential), "application_credential").await
            }
            Self::Create { name, description, role, expiration, secret_file, unrestricted } => {
                let secret = match secret_file {
                    Some(_) if run.is_shown(&Effect::Change) => Some("unread".to_owned()),
                    Some(file) => Some(SecretSource::File(file).read()?.expose().to_owned()),
                    None => None,
                };
                let mut body = Map::from_iter([("name".to_owned(), json!(name))]);
                for (key, text) in
                    [("description", description), ("expires_at", expiration), ("secret", secret)]
                {
                    body.extend(text.map(|text| (key.to_owned(), json!(text))));
                }
                if !role.is_empty() {
                    let roles: Vec<Value> = role.iter().map(|name| json!({ "name": name })).collect();
                    body.insert("roles".to_owned(), json!(roles));
                }
                if unrestricted {
                    body.insert("unrestricted".to_owned(), json!(true));
                }
                let plan = Plan::change("openstack.application_credential.create").arg("user", me);
                let plan = plan.body(json!({ "application_credential": body }));
                find::show(run, plan, "application_credential").await
            }
            Self::Delete { credential } => {
                let what = format!("application credential {credential}");
                let plan = Plan::delete("openstack.application_credential.delete", &what).arg("user", me);
                run.perform(plan.arg("credential_id", credential)).await
            }
        }
    }
}
