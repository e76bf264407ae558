use http::Method;
use serde_json::{Value, json};

use super::world::{BOB, World};

#[tokio::test]
async fn a_project_is_created_changed_and_deleted() {
    let world = World::seeded().await;
    let made = world
        .post("/1/project", &json!({"name": "Reef", "properties": {"details": "corals"}}))
        .await
        .with(200);
    let urn = made["urn"].as_str().unwrap().to_owned();
    assert_eq!((&made["status"], &made["role"]), (&json!("active"), &json!("owner")));
    let path = format!("/1/project/{urn}");
    let changed = world.put(&path, &json!({"name": "Reefs"})).await.with(200);
    assert_eq!((&changed["name"], &changed["properties"]["details"]), (&json!("Reefs"), &json!("corals")));
    assert_eq!(world.get(&path).await.with(200), changed);
    let own = world.get(&format!("{path}/account")).await.with(200);
    assert_eq!(own["account_urn"], changed["account"]);
    world.put(&format!("{path}/account"), &own).await.with(204);
    // Nobody lets another account pay.
    let foreign = json!({"account_urn": "urn:ivcap:account:x"});
    assert_eq!(world.put(&format!("{path}/account"), &foreign).await.status, 403);
    let charged = json!({"name": "Reefs", "account": "urn:ivcap:account:x"});
    assert_eq!(world.put(&path, &charged).await.status, 403);
    assert_eq!(world.post("/1/project", &charged).await.status, 403);
    assert_eq!(world.put(&path, &json!({"parent": urn})).await.status, 422);
    assert_eq!(world.get(&format!("{path}/account")).await.with(200), own);
    assert_eq!(world.ask(Method::GET, &path, "").by(BOB).send().await.status, 404);
    assert_eq!(world.get("/1/project/default").await.status, 404);
    world.put("/1/project/default", &json!({"project_urn": urn})).await.with(204);
    assert_eq!(world.get("/1/project/default").await.with(200)["urn"], json!(urn));
    let foreign = json!({"project_urn": urn, "user_urn": "urn:ivcap:user:other"});
    assert_eq!(world.put("/1/project/default", &foreign).await.status, 403);
    world.delete(&path).await.with(204);
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.delete(&path).await.status, 400);
    assert_eq!(world.get("/1/project/default").await.status, 404);
}

#[tokio::test]
async fn members_come_page_by_page_and_by_role() {
    let world = World::seeded().await;
    let made = world.post("/1/project", &json!({"name": "Reef"})).await.with(200);
    let path = format!("/1/project/{}", made["urn"].as_str().unwrap());
    for number in 0..14 {
        let role = if number % 2 == 0 { "viewer" } else { "editor" };
        let member = format!("{path}/memberships/urn:ivcap:user:m{number:02}");
        world.put(&member, &json!({"role": role})).await.with(204);
    }
    let mut page = world.get(&format!("{path}/members")).await.with(200);
    assert_eq!(page["members"].as_array().unwrap().len(), 10);
    let next = page["page"].as_str().unwrap().to_owned();
    page = world.get(&format!("{path}/members?page={next}")).await.with(200);
    assert_eq!((page["members"].as_array().unwrap().len(), &page["page"]), (5, &json!("")));
    let viewers = world.get(&format!("{path}/members?role=viewer")).await.with(200);
    assert_eq!(viewers["members"].as_array().unwrap().len(), 7);
    world.delete(&format!("{path}/memberships/urn:ivcap:user:m00")).await.with(204);
    assert_eq!(world.delete(&format!("{path}/memberships/urn:ivcap:user:m00")).await.status, 404);
}

#[tokio::test]
async fn bad_projects_are_refused() {
    let world = World::new().await;
    for body in [
        json!({"name": "ab"}),
        json!({"name": "abc", "parent": "x"}),
        json!({"name": "abc", "urn": "urn:x"}),
        json!({}),
    ] {
        assert_eq!(world.post("/1/project", &body).await.status, 422, "{body}");
    }
    assert_eq!(world.get("/1/project").await.with(200)["projects"], json!([]));
    assert_eq!(world.get("/1/project").await.with(200)["page"], Value::from(""));
}

#[tokio::test]
async fn dashboards_and_packages_are_those_of_the_seed() {
    let mut section = super::world::section();
    section["packages"] = json!(["registry/a:1", "registry/b:2"]);
    let world = World::with(pentad_server::Mode::Relaxed, Value::Null, section).await;
    let boards = world.get("/1/dashboards").await.with(200);
    assert_eq!(boards, json!({"items": [{"id": 1, "uid": "d1", "title": "Jobs", "url": "http://h/d/1"}]}));
    assert_eq!(
        world.get("/1/packages/list").await.with(200)["items"],
        json!(["registry/a:1", "registry/b:2"])
    );
    assert_eq!(world.get("/1/packages/list?tag=b:").await.with(200)["items"], json!(["registry/b:2"]));
    world.delete("/1/packages/remove?tag=registry/b:2").await.with(204);
    assert_eq!(world.delete("/1/packages/remove?tag=registry/b:2").await.status, 422);
    assert_eq!(world.get("/1/packages/list").await.with(200)["items"], json!(["registry/a:1"]));
}
