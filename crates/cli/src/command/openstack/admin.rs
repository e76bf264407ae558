//! `pentad openstack user`, `project`, `domain`, `group`, `role`, `service`, `endpoint`, `region`: list, show, create, set,
//! delete.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::Run;
use super::find::{self, Kind};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::settings::SecretSource;

/// What can be done with a kind of thing.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb<C: Args, S: Args> {
    /// List them.
    List {
        #[command(flatten)]
        paging: Paging,
        /// Only those whose member has this value, e.g. domain_id=default.
        #[arg(long, value_name = "NAME=VALUE", value_parser = crate::args::attribute)]
        filter: Vec<(String, String)>,
    },
    /// Show one by name or id.
    #[command(alias = "get")]
    Show { name: String },
    /// Make one.
    Create(C),
    /// Change one.
    #[command(alias = "update")]
    Set(S),
    /// Delete one by name or id.
    Delete { name: String },
}

/// What is said of a new or an old thing, as the service wants it.
pub(crate) trait Said: Args {
    /// The thing that changes, if it is there already.
    fn target(&self) -> &str;

    /// The members of the document.
    async fn members(self, run: &mut Run<'_>) -> Result<Map<String, Value>>;
}

impl<C: Said, S: Said> Verb<C, S> {
    pub(super) async fn run(self, run: &mut Run<'_>, kind: Kind) -> Result<Exit> {
        match self {
            Self::List { paging, filter } => {
                let plan = Plan { query: filter, ..Plan::read(kind.list) };
                run.perform(plan.pages(paging, kind.view)).await
            }
            Self::Show { name } => {
                let id = find::id(run, kind, &name).await?;
                find::show(run, Plan::read(kind.get).arg(kind.arg, id), kind.noun).await
            }
            Self::Create(said) => {
                let body = json!({ kind.noun: said.members(run).await? });
                find::show(run, Plan::change(kind.create).body(body), kind.noun).await
            }
            Self::Set(said) => {
                let id = find::id(run, kind, said.target()).await?;
                let body = json!({ kind.noun: said.members(run).await? });
                find::show(run, Plan::change(kind.update).arg(kind.arg, id).body(body), kind.noun).await
            }
            Self::Delete { name } => {
                let id = find::id(run, kind, &name).await?;
                let plan = Plan::delete(kind.delete, &format!("{} {name}", kind.noun));
                run.perform(plan.arg(kind.arg, id)).await
            }
        }
    }
}

/// Members that have a value.
fn members<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Map<String, Value> {
    pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn text(text: Option<String>) -> Option<Value> {
    text.map(Value::String)
}

/// Whether it can be used.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Usable {
    /// Let it be used.
    #[arg(long)]
    enable: bool,
    /// Let it not be used.
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
}

impl Usable {
    fn said(self) -> Option<Value> {
        (self.enable || self.disable).then_some(Value::Bool(self.enable))
    }
}

/// What most things have.
#[derive(Args, Debug)]
pub(crate) struct Common {
    #[arg(long)]
    description: Option<String>,
    #[command(flatten)]
    usable: Usable,
}

/// A user's members beside its name.
#[derive(Args, Debug)]
pub(crate) struct Person {
    #[command(flatten)]
    common: Common,
    #[arg(long)]
    email: Option<String>,
    /// Default project, by name or id.
    #[arg(long)]
    project: Option<String>,
    /// File (0600) with the password; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Person {
    async fn members(self, run: &mut Run<'_>) -> Result<Map<String, Value>> {
        let project = find::maybe(run, find::PROJECT, self.project.as_deref()).await?;
        let password = match self.password_file {
            Some(_) if run.is_shown(&Effect::Change) => Some("unread".to_owned()),
            Some(file) => Some(SecretSource::File(file).read()?.expose().to_owned()),
            None => None,
        };
        Ok(members([
            ("description", text(self.common.description)),
            ("enabled", self.common.usable.said()),
            ("email", text(self.email)),
            ("default_project_id", text(project)),
            ("password", text(password)),
        ]))
    }
}

/// A new user.
#[derive(Args, Debug)]
pub(crate) struct NewUser {
    name: String,
    /// Domain, by name or id.
    #[arg(long)]
    domain: Option<String>,
    #[command(flatten)]
    person: Person,
}

impl Said for NewUser {
    fn target(&self) -> &str {
        &self.name
    }

    async fn members(self, run: &mut Run<'_>) -> Result<Map<String, Value>> {
        let domain = find::maybe(run, find::DOMAIN, self.domain.as_deref()).await?;
        let mut all = members([("name", Some(json!(self.name))), ("domain_id", text(domain))]);
        all.extend(self.person.members(run).await?);
        Ok(all)
    }
}

/// A change of a user.
#[derive(Args, Debug)]
pub(crate) struct SetUser {
    user: String,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    person: Person,
}

impl Said for SetUser {
    fn target(&self) -> &str {
        &self.user
    }

    async fn members(self, run: &mut Run<'_>) -> Result<Map<String, Value>> {
        let mut all = members([("name", text(self.name))]);
        all.extend(self.person.members(run).await?);
        Ok(all)
    }
}

/// A new project, group, role or domain.
#[derive(Args, Debug)]
pub(crate) struct NewNamed {
    name: String,
    /// Domain, by name or id; domains have none.
    #[arg(long)]
    domain: Option<String>,
    /// Project that it is part of, by name or id; for projects.
    #[arg(long)]
    parent: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Said for NewNamed {
    fn target(&self) -> &str {
        &self.name
    }

    async fn members(self, run: &mut Run<'_>) -> Result<Map<String, Value>> {
        let domain = find::maybe(run, find::DOMAIN, self.domain.as_deref()).await?;
        let parent = find::maybe(run, find::PROJECT, self.parent.as_deref()).await?;
        Ok(members([
            ("name", Some(json!(self.name))),
            ("domain_id", text(domain)),
            ("parent_id", text(parent)),
            ("description", text(self.common.description)),
            ("enabled", self.common.usable.said()),
        ]))
    }
}

/// A change of a project, group, role or domain.
#[derive(Args, Debug)]
pub(crate) struct SetNamed {
    target: String,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Said for SetNamed {
    fn target(&self) -> &str {
        &self.target
    }

    async fn members(self, _: &mut Run<'_>) -> Result<Map<String, Value>> {
        Ok(members([
            ("name", text(self.name)),
            ("description", text(self.common.description)),
            ("enabled", self.common.usable.said()),
        ]))
    }
}

/// A new service.
#[derive(Args, Debug)]
pub(crate) struct NewService {
    /// Type, e.g. database.
    kind: String,
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Said for NewService {
    fn target(&self) -> &str {
        &self.kind
    }

    async fn members(self, _: &mut Run<'_>) -> Result<Map<String, Value>> {
        Ok(members([
            ("type", Some(json!(self.kind))),
            ("name", text(self.name)),
            ("description", text(self.common.description)),
            ("enabled", self.common.usable.said()),
        ]))
    }
}

/// A change of a service.
#[derive(Args, Debug)]
pub(crate) struct SetService {
    service: String,
    /// Another type.
    #[arg(long = "type")]
    kind: Option<String>,
    /// Another name.
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    common: Common,
}

impl Said for SetService {
    fn target(&self) -> &str {
        &self.service
    }

    async fn members(self, _: &mut Run<'_>) -> Result<Map<String, Value>> {
        Ok(members([
            ("type", text(self.kind)),
            ("name", text(self.name)),
            ("description", text(self.common.description)),
            ("enabled", self.common.usable.said()),
        ]))
    }
}

/// A new endpoint.
#[derive(Args, Debug)]
pub(crate) struct NewEndpoint {
    /// Service, by name or id.
    service: String,
    /// public, internal or admin.
    interface: String,
    url: String,
    #[arg(long)]
    region: Option<String>,
    #[command(flatten)]
    usable: Usable,
}

impl Said for NewEndpoint {
    fn target(&self) -> &str {
        &self.service
    }

    async fn members(self, run: &mut Run<'_>) -> Result<Map<String, Value>> {
        let service = find::id(run, find::SERVICE, &self.service).await?;
        Ok(members([
            ("service_id", Some(json!(service))),
            ("interface", Some(json!(self.interface))),
            ("url", Some(json!(self.url))),
            ("region_id", text(self.region)),
            ("enabled", self.usable.said()),
        ]))
    }
}

/// A change of an endpoint.
#[derive(Args, Debug)]
pub(crate) struct SetEndpoint {
    // Not called like the flag of all commands, as which it would be read, too.
    #[arg(value_name = "ENDPOINT")]
    wanted: String,
    #[arg(long)]
    interface: Option<String>,
    #[arg(long)]
    url: Option<String>,
    #[arg(long)]
    region: Option<String>,
    #[command(flatten)]
    usable: Usable,
}

impl Said for SetEndpoint {
    fn target(&self) -> &str {
        &self.wanted
    }

    async fn members(self, _: &mut Run<'_>) -> Result<Map<String, Value>> {
        Ok(members([
            ("interface", text(self.interface)),
            ("url", text(self.url)),
            ("region_id", text(self.region)),
            ("enabled", self.usable.said()),
        ]))
    }
}

/// A new region.
#[derive(Args, Debug)]
pub(crate) struct NewRegion {
    region: String,
    /// Region that it is part of.
    #[arg(long)]
    parent: Option<String>,
    #[arg(long)]
    description: Option<String>,
}

impl Said for NewRegion {
    fn target(&self) -> &str {
        &self.region
    }

    async fn members(self, _: &mut Run<'_>) -> Result<Map<String, Value>> {
        Ok(members([
            ("id", Some(json!(self.region))),
            ("parent_region_id", text(self.parent)),
            ("description", text(self.description)),
        ]))
    }
}

/// A change of a region.
#[derive(Args, Debug)]
pub(crate) struct SetRegion {
    region: String,
    /// Region that it is part of.
    #[arg(long)]
    parent: Option<String>,
    #[arg(long)]
    description: Option<String>,
}

impl Said for SetRegion {
    fn target(&self) -> &str {
        &self.region
    }

    async fn members(self, _: &mut Run<'_>) -> Result<Map<String, Value>> {
        Ok(members([("parent_region_id", text(self.parent)), ("description", text(self.description))]))
    }
}
