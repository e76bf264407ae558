//! What answers each route, one file per resource.

pub(crate) mod claims;
pub(crate) mod flavors;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod messages;
pub(crate) mod notify;
pub(crate) mod ping;
pub(crate) mod pools;
pub(crate) mod post;
pub(crate) mod purge;
pub(crate) mod queue_list;
pub(crate) mod queues;
pub(crate) mod signed;
pub(crate) mod stats;
pub(crate) mod subscriptions;
pub(crate) mod topics;

use http::header::CONTENT_LOCATION;

use super::context::{Call, Version};
use super::error::{Failure, with};
use crate::http::Reply;

/// v1 tells where an answer belongs (Zaqar reference 2.3).
fn placed(call: &Call, reply: Reply) -> Reply {
    if call.version != Version::V1 {
        return reply;
    }
    let query = call.inbound.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    with(reply, CONTENT_LOCATION, &format!("{}{query}", call.path))
}

/// Says what failed if it was the store.
fn what(failure: Failure, sentence: &str) -> Failure {
    if failure.is_of_store() { Failure::unavailable(sentence) } else { failure }
}

/// The path of the queue of a request.
fn queue_path(call: &Call) -> String {
    let prefix = match call.version {
        Version::V1 => "/v1",
        Version::V1_1 => "/v1.1",
        Version::V2 => "/v2",
    };
    format!("{prefix}/queues/{}", call.queue())
}
