//! The end-to-end trace of the AMS reference, line by line.

use http::Method;
use pentad_server::Mode;
use serde_json::{Value, json};

use crate::world::{SVC, World};

const TOPIC: &str = "/v1/projects/DEMO/topics/alerts";
const SUB: &str = "/v1/projects/DEMO/subscriptions/alerts-sub";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn accounts(w: &World) -> (String, String) {
    let project = w.post(SVC, "/v1/projects/DEMO", json!({"description": "demo"})).await.ok();
    assert_eq!(project["name"], "DEMO");
    assert!(project.get("created_by").is_none());
    let admin =
        json!({"email": "a@example.org", "projects": [{"project": "DEMO", "roles": ["project_admin"]}]});
    let a = text(&w.post(SVC, "/v1/users/demo-admin", admin).await.ok()["token"]);
    assert_eq!(a.len(), 64);
    let io = json!({"email": "b@example.org", "projects": [{"project": "DEMO", "roles": ["publisher", "consumer"]}]});
    let user = w.post(&a, "/v1/projects/DEMO/members/demo-io", io).await.ok();
    assert_eq!(user["created_by"], "demo-admin");
    assert_eq!(user["service_roles"], json!([]));
    (a, text(&user["token"]))
}

async fn resources(w: &World, a: &str, b: &str) {
    let topic = w.call(a, Method::PUT, TOPIC, "").await.ok();
    assert_eq!(topic["name"], "/projects/DEMO/topics/alerts");
    let again = w.call(a, Method::PUT, TOPIC, "").await;
    assert_eq!(again.error(), (409, "Topic already exists".into()));
    assert_eq!(again.json()["error"]["status"], "ALREADY_EXISTS");
    let slash = w.put(a, SUB, json!({"topic": "/projects/DEMO/topics/alerts"})).await;
    assert_eq!(slash.error(), (400, "Invalid Topic name".into()));
    let sub = w.put(a, SUB, json!({"topic": "projects/DEMO/topics/alerts"})).await.ok();
    assert_eq!(sub["ackDeadlineSeconds"], 10);
    let refused = w.post(b, &format!("{TOPIC}:publish"), json!({"messages": [{"data": "aGVsbG8="}]})).await;
    assert_eq!(refused.status, 403);
    let nobody = w.post(a, &format!("{TOPIC}:modifyAcl"), json!({"authorized_users": ["nobody"]})).await;
    assert_eq!(nobody.error(), (404, "User(s): nobody do not exist".into()));
    for resource in [TOPIC, SUB] {
        let done =
            w.post(a, &format!("{resource}:modifyAcl"), json!({"authorized_users": ["demo-io"]})).await;
        assert_eq!((done.status, done.text.as_str()), (200, ""));
    }
}

async fn messages(w: &World, b: &str) {
    let body = json!({"messages": [{"data": "aGVsbG8=", "attributes": {"k": "v"}}, {"data": "d29ybGQ="},
        {"attributes": {"only": "attr"}}]});
    let ids = w.post(b, &format!("{TOPIC}:publish"), body).await.ok();
    assert_eq!(ids, json!({"messageIds": ["0", "1", "2"]}));
    let offsets = w.get(b, &format!("{SUB}:offsets")).await;
    assert_eq!(offsets.text, "{\n   \"max\": 3,\n   \"min\": 0,\n   \"current\": 0\n}");
    let pull = format!("{SUB}:pull");
    let wrong = w.post(b, &pull, json!({"maxMessages": 2})).await;
    assert_eq!(wrong.error(), (400, "Invalid Pull Parameters Arguments".into()));
    let two = w.post(b, &pull, json!({"maxMessages": "2", "returnImmediately": "true"})).await;
    let expected = r#"{
   "receivedMessages": [
      {
         "ackId": "projects/DEMO/subscriptions/alerts-sub:0",
         "message": {
            "messageId": "0",
            "attributes": {
               "k": "v"
            },
            "data": "aGVsbG8=",
            "publishTime": "2024-05-06T07:08:09.123456Z"
         }
      },
      {
         "ackId": "projects/DEMO/subscriptions/alerts-sub:1",
         "message": {
            "messageId": "1",
            "data": "d29ybGQ=",
            "publishTime": "2024-05-06T07:08:09.123456Z"
         }
      }
   ]
}"#;
    assert_eq!(two.text, expected);
    let one = w.post(b, &pull, json!({"maxMessages": "1"})).await.ok();
    assert_eq!(one["receivedMessages"].as_array().unwrap().len(), 1);
    assert_eq!(one["receivedMessages"][0]["message"]["messageId"], "0");
}

async fn acks(w: &World, b: &str) {
    let ack = |offset: i64| json!({"ackIds": [format!("projects/DEMO/subscriptions/alerts-sub:{offset}")]});
    let path = format!("{SUB}:acknowledge");
    let pull = format!("{SUB}:pull");
    assert_eq!(w.post(b, &path, ack(1)).await.error(), (500, "wrong ack".into()));
    assert_eq!(w.post(b, &path, ack(0)).await.text, "{}");
    assert_eq!(w.post(b, &path, ack(0)).await.error(), (500, "no ack pending".into()));
    let rest = w.post(b, &pull, json!({"maxMessages": "10", "returnImmediately": "true"})).await.ok();
    let list = rest["receivedMessages"].as_array().unwrap();
    assert_eq!(list.len(), 2);
    assert_eq!(list[1]["message"]["data"], "");
    assert_eq!(list[1]["message"]["attributes"], json!({"only": "attr"}));
    w.advance(12);
    let late = w.post(b, &path, ack(2)).await;
    assert_eq!(late.error(), (408, "ack timeout".into()));
    assert_eq!(late.json()["error"]["status"], "TIMEOUT");
    w.post(b, &pull, json!({"maxMessages": "10"})).await.ok();
    assert_eq!(w.post(b, &path, ack(2)).await.text, "{}");
    let offsets = w.get(b, &format!("{SUB}:offsets")).await.ok();
    assert_eq!(offsets["current"], 3);
    let empty = w.post(b, &pull, json!({"maxMessages": "1", "returnImmediately": "false"})).await;
    assert_eq!(empty.text, "{\n   \"receivedMessages\": []\n}");
}

async fn seeks(w: &World, a: &str, b: &str) {
    let modify = format!("{SUB}:modifyOffset");
    assert_eq!(w.post(a, &modify, json!({"offset": 99})).await.error(), (400, "Offset out of bounds".into()));
    assert_eq!(w.get(b, &format!("{SUB}:offsets")).await.ok()["current"], 3);
    assert_eq!(w.post(a, &modify, json!({"offset": 0})).await.text, "");
    let first = w.post(b, &format!("{SUB}:pull"), json!({})).await.ok();
    assert_eq!(first["receivedMessages"][0]["message"]["messageId"], "0");
    let early = w.get(a, &format!("{SUB}:timeToOffset?time=2000-01-01T00:00:00.000Z")).await;
    assert_eq!(early.text, "{\"offset\":0}");
    let late = w.get(a, &format!("{SUB}:timeToOffset?time=2999-01-01T00:00:00.000Z")).await;
    assert_eq!((late.status, late.json()["error"]["status"].clone()), (409, json!("CONFLICT")));
}

#[tokio::test]
async fn the_trace_of_the_reference_holds_line_by_line() {
    let w = World::new(Mode::Relaxed).await;
    let (a, b) = accounts(&w).await;
    resources(&w, &a, &b).await;
    messages(&w, &b).await;
    acks(&w, &b).await;
    seeks(&w, &a, &b).await;
    let gone = w.delete(&a, TOPIC).await;
    assert_eq!((gone.status, gone.text.as_str()), (200, ""));
    let pull = w.post(&b, &format!("{SUB}:pull"), json!({})).await;
    assert_eq!(pull.error(), (409, "Subscription's topic doesn't exist".into()));
    assert_eq!(w.get("", "/v1/projects/DEMO").await.status, 401);
    let unknown = w.get("bogus", "/v1/projects/NOPE").await;
    assert_eq!(unknown.error(), (404, "project doesn't exist".into()));
    assert_eq!(unknown.kind, "text/plain; charset=utf-8");
    assert_eq!(w.get("bogus", "/v1/projects/DEMO").await.error(), (401, "Unauthorized".into()));
    assert_eq!(w.get("", "/v1/projects/DE.MO").await.error(), (400, "Invalid project name".into()));
}
