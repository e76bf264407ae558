//! What a new instance must know once and nobody may read: it waits, sealed, in the job that builds the instance.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pentad_store::Vault;
use serde::{Deserialize, Serialize};

use super::super::error::{Answer, Failure};

const PURPOSE: &str = "database.instance.secrets";

/// Passwords of initial users, by `name@host`, and root's.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) users: BTreeMap<String, String>,
    pub(crate) root: Option<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("users", &self.users.len()).finish_non_exhaustive()
    }
}

impl Secrets {
    /// As it is kept.
    ///
    /// # Errors
    /// 500 if the system gives no random numbers.
    pub(crate) fn seal(&self, vault: &Vault) -> Answer<String> {
        let plain = serde_json::to_vec(self).map_err(|_| Failure::crash())?;
        let sealed = vault.seal(PURPOSE, &plain).map_err(|error| Failure::internal(error.to_string()))?;
        Ok(STANDARD_NO_PAD.encode(sealed))
    }

    /// What was sealed.
    ///
    /// # Errors
    /// A sentence if it was sealed under another key.
    pub(crate) fn open(vault: &Vault, sealed: &str) -> Result<Self, String> {
        let bytes = STANDARD_NO_PAD.decode(sealed).map_err(|error| error.to_string())?;
        let plain = vault.open(PURPOSE, &bytes).map_err(|error| error.to_string())?;
        serde_json::from_slice(&plain).map_err(|error| error.to_string())
    }
}
