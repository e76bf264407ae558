//! Subscribers that want a token of the one who subscribed them: `trust+http` and `trust+https` (Zaqar reference 10.3).

use http::HeaderValue;
use jiff::SignedDuration;

use super::super::Zaqar;

impl Zaqar {
    /// Makes the trust of a new subscription: the user of `token` lets this service use its roles in its project for
    /// `ttl` seconds. `None` if the identity service refuses or is not there.
    pub(crate) async fn entrust(&self, token: &str, roles: &[String], ttl: i64) -> Option<String> {
        let until =
            (ttl > 0).then(|| self.time.now().checked_add(SignedDuration::from_secs(ttl)).ok()).flatten();
        let check = self.identity.check()?;
        match check.entrust(token, roles, until).await {
            Ok(trust) => Some(trust),
            Err(error) => {
                tracing::warn!(%error, "a trust for a subscription was refused");
                None
            }
        }
    }

    /// Whether the user of a token made a trust, for this service.
    pub(crate) async fn is_trustor(&self, token: &str, trust: &str) -> bool {
        let Some(check) = self.identity.check() else { return false };
        check.is_trustor(token, trust).await.unwrap_or(false)
    }

    /// A token of a trust, as a header field that is never shown.
    pub(super) async fn trusted_token(&self, trust: &str) -> Option<HeaderValue> {
        let token = self.identity.check()?.token_of_trust(trust).await.ok()?;
        let mut value = HeaderValue::try_from(token).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}
