//! Hostile input on every route: a documented answer, and nobody else is affected.

use http::Method;
use pentad_server::Service;
use serde_json::{Map, Value, json};

use crate::world::{Answer, World};

/// Texts that are no request of any operation.
fn garbage() -> Vec<Vec<u8>> {
    let mut many = Map::new();
    for n in 0..100_000 {
        many.insert(format!("key{n}"), json!("v"));
    }
    vec![
        b"{".to_vec(),
        b"]".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"{\"a\": \x00}".to_vec(),
        b"[[[[1]]]]".to_vec(),
        b"\"text\"".to_vec(),
        b"1e999".to_vec(),
        b"true".to_vec(),
        b"{}{}".to_vec(),
        "[".repeat(100_000).into_bytes(),
        format!("{}1{}", "{\"messages\":[".repeat(20_000), "]}".repeat(20_000)).into_bytes(),
        Value::from(many).to_string().into_bytes(),
    ]
}

/// Fills a template with names that exist where that harms nothing.
fn path_of(template: &str, method: &Method) -> String {
    let deletes = method == Method::DELETE;
    template
        .replace("{project}", "DEMO")
        .replace("{topic}", if deletes { "none" } else { "alerts" })
        .replace("{subscription}", if deletes { "none" } else { "alerts-sub" })
        .replace("{schema}", "none")
        .replace("{user}", "none")
        .replace("{uuid}", "none")
        .replace("{token}", "none")
        .replace("{type}", "ams")
        .replace("{host}", "127.0.0.1")
}

/// Whether an error is told in the service's envelope.
fn is_told(answer: &Answer) -> bool {
    let error = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
    error["error"]["message"].is_string() && error["error"]["code"].is_number()
}

#[tokio::test]
async fn no_route_breaks_on_garbage_and_others_go_on() {
    let w = World::demo().await;
    for route in w.ams.routes() {
        // This one would take the project away from the others.
        if route.name == "projects:delete" {
            continue;
        }
        let path = path_of(route.template, &route.method);
        for body in garbage() {
            let shown = String::from_utf8_lossy(&body[..body.len().min(20)]).into_owned();
            let answer = w.call("svc", route.method.clone(), &path, body).await;
            let known = [200, 400, 401, 404, 408, 409, 413].contains(&answer.status);
            // Documented answers to requests that are well formed.
            let known = known
                || (answer.status == 500 && answer.message() == "no ack pending")
                || (answer.status == 403
                    && answer.message().ends_with("User is not a member of the project"));
            assert!(known, "{} {shown}: {} {}", route.name, answer.status, answer.text);
            assert!(answer.status == 200 || is_told(&answer), "{} {shown}: {}", route.name, answer.text);
        }
    }
    w.publish(1).await;
    let pulled = w.post("svc", "/v1/projects/DEMO/subscriptions/alerts-sub:offsets", json!({})).await;
    assert_eq!(pulled.status, 405);
    assert_eq!(w.get("tA", "/v1/projects/DEMO/topics/alerts").await.status, 200);
}

#[tokio::test]
async fn a_bad_name_in_any_place_of_any_route_is_refused_before_the_token_is_looked_at() {
    const CHECKED: [&str; 7] = ["project", "schema", "subscription", "token", "topic", "user", "uuid"];
    let w = World::demo().await;
    for route in w.ams.routes() {
        for name in CHECKED.iter().filter(|name| route.template.contains(&format!("{{{name}}}"))) {
            for bad in ["a.b", "%20", "%C3%A4", "a%00", "x%2Fy", "%zz", "a+b", "a:b:c", &"~".repeat(10_000)] {
                let template = route.template.replace(&format!("{{{name}}}"), bad);
                let path = path_of(&template, &route.method);
                let answer = w.call("", route.method.clone(), &path, "").await;
                // A slash inside, or an escape that is none, makes it another path.
                let elsewhere = ["x%2Fy", "%zz"].contains(&bad) && [400, 404, 405].contains(&answer.status);
                let refused = || answer.error() == (400, format!("Invalid {name} name"));
                assert!(elsewhere || refused(), "{} {bad}: {} {}", route.name, answer.status, answer.text);
            }
        }
    }
}

#[tokio::test]
async fn wrong_tokens_get_401_on_every_guarded_route() {
    const OPEN: [&str; 3] = ["ams:healthStatus", "version:list", "authn:authx509"];
    let w = World::demo().await;
    let long = "f".repeat(100_000);
    for route in w.ams.routes().iter().filter(|route| !OPEN.contains(&route.name)) {
        let path = path_of(route.template, &route.method);
        for token in ["bogus", "tA ", "TA", "../..", "0", &long] {
            // Creating a project is open to any name, so its path says nothing about the caller.
            let answer = w.call(token, route.method.clone(), &path, "{}").await;
            assert_eq!(answer.error(), (401, "Unauthorized".to_owned()), "{} {:.20}", route.name, token);
        }
    }
}

/// Bodies of the wrong form and the text that the reference has for them.
fn wrong_types() -> Vec<(Method, &'static str, Vec<Value>, &'static str)> {
    const SUB: &str = "/v1/projects/DEMO/subscriptions/alerts-sub";
    const TOPIC: &str = "/v1/projects/DEMO/topics/alerts";
    let rows: [(Method, &str, &str, Vec<Value>, &str); 22] = [
        (
            Method::POST,
            TOPIC,
            ":publish",
            vec![
                json!({"messages": {}}),
                json!({"messages": [1]}),
                json!({"messages": "x"}),
                json!({"messages": [{"data": 1}]}),
                json!({"messages": [{"data": {}}]}),
                json!({"messages": [{"attributes": []}]}),
                json!({"messages": [{"attributes": {"a": 1}}]}),
                json!({"messages": [{"attributes": {"a": {"b": "c"}}}]}),
            ],
            "Invalid Message Arguments",
        ),
        (
            Method::POST,
            SUB,
            ":pull",
            vec![
                json!({"maxMessages": 1}),
                json!({"maxMessages": ["1"]}),
                json!({"returnImmediately": false}),
                json!(1),
            ],
            "Invalid Pull Parameters Arguments",
        ),
        (
            Method::POST,
            SUB,
            ":acknowledge",
            vec![json!({"ackIds": "x"}), json!({"ackIds": [1]}), json!({"ackIds": {}}), json!([])],
            "Invalid ack parameter",
        ),
        (
            Method::POST,
            SUB,
            ":acknowledge",
            vec![
                json!({}),
                json!({"ackIds": []}),
                json!({"ackIds": ["5"]}),
                json!({"ackIds": ["projects/DEMO/subscriptions/other:1"]}),
                json!({"ackIds": ["projects/DEMO/subscriptions/alerts-sub:-1"]}),
                json!({"ackIds": ["projects/DEMO/subscriptions/alerts-sub:99999999999999999999"]}),
                json!({"ackIds": ["projects/DEMO/subscriptions/alerts-sub:0", ""]}),
            ],
            "Invalid ack id",
        ),
        (
            Method::POST,
            SUB,
            ":modifyOffset",
            vec![
                json!({"offset": "1"}),
                json!({"offset": 1.5}),
                json!({"offset": 1e300}),
                json!({"offset": []}),
            ],
            "Invalid Offset Arguments",
        ),
        (
            Method::POST,
            SUB,
            ":modifyOffset",
            vec![json!({"offset": -1}), json!({"offset": i64::MAX})],
            "Offset out of bounds",
        ),
        (
            Method::POST,
            SUB,
            ":modifyAckDeadline",
            vec![
                json!({"ackDeadlineSeconds": 601}),
                json!({"ackDeadlineSeconds": -1}),
                json!({"ackDeadlineSeconds": "10"}),
            ],
            "Invalid ackDeadlineSeconds(needs value between 0 and 600) Arguments",
        ),
        (
            Method::POST,
            SUB,
            ":modifyPushConfig",
            vec![
                json!({"pushConfig": []}),
                json!({"pushConfig": {"maxMessages": "1"}}),
                json!({"pushConfig": {"retryPolicy": 1}}),
                json!({"pushConfig": {"base64Decode": "yes"}}),
            ],
            "Invalid Subscription Arguments",
        ),
        (
            Method::POST,
            SUB,
            ":modifyAcl",
            vec![
                json!({}),
                json!({"authorized_users": null}),
                json!({"authorized_users": "x"}),
                json!({"authorized_users": [1]}),
            ],
            "Invalid Subscription ACL Arguments",
        ),
        (
            Method::POST,
            TOPIC,
            ":modifyAcl",
            vec![
                json!({}),
                json!({"authorized_users": null}),
                json!({"authorized_users": {}}),
                json!({"authorized_users": [[]]}),
            ],
            "Invalid Topic ACL Arguments",
        ),
        (
            Method::POST,
            TOPIC,
            ":attachSchema",
            vec![json!({"schema": 1}), json!({"schema": {}})],
            "Invalid Request Body",
        ),
        (
            Method::POST,
            TOPIC,
            ":attachSchema",
            vec![json!({"schema": "x"}), json!({"schema": "/projects/DEMO/schemas/x"})],
            "wrong schema name declaration",
        ),
        (
            Method::PUT,
            "/v1/projects/DEMO/subscriptions/new",
            "",
            vec![
                json!({"topic": 1}),
                json!({"topic": "projects/DEMO/topics/alerts", "ackDeadlineSeconds": "10"}),
                json!({"pushConfig": "x"}),
            ],
            "Invalid Subscription Arguments",
        ),
        (
            Method::PUT,
            "/v1/projects/DEMO/subscriptions/new",
            "",
            vec![
                json!({}),
                json!({"topic": "alerts"}),
                json!({"topic": "projects/DEMO/topics/alerts/x"}),
                json!({"topic": "projects/DEMO/topics/a b"}),
            ],
            "Invalid Topic name",
        ),
        (
            Method::PUT,
            "/v1/projects/DEMO/topics/new",
            "",
            vec![json!({"schema": 1}), json!([])],
            "Invalid Request Body",
        ),
        (
            Method::POST,
            "/v1/users/new",
            "",
            vec![
                json!({"email": 1}),
                json!({"projects": {}}),
                json!({"projects": [1]}),
                json!({"service_roles": "x"}),
                json!({"projects": [{"project": 1}]}),
            ],
            "Invalid User Arguments",
        ),
        (
            Method::POST,
            "/v1/projects/DEMO/members/new",
            "",
            vec![json!({"email": []}), json!({"projects": "x"}), json!(7)],
            "Invalid User Arguments",
        ),
        (
            Method::POST,
            "/v1/projects/DEMO/members/pub",
            ":add",
            vec![json!({"roles": "x"}), json!({"roles": [1]})],
            "Invalid Request Body",
        ),
        (
            Method::POST,
            "/v1/projects/NEW",
            "",
            vec![json!({"description": 1}), json!([])],
            "Invalid Project Arguments",
        ),
        (
            Method::PUT,
            "/v1/projects/DEMO",
            "",
            vec![json!({"description": {}}), json!({"name": 1})],
            "Invalid Request Body",
        ),
        (
            Method::POST,
            "/v1/projects/DEMO/schemas/new",
            "",
            vec![json!({"type": 1}), json!({"type": "json", "schema": "x"})],
            "Invalid Schema Arguments",
        ),
        (
            Method::POST,
            "/v1/registrations",
            "",
            vec![json!({"name": 1}), json!({"email": {}})],
            "Invalid User Arguments",
        ),
    ];
    let whole = |path: &str, verb: &str| -> &'static str { format!("{path}{verb}").leak() };
    rows.into_iter()
        .map(|(method, path, verb, bodies, text)| (method, whole(path, verb), bodies, text))
        .collect()
}

#[tokio::test]
async fn wrong_types_get_the_text_of_their_operation_and_change_nothing() {
    let w = World::demo().await;
    for (method, path, bodies, text) in wrong_types() {
        for body in bodies {
            let shown = body.to_string();
            let answer = w.call("svc", method.clone(), path, shown.clone()).await;
            assert_eq!(answer.error(), (400, text.to_owned()), "{path} {shown}");
        }
    }
    assert_eq!(w.current().await, 0);
    assert_eq!(w.get("svc", "/v1/projects/DEMO/subscriptions/new").await.status, 404);
    assert_eq!(w.get("svc", "/v1/users/new").await.status, 404);
}

#[tokio::test]
async fn schemas_that_are_none_are_refused_with_a_reason() {
    let w = World::demo().await;
    for schema in [
        json!({"type": "xml", "schema": {}}),
        json!({"type": "json", "schema": {"type": "nothing"}}),
        json!({"type": "json", "schema": {"$ref": "#/nowhere"}}),
        json!({"type": "json", "schema": {"pattern": "("}}),
        json!({"type": "avro", "schema": {}}),
        json!({"type": "avro", "schema": {"type": "record", "name": "R"}}),
        json!({"type": "avro", "schema": {"type": "array", "items": "Unknown"}}),
    ] {
        let answer = w.post("tA", "/v1/projects/DEMO/schemas/bad", schema.clone()).await;
        assert_eq!(answer.status, 400, "{schema}: {}", answer.text);
        assert!(is_told(&answer));
    }
}

#[tokio::test]
async fn a_hundred_thousand_attributes_are_a_size_and_nothing_else() {
    let w = World::demo().await;
    let publish = "/v1/projects/DEMO/topics/alerts:publish";
    let with = |count: usize| {
        let attributes: Map<String, Value> = (0..count).map(|n| (format!("k{n}"), json!("v"))).collect();
        json!({"messages": [{"attributes": attributes, "data": ""}]})
    };
    let refused = w.post("tP", publish, with(100_000)).await;
    assert_eq!(refused.error(), (413, "Message size is too large".to_owned()));
    w.post("tP", publish, with(50_000)).await.ok();
    let pulled = w.post("tC", "/v1/projects/DEMO/subscriptions/alerts-sub:pull", json!({})).await.ok();
    let attributes = pulled["receivedMessages"][0]["message"]["attributes"].as_object().unwrap().len();
    assert_eq!((w.current().await, attributes), (0, 50_000));
}

#[tokio::test]
async fn data_that_is_no_base64_passes_through_unless_a_schema_looks_inside() {
    let w = World::demo().await;
    let publish = "/v1/projects/DEMO/topics/alerts:publish";
    let odd = ["=", "a", "====", "a b", "\u{0}\u{7f}", "\u{1F600}", "//+-_"];
    for data in odd {
        w.post("tP", publish, json!({"messages": [{"data": data}]})).await.ok();
    }
    let pulled = w
        .post("tC", "/v1/projects/DEMO/subscriptions/alerts-sub:pull", json!({"maxMessages": "10"}))
        .await
        .ok();
    let list = pulled["receivedMessages"].as_array().unwrap();
    let came: Vec<&str> = list.iter().map(|m| m["message"]["data"].as_str().unwrap()).collect();
    assert_eq!(came, odd);
    w.post("tA", "/v1/projects/DEMO/schemas/s", json!({"type": "json", "schema": {}})).await.ok();
    let attach = json!({"schema": "projects/DEMO/schemas/s"});
    w.post("tA", "/v1/projects/DEMO/topics/alerts:attachSchema", attach).await.ok();
    for data in odd {
        let refused = w.post("tP", publish, json!({"messages": [{"data": data}]})).await;
        assert!(refused.message().starts_with("Message 0 is not in valid base64 enocding,"), "{data:?}");
    }
}
