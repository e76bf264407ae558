//! Lists: all of it or nothing, however long.

use http::Method;
use serde_json::{Value, json};

use super::world::World;

/// More than one transaction takes.
fn many(last: &Value) -> Vec<Value> {
    let mut list: Vec<Value> = (0..249).map(|n| json!({"id": format!("x{n}"), "n": n})).collect();
    list.push(last.clone());
    list
}

async fn total(w: &World, path: &str) -> String {
    w.get(&format!("{path}?limit=0")).await.range.unwrap_or_default()
}

#[tokio::test]
async fn a_long_list_that_cannot_be_created_as_a_whole_creates_nothing() {
    let w = World::new().await;
    w.post("things", json!({"id": "there"})).await.with(201);
    for (last, text) in [
        (json!({"id": "x3"}), "[249].id: x3 already exists."),
        (json!({"id": "there"}), "[249].id: there already exists."),
        (json!({"id": "new", "a": vec![1; 20_001]}), "[249].The object has too many values."),
        (json!({"id": ".."}), "[249].id: Must not be a relative path."),
    ] {
        let refused = w.post("things", json!(many(&last))).await;
        assert_eq!(refused.error(), (400, "VAL_001".into(), vec![text.into()]));
        assert_eq!(total(&w, "things").await, "items 0-0/1");
        assert_eq!(
            w.post("fresh", json!(many(&last))).await.status,
            if text.contains("there") { 201 } else { 400 }
        );
    }
    let made = w.post("things", json!(many(&json!({"id": "x249"})))).await.with(201);
    assert_eq!((made[0]["id"].as_str(), made[249]["id"].as_str()), (Some("x0"), Some("x249")));
    assert_eq!(total(&w, "things").await, "items 0-0/251");
    assert_eq!(w.get("things?n=200").await.ids(), ["x200"]);
}

#[tokio::test]
async fn a_refused_list_leaves_no_collection_behind() {
    let w = World::new().await;
    let twice = json!([{"id": "a"}, {"id": "a"}]);
    assert_eq!(w.post("a/thing", twice).await.error().2, ["[1].id: a already exists."]);
    assert_eq!(w.post("a/thing", json!(many(&json!({"id": "x0"})))).await.status, 400);
    assert_eq!(w.get("a/thing").await.status, 404);
}

#[tokio::test]
async fn a_long_list_that_cannot_be_changed_as_a_whole_changes_nothing() {
    let w = World::seeded(json!({"collections": [{"path": "things", "status": {
        "initial": "new", "transitions": [{"action": "end", "from": ["new"], "to": "old"}]}}]}))
    .await;
    w.post("things", json!(many(&json!({"id": "x249", "n": 249})))).await.with(201);
    let change = |last: Value| {
        let mut list: Vec<Value> = (0..249).map(|n| json!({"id": format!("x{n}"), "n": -1})).collect();
        list.push(last);
        json!(list)
    };
    for (last, text) in [
        (json!({"id": "zzz"}), "[249].id: zzz does not exist."),
        (json!({"id": "x249", "status": "lost"}), "[249].status: cannot change from new to \"lost\"."),
        // Found only where it is changed: all of the parts before it are taken back.
        (json!({"id": "x249", "a": vec![1; 20_001]}), "[249].The object has too many values."),
    ] {
        let refused = w.put("things", change(last)).await;
        assert_eq!(refused.error(), (400, "VAL_001".into(), vec![text.into()]));
        assert_eq!(w.get("things?ge(n,0)&limit=0").await.range.as_deref(), Some("items 0-0/250"));
        assert_eq!(w.get("things/x7").await.with(200)["n"], 7);
    }
    let changed = w.put("things", change(json!({"id": "x249", "status": "old"}))).await.with(200);
    assert_eq!((&changed[7]["n"], &changed[249]["status"]), (&json!(-1), &json!("old")));
    assert_eq!(w.get("things?ge(n,0)").await.ids(), ["x249"]);
}

#[tokio::test]
async fn a_list_with_an_id_that_is_not_there_removes_nothing() {
    let w = World::new().await;
    w.post("things", json!(many(&json!({"id": "x249"})))).await.with(201);
    let mut ids: Vec<Value> = (0..249).map(|n| json!({"id": format!("x{n}")})).collect();
    ids.push(json!({"id": "zzz"}));
    let refused = w.call(Method::DELETE, "things", json!(ids).to_string()).await;
    assert_eq!(refused.error().2, ["[249].id: zzz does not exist."]);
    assert_eq!(total(&w, "things").await, "items 0-0/250");
    ids.pop();
    assert_eq!(w.call(Method::DELETE, "things", json!(ids).to_string()).await.status, 204);
    assert_eq!(w.get("things").await.ids(), ["x249"]);
}

#[tokio::test]
async fn numbers_for_ids_are_taken_only_where_a_list_is_stored() {
    let w = World::new().await;
    let list: Vec<Value> = (0..250).map(|n| json!({"n": n})).collect();
    let made = w.post("things", json!(list)).await.with(201);
    let ids: std::collections::HashSet<&str> =
        made.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 250);
    w.post("things", json!({})).await.with(201);
    assert_eq!(total(&w, "things").await, "items 0-0/251");
}
