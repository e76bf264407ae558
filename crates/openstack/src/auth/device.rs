//! A person confirms a login in a browser (RFC 8628).

use std::time::Duration;

use pentad_core::Secret;
use serde_json::Value;

use super::federation::POLL;

/// What to tell the person who confirms a login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DevicePrompt {
    /// Where to go.
    pub url: String,
    /// Where to go with the code filled in already, if the provider offers that.
    pub complete_url: Option<String>,
    /// What to type there.
    pub code: String,
    /// For how long it can be confirmed.
    pub lasts: Duration,
}

/// A login that waits for its person.
#[derive(Debug)]
pub(super) struct DeviceGrant {
    pub(super) prompt: DevicePrompt,
    pub(super) code: Secret,
    interval: Duration,
    left: Duration,
}

impl DeviceGrant {
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let seconds = |name: &str| answer[name].as_u64().map(Duration::from_secs);
        let lasts = seconds("expires_in").unwrap_or(Duration::from_secs(600));
        let prompt = DevicePrompt {
            url: text("verification_uri").or_else(|| text("verification_url"))?,
            complete_url: text("verification_uri_complete"),
            code: text("user_code")?,
            lasts,
        };
        let interval = seconds("interval").unwrap_or(POLL);
        Some(Self { prompt, code: Secret::new(text("device_code")?), interval, left: lasts })
    }

    /// How long to wait before the next question; `None` if the time is over.
    pub(super) fn pause(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(self.interval)?;
        Some(self.interval)
    }

    /// The provider wants to be asked less often.
    pub(super) fn slow_down(&mut self) {
        self.interval += POLL;
    }
}
