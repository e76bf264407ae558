//! `pentad ams member`: users of the project.

use clap::Subcommand;
use serde_json::json;

use crate::command::plan::{Paging, Plan};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// List the members.
    List {
        /// Show roles, too.
        #[arg(long)]
        details: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show a member.
    Get { user: String },
    /// Create a user who is a member of this project.
    Create {
        user: String,
        #[arg(long)]
        email: String,
        /// Roles in the project.
        #[arg(long = "role", value_name = "ROLE", value_delimiter = ',')]
        roles: Vec<String>,
    },
    /// Set the roles of a member.
    Update {
        user: String,
        #[arg(long = "role", value_name = "ROLE", value_delimiter = ',', required = true)]
        roles: Vec<String>,
    },
    /// Make an existing user a member.
    Add {
        user: String,
        #[arg(long = "role", value_name = "ROLE", value_delimiter = ',', required = true)]
        roles: Vec<String>,
    },
    /// End a membership; the user stays.
    Remove { user: String },
}

const MEMBER: View = View::of(&["name", "email", "projects.0.roles", "created_on"]);

impl MemberCommand {
    /// What to send.
    pub(super) fn plan(self, project: &str) -> Plan {
        let set = |op, user: String| Plan::change(op).arg("user", user);
        let roles_here = |roles: Vec<String>| json!([{"project": project, "roles": roles}]);
        match self {
            Self::List { details, paging } => Plan::read("ams.member.list")
                .query("details", details.then_some("true"))
                .pages(paging, MEMBER),
            Self::Get { user } => Plan::read("ams.member.get").arg("user", user),
            Self::Create { user, email, roles } => {
                set("ams.member.create", user).body(json!({"email": email, "projects": roles_here(roles)}))
            }
            Self::Update { user, roles } => {
                set("ams.member.update", user).body(json!({"projects": roles_here(roles)}))
            }
            Self::Add { user, roles } => set("ams.member.add", user).body(json!({"roles": roles})),
            Self::Remove { user } => {
                Plan::delete("ams.member.remove", &format!("membership of {user}")).arg("user", user)
            }
        }
    }
}
