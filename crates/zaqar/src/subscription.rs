//! Subscriptions: messages pushed to receivers. v2.

use http::{HeaderName, HeaderValue};
use pentad_core::{Call, Context, Draft, List, Op, Result, decode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::Arc;

use crate::client::Client;
use crate::connect::PROJECT_HEADER;
use crate::limit::Ttl;
use crate::model::{self, Address, Confirmation, Names};
use crate::name::check_id;
use crate::queue::Queue;
use crate::signed::SignedAuth;
use crate::{list, ops};

/// A subscription to be made.
#[derive(Clone, PartialEq, Default, Serialize)]
#[must_use]
pub struct NewSubscription {
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Ttl>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    options: Map<String, Value>,
}

impl NewSubscription {
    /// Pushes to this receiver: `http`, `https`, `mailto`, `trust+http` or `trust+https`.
    pub fn new(subscriber: impl Into<String>) -> Self {
        Self { subscriber: Some(subscriber.into()), ..Self::default() }
    }

    /// Pushes over the websocket connection that asks; see [`Queue::listen`](crate::Queue::listen).
    pub fn to_this_connection() -> Self {
        Self::default()
    }

    /// How long it lives. Default: the service's hour. (The Python client says 60 s.)
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = Some(ttl);
        self
    }

    pub(crate) const fn ttl_or(mut self, default: Ttl) -> (Self, Ttl) {
        let ttl = match self.ttl {
            Some(ttl) => ttl,
            None => default,
        };
        self.ttl = Some(ttl);
        (self, ttl)
    }

    /// Sets an option of the delivery, such as `post_headers`, `subject` or `_retry_policy`.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }
}

/// Changes of a subscription. What is not named stays; options are replaced as a whole.
#[derive(Clone, PartialEq, Default, Serialize)]
#[must_use]
pub struct SubscriptionUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<Ttl>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Map<String, Value>>,
}

impl SubscriptionUpdate {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another receiver.
    pub fn subscriber(mut self, subscriber: impl Into<String>) -> Self {
        self.subscriber = Some(subscriber.into());
        self
    }

    /// A new life, counted from now.
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Other options, in place of all there are.
    pub fn options(mut self, options: Map<String, Value>) -> Self {
        self.options = Some(options);
        self
    }
}

/// A handle on one subscription. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Subscription {
    queue: Queue,
    id: String,
}

fn subscription_id(context: &Context, parts: http::response::Parts, body: bytes::Bytes) -> Result<String> {
    #[derive(Deserialize)]
    struct Answer {
        subscription_id: String,
    }
    decode::json::<Answer>(context, parts, body).map(|answer| answer.subscription_id)
}

impl fmt::Debug for NewSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewSubscription")
            .field("subscriber", &self.subscriber.as_deref().map(Address))
            .field("ttl", &self.ttl)
            .field("options", &Names(&self.options))
            .finish()
    }
}

impl fmt::Debug for SubscriptionUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubscriptionUpdate")
            .field("subscriber", &self.subscriber.as_deref().map(Address))
            .field("ttl", &self.ttl)
            .field("options", &self.options.as_ref().map(Names))
            .finish()
    }
}

impl Client {
    /// The subscriptions of a queue.
    ///
    /// # Source
    /// Zaqar reference 10.2.
    pub fn subscriptions(&self, queue: &str) -> List<model::Subscription> {
        self.queue(queue).subscriptions()
    }

    /// Confirms the subscription that asked a receiver, or ends it, with the rights that came with the question. The
    /// client's own credential is not sent.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if the rights ended or the subscription is gone.
    /// # Source
    /// Zaqar reference 10.6.
    pub fn confirm(&self, asked: &Confirmation, confirmed: bool) -> Call<()> {
        let auth = SignedAuth(Arc::new(asked.signed.clone()));
        let project = HeaderValue::from_str(&asked.signed.project).ok();
        let client = self.with(|session| {
            let session = session.authorize(Arc::new(auth));
            match project {
                Some(project) => session.header(HeaderName::from_static(PROJECT_HEADER), project),
                None => session,
            }
        });
        client.subscription(asked.queue_name.as_str(), asked.subscription_id.as_str()).confirm(confirmed)
    }
}

impl Queue {
    /// The subscriptions of the queue.
    ///
    /// # Source
    /// Zaqar reference 10.2.
    pub fn subscriptions(&self) -> List<model::Subscription> {
        self.op(&ops::SUBSCRIPTION_LIST)
            .list(list::cursor, list::page::<model::Subscription>)
            .size_query(list::SIZE)
            .page_sizes(self.client().service_limits().page.clone())
    }

    /// Subscribes a receiver and gives the subscription's id.
    ///
    /// `POST /v2/queues/{queue_name}/subscriptions`
    ///
    /// # Shapes
    /// The same receiver again, while it has not confirmed, gives the same id and asks it once more.
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) ([`is_already_subscribed`](crate::ErrorExt::is_already_subscribed)) for a
    /// receiver that has confirmed; [`Invalid`](pentad_core::ErrorKind::Invalid) for a scheme that the service does not
    /// deliver to, and before sending for a ttl out of range.
    /// # Source
    /// Zaqar reference 10.2.
    pub fn subscribe(&self, subscription: &NewSubscription) -> Call<String> {
        self.subscribe_draft(subscription).call(subscription_id)
    }

    pub(crate) fn subscribe_draft(&self, subscription: &NewSubscription) -> Draft {
        let mut draft = self.op(&ops::SUBSCRIPTION_CREATE).json(subscription);
        if let Some(ttl) = subscription.ttl {
            draft = draft.check(ttl.within(&self.client().service_limits().subscription_ttl));
        }
        draft
    }
}

impl Subscription {
    pub(crate) fn new(queue: Queue, id: String) -> Self {
        Self { queue, id }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its queue.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    fn op(&self, op: &'static Op) -> Draft {
        let draft = self.queue.op(op).check(check_id("subscription", &self.id));
        draft.arg("subscription_id", self.id.as_str())
    }

    /// Reads the subscription.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it does not exist (any more).
    /// # Source
    /// Zaqar reference 10.2.
    pub fn get(&self) -> Call<model::Subscription> {
        self.op(&ops::SUBSCRIPTION_GET).call(decode::json)
    }

    /// Changes the subscription.
    ///
    /// # Errors
    /// [`Conflict`](pentad_core::ErrorKind::Conflict) if another subscription of the queue has that receiver;
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) if nothing is changed.
    /// # Source
    /// Zaqar reference 10.2.
    pub fn update(&self, update: &SubscriptionUpdate) -> Call<()> {
        let mut draft = self.op(&ops::SUBSCRIPTION_UPDATE).json(update);
        if let Some(ttl) = update.ttl {
            draft = draft.check(ttl.within(&self.queue.client().service_limits().subscription_ttl));
        }
        draft.call(decode::empty)
    }

    /// Removes the subscription. A missing one is fine.
    ///
    /// # Source
    /// Zaqar reference 10.2.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::SUBSCRIPTION_DELETE).call(decode::empty)
    }

    /// Confirms the subscription with the client's own rights, or ends it.
    ///
    /// # Source
    /// Zaqar reference 10.6.
    pub fn confirm(&self, confirmed: bool) -> Call<()> {
        self.op(&ops::SUBSCRIPTION_CONFIRM).json(&json!({ "confirmed": confirmed })).call(decode::empty)
    }
}
