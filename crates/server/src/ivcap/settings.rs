//! Options of the service.

use serde::Deserialize;
use serde_json::Value;

use super::runner::options::Options;

use crate::SeedError;

/// The options in force.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Life time in seconds of tokens that are logged in for.
    pub(crate) token_lifetime: u32,
    /// Life time in seconds of what renews them.
    pub(crate) refresh_lifetime: u32,
    /// Whether a device login needs nobody's consent: for tests.
    pub(crate) auto_approve: bool,
    /// Bytes of one aspect or message.
    pub(crate) max_content: usize,
    /// Whether commands of services that were created over the API are run.
    #[serde(alias = "allow-api-commands")]
    pub(crate) allow_api_commands: bool,
    /// What orders may take.
    pub(crate) orders: Options,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_lifetime: 86_400,
            refresh_lifetime: 2_592_000,
            auto_approve: false,
            max_content: 4 << 20,
            allow_api_commands: false,
            orders: Options::default(),
        }
    }
}

impl Settings {
    /// Reads the `options` of a seed section; `null` gives the defaults.
    pub(crate) fn parse(options: &Value) -> Result<Self, SeedError> {
        let read: Option<Self> = serde_json::from_value(options.clone())
            .map_err(|error| SeedError::new("ivcap.options", error))?;
        Ok(read.unwrap_or_default())
    }
}
