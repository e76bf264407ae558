//! The actions, what they need, and what their fields must be (Zaqar reference 12.2).

use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::super::Zaqar;
use super::actions::{claims, messages, queues, subscriptions};
use super::request::{Answer, Refusal, Request};

/// What answers an action.
pub(super) type Run = for<'a> fn(&'a Zaqar, &'a Request) -> BoxFuture<'a, Result<Answer, Refusal>>;

/// What a field must be.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Whole,
    Flag,
    List,
    Object,
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Whole => value.is_i64() || value.is_u64(),
            Self::Flag => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

/// How an action is answered.
#[derive(Clone, Copy)]
pub(super) enum Task {
    /// By the connection itself.
    Authenticate,
    /// By a function.
    Run(Run),
    /// Not at all: the original names it without having it.
    Nothing,
}

/// One action.
pub(super) struct Action {
    name: &'static str,
    pub(super) task: Task,
    headers: &'static [&'static str],
    /// Fields of the body that must be there; without any the body may be absent.
    needs: &'static [&'static str],
    /// The HTTP method that a signed URL must admit for it.
    pub(super) signed_as: Option<&'static str>,
}

const CALLER: &[&str] = &["Client-ID", "X-Project-ID"];
const QUEUE: &[&str] = &["queue_name"];
/// Header fields that are texts wherever they stand.
const TEXTS: [&str; 6] = ["User-Agent", "Date", "Accept", "Client-ID", "X-Project-ID", "X-Auth-Token"];

macro_rules! actions {
    ($($name:literal $needs:expr, $signed:expr => $run:path;)*) => {
        [$(Action {
            name: $name,
            task: Task::Run(|zaqar, request| Box::pin($run(zaqar, request))),
            headers: CALLER,
            needs: $needs,
            signed_as: $signed,
        }),*]
    };
}

static ACTIONS: [Action; 20] = actions! {
    "queue_list" &[], None => queues::list;
    "queue_create" QUEUE, None => queues::create;
    "queue_get" QUEUE, None => queues::get;
    "queue_delete" QUEUE, None => queues::delete;
    "queue_get_stats" QUEUE, None => queues::stats;
    "queue_purge" QUEUE, None => queues::purge;
    "message_post" &["queue_name", "messages"], Some("POST") => messages::post;
    "message_list" QUEUE, Some("GET") => messages::list;
    "message_get" &["queue_name", "message_id"], Some("GET") => messages::get;
    "message_get_many" &["queue_name", "message_ids"], Some("GET") => messages::get_many;
    "message_delete" &["queue_name", "message_id"], Some("DELETE") => messages::delete;
    "message_delete_many" QUEUE, Some("DELETE") => messages::delete_many;
    "claim_create" QUEUE, None => claims::create;
    "claim_get" &["queue_name", "claim_id"], None => claims::get;
    "claim_update" &["queue_name", "claim_id"], None => claims::update;
    "claim_delete" &["queue_name", "claim_id"], None => claims::delete;
    "subscription_create" QUEUE, None => subscriptions::create;
    "subscription_list" QUEUE, None => subscriptions::list;
    "subscription_get" &["queue_name", "subscription_id"], None => subscriptions::get;
    "subscription_delete" &["queue_name", "subscription_id"], None => subscriptions::delete;
};

const fn without(
    name: &'static str,
    headers: &'static [&'static str],
    needs: &'static [&'static str],
) -> Action {
    Action { name, task: Task::Nothing, headers, needs, signed_as: None }
}

static OTHERS: [Action; 14] = [
    Action {
        name: "authenticate",
        task: Task::Authenticate,
        headers: &["X-Project-ID", "X-Auth-Token"],
        needs: &[],
        signed_as: None,
    },
    without("get_home_doc", &[], &[]),
    without("check_node_health", &[], &[]),
    without("ping_node", &[], &[]),
    without("pool_list", CALLER, &["pool_name"]),
    without("pool_create", CALLER, &["pool_name"]),
    without("pool_update", CALLER, &["pool_name"]),
    without("pool_get", CALLER, &["pool_name"]),
    without("pool_delete", CALLER, &["pool_name"]),
    without("flavor_list", CALLER, &["flavor_name"]),
    without("flavor_create", CALLER, &["flavor_name", "pool_name"]),
    without("flavor_update", CALLER, &["flavor_name"]),
    without("flavor_get", CALLER, &["flavor_name"]),
    without("flavor_delete", CALLER, &["flavor_name"]),
];

/// What fields of a body are, in every action that has them.
const FIELDS: [(&str, Kind); 24] = [
    ("queue_name", Kind::Text),
    ("pool_name", Kind::Text),
    ("flavor_name", Kind::Text),
    ("message_id", Kind::Text),
    ("claim_id", Kind::Text),
    ("subscription_id", Kind::Text),
    ("marker", Kind::Text),
    ("limit", Kind::Whole),
    ("detailed", Kind::Flag),
    ("echo", Kind::Flag),
    ("include_claimed", Kind::Flag),
    ("include_delayed", Kind::Flag),
    ("resource_types", Kind::List),
    ("messages", Kind::List),
    ("message_ids", Kind::List),
    ("claim_ids", Kind::List),
    ("pop", Kind::Whole),
    ("ttl", Kind::Whole),
    ("grace", Kind::Whole),
    ("subscriber", Kind::Text),
    ("options", Kind::Object),
    ("uri", Kind::Text),
    ("weight", Kind::Whole),
    ("capabilities", Kind::Object),
];

/// The action of a request, and whether the request has what it needs.
///
/// # Errors
/// What is told of a request that is refused here.
pub(super) fn find(request: &Map<String, Value>) -> Result<&'static Action, String> {
    let name = request.get("action").unwrap_or(&Value::Null);
    let known = ACTIONS.iter().chain(&OTHERS).find(|action| name == action.name);
    let action = known.ok_or_else(|| format!("{} is not a valid action", shown(name)))?;
    if action.admits(request) { Ok(action) } else { Err("Schema validation failed.".to_owned()) }
}

/// A value as Python prints it, as far as names go.
fn shown(name: &Value) -> String {
    match name {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

impl Action {
    fn admits(&self, request: &Map<String, Value>) -> bool {
        let Some(Value::Object(headers)) = request.get("headers") else { return false };
        let texts = TEXTS.iter().all(|name| headers.get(*name).is_none_or(Value::is_string));
        if !texts || !self.headers.iter().all(|name| headers.contains_key(*name)) {
            return false;
        }
        match request.get("body") {
            None => self.needs.is_empty(),
            Some(Value::Object(body)) => {
                self.needs.iter().all(|name| body.contains_key(*name))
                    && FIELDS.iter().all(|(name, kind)| body.get(*name).is_none_or(|value| kind.fits(value)))
            }
            // These have no schema for a body.
            Some(_) => self.headers != CALLER,
        }
    }
}
