//! What answers each action, one file per resource.

pub(super) mod claims;
pub(super) mod messages;
pub(super) mod queues;
pub(super) mod subscriptions;
