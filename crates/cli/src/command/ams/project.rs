//! `pentad ams project`.

use clap::Subcommand;
use serde_json::{Map, Value, json};

use super::ByServiceAdmin;
use crate::command::plan::Plan;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ProjectCommand {
    /// List the projects.
    List,
    /// Show a project.
    Get { name: String },
    /// Create a project.
    Create {
        name: String,
        #[arg(long)]
        description: Option<String>,
    },
    /// Change a project; what is left out stays.
    Update {
        name: String,
        /// New name.
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Delete a project with its topics and subscriptions.
    Delete { name: String },
    /// Show numbers about a project.
    Metrics { name: String },
}

const PROJECT: View = View::of(&["name", "description", "created_by", "created_on"]);

impl ProjectCommand {
    /// What to send.
    pub(super) fn plan(self) -> Plan {
        let of = |op, name: String| Plan::read(op).arg("project", name);
        let set = |op, name: String| Plan::change(op).arg("project", name);
        match self {
            Self::List => Plan::read("ams.project.list").items("projects", PROJECT),
            Self::Get { name } => of("ams.project.get", name),
            Self::Create { name, description } => {
                set("ams.project.create", name).body(fields([("description", description)]))
            }
            Self::Update { name, rename, description } => {
                set("ams.project.update", name).body(fields([("name", rename), ("description", description)]))
            }
            Self::Delete { name } => {
                Plan::delete("ams.project.delete", &format!("project {name}")).arg("project", name)
            }
            Self::Metrics { name } => {
                of("ams.project.metrics", name).items("metrics", super::metrics::METRIC)
            }
        }
        .by_service_admin()
    }
}

/// The texts that were given, as an object.
pub(super) fn fields<const N: usize>(texts: [(&str, Option<String>); N]) -> Value {
    Value::Object(
        texts
            .into_iter()
            .filter_map(|(key, text)| Some((key.to_owned(), json!(text?))))
            .collect::<Map<_, _>>(),
    )
}
