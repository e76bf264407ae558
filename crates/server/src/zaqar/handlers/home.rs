//! What a client can find out by itself: the versions and their resources (Zaqar reference 1.2, 1.3).

use std::borrow::Cow;

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Serializer, Value, json};

use super::super::Zaqar;
use super::super::context::{Call, Version};
use super::super::error::{self, Failure};
use crate::http::Reply;

/// One resource: relation, template after the version, variables beside the queue's name, methods, whether a body is
/// posted.
type Row =
    (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str], bool);

const PAGE: [(&str, &str); 3] =
    [("marker", "param/marker"), ("limit", "param/queue_limit"), ("detailed", "param/detailed")];
const MESSAGES: [(&str, &str); 4] = [
    ("marker", "param/marker"),
    ("limit", "param/messages_limit"),
    ("echo", "param/echo"),
    ("include_claimed", "param/include_claimed"),
];
const CLAIM: [(&str, &str); 1] = [("claim_id", "param/claim_id")];
const CLAIM_LIMIT: [(&str, &str); 1] = [("limit", "param/claim_limit")];
const SUBSCRIPTION: [(&str, &str); 1] = [("subscriptions_id", "param/subscriptions_id")];
const ITEM: [&str; 4] = ["GET", "PUT", "PATCH", "DELETE"];

const OLD: &[Row] = &[
    ("rel/queues", "/queues{?marker,limit,detailed}", &PAGE, &["GET"], false),
    ("rel/queue", "/queues/{queue_name}", &[], &["GET", "HEAD", "PUT", "DELETE"], false),
    ("rel/queue-metadata", "/queues/{queue_name}/metadata", &[], &["GET", "PUT"], false),
    ("rel/queue-stats", "/queues/{queue_name}/stats", &[], &["GET"], false),
    (
        "rel/messages",
        "/queues/{queue_name}/messages{?marker,limit,echo,include_claimed}",
        &MESSAGES,
        &["GET"],
        false,
    ),
    ("rel/post-messages", "/queues/{queue_name}/messages", &[], &["POST"], true),
    ("rel/claim", "/queues/{queue_name}/claims{?limit}", &CLAIM_LIMIT, &["POST"], true),
];

const QUEUE_OF_V1_1: &[Row] = &[
    ("rel/queues", "/queues{?marker,limit,detailed}", &PAGE, &["GET"], false),
    ("rel/queue", "/queues/{queue_name}", &[], &["PUT", "DELETE"], false),
    ("rel/queue_stats", "/queues/{queue_name}/stats", &[], &["GET"], false),
];

const QUEUE_OF_V2: &[Row] = &[
    ("rel/queues", "/queues{?marker,limit,detailed}", &PAGE, &["GET"], false),
    ("rel/queue", "/queues/{queue_name}", &[], &["GET", "PUT", "DELETE", "PATCH"], false),
    ("rel/queue_stats", "/queues/{queue_name}/stats", &[], &["GET"], false),
    ("rel/queue_share", "/queues/{queue_name}/share", &[], &["POST"], true),
    ("rel/queue_purge", "/queues/{queue_name}/purge", &[], &["POST"], true),
];

const MESSAGE: &[Row] = &[
    (
        "rel/messages",
        "/queues/{queue_name}/messages{?marker,limit,echo,include_claimed}",
        &MESSAGES,
        &["GET"],
        false,
    ),
    ("rel/post_messages", "/queues/{queue_name}/messages", &[], &["POST"], true),
    (
        "rel/messages_delete",
        "/queues/{queue_name}/messages{?ids,pop}",
        &[("ids", "param/ids"), ("pop", "param/pop")],
        &["DELETE"],
        false,
    ),
    (
        "rel/message_delete",
        "/queues/{queue_name}/messages/{message_id}{?claim}",
        &[("message_id", "param/message_id"), ("claim", "param/claim_id")],
        &["DELETE"],
        false,
    ),
];

const MESSAGE_OF_V2: &[Row] = &[(
    "rel/message_get",
    "/queues/{queue_name}/messages/{message_id}",
    &[("message_id", "param/message_id")],
    &["GET"],
    false,
)];

const CLAIMS: &[Row] = &[
    ("rel/claim", "/queues/{queue_name}/claims/{claim_id}", &CLAIM, &["GET"], false),
    ("rel/post_claim", "/queues/{queue_name}/claims{?limit}", &CLAIM_LIMIT, &["POST"], true),
    ("rel/patch_claim", "/queues/{queue_name}/claims/{claim_id}", &CLAIM, &["PATCH"], true),
    ("rel/delete_claim", "/queues/{queue_name}/claims/{claim_id}", &CLAIM, &["DELETE"], false),
];

const SUBSCRIPTIONS: &[Row] = &[
    (
        "rel/subscriptions_get",
        "/queues/{queue_name}/subscriptions{?marker,limit}",
        &[("marker", "param/marker"), ("limit", "param/subscription_limit")],
        &["GET"],
        false,
    ),
    (
        "rel/subscriptions_post",
        "/queues/{queue_name}/subscriptions",
        &[("limit", "param/subscription_limit")],
        &["POST"],
        true,
    ),
    (
        "rel/subscription",
        "/queues/{queue_name}/subscriptions/{subscriptions_id}",
        &SUBSCRIPTION,
        &["GET", "DELETE"],
        false,
    ),
    (
        "rel/subscription_patch",
        "/queues/{queue_name}/subscriptions/{subscriptions_id}",
        &SUBSCRIPTION,
        &["PATCH"],
        true,
    ),
];

const PING: &[Row] = &[("rel/ping", "/ping", &[], &["GET"], false)];

const ADMIN: &[Row] = &[
    (
        "rel/pools",
        "/pools{?detailed,limit,marker}",
        &[("detailed", "param/detailed"), ("limit", "param/pool_limit"), ("marker", "param/marker")],
        &["GET"],
        false,
    ),
    ("rel/pool", "/pools/{pool_name}", &[("pool_name", "param/pool_name")], &ITEM, false),
    (
        "rel/flavors",
        "/flavors{?detailed,limit,marker}",
        &[("detailed", "param/detailed"), ("limit", "param/flavor_limit"), ("marker", "param/marker")],
        &["GET"],
        false,
    ),
    ("rel/flavor", "/flavors/{flavor_name}", &[("flavor_name", "param/flavor_name")], &ITEM, false),
    (HEALTH, "/health", &[], &["GET"], false),
];

/// The one resource that is named by its address instead of by a template.
const HEALTH: &str = "rel/health";

/// The versions (Zaqar reference 1.2). All are listed, also those that are off.
pub(crate) async fn versions(_zaqar: &Zaqar, _call: &mut Call) -> Result<Reply, Failure> {
    let version = |id: &str, status: &str, updated: &str, kind: &str| {
        json!({
            "id": id, "status": status, "updated": updated,
            "media-types": [{
                "base": "application/json",
                "type": format!("application/vnd.openstack.messaging-{kind}+json"),
            }],
            "links": [{"href": format!("/v{id}/"), "rel": "self"}],
        })
    };
    let versions = [
        version("1", "DEPRECATED", "2014-9-11T17:47:05Z", "v1"),
        version("1.1", "DEPRECATED", "2016-7-29T02:22:47Z", "v1_1"),
        version("2", "CURRENT", "2014-9-24T04:06:47Z", "v2"),
    ];
    Ok(error::json(StatusCode::MULTIPLE_CHOICES, &json!({ "versions": versions })))
}

/// The resources of a version (Zaqar reference 1.3).
pub(crate) async fn home(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (prefix, mut parts) = match call.version {
        Version::V1 => ("/v1", vec![OLD]),
        Version::V1_1 => ("/v1.1", vec![QUEUE_OF_V1_1, MESSAGE, CLAIMS, PING]),
        Version::V2 => ("/v2", vec![QUEUE_OF_V2, MESSAGE, MESSAGE_OF_V2, CLAIMS, SUBSCRIPTIONS, PING]),
    };
    if zaqar.settings().admin_mode && call.version != Version::V1 {
        parts.push(ADMIN);
    }
    let resources: Map<String, Value> =
        parts.into_iter().flatten().map(|row| (row.0.to_owned(), resource(prefix, row))).collect();
    let mut body = Vec::new();
    let mut out = Serializer::with_formatter(&mut body, PrettyFormatter::with_indent(b"    "));
    json!({ "resources": resources })
        .serialize(&mut out)
        .map_err(|error| Failure::internal(Cow::Owned(error.to_string())))?;
    Ok(Reply::new(StatusCode::OK)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json-home"))
        .header(CACHE_CONTROL, HeaderValue::from_static("max-age=86400"))
        .body(body))
}

fn resource(prefix: &str, (rel, template, variables, methods, posts): &Row) -> Value {
    let mut entry = Map::new();
    let key = if *rel == HEALTH { "href" } else { "href-template" };
    entry.insert(key.to_owned(), json!(format!("{prefix}{template}")));
    let own = template.contains("{queue_name}").then_some(("queue_name", "param/queue_name"));
    let variables: Map<String, Value> =
        own.iter().chain(*variables).map(|(name, kind)| ((*name).to_owned(), json!(kind))).collect();
    if !variables.is_empty() {
        entry.insert("href-vars".to_owned(), Value::Object(variables));
    }
    let mut hints = json!({"allow": methods, "formats": {"application/json": {}}});
    if *posts {
        hints["accept-post"] = json!(["application/json"]);
    }
    entry.insert("hints".to_owned(), hints);
    Value::Object(entry)
}
