//! Claims: leases on messages.

use pentad_core::{Call, Draft, Op, decode};
use serde_json::{Map, json};

use crate::limit::{Grace, Ttl};
use crate::model::{self, Claimed};
use crate::name::check_id;
use crate::queue::Queue;
use crate::version::Version;
use crate::{ops, wire};

/// How to claim.
///
/// A claimed message whose life would end before the claim does is prolonged to the claim's ttl + grace, so that the
/// holder can finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct NewClaim {
    limit: Option<u32>,
    ttl: Option<Ttl>,
    grace: Option<Grace>,
}

/// What v1 is sent where nothing is said: the defaults of later versions.
const V1_TTL: Ttl = Ttl::seconds(300);
const V1_GRACE: Grace = Grace::seconds(60);

impl NewClaim {
    /// Up to 10 messages for 300 s, with 60 s of grace: the service's own defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Up to this many messages, 1 to 20.
    pub const fn limit(mut self, messages: u32) -> Self {
        self.limit = Some(messages);
        self
    }

    /// For this long.
    pub const fn ttl(mut self, ttl: Ttl) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// How much longer than the claim its messages live at least.
    pub const fn grace(mut self, grace: Grace) -> Self {
        self.grace = Some(grace);
        self
    }
}

/// A handle on one claim. Making one sends nothing. Dropping it does nothing: the claim ends by itself.
#[derive(Debug, Clone)]
pub struct Claim {
    queue: Queue,
    id: String,
}

impl Queue {
    /// Leases the oldest free messages to whoever knows the claim's id. One's own messages are claimed too.
    ///
    /// `POST /{version}/queues/{queue_name}/claims`
    ///
    /// # Shapes
    /// Nothing to claim is no error: the answer has no id and no messages then.
    /// # Errors
    /// [`Invalid`](pentad_core::ErrorKind::Invalid) before sending for a count, a ttl or a grace out of range.
    /// # Retry
    /// Not idempotent: messages of a lost answer stay claimed until the claim ends.
    /// # Source
    /// Zaqar reference 8.1.
    pub fn claim_messages(&self, claim: NewClaim) -> Call<Claimed> {
        self.claim_draft(claim).call(wire::claimed)
    }

    pub(crate) fn claim_draft(&self, claim: NewClaim) -> Draft {
        let limits = self.client().service_limits();
        let mut draft = self.op(&ops::CLAIM_CREATE);
        if let Some(count) = claim.limit {
            draft = draft.check(limits.count("limit", count as usize)).query("limit", count.to_string());
        }
        let is_v1 = self.version() == Version::V1;
        let ttl = claim.ttl.or(is_v1.then_some(V1_TTL));
        let grace = claim.grace.or(is_v1.then_some(V1_GRACE));
        let mut body = Map::new();
        if let Some(ttl) = ttl {
            draft = draft.check(ttl.within(&limits.claim_ttl));
            body.insert("ttl".to_owned(), json!(ttl));
        }
        if let Some(grace) = grace {
            draft = draft.check(grace.within(&limits.grace));
            body.insert("grace".to_owned(), json!(grace));
        }
        draft.json(&body)
    }
}

impl Claim {
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
        self.queue.op(op).check(check_id("claim", &self.id)).arg("claim_id", self.id.as_str())
    }

    /// Reads the claim with the messages that it still holds.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) if it is over, or none of its messages is left.
    /// # Source
    /// Zaqar reference 8.2.
    pub fn get(&self) -> Call<model::Claim> {
        self.op(&ops::CLAIM_GET).call(decode::json)
    }

    /// Begins the lease again from now, for `ttl`, with `grace`.
    ///
    /// # Shapes
    /// Both are always sent: what is left out takes the service's defaults, not the claim's earlier values.
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) ([`is_claim_lost`](crate::ErrorExt::is_claim_lost)) if it is over.
    /// # Source
    /// Zaqar reference 8.3.
    pub fn update(&self, ttl: Ttl, grace: Grace) -> Call<()> {
        let range = &self.queue.client().service_limits().claim_ttl;
        let draft = self.op(&ops::CLAIM_UPDATE).check(ttl.within(range));
        draft.json(&json!({ "ttl": ttl, "grace": grace })).call(decode::empty)
    }

    /// Ends the claim: what was not deleted is free again, in its old place. A missing claim is fine.
    ///
    /// # Source
    /// Zaqar reference 8.4.
    pub fn release(&self) -> Call<()> {
        self.op(&ops::CLAIM_DELETE).call(decode::empty)
    }
}
