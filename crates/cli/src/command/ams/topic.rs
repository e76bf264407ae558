//! `pentad ams topic`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_ams::Client;
use serde_json::{Value, json};

use super::{Run, complete, project};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum TopicCommand {
    /// List the topics of the project, newest first.
    List(Paging),
    /// Show a topic.
    Get {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
    },
    /// Create a topic.
    Create {
        topic: String,
        /// Messages must fit this schema of the project.
        #[arg(long)]
        schema: Option<String>,
    },
    /// Create a topic unless it exists.
    Ensure { topic: String },
    /// Delete a topic with its messages.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
    },
    /// Show who may publish.
    Acl {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
    },
    /// Set who may publish; the list replaces the old one.
    ModifyAcl {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
        /// Users of the project.
        #[arg(required_unless_present = "clear")]
        users: Vec<String>,
        /// Nobody but administrators.
        #[arg(long, conflicts_with = "users")]
        clear: bool,
    },
    /// Show numbers about a topic.
    Metrics {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
    },
    /// Require messages to fit a schema.
    AttachSchema {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
        schema: String,
    },
    /// Require nothing of messages.
    DetachSchema {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
    },
    /// List the subscriptions of a topic.
    Subscriptions {
        #[arg(add = ArgValueCompleter::new(complete::topics))]
        topic: String,
    },
}

const TOPIC: View = View::of(&["name", "schema", "created_on"]);

impl TopicCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List(paging) => {
                run.ready_for("ams.topic.list")?;
                run.list(&paging, Client::topics, TOPIC).await
            }
            Self::Ensure { topic } => {
                run.ready_for("ams.topic.create")?;
                run.work(Effect::Change, |client| client.topic(&topic).ensure(), TOPIC).await
            }
            Self::DetachSchema { topic } => {
                run.ready_for("ams.topic.detach_schema")?;
                let note = format!("messages of {topic} need fit no schema");
                run.tell(Effect::Change, |client| client.topic(&topic).detach_schema(), &note).await
            }
            other => {
                let plan = other.plan(&project(run));
                run.perform(plan).await
            }
        }
    }

    /// What to send.
    fn plan(self, project: &str) -> Plan {
        let of = |op, topic: String| Plan::read(op).arg("topic", topic);
        let set = |op, topic: String| Plan::change(op).arg("topic", topic);
        match self {
            Self::List(paging) => Plan::read("ams.topic.list").pages(paging, TOPIC),
            Self::Get { topic } => of("ams.topic.get", topic).view(TOPIC),
            Self::Create { topic, schema: None } => set("ams.topic.create", topic).view(TOPIC),
            Self::Create { topic, schema: Some(schema) } => {
                set("ams.topic.create", topic).body(schema_body(project, &schema)).view(TOPIC)
            }
            Self::Ensure { topic } => set("ams.topic.create", topic).or_get("ams.topic.get").view(TOPIC),
            Self::Delete { topic } => {
                Plan::delete("ams.topic.delete", &format!("topic {topic}")).arg("topic", topic)
            }
            Self::Acl { topic } => of("ams.topic.acl", topic),
            Self::ModifyAcl { topic, users, .. } => {
                let note = format!("{} may publish to {topic}", people(&users));
                set("ams.topic.modify_acl", topic).body(json!({"authorized_users": users})).done(note)
            }
            Self::Metrics { topic } => {
                of("ams.topic.metrics", topic).items("metrics", super::metrics::METRIC)
            }
            Self::AttachSchema { topic, schema } => {
                let note = format!("messages of {topic} must fit {schema}");
                set("ams.topic.attach_schema", topic).body(schema_body(project, &schema)).done(note)
            }
            Self::DetachSchema { topic } => set("ams.topic.detach_schema", topic),
            Self::Subscriptions { topic } => {
                of("ams.topic.subscriptions", topic).items("subscriptions", View::ALL)
            }
        }
    }
}

/// The body that refers to a schema: a full reference, or the name of one in the project.
fn schema_body(project: &str, schema: &str) -> Value {
    let full =
        if schema.contains('/') { schema.to_owned() } else { format!("projects/{project}/schemas/{schema}") };
    json!({"schema": full})
}

/// The users of an access list as a phrase.
pub(super) fn people(users: &[String]) -> String {
    if users.is_empty() { "nobody but administrators".to_owned() } else { users.join(", ") }
}
