//! Options of the service: what the real server has in its configuration, under the same names.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::context::Version;
use super::encrypt::Cipher;
use super::validate::LEAST;
use crate::SeedError;

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auth {
    /// Anybody; the project is what the request says.
    None,
    /// Who has a token; the project is the token's.
    Keystone,
    /// A token counts if one is sent, else the project header.
    #[default]
    Either,
}

/// Which texts are client ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClientIds {
    /// UUIDs only.
    #[default]
    Strict,
    /// Any text of a fitting length.
    Off,
}

/// The options in force. Limits are inclusive, times in seconds, sizes in bytes.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Who may call (`--zaqar-auth`).
    pub(crate) auth: Auth,
    /// Whether administrators' routes exist.
    pub(crate) admin_mode: bool,
    /// Whether pools and flavors exist.
    pub(crate) pooling: bool,
    /// The deprecated versions that are served: `1`, `1.1`.
    pub(crate) enable_deprecated_api_versions: Vec<String>,
    /// Whether messages carry a checksum of their body.
    pub(crate) enable_checksum: bool,
    /// Which texts are client ids.
    pub(crate) client_id_uuid_safe: ClientIds,
    /// Shortest client id where they are free.
    pub(crate) min_length_client_id: usize,
    /// Longest client id where they are free.
    pub(crate) max_length_client_id: usize,
    /// Whether deleting several messages needs the ids of their claims.
    pub(crate) message_delete_with_claim_id: bool,
    /// Most queues on a page.
    pub(crate) max_queues_per_page: i64,
    /// Most messages on a page, and ids in a request.
    pub(crate) max_messages_per_page: i64,
    /// Most subscriptions on a page.
    pub(crate) max_subscriptions_per_page: i64,
    /// Most pools on a page.
    pub(crate) max_pools_per_page: i64,
    /// Most flavors on a page.
    pub(crate) max_flavors_per_page: i64,
    /// Most messages that one claim or pop takes.
    pub(crate) max_messages_per_claim_or_pop: i64,
    /// Longest body with queue metadata.
    pub(crate) max_queue_metadata: u64,
    /// Longest body with messages.
    pub(crate) max_messages_post_size: u64,
    /// Life of a message that says nothing of it.
    pub(crate) default_message_ttl: i64,
    /// Delay that queues show which have none.
    pub(crate) default_message_delay: i64,
    /// Longest life of a message.
    pub(crate) max_message_ttl: i64,
    /// Longest delay of a message.
    pub(crate) max_message_delay: i64,
    /// Time of a claim that says nothing of it.
    pub(crate) default_claim_ttl: i64,
    /// Grace of a claim that says nothing of it.
    pub(crate) default_claim_grace: i64,
    /// Longest claim.
    pub(crate) max_claim_ttl: i64,
    /// Longest grace.
    pub(crate) max_claim_grace: i64,
    /// Life of a subscription that says nothing of it.
    pub(crate) default_subscription_ttl: i64,
    /// Schemes of subscribers.
    pub(crate) subscriber_types: Vec<String>,
    /// Whether posted messages are delivered to subscribers (`message_pipeline` with the notifier).
    pub(crate) notifier: bool,
    /// Whether only confirmed subscribers get messages.
    pub(crate) require_confirmation: bool,
    /// The page that a confirmation mail links to.
    pub(crate) external_confirmation_url: Option<String>,
    /// `HOST:PORT` that takes mail to subscribers; without one such mail is refused.
    pub(crate) smtp: Option<String>,
    /// The key of encrypted queues.
    pub(crate) message_encryption_key: String,
    /// The secret that URLs are signed with; without one the installation makes its own.
    pub(crate) secret_key: Option<String>,
}

impl fmt::Debug for Settings {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("auth", &self.auth)
            .field("admin_mode", &self.admin_mode)
            .field("pooling", &self.pooling)
            .finish_non_exhaustive()
    }
}

impl Default for Settings {
    fn default() -> Self {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Self {
            auth: Auth::Either,
            admin_mode: true,
            pooling: true,
            enable_deprecated_api_versions: texts(&["1", "1.1"]),
            enable_checksum: false,
            client_id_uuid_safe: ClientIds::Strict,
            min_length_client_id: 10,
            max_length_client_id: 36,
            message_delete_with_claim_id: false,
            max_queues_per_page: 20,
            max_messages_per_page: 20,
            max_subscriptions_per_page: 20,
            max_pools_per_page: 20,
            max_flavors_per_page: 20,
            max_messages_per_claim_or_pop: 20,
            max_queue_metadata: 65_536,
            max_messages_post_size: 262_144,
            default_message_ttl: 3600,
            default_message_delay: 0,
            max_message_ttl: 1_209_600,
            max_message_delay: 900,
            default_claim_ttl: 300,
            default_claim_grace: 60,
            max_claim_ttl: 43_200,
            max_claim_grace: 43_200,
            default_subscription_ttl: 3600,
            subscriber_types: texts(&["http", "https", "mailto", "trust+http", "trust+https"]),
            notifier: true,
            require_confirmation: false,
            external_confirmation_url: None,
            smtp: None,
            message_encryption_key: "AES256".to_owned(),
            secret_key: None,
        }
    }
}

impl Settings {
    /// The cipher of encrypted queues, which only v2 over HTTP knows of.
    pub(crate) fn cipher(&self, version: Version) -> Option<Cipher> {
        (version == Version::V2).then(|| Cipher::of(&self.message_encryption_key))
    }
}

/// No page may be longer than this, whatever the options say.
const LONGEST_PAGE: i64 = 1000;
/// No time may be longer than this, in seconds.
const LONGEST_TIME: i64 = 100 * 366 * 24 * 3600;

impl Settings {
    /// Reads the `options` of a seed section; `null` gives the defaults.
    pub(crate) fn parse(options: &Value) -> Result<Self, SeedError> {
        if options.is_null() {
            return Ok(Self::default());
        }
        let settings: Self =
            serde_json::from_value(options.clone()).map_err(|e| SeedError::new("zaqar.options", e))?;
        let pages = [
            ("max_queues_per_page", settings.max_queues_per_page),
            ("max_messages_per_page", settings.max_messages_per_page),
            ("max_subscriptions_per_page", settings.max_subscriptions_per_page),
            ("max_pools_per_page", settings.max_pools_per_page),
            ("max_flavors_per_page", settings.max_flavors_per_page),
            ("max_messages_per_claim_or_pop", settings.max_messages_per_claim_or_pop),
        ];
        if let Some((name, _)) = pages.iter().find(|(_, most)| !(1..=LONGEST_PAGE).contains(most)) {
            let why = format!("must be between 1 and {LONGEST_PAGE}");
            return Err(SeedError::new(format!("zaqar.options.{name}"), why));
        }
        settings.check_numbers()?;
        if let Some(version) =
            settings.enable_deprecated_api_versions.iter().find(|v| !["1", "1.1"].contains(&v.as_str()))
        {
            let why = format!("there is no deprecated version \"{version}\"; there are \"1\" and \"1.1\"");
            return Err(SeedError::new("zaqar.options.enable_deprecated_api_versions", why));
        }
        Ok(settings)
    }

    /// Times are whole seconds of at most a hundred years, and lengths in their order.
    fn check_numbers(&self) -> Result<(), SeedError> {
        let refused = |name: &str, why: String| Err(SeedError::new(format!("zaqar.options.{name}"), why));
        let times = [
            ("default_message_ttl", self.default_message_ttl),
            ("default_message_delay", self.default_message_delay),
            ("max_message_ttl", self.max_message_ttl),
            ("max_message_delay", self.max_message_delay),
            ("default_claim_ttl", self.default_claim_ttl),
            ("default_claim_grace", self.default_claim_grace),
            ("max_claim_ttl", self.max_claim_ttl),
            ("max_claim_grace", self.max_claim_grace),
            ("default_subscription_ttl", self.default_subscription_ttl),
        ];
        if let Some((name, _)) = times.iter().find(|(_, seconds)| !(0..=LONGEST_TIME).contains(seconds)) {
            return refused(name, format!("must be between 0 and {LONGEST_TIME}"));
        }
        if self.secret_key.as_deref() == Some("") {
            return refused("secret_key", "is empty: anybody could sign".to_owned());
        }
        let ttls = [
            ("max_message_ttl", self.max_message_ttl, LONGEST_TIME),
            ("default_message_ttl", self.default_message_ttl, self.max_message_ttl),
            ("max_claim_ttl", self.max_claim_ttl, LONGEST_TIME),
            ("default_claim_ttl", self.default_claim_ttl, self.max_claim_ttl),
        ];
        if let Some((name, _, most)) = ttls.iter().find(|(_, ttl, most)| !(LEAST..=*most).contains(ttl)) {
            return refused(name, format!("must be between {LEAST} and {most}"));
        }
        if self.min_length_client_id > self.max_length_client_id {
            return refused("min_length_client_id", "is more than max_length_client_id".to_owned());
        }
        Ok(())
    }
}
