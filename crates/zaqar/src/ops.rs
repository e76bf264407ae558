//! Every operation of the service, as data, with the versions that have it.
//!
//! The table feeds retry, error texts, tracing, the raw door [`Client::call`](crate::Client::call), the websocket transport
//! and the tests. The name of an operation in the original client's table is its id without the service, with
//! underscores: `zaqar.message.get_many` is `message_get_many`; [`find`] knows both.

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op};

/// Version 1.
pub const V1: Api = Api("v1");
/// Version 1.1.
pub const V1_1: Api = Api("v1.1");
/// Version 2.
pub const V2: Api = Api("v2");

macro_rules! routes {
    (all $method:ident $path:literal) => {
        &[
            (V1, Method::$method, concat!("/v1", $path)),
            (V1_1, Method::$method, concat!("/v1.1", $path)),
            (V2, Method::$method, concat!("/v2", $path)),
        ]
    };
    (v1 $method:ident $path:literal) => {
        &[(V1, Method::$method, concat!("/v1", $path))]
    };
    (later $method:ident $path:literal) => {
        &[(V1_1, Method::$method, concat!("/v1.1", $path)), (V2, Method::$method, concat!("/v2", $path))]
    };
    (v2 $method:ident $path:literal) => {
        &[(V2, Method::$method, concat!("/v2", $path))]
    };
    (root $method:ident $path:literal) => {
        &[(V1, Method::$method, $path), (V1_1, Method::$method, $path), (V2, Method::$method, $path)]
    };
}

macro_rules! ops {
    ($($name:ident = $id:literal $versions:ident $method:ident $path:literal, $idempotent:literal, $section:literal, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub static $name: Op = Op {
                id: $id,
                routes: routes!($versions $method $path),
                idempotent: $idempotent,
                patience: Duration::ZERO,
                source: concat!("Zaqar reference ", $section),
            };
        )*

        /// All operations, in the order of the reference.
        pub static OPS: &[&Op] = &[$(&$name),*];
    };
}

ops! {
    // Queues
    QUEUE_LIST = "zaqar.queue.list" all GET "/queues", true, "6.6", "Queues of the project, by name.";
    QUEUE_CREATE = "zaqar.queue.create" all PUT "/queues/{queue_name}", true, "6.1", "Creates a queue; an existing one stays as it is.";
    QUEUE_EXISTS = "zaqar.queue.exists" v1 HEAD "/queues/{queue_name}", true, "6.2", "Whether a queue exists.";
    QUEUE_DELETE = "zaqar.queue.delete" all DELETE "/queues/{queue_name}", true, "6.5", "Removes a queue with its messages.";
    QUEUE_SET_METADATA = "zaqar.queue.set_metadata" v1 PUT "/queues/{queue_name}/metadata", true, "6.4", "Replaces the metadata.";
    QUEUE_GET_METADATA = "zaqar.queue.get_metadata" v1 GET "/queues/{queue_name}/metadata", true, "6.3", "Reads the metadata.";
    QUEUE_GET = "zaqar.queue.get" later GET "/queues/{queue_name}", true, "6.3", "Reads the metadata.";
    QUEUE_UPDATE = "zaqar.queue.update" v2 PATCH "/queues/{queue_name}", false, "6.4", "Changes the metadata by JSON patch.";
    QUEUE_GET_STATS = "zaqar.queue.get_stats" all GET "/queues/{queue_name}/stats", true, "6.7", "Counts of messages.";
    QUEUE_PURGE = "zaqar.queue.purge" v2 POST "/queues/{queue_name}/purge", false, "6.8", "Removes messages, subscriptions or both.";
    SIGNED_URL_CREATE = "zaqar.signed_url.create" v2 POST "/queues/{queue_name}/share", true, "9.1", "Signs paths and methods for somebody without an account.";
    // Messages
    MESSAGE_LIST = "zaqar.message.list" all GET "/queues/{queue_name}/messages", true, "7.3", "Messages, oldest first.";
    MESSAGE_POST = "zaqar.message.post" all POST "/queues/{queue_name}/messages", false, "7.1", "Stores messages.";
    MESSAGE_GET = "zaqar.message.get" all GET "/queues/{queue_name}/messages/{message_id}", true, "7.5", "One message.";
    MESSAGE_GET_MANY = "zaqar.message.get_many" all GET "/queues/{queue_name}/messages", true, "7.4", "Messages by id.";
    MESSAGE_DELETE = "zaqar.message.delete" all DELETE "/queues/{queue_name}/messages/{message_id}", true, "7.6", "Removes a message.";
    MESSAGE_DELETE_MANY = "zaqar.message.delete_many" all DELETE "/queues/{queue_name}/messages", true, "7.7", "Removes messages by id.";
    MESSAGE_POP = "zaqar.message.pop" later DELETE "/queues/{queue_name}/messages", false, "7.8", "Takes the oldest messages out.";
    // Claims
    CLAIM_CREATE = "zaqar.claim.create" all POST "/queues/{queue_name}/claims", false, "8.1", "Leases the oldest messages.";
    CLAIM_GET = "zaqar.claim.get" all GET "/queues/{queue_name}/claims/{claim_id}", true, "8.2", "A lease and its messages.";
    CLAIM_UPDATE = "zaqar.claim.update" all PATCH "/queues/{queue_name}/claims/{claim_id}", true, "8.3", "Begins a lease again from now.";
    CLAIM_DELETE = "zaqar.claim.delete" all DELETE "/queues/{queue_name}/claims/{claim_id}", true, "8.4", "Ends a lease.";
    // Subscriptions
    SUBSCRIPTION_CREATE = "zaqar.subscription.create" v2 POST "/queues/{queue_name}/subscriptions", false, "10.2", "Subscribes a receiver.";
    SUBSCRIPTION_LIST = "zaqar.subscription.list" v2 GET "/queues/{queue_name}/subscriptions", true, "10.2", "Subscriptions of a queue.";
    SUBSCRIPTION_GET = "zaqar.subscription.get" v2 GET "/queues/{queue_name}/subscriptions/{subscription_id}", true, "10.2", "One subscription.";
    SUBSCRIPTION_UPDATE = "zaqar.subscription.update" v2 PATCH "/queues/{queue_name}/subscriptions/{subscription_id}", true, "10.2", "Changes a subscription.";
    SUBSCRIPTION_DELETE = "zaqar.subscription.delete" v2 DELETE "/queues/{queue_name}/subscriptions/{subscription_id}", true, "10.2", "Removes a subscription.";
    SUBSCRIPTION_CONFIRM = "zaqar.subscription.confirm" v2 PUT "/queues/{queue_name}/subscriptions/{subscription_id}/confirm", true, "10.6", "Confirms a subscription, or ends it.";
    // Administration
    POOL_LIST = "zaqar.pool.list" all GET "/pools", true, "11.1", "Storage pools, by name.";
    POOL_CREATE = "zaqar.pool.create" all PUT "/pools/{pool_name}", true, "11.1", "Registers a pool, in place of one of that name.";
    POOL_GET = "zaqar.pool.get" all GET "/pools/{pool_name}", true, "11.1", "One pool.";
    POOL_UPDATE = "zaqar.pool.update" all PATCH "/pools/{pool_name}", true, "11.1", "Changes a pool.";
    POOL_DELETE = "zaqar.pool.delete" all DELETE "/pools/{pool_name}", true, "11.1", "Removes a pool.";
    FLAVOR_LIST = "zaqar.flavor.list" later GET "/flavors", true, "11.2", "Flavors, by name.";
    FLAVOR_CREATE = "zaqar.flavor.create" later PUT "/flavors/{flavor_name}", true, "11.2", "Registers a flavor, in place of one of that name.";
    FLAVOR_GET = "zaqar.flavor.get" later GET "/flavors/{flavor_name}", true, "11.2", "One flavor.";
    FLAVOR_UPDATE = "zaqar.flavor.update" later PATCH "/flavors/{flavor_name}", true, "11.2", "Changes a flavor.";
    FLAVOR_DELETE = "zaqar.flavor.delete" later DELETE "/flavors/{flavor_name}", true, "11.2", "Removes a flavor.";
    // The service
    HEALTH = "zaqar.health" all GET "/health", true, "11.5", "Health of the storage.";
    PING = "zaqar.ping" later GET "/ping", true, "11.4", "Whether the storage answers.";
    HOMEDOC = "zaqar.homedoc" all GET "/", true, "1.3", "The resources of this version.";
    VERSIONS = "zaqar.versions" root GET "/", true, "1.2", "The versions that the service knows.";
    FOLLOW = "zaqar.follow" root GET "/{=reference}", true, "14.6", "Any reference that the service gave.";
}

/// Finds an operation by its id (`zaqar.message.post`) or its name in the original client's table (`message_post`).
pub fn find(name: &str) -> Option<&'static Op> {
    OPS.iter().copied().find(|op| op.id == name || original(op).eq(name.split('_')))
}

/// The name of an operation in the original client's table, and its action over websocket.
pub fn name(op: &Op) -> String {
    original(op).collect::<Vec<_>>().join("_")
}

fn original(op: &Op) -> impl Iterator<Item = &'static str> {
    op.id.trim_start_matches("zaqar.").split(['.', '_'])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The original's table for v2, and what only v1 has (Zaqar reference 14.5).
    const ORIGINAL: &str = "queue_list queue_create queue_exists queue_delete queue_set_metadata queue_get_metadata \
        queue_get queue_update queue_get_stats queue_purge signed_url_create message_list message_post message_get \
        message_get_many message_delete message_delete_many message_pop claim_create claim_get claim_update claim_delete \
        subscription_create subscription_list subscription_get subscription_update subscription_delete pool_create \
        pool_get pool_update pool_delete pool_list flavor_create flavor_get flavor_delete flavor_update flavor_list \
        health ping homedoc";

    #[test]
    fn every_operation_of_the_original_is_found_by_its_name() {
        for original in ORIGINAL.split_whitespace() {
            let op = find(original).unwrap_or_else(|| panic!("{original}"));
            assert_eq!(name(op), original);
        }
        assert!(find("queue_fly").is_none());
    }

    #[test]
    fn ids_are_unique_and_say_which_versions_have_them() {
        let ids: BTreeSet<_> = OPS.iter().map(|op| op.id).collect();
        assert_eq!(ids.len(), OPS.len());
        let error = QUEUE_PURGE.route(V1_1).unwrap_err();
        assert_eq!(error.to_string(), "zaqar.queue.purge: unsupported: not in API v1.1, only in: v2");
    }

    #[test]
    fn what_stores_takes_or_leases_messages_or_removes_later_ones_is_not_repeated() {
        let once: Vec<_> = OPS.iter().filter(|op| !op.idempotent).map(|op| op.id).collect();
        assert_eq!(
            once,
            [
                "zaqar.queue.update",
                "zaqar.queue.purge",
                "zaqar.message.post",
                "zaqar.message.pop",
                "zaqar.claim.create",
                "zaqar.subscription.create"
            ]
        );
    }
}
