use jiff::Timestamp;
use pentad_core::Secret;
use serde::Deserialize;

use super::Other;
use crate::when;

/// A request for a user.
#[derive(Debug, Clone, Deserialize)]
pub struct Registration {
    /// Identifier.
    pub uuid: String,
    /// The user name that was asked for.
    #[serde(default)]
    pub name: String,
    /// Given name.
    #[serde(default)]
    pub first_name: String,
    /// Family name.
    #[serde(default)]
    pub last_name: String,
    /// Organisation.
    #[serde(default)]
    pub organization: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Mail address.
    #[serde(default)]
    pub email: String,
    /// What became of it.
    #[serde(default)]
    pub status: RegistrationStatus,
    /// Why it was declined.
    #[serde(default)]
    pub decline_comment: String,
    /// Proof of the request; erased when it is accepted or declined.
    #[serde(default)]
    pub activation_token: Option<Secret>,
    /// When it was made, to the second.
    #[serde(default, deserialize_with = "when::lenient")]
    pub registered_at: Option<Timestamp>,
    /// Name of the user who decided.
    #[serde(default)]
    pub modified_by: String,
    /// When it was decided, to the second.
    #[serde(default, deserialize_with = "when::lenient")]
    pub modified_at: Option<Timestamp>,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}

/// What became of a registration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum RegistrationStatus {
    /// Nobody decided yet.
    #[default]
    Pending,
    /// The user was created.
    Accepted,
    /// It was refused.
    Declined,
    /// A state that this version does not know.
    Other(String),
}

impl RegistrationStatus {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Other(text) => text,
        }
    }
}

impl From<String> for RegistrationStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "pending" => Self::Pending,
            "accepted" => Self::Accepted,
            "declined" => Self::Declined,
            _ => Self::Other(text),
        }
    }
}
