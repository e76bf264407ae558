//! What is kept sealed: the options of subscriptions, which may hold credentials of subscribers and trusts.

use serde_json::{Map, Value};

use super::Zaqar;
use super::error::Failure;
use super::storage::subscriptions::Subscription;

/// The name under which options are sealed.
const OPTIONS: &str = "zaqar.subscription.options";

impl Zaqar {
    /// Options of a subscription as they are stored.
    pub(super) fn seal_options(&self, json: &str) -> Result<Vec<u8>, Failure> {
        Ok(self.engine.vault().seal(OPTIONS, json.as_bytes())?)
    }

    /// The options of a subscription as a JSON object.
    pub(super) fn open_options(&self, own: &Subscription) -> Result<String, Failure> {
        let open = self.engine.vault().open(OPTIONS, &own.options)?;
        Ok(String::from_utf8_lossy(&open).into_owned())
    }

    /// The options of a subscription; none if they cannot be opened, which the log tells.
    pub(super) fn options(&self, own: &Subscription) -> Map<String, Value> {
        let json = self.open_options(own).unwrap_or_default();
        serde_json::from_str(&json).unwrap_or_default()
    }
}
