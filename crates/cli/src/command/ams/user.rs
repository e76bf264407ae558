//! `pentad ams user`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::ByServiceAdmin;
use crate::args;
use crate::command::plan::{Paging, Plan};
use crate::failure::Result;
use crate::output::View;
use crate::settings::SecretSource;

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List the users of the service.
    List {
        /// Only members of this project.
        #[arg(long, value_name = "PROJECT")]
        member_of: Option<String>,
        /// Show roles per project, too.
        #[arg(long)]
        details: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a user.
    Get { user: String },
    /// Show the user with this id.
    ByUuid { uuid: String },
    /// Show the user with the token in a file (mode 0600), or on standard input.
    ByToken {
        #[arg(default_value = "-")]
        file: PathBuf,
    },
    /// Show the user that you are.
    Profile,
    /// Create a user.
    Create {
        user: String,
        #[command(flatten)]
        fields: UserFields,
    },
    /// Change a user; what is left out stays.
    Update {
        user: String,
        /// New name.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        fields: UserFields,
    },
    /// Give the user a new token; the old one ends.
    RefreshToken { user: String },
    /// Delete a user.
    Delete { user: String },
}

/// What is known about a user.
#[derive(Args, Debug)]
pub(crate) struct UserFields {
    #[arg(long)]
    email: Option<String>,
    #[arg(long)]
    first_name: Option<String>,
    #[arg(long)]
    last_name: Option<String>,
    #[arg(long)]
    organization: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// Roles in a project; repeat for more projects.
    #[arg(long = "member", value_name = "PROJECT=ROLE,ROLE", value_parser = args::attribute)]
    members: Vec<(String, String)>,
    /// Roles in the whole service.
    #[arg(long = "service-role", value_name = "ROLE", value_delimiter = ',')]
    service_roles: Vec<String>,
}

const USER: View = View::of(&["name", "email", "service_roles", "created_on", "uuid"]);

impl UserCommand {
    /// What to send.
    ///
    /// # Errors
    /// A configuration failure if the token file of `by-token` cannot be used.
    pub(super) fn plan(self) -> Result<Plan> {
        let of = |op, user: String| Plan::read(op).arg("user", user);
        let set = |op, user: String| Plan::change(op).arg("user", user);
        let plan = match self {
            Self::List { member_of, details, paging } => Plan::read("ams.user.list")
                .query("project", member_of)
                .query("details", details.then_some("true"))
                .pages(paging, USER),
            Self::Get { user } => of("ams.user.get", user),
            Self::ByUuid { uuid } => Plan::read("ams.user.by_uuid").arg("uuid", uuid),
            Self::ByToken { file } => {
                Plan::read("ams.user.by_token").arg("token", SecretSource::File(file).read()?.expose())
            }
            // Who one is depends on the token: a project's user on an installation of one's own.
            Self::Profile => return Ok(Plan::read("ams.user.profile")),
            Self::Create { user, fields } => set("ams.user.create", user).body(fields.body(None)),
            Self::Update { user, name, fields } => set("ams.user.update", user).body(fields.body(name)),
            Self::RefreshToken { user } => set("ams.user.refresh_token", user),
            Self::Delete { user } => {
                Plan::delete("ams.user.delete", &format!("user {user}")).arg("user", user)
            }
        };
        Ok(plan.by_service_admin())
    }
}

impl UserFields {
    fn body(self, name: Option<String>) -> Value {
        let mut body = Map::new();
        let texts = [
            ("name", name),
            ("email", self.email),
            ("first_name", self.first_name),
            ("last_name", self.last_name),
            ("organization", self.organization),
            ("description", self.description),
        ];
        body.extend(texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), json!(text?)))));
        if !self.members.is_empty() {
            let projects: Vec<_> = self.members.iter().map(|(p, r)| project_roles(p, r)).collect();
            body.insert("projects".to_owned(), json!(projects));
        }
        if !self.service_roles.is_empty() {
            body.insert("service_roles".to_owned(), json!(self.service_roles));
        }
        Value::Object(body)
    }
}

fn project_roles(project: &str, roles: &str) -> Value {
    let roles: Vec<_> = roles.split(',').filter(|role| !role.is_empty()).collect();
    json!({"project": project, "roles": roles})
}
