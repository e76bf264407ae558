//! What a subscriber receives.

use pentad_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Body;
use crate::signed::SignedUrl;

/// A message as it is pushed to a subscriber: to a receiver over HTTP, or over the websocket connection that subscribed
/// (Zaqar reference 10.4 and 12.5). It has no id: what is pushed cannot be acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Notification {
    /// The queue that the message was posted to.
    pub queue_name: String,
    /// Seconds that the message lives.
    #[serde(default)]
    pub ttl: u64,
    /// Seconds that it was delayed, on delayed queues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<u64>,
    /// What it carries.
    #[serde(default)]
    pub body: Body,
}

/// What a receiver is asked before notifications come, and told when they end (Zaqar reference 10.6).
/// [`Client::confirm`](crate::Client::confirm) answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Confirmation {
    /// The queue.
    pub queue_name: String,
    /// The subscription.
    pub subscription_id: String,
    /// The right to confirm.
    pub signed: SignedUrl,
    /// Whether this asks (`SubscriptionConfirmation`) or tells of the end (`UnsubscribeConfirmation`).
    pub asks: bool,
    /// What the service says to people.
    pub message: String,
}

impl Confirmation {
    /// Reads what arrived at a receiver.
    ///
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if it is no confirmation: it may be a [`Notification`].
    pub fn from_json(document: &[u8]) -> Result<Self> {
        let wrong = |why: &'static str| Error::invalid("confirmation", why);
        let value: Value =
            serde_json::from_slice(document).map_err(|error| wrong("is not JSON").with_source(error))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let asks = match text("Message_Type") {
            Some("SubscriptionConfirmation") => true,
            Some("UnsubscribeConfirmation") => false,
            _ => return Err(wrong("has another Message_Type")),
        };
        let part = |name: &'static str| text(name).ok_or_else(|| Error::invalid(name, "is missing"));
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let paths = list(part("URL-Paths")?);
        let subscription = paths.iter().find_map(|path| {
            let rest = path.strip_suffix("/confirm")?;
            rest.rsplit_once("/subscriptions/").map(|(_, id)| id.to_owned())
        });
        Ok(Self {
            queue_name: part("queue_name")?.to_owned(),
            subscription_id: subscription.ok_or_else(|| wrong("names no subscription"))?,
            signed: SignedUrl {
                methods: list(part("URL-Methods")?),
                project: part("X-Project-ID")?.to_owned(),
                expires: part("URL-Expires")?.to_owned(),
                signature: part("URL-Signature")?.to_owned(),
                paths,
            },
            asks,
            message: text("Message").unwrap_or_default().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_read_with_its_rights_and_a_notification_is_none() {
        let document = br#"{"Message_Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe",
            "URL-Signature": "ab12", "URL-Methods": "PUT", "URL-Paths": "/v2/queues/jobs/subscriptions/6b0/confirm",
            "X-Project-ID": "acme", "URL-Expires": "2030-05-01T11:00:00", "SubscribeBody": {"confirmed": true},
            "UnsubscribeBody": {"confirmed": false}, "queue_name": "jobs"}"#;
        let asked = Confirmation::from_json(document).unwrap();
        assert!(asked.asks);
        assert_eq!((asked.queue_name.as_str(), asked.subscription_id.as_str()), ("jobs", "6b0"));
        assert_eq!(asked.signed.methods, ["PUT"]);
        assert!(!format!("{asked:?}").contains("ab12"));
        let message = br#"{"ttl": 300, "body": 1, "Message_Type": "Notification", "queue_name": "jobs"}"#;
        assert!(Confirmation::from_json(message).is_err());
        let notification: Notification = serde_json::from_slice(message).unwrap();
        assert_eq!((notification.queue_name.as_str(), notification.ttl), ("jobs", 300));
    }
}
