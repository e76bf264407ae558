//! Users, members, projects, paging, schemas, push configuration, reports, installation.

use http::Method;
use pentad_server::{Mode, Service};
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn the_installation_without_a_seed_has_four_users_and_keeps_its_tokens_over_a_reset() {
    let w = World::seeded(Mode::Relaxed, Value::Null).await;
    let first = w.ams.credentials().await.unwrap();
    assert_eq!(first["project"], "demo");
    let token = |key: &str| first[key].as_str().unwrap().to_owned();
    for (key, role) in
        [("project_admin", "project_admin"), ("publisher", "publisher"), ("consumer", "consumer")]
    {
        let user = w.get(&token(key), "/v1/users/profile").await.ok();
        assert_eq!(user["projects"][0]["roles"], json!([role]));
    }
    assert_eq!(w.get(&token("service_admin"), "/v1/users").await.status, 200);
    w.ams.reset().await.unwrap();
    w.ams.seed(Value::Null).await.unwrap();
    assert_eq!(w.ams.credentials().await.unwrap(), first);
}

#[tokio::test]
async fn unknown_users_are_404_relaxed() {
    let w = World::demo().await;
    for answer in [
        w.get("svc", "/v1/users/none").await,
        w.put("svc", "/v1/users/none", json!({})).await,
        w.post("svc", "/v1/users/none:refreshToken", json!({})).await,
        w.delete("svc", "/v1/users/none").await,
    ] {
        assert_eq!(answer.error(), (404, "User doesn't exist".into()));
    }
}

#[tokio::test]
async fn user_creation_checks_in_order() {
    let w = World::demo().await;
    let role = |project: &str, role: &str| json!({"project": project, "roles": [role]});
    let rows = [
        ("admin", json!({"projects": [role("NOPE", "x")]}), 409, "User already exists"),
        (
            "u",
            json!({"projects": [role("DEMO", "consumer"), role("DEMO", "consumer")]}),
            400,
            "duplicate reference of project DEMO",
        ),
        ("u", json!({"projects": [role("NOPE", "x")]}), 400, "invalid project: NOPE"),
        ("u", json!({"projects": [role("DEMO", "x")]}), 400, "invalid role: x"),
        ("u", json!({"service_roles": ["y"]}), 400, "invalid role: y"),
    ];
    for (name, body, status, text) in rows {
        let answer = w.post("svc", &format!("/v1/users/{name}"), body).await;
        assert_eq!(answer.error(), (status, text.to_owned()));
    }
    let user = w.post("svc", "/v1/users/u", json!({})).await.ok();
    assert_eq!(user["service_roles"], Value::Null);
    assert!(user.get("projects").is_none());
}

#[tokio::test]
async fn a_refreshed_token_replaces_the_old_one_at_once() {
    let w = World::demo().await;
    assert_eq!(w.get("tC", "/v1/projects/DEMO/subscriptions").await.status, 200);
    let user = w.post("svc", "/v1/users/con:refreshToken", json!({})).await.ok();
    assert_eq!(w.get("tC", "/v1/projects/DEMO/subscriptions").await.status, 401);
    let token = user["token"].as_str().unwrap();
    assert_eq!(w.get(token, "/v1/projects/DEMO/subscriptions").await.status, 200);
}

#[tokio::test]
async fn members_come_and_go() {
    let w = World::demo().await;
    w.post("svc", "/v1/users/new", json!({})).await.ok();
    let path = "/v1/projects/DEMO/members/new";
    assert_eq!(w.get("tA", path).await.message(), "User doesn't exist");
    assert_eq!(w.put("tA", path, json!({"projects": [{"project": "DEMO", "roles": []}]})).await.status, 403);
    let added = w.post("tA", &format!("{path}:add"), json!({"roles": ["consumer"]})).await.ok();
    assert!(added.get("token").is_none());
    assert_eq!(added["projects"][0]["roles"], json!(["consumer"]));
    let again = w.post("tA", &format!("{path}:add"), json!({"roles": ["consumer"]})).await;
    assert_eq!(again.error(), (409, "User is already a member of the project".into()));
    assert_eq!(w.call("tA", Method::POST, &format!("{path}:remove"), "").await.text, "{}");
    assert_eq!(w.call("tA", Method::POST, &format!("{path}:remove"), "").await.status, 403);
}

#[tokio::test]
async fn pages_run_newest_first_through_everything_once() {
    let w = World::demo().await;
    for name in ["a", "b", "c", "d"] {
        w.call("tA", Method::PUT, &format!("/v1/projects/DEMO/topics/{name}"), "").await.ok();
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let token_text = token.replace('+', "%2B").replace('=', "%3D");
        let page =
            w.get("tA", &format!("/v1/projects/DEMO/topics?pageSize=2&pageToken={token_text}")).await.ok();
        assert_eq!(page["totalSize"], 5);
        seen.extend(
            page["topics"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap().to_owned()),
        );
        token = page["nextPageToken"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    let short: Vec<&str> = seen.iter().map(|name| name.rsplit('/').next().unwrap()).collect();
    assert_eq!(short, ["d", "c", "b", "a", "alerts"]);
}

#[tokio::test]
async fn a_topic_with_a_schema_takes_only_what_fits() {
    let w = World::demo().await;
    let schema = json!({"type": "JSON", "schema": {"type": "object", "required": ["email"]}});
    let made = w.post("tA", "/v1/projects/DEMO/schemas/s", schema).await.ok();
    assert_eq!(
        (made["type"].clone(), made["name"].clone()),
        (json!("json"), json!("projects/DEMO/schemas/s"))
    );
    w.post(
        "tA",
        "/v1/projects/DEMO/topics/alerts:attachSchema",
        json!({"schema": "projects/DEMO/schemas/s"}),
    )
    .await
    .ok();
    let publish = "/v1/projects/DEMO/topics/alerts:publish";
    let rows = [
        ("!", "Message 0 is not in valid base64 enocding,"),
        ("eA==", "Message 0 data is not valid JSON format,"),
        ("e30=", "Message 0 data is not valid,(root): email is required"),
    ];
    for (data, text) in rows {
        let answer = w.post("tA", publish, json!({"messages": [{"data": data}]})).await;
        assert!(answer.status == 400 && answer.message().starts_with(text), "{}", answer.text);
    }
    w.post("tA", publish, json!({"messages": [{"data": "eyJlbWFpbCI6ICJhIn0="}]})).await.ok();
}

#[tokio::test]
async fn an_avro_schema_that_contains_itself_is_refused() {
    let w = World::demo().await;
    let field = json!({"name": "a", "type": ["null", "A"]});
    let schema = json!({"type": "record", "name": "A", "fields": [field]});
    let refused =
        w.post("tA", "/v1/projects/DEMO/schemas/rec", json!({"type": "avro", "schema": schema})).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn avro_payloads_are_checked() {
    let w = World::demo().await;
    w.post("tA", "/v1/projects/DEMO/schemas/a", json!({"type": "avro", "schema": {"type": "string"}}))
        .await
        .ok();
    let validate = "/v1/projects/DEMO/schemas/a:validate";
    assert_eq!(
        w.post("tA", validate, json!({"data": "BGFi"})).await.ok()["message"],
        "Message validated successfully"
    );
    let short = w.post("tA", validate, json!({"data": "bm8gYXZybw=="})).await;
    assert_eq!(short.message(), "Message 0 is not valid.the data ends before the value does");
    assert!(
        w.post("tA", validate, json!({"data": "/w=="}))
            .await
            .message()
            .starts_with("Message 0 is not valid.")
    );
}

#[tokio::test]
async fn push_without_a_type_is_taken_relaxed_and_refused_strict() {
    for (mode, status) in [(Mode::Relaxed, 200), (Mode::Strict, 400)] {
        let w = World::demo_in(mode).await;
        let body = json!({"topic": "projects/DEMO/topics/alerts", "pushConfig": {"pushEndpoint": "https://example.org/x"}});
        let answer = w.put("tA", "/v1/projects/DEMO/subscriptions/p", body).await;
        assert_eq!(answer.status, status, "{}", answer.text);
        if status == 200 {
            let config = answer.ok()["pushConfig"].clone();
            assert_eq!(config["retryPolicy"], json!({"type": "linear", "period": 3000}));
            assert_eq!(config["verificationHash"].as_str().unwrap().len(), 64);
            let pull = w.post("tA", "/v1/projects/DEMO/subscriptions/p:pull", json!({})).await;
            assert_eq!(pull.status, 403);
        }
    }
}

#[tokio::test]
async fn counters_and_reports_count_what_was_published() {
    let w = World::demo().await;
    w.publish(3).await;
    let metrics = w.get("tA", "/v1/projects/DEMO/topics/alerts:metrics").await.ok();
    let value = |index: usize| metrics["metrics"][index]["timeseries"][0]["value"].clone();
    assert_eq!((value(0), value(1), value(2), value(3)), (json!(1), json!(3), json!(24), json!(3)));
    let report = w.get("svc", "/v1/metrics/va_metrics?start_date=2024-05-05&end_date=2024-05-06").await.ok();
    assert_eq!(report["projects_metrics"]["projects"][0]["average_daily_messages"], 1.5);
    assert_eq!(
        w.get("tA", "/v1/users/usageReport").await.ok()["va_metrics"]["projects_metrics"]["total_message_count"],
        3
    );
    assert_eq!(w.get("svc", "/v1/metrics/va_metrics?projects=X").await.message(), "Project X doesn't exist");
}

#[tokio::test]
async fn a_registration_becomes_a_user_once() {
    let w = World::demo().await;
    let made =
        w.post("svc", "/v1/registrations", json!({"name": "neu", "email": "n@example.org"})).await.ok();
    assert_eq!(made["status"], "pending");
    let path = format!("/v1/registrations/{}", made["uuid"].as_str().unwrap());
    let user = w.call("svc", Method::POST, &format!("{path}:accept"), "").await.ok();
    assert_eq!((user["name"].clone(), user["service_roles"].clone()), (json!("neu"), json!([])));
    assert_eq!(w.call("svc", Method::POST, &format!("{path}:accept"), "").await.status, 404);
    assert!(w.get("svc", &path).await.ok().get("activation_token").is_none());
}

#[tokio::test]
async fn status_and_version_look_at_the_token_themselves() {
    let w = World::demo().await;
    assert_eq!(w.get("", "/v1/status").await.ok()["status"], "ok");
    assert_eq!(w.get("bogus", "/v1/status?details=true").await.status, 403);
    assert_eq!(w.get("tA", "/v1/status?details=true").await.status, 401);
    assert!(w.get("bogus", "/v1/version").await.ok().get("release").is_none());
    assert!(w.get("tV", "/v1/version").await.ok().get("release").is_some());
    assert_eq!(w.get("svc", "/v1/users/profile").await.status, 401);
}
