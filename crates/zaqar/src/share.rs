//! Asking the service to sign.

use std::time::Duration;

use jiff::Timestamp;
use pentad_core::{Call, decode};
use serde::Serialize;

use crate::ops;
use crate::queue::Queue;
use crate::signed::{SignedUrl, wire_time};

/// What a signed URL shall admit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Share {
    paths: Vec<String>,
    methods: Vec<String>,
    expires: Option<Timestamp>,
    lasts: Option<Duration>,
}

impl Share {
    /// `GET` on messages for a day: the service's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// A part of the queue: `messages`, `claims` or `subscriptions`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.paths.push(path.into());
        self
    }

    /// A method, such as `POST`.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.methods.push(method.into());
        self
    }

    /// Until then, to the second.
    pub const fn expires(mut self, at: Timestamp) -> Self {
        self.expires = Some(at);
        self
    }

    /// For so long, from now on by this machine's clock.
    pub const fn lasts(mut self, span: Duration) -> Self {
        self.lasts = Some(span);
        self
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    paths: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    methods: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

impl Queue {
    /// Has the service sign rights on this queue, for somebody without an account. v2.
    ///
    /// `POST /v2/queues/{queue_name}/share`
    ///
    /// Use it with [`ClientBuilder::signed_url`](crate::ClientBuilder::signed_url).
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) for unknown paths, an end in the past, or a service without a secret.
    /// # Source
    /// Zaqar reference 9.1.
    pub fn signed_url(&self, share: &Share) -> Call<SignedUrl> {
        let now = self.client().session().clock().wall();
        let later = share.lasts.and_then(|span| now.checked_add(span).ok());
        let expires = share.expires.or(later).map(wire_time);
        let body = Body { paths: &share.paths, methods: &share.methods, expires };
        self.op(&ops::SIGNED_URL_CREATE).json(&body).call(decode::json)
    }
}
