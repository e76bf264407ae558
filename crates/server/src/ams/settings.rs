//! Options of the service: what the real server has in its configuration.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest as hash};
use serde::Deserialize;
use serde_json::Value;

use crate::SeedError;
use crate::http::Inbound;

/// Where a token may stand in a request (AMS reference 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AuthOption {
    /// `x-api-key` only.
    Header,
    /// `x-api-key`, then the query parameter `key`.
    Both,
    /// The query parameter only.
    Key,
}

/// The options in force.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// SHA-256 of the service token.
    pub(crate) service_token: Option<[u8; 32]>,
    /// Where tokens are looked for.
    pub(crate) auth_option: AuthOption,
    /// Whether topic and subscription ACLs are checked.
    pub(crate) per_resource_auth: bool,
    /// How long messages are kept, in microseconds.
    pub(crate) retention: i64,
    /// Whether push subscriptions are served.
    pub(crate) push: bool,
    /// SHA-256 of the token of the delivery process; without one this process delivers as itself.
    pub(crate) push_worker: Option<[u8; 32]>,
    /// Largest stored record in bytes (AMS reference 11.5).
    pub(crate) message_limit: usize,
    /// Hosts registered with the certificate exchange beside loopback and the host of the request.
    pub(crate) hosts: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    service_token: Option<String>,
    auth_option: Option<AuthOption>,
    per_resource_auth: Option<bool>,
    retention_seconds: Option<u32>,
    push: Option<bool>,
    push_worker_token: Option<String>,
    message_limit: Option<usize>,
    hosts: Vec<String>,
}

/// Seven days, as on the public service.
const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);
/// Limit of the 1.7 releases.
const MESSAGE_LIMIT: usize = 1_500_000;

impl Settings {
    /// Reads the `options` of a seed section; `null` gives the defaults.
    pub(crate) fn parse(options: &Value) -> Result<Self, SeedError> {
        let read: Option<Options> =
            serde_json::from_value(options.clone()).map_err(|e| SeedError::new("ams.options", e))?;
        let read = read.unwrap_or_default();
        let retention = read.retention_seconds.map_or(RETENTION, |s| Duration::from_secs(u64::from(s)));
        Ok(Self {
            service_token: read.service_token.filter(|token| !token.is_empty()).map(|token| digest(&token)),
            auth_option: read.auth_option.unwrap_or(AuthOption::Both),
            per_resource_auth: read.per_resource_auth.unwrap_or(true),
            retention: i64::try_from(retention.as_micros()).unwrap_or(i64::MAX),
            push: read.push.unwrap_or(true),
            push_worker: read.push_worker_token.filter(|token| !token.is_empty()).map(|token| digest(&token)),
            message_limit: read.message_limit.unwrap_or(MESSAGE_LIMIT),
            hosts: read.hosts,
        })
    }

    /// Sets the service token.
    pub(crate) fn set_service_token(&mut self, token: &str) {
        self.service_token = Some(digest(token));
    }

    /// Whether this is the service token.
    pub(crate) fn is_service_token(&self, token: &str) -> bool {
        self.service_token == Some(digest(token))
    }

    /// The token of a request, if it carries one where this server looks.
    pub(crate) fn token_of<'a>(
        &self,
        inbound: &'a Inbound,
        query: &'a [(String, String)],
    ) -> Option<&'a str> {
        let header = || inbound.header("x-api-key").filter(|token| !token.is_empty());
        let key = || query.iter().find(|(name, _)| name == "key").map(|(_, value)| value.as_str());
        match self.auth_option {
            AuthOption::Header => header(),
            AuthOption::Both => header().or_else(key),
            AuthOption::Key => key(),
        }
    }
}

fn digest(token: &str) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hash(&SHA256, token.as_bytes()).as_ref());
    out
}
