//! Options of the service: what the real server has in its configuration.

use serde::Deserialize;
use serde_json::Value;

use crate::SeedError;

/// The options in force.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Life time of tokens in seconds.
    pub(crate) token_expiration: u32,
    /// How long after its end `allow_expired` still accepts a token, in seconds.
    pub(crate) allow_expired_window: u32,
    /// Whether a token with a scope buys one with another scope.
    pub(crate) allow_rescope_scoped_token: bool,
    /// Life time of receipts in seconds.
    pub(crate) receipt_expiration: u32,
    /// Wrong passwords and codes in a row after which a user is locked; 0 never.
    pub(crate) lockout_failure_attempts: u32,
    /// How long a locked user stays locked, in seconds.
    pub(crate) lockout_duration: u32,
    /// How many earlier steps of a TOTP code count.
    pub(crate) totp_included_previous_windows: u32,
    /// How deep trusts may be handed on.
    pub(crate) max_redelegation_count: u32,
    /// Application credentials per user.
    pub(crate) user_limit: u32,
    /// The region of the built-in endpoints.
    pub(crate) region: String,
    /// Whether the family `/v2.0` is served.
    pub(crate) v2: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_expiration: 3600,
            allow_expired_window: 172_800,
            allow_rescope_scoped_token: true,
            receipt_expiration: 300,
            lockout_failure_attempts: 50,
            lockout_duration: 60,
            totp_included_previous_windows: 1,
            max_redelegation_count: 3,
            user_limit: 1000,
            region: "RegionOne".to_owned(),
            v2: true,
        }
    }
}

impl Settings {
    /// Reads the `options` of a seed section; `null` gives the defaults.
    pub(crate) fn parse(options: &Value) -> Result<Self, SeedError> {
        let read: Option<Self> = serde_json::from_value(options.clone())
            .map_err(|error| SeedError::new("identity.options", error))?;
        let read = read.unwrap_or_default();
        if read.totp_included_previous_windows > 10 {
            let why = "totp_included_previous_windows: at most 10";
            return Err(SeedError::new("identity.options", why));
        }
        Ok(read)
    }
}
