//! `pentad ivcap secret`, `project`, `dashboard`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use pentad_core::Secret;
use pentad_ivcap::{Client, NewProject};
use serde_json::json;

use super::query::Query;
use super::{Run, pages};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// List the names of the secrets.
    List {
        /// Only names in which this regular expression is found.
        #[arg(long, value_name = "REGEX")]
        filter: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Write the value of a secret.
    Get {
        name: String,
        /// Kind of the secret.
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
    },
    /// Set a secret. Its value is read from a file, never from the command line.
    Set {
        name: String,
        /// The file with the value, or `-` for standard input.
        #[arg(short, long, value_name = "FILE", default_value = "-")]
        file: PathBuf,
        /// When it ends, e.g. 2030-01-01; it stays without one.
        #[arg(long, value_name = "TIME", value_parser = super::time)]
        expires: Option<Timestamp>,
        /// Kind of the secret.
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
    },
}

impl SecretCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { filter, paging } => {
                let list = |client: &Client| client.secrets(filter.as_deref());
                run.list(&pages(&paging), list, View::of(&["secret-name", "expiry-time"])).await
            }
            Self::Get { name, kind } => {
                // Whoever asks for it wants to see it.
                let read = |client: &Client| {
                    client.secret(&name, kind.as_deref()).map(|secret| {
                        json!({"secret-name": secret.secret_name, "secret-value": secret.secret_value.expose(),
                            "expiry-time": secret.expiry_time})
                    })
                };
                run.call(Effect::Read, read, View::of(&["secret-name", "secret-value", "expiry-time"])).await
            }
            Self::Set { name, file, expires, kind } => {
                let text = super::text_source(&file)?;
                let value = Secret::new(text.trim_end_matches(['\n', '\r']));
                let set = |client: &Client| client.set_secret(&name, &value, expires, kind.as_deref());
                run.tell(Effect::Change, set, &format!("secret {name} is set")).await
            }
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// List the projects.
    List {
        #[command(flatten)]
        query: Query,
    },
    /// Create a project.
    Create {
        name: String,
        #[arg(long, value_name = "URN")]
        parent: Option<String>,
        /// The account that pays.
        #[arg(long, value_name = "URN")]
        pays: Option<String>,
        /// More about it.
        #[arg(long, value_name = "TEXT")]
        details: Option<String>,
    },
    /// Show a project, or the default one.
    Get { project: Option<String> },
    /// Change a project.
    Update {
        project: String,
        #[command(flatten)]
        change: Change,
    },
    /// Show the account that pays for a project.
    Account { project: String },
    /// Choose the account that pays for a project.
    SetAccount { project: String, account: String },
    /// Rename a project.
    Rename { project: String, name: String },
    /// Delete a project.
    Delete { project: String },
    /// Choose a default project.
    SetDefault { project: String },
    /// List the members of a project.
    Members {
        project: String,
        /// Only those with this role.
        #[arg(long)]
        role: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Give somebody a role in a project.
    AddMember { project: String, user: String, role: String },
    /// Take somebody out of a project.
    RemoveMember { project: String, user: String },
}

/// What of a project changes.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Change {
    #[arg(long)]
    name: Option<String>,
    #[arg(long, value_name = "URN")]
    parent: Option<String>,
    /// The account that pays.
    #[arg(long, value_name = "URN")]
    pays: Option<String>,
    /// More about it.
    #[arg(long, value_name = "TEXT")]
    details: Option<String>,
}

impl Change {
    fn project(self) -> NewProject {
        let project = self.name.into_iter().fold(NewProject::new(), NewProject::name);
        let project = self.parent.into_iter().fold(project, NewProject::parent);
        let project = self.pays.into_iter().fold(project, NewProject::account);
        self.details.into_iter().fold(project, NewProject::details)
    }
}

const PROJECT: View = View::of(&["urn", "name", "status", "role"]);

impl ProjectCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { query } => {
                let asked = query.list();
                run.list(&query.paging(), |client| client.projects(asked.clone()), PROJECT).await
            }
            Self::Create { name, parent, pays, details } => {
                let project = Change { name: Some(name), parent, pays, details }.project();
                run.call(Effect::Change, |client| client.create_project(&project), PROJECT).await
            }
            Self::Get { project: Some(project) } => {
                run.call(Effect::Read, |client| client.project(project.as_str()).get(), View::ALL).await
            }
            Self::Get { project: None } => run.call(Effect::Read, Client::default_project, View::ALL).await,
            Self::Rename { project, name } => update(run, &project, &NewProject::new().name(name)).await,
            Self::Update { project, change } => update(run, &project, &change.project()).await,
            Self::Account { project } => {
                let read = |client: &Client| {
                    client.project(project.as_str()).account().map(|account| json!({ "account": account }))
                };
                run.call(Effect::Read, read, View::ALL).await
            }
            Self::SetAccount { project, account } => {
                let set = |client: &Client| client.project(project.as_str()).set_account(&account);
                run.tell(Effect::Change, set, &format!("{account} pays for {project}")).await
            }
            Self::Delete { project } => {
                let plan = Plan::delete("ivcap.project.delete", &format!("project {project}"));
                run.perform(plan.arg("id", project)).await
            }
            Self::SetDefault { project } => {
                let set = |client: &Client| client.set_default_project(&project, None);
                run.tell(Effect::Change, set, &format!("{project} is the default project")).await
            }
            Self::Members { project, role, paging } => {
                let list = |client: &Client| client.project(project.as_str()).members(role.as_deref());
                run.list(&pages(&paging), list, View::of(&["urn", "email", "role"])).await
            }
            Self::AddMember { project, user, role } => {
                let add = |client: &Client| client.project(project.as_str()).add_member(&user, &role);
                run.tell(Effect::Change, add, &format!("{user} is {role} of {project}")).await
            }
            Self::RemoveMember { project, user } => {
                let effect = Effect::Destroy(format!("take {user} out of {project}"));
                let remove = |client: &Client| client.project(project.as_str()).remove_member(&user);
                run.tell(effect, remove, &format!("{user} is no member of {project}")).await
            }
        }
    }
}

async fn update(run: &mut Run<'_>, project: &str, change: &NewProject) -> Result<Exit> {
    run.call(Effect::Change, |client| client.project(project).update(change), PROJECT).await
}

#[derive(Debug, Subcommand)]
pub(crate) enum DashboardCommand {
    /// List the dashboards.
    List,
}

impl DashboardCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let view = View::of(&["id", "uid", "title", "url"]);
        match self {
            Self::List => run.perform(Plan::read("ivcap.dashboard.list").items("items", view)).await,
        }
    }
}
