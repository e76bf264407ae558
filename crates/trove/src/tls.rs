//! TLS of the database itself (OpenStack reference C8).

use pentad_core::Call;
use serde_json::{Value, json};

use crate::instance::Instance;
use crate::{model, ops, wire};

/// What happens with TLS of a database. Exactly one thing, as the service wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsChange {
    /// Enables it.
    Enable {
        /// `basic`, `enforced` or `mtls`.
        mode: String,
        /// Where certificate and key come from.
        container_ref: String,
        /// Where the password of the key comes from.
        password_ref: Option<String>,
    },
    /// Disables it.
    Disable,
    /// Goes back to what was before.
    Rollback,
}

impl TlsChange {
    /// Enables it.
    pub fn enable(mode: impl Into<String>, container_ref: impl Into<String>) -> Self {
        Self::Enable { mode: mode.into(), container_ref: container_ref.into(), password_ref: None }
    }

    fn body(&self) -> Value {
        let change = match self {
            Self::Enable { mode, container_ref, password_ref: None } => {
                json!({ "enable": 1, "mode": mode, "container_ref": container_ref })
            }
            Self::Enable { mode, container_ref, password_ref: Some(password_ref) } => {
                json!({ "enable": 1, "mode": mode, "container_ref": container_ref, "password_ref": password_ref })
            }
            Self::Disable => json!({ "disable": 1 }),
            Self::Rollback => json!({ "rollback": 1 }),
        };
        json!({ "ssl": change })
    }
}

impl Instance {
    /// How the database speaks TLS; with the certificate itself if asked for.
    ///
    /// # Source
    /// OpenStack reference C8.
    pub fn tls(&self, include_certificate: bool) -> Call<model::Tls> {
        let draft = self.op(&ops::TLS_GET);
        let draft = if include_certificate { draft.query("include_certificate", "true") } else { draft };
        draft.call(wire::one)
    }

    /// Changes how the database speaks TLS.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) on a replica, but for going back.
    /// # Source
    /// OpenStack reference C8.
    pub fn set_tls(&self, change: &TlsChange) -> Call<model::Tls> {
        self.op(&ops::TLS_SET).json(&change.body()).call(wire::one)
    }
}
