//! Push configurations: what is sent, what is stored, what is shown (AMS reference 13.1 and 13.2).

use serde::{Deserialize, Serialize};
use url::Url;

use super::super::body::{Fields, Wrong};
use super::super::error::Failure;
use super::super::model::{HeaderView, PushConfigView, RetryView};
use super::super::quirks::{Quirk, Quirks};
use super::super::storage::subscriptions::SubscriptionRow;

/// Members of `pushConfig`.
pub(crate) const KEYS: &[&str] = &[
    "type",
    "pushEndpoint",
    "maxMessages",
    "authorizationHeader",
    "retryPolicy",
    "mattermostUrl",
    "mattermostUsername",
    "mattermostChannel",
    "base64Decode",
];

/// Milliseconds between deliveries when the request does not say.
const PERIOD: i64 = 3000;

/// A push configuration as sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PushInput {
    pub(crate) kind: String,
    pub(crate) endpoint: String,
    pub(crate) max_messages: i64,
    pub(crate) header_kind: String,
    pub(crate) retry_kind: String,
    pub(crate) period: i64,
    pub(crate) mattermost_url: String,
    pub(crate) mattermost_username: String,
    pub(crate) mattermost_channel: String,
    pub(crate) base64_decode: bool,
}

impl PushInput {
    /// Reads the members of `pushConfig`.
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, Wrong> {
        let header = fields.object("authorizationHeader", &["type", "value"])?;
        let retry = fields.object("retryPolicy", &["type", "period"])?;
        header.text("value")?;
        Ok(Self {
            kind: fields.text("type")?,
            endpoint: fields.text("pushEndpoint")?,
            max_messages: fields.get("maxMessages")?.unwrap_or_default(),
            header_kind: header.text("type")?,
            retry_kind: retry.text("type")?,
            period: retry.get("period")?.unwrap_or_default(),
            mattermost_url: fields.text("mattermostUrl")?,
            mattermost_username: fields.text("mattermostUsername")?,
            mattermost_channel: fields.text("mattermostChannel")?,
            base64_decode: fields.get("base64Decode")?.unwrap_or_default(),
        })
    }

    /// Whether it says nothing: a pull subscription.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How messages leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// `POST` to an endpoint of the user.
    HttpEndpoint,
    /// A message in a Mattermost channel.
    Mattermost,
}

/// A push configuration as stored; the authorization header is sealed beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PushConfig {
    pub(crate) kind: Kind,
    pub(crate) endpoint: String,
    pub(crate) max_messages: i64,
    header_kind: String,
    pub(crate) slowstart: bool,
    /// Milliseconds; 0 for slowstart.
    pub(crate) period: i64,
    pub(crate) hash: String,
    pub(crate) verified: bool,
    pub(crate) mattermost_url: String,
    pub(crate) mattermost_username: String,
    pub(crate) mattermost_channel: String,
    pub(crate) base64_decode: bool,
}

impl PushConfig {
    /// The configuration of a new subscription; `hash` is what its endpoint must show.
    pub(crate) fn create(input: &PushInput, quirks: Quirks, hash: String) -> Result<Self, Failure> {
        let kind = kind(input, quirks)?;
        let header_kind = target(kind, input, "autogen")?;
        let (slowstart, period) = retry(input)?;
        Ok(Self::new(input, kind, header_kind, (slowstart, period), hash))
    }

    /// The configuration that follows `old`; checks run in the order of a modification.
    pub(crate) fn modify(
        input: &PushInput,
        old: Option<&Self>,
        quirks: Quirks,
        hash: String,
    ) -> Result<Self, Failure> {
        let retry = retry(input)?;
        let kind = kind(input, quirks)?;
        let header_kind = target(kind, input, old.map_or("autogen", |old| old.header_kind.as_str()))?;
        let mut new = Self::new(input, kind, header_kind, retry, hash);
        if let Some(old) = old {
            if input.max_messages <= 0 && kind == Kind::HttpEndpoint {
                new.max_messages = old.max_messages;
            }
            if old.kind == kind && kind == Kind::HttpEndpoint && old.endpoint == new.endpoint {
                new.hash.clone_from(&old.hash);
                new.verified = old.verified;
            }
        }
        if quirks.has(Quirk::Base64DecodeForgotten) {
            new.base64_decode = false;
        }
        Ok(new)
    }

    fn new(input: &PushInput, kind: Kind, header_kind: String, retry: (bool, i64), hash: String) -> Self {
        let http = kind == Kind::HttpEndpoint;
        Self {
            kind,
            endpoint: if http { input.endpoint.clone() } else { String::new() },
            max_messages: if http { input.max_messages.max(1) } else { 1 },
            header_kind,
            slowstart: retry.0,
            period: retry.1,
            hash: if http { hash } else { String::new() },
            verified: !http,
            mattermost_url: if http { String::new() } else { input.mattermost_url.clone() },
            mattermost_username: if http { String::new() } else { input.mattermost_username.clone() },
            mattermost_channel: if http { String::new() } else { input.mattermost_channel.clone() },
            base64_decode: input.base64_decode,
        }
    }

    /// The configuration of a stored subscription.
    pub(crate) fn stored(row: &SubscriptionRow) -> Option<Self> {
        row.push.as_ref().and_then(|text| serde_json::from_str(text).ok())
    }

    /// The stored form.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether push requests carry an authorization header.
    pub(crate) fn is_authorized(&self) -> bool {
        self.header_kind == "autogen"
    }

    /// What the API shows; `header` is the value of the authorization header.
    pub(crate) fn view(self, header: String) -> PushConfigView {
        PushConfigView {
            kind: match self.kind {
                Kind::HttpEndpoint => "http_endpoint",
                Kind::Mattermost => "mattermost",
            }
            .to_owned(),
            push_endpoint: self.endpoint,
            max_messages: self.max_messages,
            authorization_header: HeaderView { kind: self.header_kind, value: header },
            retry_policy: RetryView {
                kind: if self.slowstart { "slowstart" } else { "linear" }.to_owned(),
                period: self.period,
            },
            verification_hash: self.hash,
            verified: self.verified,
            mattermost_url: self.mattermost_url,
            mattermost_username: self.mattermost_username,
            mattermost_channel: self.mattermost_channel,
            base64_decode: self.base64_decode,
        }
    }
}

fn kind(input: &PushInput, quirks: Quirks) -> Result<Kind, Failure> {
    match input.kind.as_str() {
        "http_endpoint" => Ok(Kind::HttpEndpoint),
        "mattermost" => Ok(Kind::Mattermost),
        // What clients older than the key send.
        "" if !input.endpoint.is_empty() && !quirks.has(Quirk::PushTypeRequired) => Ok(Kind::HttpEndpoint),
        _ => Err(Failure::invalid("Push configuration type can only be of 'http_endpoint' or 'mattermost'")),
    }
}

/// Checks what belongs to the kind and gives the kind of authorization header.
fn target(kind: Kind, input: &PushInput, default: &str) -> Result<String, Failure> {
    if kind == Kind::Mattermost {
        if input.mattermost_url.is_empty() {
            return Err(Failure::invalid("Field mattermostUrl cannot be empty"));
        }
        return Ok(String::new());
    }
    let https = Url::parse(&input.endpoint).is_ok_and(|url| url.scheme() == "https" && url.has_host());
    if !https || !input.endpoint.to_ascii_lowercase().starts_with("https://") {
        return Err(Failure::invalid("Push endpoint should be addressed by a valid https url"));
    }
    match input.header_kind.as_str() {
        "" if default.is_empty() => Ok("autogen".to_owned()),
        "" => Ok(default.to_owned()),
        known @ ("autogen" | "disabled") => Ok(known.to_owned()),
        _ => Err(Failure::invalid("Authorization header type can only be of 'autogen' or 'disabled' type")),
    }
}

fn retry(input: &PushInput) -> Result<(bool, i64), Failure> {
    match input.retry_kind.as_str() {
        "" | "linear" => Ok((false, if input.period <= 0 { PERIOD } else { input.period })),
        "slowstart" => Ok((true, 0)),
        _ => Err(Failure::invalid("Retry policy can only be of 'linear' or 'slowstart' type")),
    }
}
