use serde::{Deserialize, Serialize};

use super::{Other, null_as_default};

/// Who may publish to a topic or pull from a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acl {
    /// User names. Deleted users disappear from the list.
    #[serde(default, deserialize_with = "null_as_default")]
    pub authorized_users: Vec<String>,
    /// Keys without a field here.
    #[serde(flatten)]
    pub other: Other,
}
