//! Push delivery: what is sent to set it up.

use std::time::Duration;

use pentad_core::{Error, Result};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

/// Where and how the service delivers by itself.
///
/// `type` is always sent: releases since 1.3.0 refuse a configuration without it (AMS reference 13.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushConfig {
    target: PushTarget,
    retry: Option<PushRetry>,
    base64_decode: bool,
}

/// Where deliveries go.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushTarget {
    /// `POST` to a URL of ours.
    Http {
        /// Absolute `https://` URL.
        endpoint: String,
        /// Messages per delivery; 0 leaves it to the service (1 at creation).
        max_messages: u32,
        /// Whether deliveries carry an `Authorization` value that the service makes; none keeps what is set.
        authorization: Option<PushAuthorization>,
    },
    /// Posts into a Mattermost channel.
    Mattermost {
        /// The incoming hook.
        url: String,
        /// Name shown, if not the hook's own.
        username: String,
        /// Channel, if not the hook's own.
        channel: String,
    },
}

/// The `Authorization` value of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushAuthorization {
    /// The service makes a new value, on every change of the configuration.
    Autogen,
    /// None is sent.
    Disabled,
}

/// The timing of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushRetry {
    /// At this pace, whether deliveries succeed or not. Whole milliseconds on the wire.
    Linear(Duration),
    /// Faster after success (down to 300 ms), slower after failure (up to 24 h).
    SlowStart,
}

impl PushConfig {
    /// Delivers to an `https://` URL.
    pub fn http(endpoint: impl Into<String>) -> Self {
        let target = PushTarget::Http { endpoint: endpoint.into(), max_messages: 0, authorization: None };
        Self { target, retry: None, base64_decode: false }
    }

    /// Delivers to the incoming hook of a Mattermost channel.
    pub fn mattermost(url: impl Into<String>) -> Self {
        let target =
            PushTarget::Mattermost { url: url.into(), username: String::new(), channel: String::new() };
        Self { target, retry: None, base64_decode: false }
    }

    /// Sets how many messages a delivery may carry. For URLs only.
    #[must_use]
    pub fn max_messages(mut self, count: u32) -> Self {
        if let PushTarget::Http { max_messages, .. } = &mut self.target {
            *max_messages = count;
        }
        self
    }

    /// Sets whether deliveries are authorized. For URLs only.
    #[must_use]
    pub fn authorization(mut self, wanted: PushAuthorization) -> Self {
        if let PushTarget::Http { authorization, .. } = &mut self.target {
            *authorization = Some(wanted);
        }
        self
    }

    /// Sets the name shown. For Mattermost only.
    #[must_use]
    pub fn username(mut self, name: impl Into<String>) -> Self {
        if let PushTarget::Mattermost { username, .. } = &mut self.target {
            *username = name.into();
        }
        self
    }

    /// Sets the channel. For Mattermost only.
    #[must_use]
    pub fn channel(mut self, name: impl Into<String>) -> Self {
        if let PushTarget::Mattermost { channel, .. } = &mut self.target {
            *channel = name.into();
        }
        self
    }

    /// Sets the timing; the service's default is linear at 3 s.
    #[must_use]
    pub fn retry(mut self, retry: PushRetry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Delivers decoded data. Kept by the service only when the subscription is created with it.
    #[must_use]
    pub fn base64_decode(mut self, decode: bool) -> Self {
        self.base64_decode = decode;
        self
    }

    /// Where deliveries go.
    pub fn target(&self) -> &PushTarget {
        &self.target
    }

    /// Refuses what the service would refuse.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for a URL that is not absolute `https`, an empty hook, or a pace
    /// below a millisecond.
    pub fn check(&self) -> Result<()> {
        match &self.target {
            PushTarget::Http { endpoint, .. } => {
                let parsed: Option<http::Uri> = endpoint.parse().ok();
                let fits =
                    parsed.is_some_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some());
                if !fits {
                    return Err(Error::invalid("push endpoint", "must be an absolute https:// URL"));
                }
            }
            PushTarget::Mattermost { url, .. } if url.is_empty() => {
                return Err(Error::invalid("mattermost url", "must not be empty"));
            }
            PushTarget::Mattermost { .. } => {}
        }
        match self.retry {
            Some(PushRetry::Linear(pace)) if pace.as_millis() == 0 => {
                Err(Error::invalid("push retry", "the pace must be at least a millisecond"))
            }
            _ => Ok(()),
        }
    }
}

impl Serialize for PushConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.target {
            PushTarget::Http { endpoint, max_messages, authorization } => {
                map.serialize_entry("type", "http_endpoint")?;
                map.serialize_entry("pushEndpoint", endpoint)?;
                if *max_messages > 0 {
                    map.serialize_entry("maxMessages", max_messages)?;
                }
                if let Some(authorization) = authorization {
                    map.serialize_entry("authorizationHeader", authorization)?;
                }
            }
            PushTarget::Mattermost { url, username, channel } => {
                map.serialize_entry("type", "mattermost")?;
                map.serialize_entry("mattermostUrl", url)?;
                if !username.is_empty() {
                    map.serialize_entry("mattermostUsername", username)?;
                }
                if !channel.is_empty() {
                    map.serialize_entry("mattermostChannel", channel)?;
                }
            }
        }
        if let Some(retry) = &self.retry {
            map.serialize_entry("retryPolicy", retry)?;
        }
        if self.base64_decode {
            map.serialize_entry("base64Decode", &true)?;
        }
        map.end()
    }
}

impl Serialize for PushAuthorization {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let word = match self {
            Self::Autogen => "autogen",
            Self::Disabled => "disabled",
        };
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("type", word)?;
        map.end()
    }
}

impl Serialize for PushRetry {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Linear(pace) => {
                map.serialize_entry("type", "linear")?;
                map.serialize_entry("period", &u64::try_from(pace.as_millis()).unwrap_or(u64::MAX))?;
            }
            Self::SlowStart => map.serialize_entry("type", "slowstart")?,
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(config: &PushConfig) -> String {
        serde_json::to_string(config).unwrap()
    }

    #[test]
    fn type_is_always_sent() {
        assert_eq!(
            json(&PushConfig::http("https://r.example/x")),
            r#"{"type":"http_endpoint","pushEndpoint":"https://r.example/x"}"#
        );
        let chat = PushConfig::mattermost("https://m.example/h").channel("ops").retry(PushRetry::SlowStart);
        assert_eq!(
            json(&chat),
            r#"{"type":"mattermost","mattermostUrl":"https://m.example/h","mattermostChannel":"ops","retryPolicy":{"type":"slowstart"}}"#
        );
    }

    #[test]
    fn linear_pace_is_milliseconds() {
        let config = PushConfig::http("https://r.example/x")
            .max_messages(5)
            .authorization(PushAuthorization::Disabled)
            .retry(PushRetry::Linear(Duration::from_secs(3)));
        assert!(json(&config).contains(r#""maxMessages":5,"authorizationHeader":{"type":"disabled"},"retryPolicy":{"type":"linear","period":3000}"#));
    }

    #[test]
    fn endpoints_that_are_not_https_are_refused() {
        for bad in ["http://r.example/", "r.example", "https://", "/x", ""] {
            assert!(PushConfig::http(bad).check().is_err(), "{bad}");
        }
        assert!(PushConfig::mattermost("").check().is_err());
        PushConfig::http("https://r.example:8443/in").check().unwrap();
    }
}
