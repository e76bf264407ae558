//! Actions and states of the seed.

use http::Method;
use serde_json::{Value, json};

use super::world::World;

async fn shop() -> World {
    World::seeded(json!({"collections": [
        {
            "path": "requests", "prefix": "PR",
            "status": {"initial": "draft", "transitions": [
                {"action": "purchase", "from": ["draft"], "to": "pending"},
                {"action": "approve", "from": ["pending", "inquiring"], "to": "approved", "error_code": "TRE_003",
                 "error": "Only pending requests can be approved."},
                {"action": "fail", "to": "failed"},
            ]},
            "actions": [
                {"name": "approve", "merge": true, "set": {"closed": true}},
                {"name": "render", "methods": ["GET"], "text": "# hi", "content_type": "text/markdown"},
                {"name": "void", "methods": ["POST", "DELETE"], "status": 204},
                {"name": "stats", "on": "collection", "methods": ["GET"], "answer": {"total": 3}},
            ],
        },
        {"path": "products/{id}/items", "prefix": "ITM", "actions": [{"name": "end-sale"}]},
        {"path": "products", "resources": [{"id": "P"}]},
    ]}))
    .await
}

#[tokio::test]
async fn states_change_along_declared_ways_only() {
    let w = shop().await;
    let made = w.post("requests", json!({"status": "approved"})).await.with(201);
    assert_eq!(made["status"], "draft");
    let path = format!("requests/{}", made["id"].as_str().unwrap());
    let early = w.post(&format!("{path}/approve"), json!({})).await;
    assert_eq!(early.error(), (400, "TRE_003".into(), vec!["Only pending requests can be approved.".into()]));
    assert_eq!(w.call(Method::POST, &format!("{path}/purchase"), "").await.with(200)["status"], "pending");
    let refused = w.put(&path, json!({"status": "draft"})).await;
    assert_eq!(refused.status, 400);
    assert_eq!(w.put(&path, json!({"status": "approved"})).await.with(200)["status"], "approved");
    let again = w.post(&format!("{path}/purchase"), Value::Null).await;
    assert_eq!(again.error().2, ["status: purchase is not possible from approved."]);
    assert_eq!(w.call(Method::POST, &format!("{path}/fail"), "").await.with(200)["status"], "failed");
}

#[tokio::test]
async fn actions_set_members_and_answer_as_declared() {
    let w = shop().await;
    let id = w.post("requests", json!({})).await.with(201)["id"].as_str().unwrap().to_owned();
    w.call(Method::POST, &format!("requests/{id}/purchase"), "").await.with(200);
    let body = json!({"template": {"id": "TL-1"}, "status": "x", "id": "y"});
    let approved = w.post(&format!("requests/{id}/approve"), body).await.with(200);
    assert_eq!(approved["template"]["id"], "TL-1");
    assert_eq!(
        (&approved["status"], &approved["closed"], &approved["id"]),
        (&json!("approved"), &json!(true), &json!(id))
    );
    let text = w.get(&format!("requests/{id}/render")).await;
    assert_eq!((text.text.as_str(), text.kind.as_deref()), ("# hi", Some("text/markdown")));
    let void = w.delete(&format!("requests/{id}/void")).await;
    assert_eq!((void.status, void.kind), (204, None));
    assert_eq!(w.get("requests/stats").await.with(200), json!({"total": 3}));
    let wrong = w.get(&format!("requests/{id}/approve")).await;
    assert_eq!((wrong.status, wrong.allow.as_deref()), (405, Some("POST")));
    assert_eq!(w.post("requests/none/approve", json!({})).await.status, 404);
}

#[tokio::test]
async fn declarations_with_templates_hold_for_every_resource() {
    let w = shop().await;
    let item = w.post("products/P/items", json!({})).await.with(201);
    let id = item["id"].as_str().unwrap();
    assert!(id.starts_with("ITM-"), "{id}");
    assert_eq!(w.call(Method::POST, &format!("products/P/items/{id}/end-sale"), "").await.status, 200);
    assert_eq!(w.get("products/Q/items").await.status, 404, "no such product");
    assert_eq!(w.post("products/Q/items", json!({})).await.status, 404);
}

#[tokio::test]
async fn looking_at_an_action_changes_nothing() {
    let w = shop().await;
    let made = w.post("requests", json!({})).await.with(201);
    let path = format!("requests/{}", made["id"].as_str().unwrap());
    w.time.advance(jiff::SignedDuration::from_secs(3600));
    for method in [Method::HEAD, Method::GET] {
        assert_eq!(w.call(method, &format!("{path}/render"), "").await.status, 200);
    }
    assert_eq!(w.call(Method::HEAD, &format!("{path}/approve"), "").await.status, 405);
    assert_eq!(w.get(&path).await.with(200), made);
}
