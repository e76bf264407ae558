//! Asking a subscriber whether it wants what it is going to get (Zaqar reference 10.6).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::super::Zaqar;
use super::super::error::Failure;
use super::super::signature;
use super::super::storage::subscriptions::Subscription;
use super::retry::Policy;
use super::{Content, Parcel, Purpose};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whether a new subscription is wanted.
    Subscribe,
    /// Nothing: a subscription was given up, and can be taken up again.
    Unsubscribe,
}

impl Zaqar {
    /// Sends a subscriber what it can confirm the subscription with, if the options want confirmation.
    pub(crate) async fn ask_to_confirm(
        self: &Arc<Self>,
        project: &str,
        own: Subscription,
        ttl: i64,
        kind: Kind,
    ) -> Result<(), Failure> {
        if !self.settings().require_confirmation {
            return Ok(());
        }
        let secret = self.secret().await?;
        let expires = self.time.now().checked_add(SignedDuration::from_secs(ttl)).unwrap_or(Timestamp::MAX);
        let path = format!("/v2/queues/{}/subscriptions/{}/confirm", own.queue, own.id);
        let signed = signature::sign(&secret, vec![path.clone()], vec!["PUT".to_owned()], project, expires);
        let (kind, text) = match kind {
            Kind::Subscribe => (
                "SubscriptionConfirmation",
                format!("You have chosen to subscribe to the queue: {}", own.queue),
            ),
            Kind::Unsubscribe => (
                "UnsubscribeConfirmation",
                format!(
                    "You have unsubscribed successfully to the queue: {}, you can resubscribe it by using \
                     confirmed=True.",
                    own.queue
                ),
            ),
        };
        let mut document = Map::new();
        let places = self.listening.places("zaqar");
        if let Some(url) = places.own_url().or_else(|| places.prefix_url("zaqar")) {
            document.insert("WSGISubscribeURL".to_owned(), json!(format!("{url}{path}")));
        }
        let rest = json!({
            "Message_Type": kind, "Message": text, "URL-Signature": signed.signature, "URL-Methods": "PUT",
            "URL-Paths": path, "X-Project-ID": project, "URL-Expires": signed.expires,
            "SubscribeBody": {"confirmed": true}, "UnsubscribeBody": {"confirmed": false},
        });
        if let Value::Object(rest) = rest {
            document.extend(rest);
        }
        let options = self.options(&own);
        let policy = Policy::of(options.get("_retry_policy"), None);
        self.dispatch(Parcel {
            project: project.to_owned(),
            subscription: own,
            options,
            content: Content::Document(document),
            policy,
            purpose: Purpose::Confirmation,
        })
        .await;
        Ok(())
    }
}
