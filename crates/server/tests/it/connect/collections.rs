//! Collections and resources without any declaration.

use http::Method;
use jiff::SignedDuration;
use pentad_server::{Mode, Service};
use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn first_post_to_any_path_creates_the_collection() {
    let w = World::new().await;
    for path in ["products", "subscriptions/assets", "a/b/c", "devops/services", "thing"] {
        let made = w.post(path, json!({"name": "x"})).await.with(201);
        let id = made["id"].as_str().unwrap().to_owned();
        assert_eq!(w.get(&format!("{path}/{id}")).await.with(200), made);
        assert_eq!(w.get(path).await.range.as_deref(), Some("items 0-0/1"));
    }
}

#[tokio::test]
async fn ids_have_the_shape_of_their_collection_and_events_tell_who_and_when() {
    let w = World::new().await;
    let made =
        w.post("products", json!({"name": "x", "events": {"published": {"at": "then"}}})).await.with(201);
    let id = made["id"].as_str().unwrap();
    assert!(id.starts_with("PRD-") && id.len() == "PRD-123-456-789".len(), "{id}");
    let stamp =
        json!({"at": "2024-05-06T07:08:09+00:00", "by": {"id": "SU-000-000-001", "name": "Local user"}});
    assert_eq!(made["events"], json!({"published": {"at": "then"}, "created": stamp, "updated": stamp}));
    w.time.advance(SignedDuration::from_secs(60));
    let changed = w.put(&format!("products/{id}"), json!({"name": "y"})).await.with(200);
    assert_eq!(changed["events"]["created"], stamp);
    assert_eq!(changed["events"]["updated"]["at"], "2024-05-06T07:09:09+00:00");
}

#[tokio::test]
async fn a_chosen_id_is_kept_and_cannot_be_chosen_twice() {
    let w = World::new().await;
    assert_eq!(w.post("products", json!({"id": "PRD-1"})).await.with(201)["id"], "PRD-1");
    let again = w.post("products", json!({"id": "PRD-1"})).await;
    assert_eq!(again.error(), (400, "VAL_001".into(), vec!["id: PRD-1 already exists.".into()]));
    assert_eq!(w.post("products", json!({"id": 7})).await.with(201)["id"], 7);
    assert_eq!(w.get("products/7").await.with(200)["id"], 7);
    for id in ["a/b", ".", ".."] {
        assert_eq!(w.post("products", json!({"id": id})).await.status, 400, "{id}");
    }
}

#[tokio::test]
async fn an_update_replaces_given_members_and_keeps_the_others_and_the_id() {
    let w = World::new().await;
    w.post("products", json!({"id": "P", "a": {"x": 1, "y": 2}, "b": 1})).await.with(201);
    let changed = w.put("products/P", json!({"id": "Q", "a": {"x": 5}})).await.with(200);
    assert_eq!((&changed["id"], &changed["a"], &changed["b"]), (&json!("P"), &json!({"x": 5}), &json!(1)));
    let patched = w.call(Method::PATCH, "products/P", r#"{"b": null}"#).await.with(200);
    assert_eq!(patched["b"], Value::Null);
    assert_eq!(w.put("products/P", json!([1])).await.status, 400);
    assert_eq!(w.put("products/Q", json!({"a": 1})).await.status, 404);
    assert_eq!(w.call(Method::PUT, "products/P", "").await.with(200)["b"], Value::Null);
}

#[tokio::test]
async fn deleting_a_resource_removes_what_is_below_it() {
    let w = World::new().await;
    w.post("products", json!({"id": "P"})).await.with(201);
    w.post("products", json!({"id": "P0"})).await.with(201);
    w.post("products/P/items", json!({"id": "I"})).await.with(201);
    w.post("products/P/items/I/prices", json!({"id": "X"})).await.with(201);
    w.post("products/P0/items", json!({"id": "I"})).await.with(201);
    let gone = w.delete("products/P").await;
    assert_eq!((gone.status, gone.kind, gone.text.as_str()), (204, None, ""));
    for path in ["products/P", "products/P/items", "products/P/items/I", "products/P/items/I/prices"] {
        assert_eq!(w.get(path).await.status, 404, "{path}");
    }
    assert_eq!(w.get("products/P0/items").await.ids(), ["I"]);
    assert_eq!(w.delete("products/P").await.status, 404);
    w.post("products", json!({"id": "P"})).await.with(201);
    assert_eq!(w.get("products/P/items").await.ids(), Vec::<String>::new());
}

#[tokio::test]
async fn bulk_operations_create_update_and_delete() {
    let w = World::new().await;
    let many: Vec<Value> = (0..250).map(|n| json!({"n": n})).collect();
    let made = w.post("things", json!(many)).await.with(201);
    let made = made.as_array().unwrap();
    assert_eq!(made.len(), 250);
    assert_eq!(made[249]["n"], 249);
    let ids: Vec<&str> = made.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let changes: Vec<Value> = ids.iter().map(|id| json!({"id": id, "m": 1})).collect();
    let changed = w.put("things", json!(changes)).await.with(200);
    assert_eq!((&changed[7]["m"], &changed[7]["n"]), (&json!(1), &json!(7)));
    let gone: Vec<Value> = ids[..200].iter().map(|id| json!({"id": id})).collect();
    let answer = w.call(Method::DELETE, "things", json!(gone).to_string()).await;
    assert_eq!((answer.status, answer.kind), (204, None));
    assert_eq!(w.get("things?limit=0").await.range.as_deref(), Some("items 0-0/50"));
}

#[tokio::test]
async fn a_form_with_files_becomes_a_resource() {
    let w = World::new().await;
    let body = "--x\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nLogo\r\n--x\r\n\
                Content-Disposition: form-data; name=\"image\"; filename=\"logo.png\"\r\nContent-Type: image/png\r\n\r\n\
                PNG\r\n--x--\r\n";
    let kind = "Multipart/form-data; boundary=x";
    w.post("products", json!({"id": "PRD-1"})).await.with(201);
    let made = w.send(Some(&w.key), kind, Method::POST, "products/PRD-1/media", body).await.with(201);
    assert_eq!(
        (&made["title"], &made["image"]["name"], &made["image"]["size"]),
        (&json!("Logo"), &json!("logo.png"), &json!(3))
    );
    let path = "products/PRD-1/media?eq(image.type,\"image/png\")";
    assert_eq!(w.get(path).await.ids(), [made["id"].as_str().unwrap()]);
    let broken = w.send(Some(&w.key), kind, Method::POST, "products", "--x\r\nno end").await;
    assert_eq!(broken.error().0, 400);
}

#[tokio::test]
async fn an_empty_bulk_delete_changes_nothing() {
    let w = World::new().await;
    w.post("things", json!({"id": "a"})).await.with(201);
    for body in ["", "[]"] {
        assert_eq!(w.call(Method::DELETE, "things", body).await.status, 204);
    }
    assert_eq!(w.get("things").await.ids(), ["a"]);
}

#[tokio::test]
async fn a_bulk_request_with_a_wrong_element_changes_nothing() {
    let w = World::new().await;
    w.post("things", json!([{"id": "a", "n": 1}, {"id": "b", "n": 1}])).await.with(201);
    let unknown = w.put("things", json!([{"id": "a", "n": 2}, {"id": "z", "n": 2}])).await;
    assert_eq!(unknown.error().2, ["[1].id: z does not exist."]);
    let nameless = w.put("things", json!([{"id": "a", "n": 2}, {"n": 2}])).await;
    assert_eq!(nameless.error(), (400, "VAL_001".into(), vec!["[1].id: This field is required.".into()]));
    assert_eq!(w.put("things", json!({"id": "a"})).await.status, 400);
    assert_eq!(w.post("things", json!([{"id": "c"}, 5])).await.status, 400);
    assert_eq!(w.get("things?n=1").await.ids(), ["a", "b"]);
}

#[tokio::test]
async fn what_is_not_there_is_404_and_a_wrong_verb_405() {
    let w = World::new().await;
    w.post("products", json!({"id": "P"})).await.with(201);
    for path in ["products/Q", "nothing", "a/b/c/d", "products/Q/items", "products/P/activate"] {
        let missing = w.get(path).await;
        assert_eq!(missing.error(), (404, "HTTP_404".into(), vec!["Not found.".into()]), "{path}");
    }
    let wrong = w.post("products/P", json!({})).await;
    assert_eq!(wrong.status, 405);
    assert_eq!(wrong.allow.as_deref(), Some("GET, HEAD, PUT, PATCH, DELETE"));
    assert_eq!(w.call(Method::PATCH, "products", "{}").await.status, 405);
    assert_eq!(w.call(Method::OPTIONS, "products", "").await.status, 405);
}

#[tokio::test]
async fn an_action_that_nobody_declared_is_404_on_a_resource_that_exists() {
    let w = World::new().await;
    w.post("products", json!({"id": "P"})).await.with(201);
    for (path, body) in [
        ("products/P/activate", json!({"a": 1})),
        ("products/P/activate", Value::Null),
        ("products/export", json!({"a": 1})),
        ("products/Q/items", json!({"a": 1})),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        assert_eq!(w.call(Method::POST, path, body).await.status, 404, "{path}");
    }
    assert_eq!(w.call(Method::POST, "products/P/items", "").await.status, 404, "nothing to create");
    assert_eq!(w.post("products/P/items", json!({"a": 1})).await.status, 201);
}

#[tokio::test]
async fn names_of_collections_that_nobody_filled_are_empty_lists() {
    let w = World::new().await;
    let empty = w.get("products").await;
    assert_eq!((empty.status, empty.text.as_str(), empty.range.as_deref()), (200, "[]", Some("items 0-0/0")));
    w.post("products", json!({"id": "P"})).await.with(201);
    assert_eq!(w.get("products/P/item-groups").await.with(200), json!([]));
}

#[tokio::test]
async fn only_the_key_lets_in_before_anything_else_is_said() {
    let w = World::new().await;
    let wrong = format!("{}x", w.key);
    for key in [None, Some(""), Some("ApiKey SU-1:x"), Some(wrong.as_str())] {
        for path in ["products", "nothing", "a?eq(("] {
            let refused = w.call_as(key, Method::GET, path, "").await;
            assert_eq!(
                refused.error(),
                (401, "AUTH_001".into(), vec!["API request is unauthorized.".into()])
            );
        }
    }
    let announced = w.connect.credentials().await.unwrap();
    assert!(announced["api_key"].as_str().unwrap().starts_with("ApiKey SU-000-000-001:"));
}

#[tokio::test]
async fn paths_are_decoded_by_segment_and_extra_slashes_are_forgiven_unless_strict() {
    let w = World::new().await;
    w.post("products", json!({"id": "a b"})).await.with(201);
    assert_eq!(w.get("products/a%20b").await.status, 200);
    assert_eq!(w.get("/products/").await.status, 200);
    w.post("products/a%20b/items", json!({"id": "I"})).await.with(201);
    assert_eq!(w.get("products/a%20b%2Fitems").await.status, 404, "a slash in a name is no step");
    let strict = World::with(Mode::Strict, Value::Null, Value::Null).await;
    strict.post("products", json!({"id": "a"})).await.with(201);
    assert_eq!(strict.get("/products").await.status, 404);
    assert_eq!(strict.get("products").await.status, 200);
}

#[tokio::test]
async fn no_resource_takes_the_name_of_a_collection_beside_it() {
    let w = World::new().await;
    w.post("usage/exports", json!({"id": "a"})).await.with(201);
    w.post("usage", json!({"id": "b"})).await.with(201);
    let refused = w.post("usage", json!({"id": "exports"})).await;
    assert_eq!(refused.error().2, ["id: exports is the name of a collection."]);
}
