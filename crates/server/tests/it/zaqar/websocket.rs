//! The websocket endpoint, through the door of a whole server.

use futures_util::StreamExt;
use http::{HeaderMap, Method};
use jiff::SignedDuration;
use pentad_core::message::Args;
use pentad_core::socket::{Frame, FrameSink, FrameStream};
use pentad_core::{Body, Limits, Op, Request, Target};
use pentad_server::{ListenOptions, Mode, Seed, Server, ServerOptions};
use serde_json::{Value, json};

use super::world::{ALICE, BOB};

static OPEN: Op = Op {
    id: "zaqar.websocket.open",
    routes: &[],
    idempotent: true,
    patience: std::time::Duration::ZERO,
    source: "Zaqar reference 12.1",
};

/// One connection.
struct Socket {
    sink: Box<dyn FrameSink>,
    frames: FrameStream,
}

impl Socket {
    async fn open(server: &Server) -> Self {
        let request = request(Method::GET, "/zaqar/ws", Body::Empty);
        let (sink, frames) = server.sockets().open(request).await.unwrap();
        Self { sink, frames }
    }

    async fn next(&mut self) -> Option<Frame> {
        self.frames.next().await.and_then(Result::ok)
    }

    async fn next_json(&mut self) -> Value {
        match self.next().await {
            Some(Frame::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    async fn raw(&mut self, text: &str) -> Value {
        self.sink.send(Frame::Text(text.to_owned())).await.unwrap();
        self.next_json().await
    }

    /// Status and body of the answer to an action in project `acme`.
    async fn ask(&mut self, action: &str, body: Value) -> (u64, Value) {
        self.ask_as(action, json!({"Client-ID": ALICE, "X-Project-ID": "acme"}), body).await
    }

    async fn ask_as(&mut self, action: &str, headers: Value, body: Value) -> (u64, Value) {
        let request = json!({"action": action, "headers": headers, "body": body});
        let answer = self.raw(&request.to_string()).await;
        assert_eq!(answer["request"]["action"], action);
        assert_eq!(answer["request"]["api"], "v2");
        (answer["headers"]["status"].as_u64().unwrap(), answer["body"].clone())
    }
}

async fn server() -> Server {
    with(ServerOptions::memory()).await
}

async fn with(options: ServerOptions) -> Server {
    let server = Server::builder(options).open().await.unwrap();
    server.time().freeze(Some("2030-05-01T10:00:00Z".parse().unwrap()));
    server
}

fn seeded(options: &Value) -> ServerOptions {
    let mut all = ServerOptions::memory();
    all.seed = Some(Seed::from_value(json!({"zaqar": {"options": options}})).unwrap());
    all
}

fn request(method: Method, path: &str, body: Body) -> Request {
    Request {
        op: &OPEN,
        method,
        target: Target::parse("http://pentad.local").unwrap(),
        path: path.to_owned(),
        query: Vec::new(),
        raw_query: None,
        headers: HeaderMap::new(),
        body,
        args: Args::default(),
        limits: Limits::default(),
    }
}

/// Posts over HTTP.
async fn post(server: &Server, queue: &str, body: Value) {
    let path = format!("/zaqar/v2/queues/{queue}/messages");
    let body = json!({"messages": [{"body": body, "ttl": 60}]}).to_string();
    let mut request = request(Method::POST, &path, Body::Bytes(body.into()));
    request.headers.insert("client-id", BOB.parse().unwrap());
    request.headers.insert("x-project-id", "acme".parse().unwrap());
    assert_eq!(server.door().send(request).await.unwrap().status, 201);
}

#[tokio::test]
async fn every_action_answers_as_the_reference_says() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    let q = json!({"queue_name": "jobs"});
    assert_eq!(s.ask("queue_create", q.clone()).await, (201, json!("Queue jobs created.")));
    assert_eq!(s.ask("queue_create", q.clone()).await, (204, json!("Queue jobs created.")));
    let made = json!({"queue_name": "b", "metadata": {"team": "blue"}});
    assert_eq!(s.ask("queue_create", made).await.0, 201);
    assert_eq!(
        s.ask("queue_list", json!({"limit": 5})).await,
        (200, json!({"queues": [{"name": "b"}, {"name": "jobs"}]}))
    );
    let detailed = s.ask("queue_list", json!({"detailed": true, "marker": "a", "limit": 1})).await;
    assert_eq!(detailed.1, json!({"queues": [{"name": "b", "metadata": {"team": "blue"}}]}));
    assert_eq!(s.ask("queue_get", json!({"queue_name": "b"})).await, (200, json!({"team": "blue"})));
    assert_eq!(s.ask("queue_get", json!({"queue_name": "none"})).await, (200, json!({})));
    let empty = json!({"messages": {"claimed": 0, "free": 0, "total": 0}});
    assert_eq!(s.ask("queue_get_stats", json!({"queue_name": "none"})).await, (404, empty.clone()));
    assert_eq!(s.ask("queue_get_stats", q.clone()).await, (200, empty));

    let posted = s
        .ask(
            "message_post",
            json!({"queue_name": "jobs", "messages": [{"ttl": 60, "body": "x"}, {"body": null}]}),
        )
        .await;
    assert_eq!(posted.0, 201);
    let (a, b) = (posted.1["message_ids"][0].clone(), posted.1["message_ids"][1].clone());
    let first = json!({"id": a, "claim_id": null, "ttl": 60, "age": 0, "body": "x"});
    let second = json!({"id": b, "claim_id": null, "ttl": 3600, "age": 0, "body": null});
    assert_eq!(s.ask("message_list", q.clone()).await, (200, json!({"messages": []})), "own ones are hidden");
    let echoed = s.ask("message_list", json!({"queue_name": "jobs", "echo": true})).await;
    assert_eq!(echoed, (200, json!({"messages": [first, second]})));
    let one = json!({"queue_name": "jobs", "message_id": a});
    assert_eq!(s.ask("message_get", one.clone()).await, (200, json!({ "messages": first })));
    let many = json!({"queue_name": "jobs", "message_ids": [b, "none", 7]});
    assert_eq!(s.ask("message_get_many", many).await, (200, json!({"messages": [second]})));
    let stats = s.ask("queue_get_stats", q.clone()).await.1;
    assert_eq!(stats["messages"]["oldest"], json!({"id": a, "age": 0, "created": "2030-05-01T10:00:00Z"}));

    let claimed =
        s.ask("claim_create", json!({"queue_name": "jobs", "ttl": 100, "grace": 60, "limit": 1})).await;
    assert_eq!(claimed.0, 201);
    let c = claimed.1["claim_id"].clone();
    assert_eq!(claimed.1["messages"], json!([{"id": a, "claim_id": c, "ttl": 160, "age": 0, "body": "x"}]));
    let mine = json!({"queue_name": "jobs", "claim_id": c});
    server.time().advance(SignedDuration::from_secs(5));
    let got = s.ask("claim_get", mine.clone()).await;
    assert_eq!((got.0, &got.1["age"], &got.1["ttl"]), (200, &json!(5), &json!(100)));
    let id = a.as_str().unwrap();
    assert_eq!(
        s.ask("message_delete", one.clone()).await,
        (
            403,
            json!({"exception": format!("Message {id} is claimed"),
            "error": "This message is claimed; it cannot be deleted without a valid claim ID."})
        )
    );
    let updated = s.ask("claim_update", json!({"queue_name": "jobs", "claim_id": c, "ttl": 120})).await;
    assert_eq!(updated, (204, json!(format!("Claim {} updated.", c.as_str().unwrap()))));
    assert_eq!(s.ask("claim_delete", mine.clone()).await.0, 204);
    let gone = s.ask("claim_get", mine).await;
    assert_eq!(
        (gone.0, gone.1["error"].clone()),
        (404, json!(format!("Claim {} does not exist.", c.as_str().unwrap())))
    );
    assert_eq!(
        s.ask("message_delete", json!({"queue_name": "jobs", "message_id": a, "claim_id": c})).await.1["error"],
        "A claim was specified, but the message is not currently claimed."
    );
    assert_eq!(s.ask("message_delete", one.clone()).await, (204, json!({})));
    assert_eq!(s.ask("message_get", one).await.0, 404);
    let popped = s.ask("message_delete_many", json!({"queue_name": "jobs", "pop": 5})).await;
    assert_eq!((popped.0, popped.1["messages"][0]["id"].clone()), (200, b.clone()));
    assert_eq!(s.ask("claim_create", q.clone()).await, (204, json!({"claim_id": null})));
    assert_eq!(
        s.ask("message_delete_many", json!({"queue_name": "jobs", "message_ids": [b]})).await,
        (204, json!({}))
    );
    assert_eq!(s.ask("queue_purge", q.clone()).await, (204, json!({})));

    let hook =
        json!({"queue_name": "jobs", "subscriber": "http://127.0.0.1:1/x", "ttl": 600, "options": {"a": 1}});
    let (status, made) = s.ask("subscription_create", hook.clone()).await;
    assert_eq!((status, &made["message"]), (201, &json!("Subscription jobs created.")));
    assert_eq!(s.ask("subscription_create", hook).await, (409, json!("Subscription jobs not created.")));
    let own = json!({"queue_name": "jobs", "subscription_id": made["subscription_id"]});
    let shown = s.ask("subscription_get", own.clone()).await;
    assert_eq!(
        (shown.0, &shown.1["subscriber"], &shown.1["ttl"]),
        (200, &json!("http://127.0.0.1:1/x"), &json!(600))
    );
    assert_eq!(s.ask("subscription_list", q.clone()).await, (200, json!({"subscriptions": [shown.1]})));
    assert_eq!(s.ask("subscription_delete", own.clone()).await.0, 204);
    assert_eq!(s.ask("subscription_get", own).await.0, 404);
    assert_eq!(s.ask("queue_delete", q).await, (204, json!("Queue jobs removed.")));
    server.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_understood_is_told_and_the_connection_goes_on() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    let error = |answer: &Value| (answer["headers"]["status"].clone(), answer["body"]["error"].clone());
    let answer = s.raw("nonsense").await;
    assert_eq!(
        error(&answer).1,
        "Can't decode text (JSON) request. JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
    );
    assert_eq!(answer["request"], json!({"action": null, "body": {}, "headers": {}, "api": "v2"}));
    assert_eq!(error(&s.raw("[1]").await).1, "Unexpected body type. Expected dict or dict like.");
    assert_eq!(error(&s.raw("{}").await).1, "None is not a valid action");
    let headers = json!({"Client-ID": ALICE, "X-Project-ID": "acme"});
    for (request, why) in [
        (json!({"action": "nonsense", "headers": headers}), "nonsense is not a valid action"),
        (
            json!({"action": "queue_update", "headers": headers, "body": {}}),
            "queue_update is not a valid action",
        ),
        (json!({"action": "ping_node", "headers": headers}), "ping_node is not a valid action"),
        (json!({"action": "queue_list"}), "Schema validation failed."),
        (json!({"action": "queue_list", "headers": {"Client-ID": ALICE}}), "Schema validation failed."),
        (
            json!({"action": "queue_list", "headers": {"client-id": ALICE, "x-project-id": "p"}}),
            "Schema validation failed.",
        ),
        (json!({"action": "queue_create", "headers": headers}), "Schema validation failed."),
        (
            json!({"action": "queue_create", "headers": headers, "body": {"queue_name": 1}}),
            "Schema validation failed.",
        ),
        (
            json!({"action": "message_list", "headers": headers, "body": {"queue_name": "q", "limit": true}}),
            "Schema validation failed.",
        ),
        (
            json!({"action": "message_post", "headers": headers, "body": {"queue_name": "q"}}),
            "Schema validation failed.",
        ),
    ] {
        assert_eq!(error(&s.raw(&request.to_string()).await), (json!(400), json!(why)), "{request}");
    }
    assert_eq!(s.ask("queue_list", json!({})).await.0, 200);
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_out_of_range_is_refused_in_the_words_of_http() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    let message = |fields: Value| json!({"queue_name": "jobs", "messages": [fields]});
    let limit = "Limit must be at least 1 and may not be greater than 20.";
    let ttl = "The TTL for a message may not exceed 1209600 seconds, and must be at least 60 seconds long.";
    for (action, body, why) in [
        (
            "queue_create",
            json!({"queue_name": "a b"}),
            "Queue names may only contain ASCII letters, digits, underscores, and dashes.",
        ),
        (
            "queue_create",
            json!({"queue_name": "q".repeat(65)}),
            "Queue names may not be more than 64 characters long.",
        ),
        (
            "queue_create",
            json!({"queue_name": "q", "metadata": {"_default_message_ttl": 1}}),
            "_default_message_ttl can not exceed 1209600 seconds, and must be at least 60 seconds long.",
        ),
        ("queue_list", json!({"limit": 21}), "Limit must be at least 1 and no greater than 20."),
        ("message_list", json!({"queue_name": "jobs", "limit": 0}), limit),
        ("message_get_many", json!({"queue_name": "jobs", "message_ids": []}), limit),
        ("message_post", message(json!({"ttl": 59, "body": 1})), ttl),
        ("message_post", message(json!({"ttl": 1_209_601, "body": 1})), ttl),
        (
            "message_post",
            message(json!({"ttl": "60", "body": 1})),
            "Bad request. The value of the \"ttl\" field must be a int.",
        ),
        ("message_post", message(json!({"ttl": 60})), "Bad request. Missing \"body\" field."),
        ("message_post", json!({"queue_name": "jobs", "messages": []}), "No messages to enqueu."),
        (
            "message_post",
            message(json!({"body": "x".repeat(262_144)})),
            "Message collection size is too large. Max size 262144",
        ),
        (
            "message_delete_many",
            json!({"queue_name": "jobs"}),
            "The request should have either \"ids\" or \"pop\" parameter in the request, to be able to delete.",
        ),
        (
            "message_delete_many",
            json!({"queue_name": "jobs", "pop": 21}),
            "Pop value must be at least 1 and may not be greater than 20.",
        ),
        (
            "claim_create",
            json!({"queue_name": "jobs", "ttl": 59}),
            "The TTL for a claim may not exceed 43200 seconds, and must be at least 60 seconds long.",
        ),
        ("claim_create", json!({"queue_name": "jobs", "limit": 21}), limit),
        (
            "subscription_create",
            json!({"queue_name": "jobs", "ttl": 59}),
            "The TTL for a subscription must be at least 60 seconds long.",
        ),
    ] {
        let (status, answer) = s.ask(action, body.clone()).await;
        assert_eq!((status, &answer["exception"]), (400, &json!(why)), "{action} {body}");
    }
    let odd = s.ask("message_post", json!({"queue_name": "jobs", "messages": ["x"]})).await;
    assert_eq!(
        odd,
        (
            500,
            json!({"exception": "string indices must be integers, not 'str'", "error": "Unexpected error."})
        )
    );
    let scheme = s.ask("subscription_create", json!({"queue_name": "jobs", "subscriber": "ftp://h/"})).await;
    assert_eq!((scheme.0, scheme.1["error"].clone()), (500, json!("Unexpected error.")));
    let missing = s.ask("message_list", json!({"queue_name": "none"})).await;
    assert_eq!(
        missing,
        (404, json!({"exception": "Queue none does not exist for project acme", "error": null}))
    );
    for name in ["\u{0}", "a b", ""] {
        for action in
            ["queue_get", "queue_delete", "queue_get_stats", "message_list", "claim_create", "queue_purge"]
        {
            assert!(s.ask(action, json!({ "queue_name": name })).await.0 < 500, "{action} {name:?}");
        }
    }
    server.shutdown().await;
}

#[tokio::test]
async fn binary_frames_are_answered_in_kind() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    let request = json!({"action": "queue_create", "headers": {"Client-ID": ALICE, "X-Project-ID": "acme"},
        "body": {"queue_name": "jobs"}});
    s.sink.send(Frame::Binary(rmp_serde::to_vec_named(&request).unwrap().into())).await.unwrap();
    let Some(Frame::Binary(bytes)) = s.next().await else { panic!("a binary answer") };
    let answer: Value = rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!((&answer["body"], &answer["headers"]["status"]), (&json!("Queue jobs created."), &json!(201)));
    s.sink.send(Frame::Binary(vec![0xc1].into())).await.unwrap();
    let Some(Frame::Binary(bytes)) = s.next().await else { panic!("a binary answer") };
    let answer: Value = rmp_serde::from_slice(&bytes).unwrap();
    assert!(
        answer["body"]["error"].as_str().unwrap().starts_with("Can't decode binary (MessagePack) request.")
    );
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_posted_to_a_subscribed_queue_comes_to_the_connection_in_order() {
    let server = server().await;
    let (mut s, mut other) = (Socket::open(&server).await, Socket::open(&server).await);
    let q = json!({"queue_name": "jobs"});
    assert_eq!(s.ask("subscription_create", q.clone()).await.0, 201);
    assert_eq!(s.ask("subscription_create", q.clone()).await, (409, json!("Subscription jobs not created.")));
    assert_eq!(
        other.ask("subscription_create", q.clone()).await.0,
        201,
        "another connection is another subscriber"
    );
    for n in 0..20 {
        post(&server, "jobs", json!(n)).await;
    }
    post(&server, "elsewhere", json!("not for it")).await;
    for n in 0..20 {
        let pushed = json!({"ttl": 60, "body": n, "Message_Type": "Notification", "queue_name": "jobs"});
        assert_eq!(s.next_json().await, pushed);
        assert_eq!(other.next_json().await, pushed);
    }
    let listed = |answer: (u64, Value)| answer.1["subscriptions"].as_array().unwrap().len();
    assert_eq!(listed(other.ask("subscription_list", q.clone()).await), 2);
    s.sink.close().await.unwrap();
    drop(s);
    while listed(other.ask("subscription_list", q.clone()).await) == 2 {
        tokio::task::yield_now().await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn pushed_messages_are_binary_where_the_subscription_was() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    let request = json!({"action": "subscription_create", "headers": {"Client-ID": ALICE, "X-Project-ID": "acme"},
        "body": {"queue_name": "jobs"}});
    s.sink.send(Frame::Binary(rmp_serde::to_vec_named(&request).unwrap().into())).await.unwrap();
    assert!(matches!(s.next().await, Some(Frame::Binary(_))));
    post(&server, "jobs", json!({"a": [1, "ü"]})).await;
    let Some(Frame::Binary(bytes)) = s.next().await else { panic!("a binary frame") };
    let pushed: Value = rmp_serde::from_slice(&bytes).unwrap();
    assert_eq!(pushed["body"], json!({"a": [1, "ü"]}));
    server.shutdown().await;
}

#[tokio::test]
async fn a_subscription_of_a_connection_ends_with_its_ttl() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    assert_eq!(s.ask("subscription_create", json!({"queue_name": "jobs", "ttl": 60})).await.0, 201);
    server.time().advance(SignedDuration::from_secs(61));
    server.time().settle().await;
    post(&server, "jobs", json!("late")).await;
    server.time().settle().await;
    let listed = s.ask("subscription_list", json!({"queue_name": "jobs"})).await;
    assert_eq!(listed, (200, json!({"subscriptions": []})), "and nothing was pushed before this answer");
    server.shutdown().await;
}

/// A token of the announced user, and its project.
pub(crate) async fn token(server: &Server) -> (String, String) {
    let credentials = server.credentials()["openstack"].clone();
    let text = |name: &str| credentials[name].as_str().unwrap_or_default().to_owned();
    let body = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": text("username"), "domain": {"id": "default"}, "password": text("password")}}},
        "scope": {"project": {"name": text("project_name"), "domain": {"id": "default"}}}}});
    let mut request = request(Method::POST, "/identity/v3/auth/tokens", Body::Bytes(body.to_string().into()));
    request.headers.insert("content-type", "application/json".parse().unwrap());
    let reply = server.door().send(request).await.unwrap();
    let (status, headers) = (reply.status, reply.headers.clone());
    let body: Value = serde_json::from_slice(&reply.bytes(1 << 20).await.unwrap()).unwrap();
    assert_eq!(status, 201, "{body}");
    let project = body["token"]["project"]["id"].as_str().unwrap().to_owned();
    (headers["x-subject-token"].to_str().unwrap().to_owned(), project)
}

#[tokio::test]
async fn with_keystone_a_connection_is_authenticated_once_and_for_one_project() {
    let server = with(seeded(&json!({"auth": "keystone"}))).await;
    let (token, project) = token(&server).await;
    let mut s = Socket::open(&server).await;
    let headers = |project: &str| json!({"Client-ID": ALICE, "X-Project-ID": project});
    let refused = json!({"error": "Not authentified."});
    assert_eq!(s.ask_as("queue_list", headers(&project), json!({})).await, (403, refused));
    let login = |token: &str| {
        json!({"action": "authenticate",
        "headers": {"X-Auth-Token": token, "X-Project-ID": project}})
        .to_string()
    };
    let answer = s.raw(&login("bad")).await;
    assert_eq!(answer["request"], json!({"action": "authenticate", "body": {}, "headers": {}, "api": "v2"}));
    assert_eq!(
        (&answer["headers"]["status"], &answer["body"]),
        (&json!(401), &json!({"error": "Authentication failed."}))
    );
    let answer = s.raw(&login(&token)).await;
    assert_eq!(
        (&answer["headers"]["status"], &answer["body"]),
        (&json!(200), &json!({"message": "Authentified."}))
    );
    assert_eq!(s.ask_as("queue_list", headers(&project), json!({})).await.0, 200);
    let foreign = s.ask_as("queue_list", headers("other"), json!({})).await;
    assert_eq!(foreign, (403, json!({"error": "Not authenticated."})));
    server.time().advance(SignedDuration::from_hours(48));
    assert_eq!(s.next().await, Some(Frame::Close(Some(4003))));
    server.shutdown().await;
}

#[tokio::test]
async fn a_signed_url_admits_the_messages_of_its_queue_by_its_methods() {
    let server = with(seeded(&json!({"auth": "keystone", "secret_key": "s3cr3t"}))).await;
    let mut s = Socket::open(&server).await;
    let headers = |paths: &[&str], signature: &str| {
        json!({"Client-ID": ALICE, "X-Project-ID": "acme", "URL-Paths": paths, "URL-Methods": ["GET"],
            "URL-Expires": "2036-01-01T00:00:00", "URL-Signature": signature})
    };
    let good = "e8e19d53bf326adc2a54edc01800738a1ae01da5af9dbb4a1187dc4fe7ca14d8";
    let paths = ["/v2/queues/jobs/messages"];
    let q = json!({"queue_name": "jobs"});
    assert_eq!(
        s.ask_as("message_list", headers(&paths, good), q.clone()).await.0,
        404,
        "admitted; no such queue"
    );
    let post = json!({"queue_name": "jobs", "messages": [{"body": 1}]});
    for (action, headers, body) in [
        ("message_post", headers(&paths, good), post),
        ("queue_list", headers(&paths, good), json!({})),
        ("message_list", headers(&paths, "00"), q.clone()),
        ("message_list", headers(&paths, good), json!({"queue_name": "other"})),
        ("message_list", headers(&["/"], good), q),
    ] {
        let answer = s.ask_as(action, headers, body).await;
        assert_eq!(answer, (403, json!({"error": "Not authentified."})), "{action}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn in_strict_mode_what_the_original_stumbles_over_ends_the_connection() {
    let mut options = seeded(&json!({"auth": "none"}));
    options.mode = Mode::Strict;
    let server = with(options).await;
    for (action, headers) in
        [("ping_node", json!({})), ("authenticate", json!({"X-Auth-Token": "t", "X-Project-ID": "p"}))]
    {
        let mut s = Socket::open(&server).await;
        let request = json!({"action": action, "headers": headers});
        s.sink.send(Frame::Text(request.to_string())).await.unwrap();
        assert_eq!(s.next().await, Some(Frame::Close(Some(1011))), "{action}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn the_subscription_of_a_connection_that_is_gone_without_a_goodbye_is_removed_by_the_next_post() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    let gone = "http://pentad.local/zaqar/ws/5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b";
    let (status, _) =
        s.ask("subscription_create", json!({"queue_name": "jobs", "subscriber": gone, "ttl": 600})).await;
    assert_eq!(status, 201);
    post(&server, "jobs", json!(1)).await;
    server.time().settle().await;
    let (_, listed) = s.ask("subscription_list", json!({"queue_name": "jobs"})).await;
    assert_eq!(listed["subscriptions"], json!([]));
    server.shutdown().await;
}

#[tokio::test]
async fn nobody_but_a_node_of_the_installation_pushes_to_a_connection() {
    let server = server().await;
    let mut s = Socket::open(&server).await;
    let (status, _) = s.ask("subscription_create", json!({"queue_name": "jobs", "ttl": 600})).await;
    assert_eq!(status, 201);
    let (_, listed) = s.ask("subscription_list", json!({"queue_name": "jobs"})).await;
    let address = listed["subscriptions"][0]["subscriber"].as_str().unwrap().to_owned();
    let path = address.strip_prefix("http://pentad.local").unwrap();
    for signature in [None, Some("forged")] {
        let mut request = request(Method::POST, path, Body::Bytes("{\"body\": 1}".into()));
        if let Some(signature) = signature {
            request.headers.insert("x-notification-signature", signature.parse().unwrap());
        }
        assert_eq!(server.door().send(request).await.unwrap().status, 404);
    }
    post(&server, "jobs", json!("real")).await;
    assert_eq!(s.next_json().await["body"], "real");
    server.shutdown().await;
}

/// A member of a project names the server itself as a subscriber, at the one place where it asks for no token.
#[tokio::test]
async fn notifications_do_not_reach_the_control_api() {
    let server = server().await;
    server.listen(ListenOptions::any_port()).await.unwrap();
    let control = server.announcement()["endpoints"]["control"].as_str().unwrap().to_owned();
    let mut s = Socket::open(&server).await;
    let evil = json!({
        "queue_name": "jobs", "subscriber": format!("{control}/reset"), "ttl": 600,
        "options": {"post_data": "{}", "post_headers": {"Via": "2.0 harmless"}},
    });
    assert_eq!(s.ask("subscription_create", evil).await.0, 201);
    post(&server, "jobs", json!("still here")).await;
    server.time().settle().await;
    let (_, listed) = s.ask("message_list", json!({"queue_name": "jobs", "echo": true})).await;
    assert_eq!(listed["messages"][0]["body"], "still here");
    server.shutdown().await;
}
