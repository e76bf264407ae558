//! `pentad ams registration`: people who ask for an account.

use clap::Subcommand;
use serde_json::json;

use super::ByServiceAdmin;
use super::project::fields;
use crate::command::plan::Plan;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum RegistrationCommand {
    /// List registrations.
    List {
        #[arg(long, value_parser = ["pending", "accepted", "declined"])]
        status: Option<String>,
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        email: Option<String>,
        #[arg(long)]
        organization: Option<String>,
    },
    /// Show a registration.
    Get { uuid: String },
    /// Ask for an account.
    Create {
        name: String,
        #[arg(long)]
        email: String,
        #[arg(long)]
        first_name: Option<String>,
        #[arg(long)]
        last_name: Option<String>,
        #[arg(long)]
        organization: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Make the user.
    Accept { uuid: String },
    /// Refuse.
    Decline {
        uuid: String,
        /// Why.
        #[arg(long)]
        comment: Option<String>,
    },
    /// Delete a registration.
    Delete { uuid: String },
}

const REGISTRATION: View =
    View { columns: &["name", "email", "status", "registered_at", "uuid"], value: "uuid", ..View::ALL };

impl RegistrationCommand {
    /// What to send.
    pub(super) fn plan(self) -> Plan {
        match self {
            Self::List { status, name, email, organization } => Plan::read("ams.registration.list")
                .query("status", status)
                .query("name", name)
                .query("email", email)
                .query("organization", organization)
                .items("user_registrations", REGISTRATION),
            Self::Get { uuid } => Plan::read("ams.registration.get").arg("uuid", uuid).view(REGISTRATION),
            Self::Create { name, email, first_name, last_name, organization, description } => {
                let body = fields([
                    ("name", Some(name)),
                    ("email", Some(email)),
                    ("first_name", first_name),
                    ("last_name", last_name),
                    ("organization", organization),
                    ("description", description),
                ]);
                Plan::change("ams.registration.create").body(body).view(REGISTRATION)
            }
            Self::Accept { uuid } => Plan::change("ams.registration.accept").arg("uuid", uuid),
            Self::Decline { uuid, comment } => {
                let note = format!("declined {uuid}");
                let body = comment.map_or_else(|| json!({}), |comment| json!({"comment": comment}));
                Plan::change("ams.registration.decline").arg("uuid", uuid).body(body).done(note)
            }
            Self::Delete { uuid } => {
                let what = format!("registration {uuid}");
                Plan::delete("ams.registration.delete", &what).arg("uuid", uuid)
            }
        }
        .by_service_admin()
    }
}
