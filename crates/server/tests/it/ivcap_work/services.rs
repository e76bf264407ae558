//! Services in their three forms.

use serde_json::{Value, json};

use super::world::{ACCOUNT, BOB, EVE, OTHER, World, delete, get, options, post, put, section};

fn old() -> Value {
    json!({
        "name": "fire-risk", "description": "Computes a risk map", "provider-id": "urn:ivcap:provider:p",
        "account-id": ACCOUNT, "tags": ["fire"], "metadata": [{"name": "area", "value": "forest"}],
        "parameters": [{"name": "region", "type": "string", "label": "Region"}],
        "workflow": {"type": "basic", "basic": {"image": "alpine", "command": ["/bin/true"]}},
    })
}

fn modern(id: &str) -> Value {
    json!({
        "id": id, "name": "rain", "description": "Rains", "policy": "urn:ivcap:policy:ivcap.open.service",
        "parameters": [], "controller-schema": "urn:ivcap:schema.service.rest.1",
        "controller": {"$schema": "urn:ivcap:schema.service.rest.1", "image": "alpine", "command": ["/bin/true"]},
    })
}

const ID: &str = "urn:ivcap:service:7b1e2c34-0000-4000-8000-000000000001";

#[tokio::test]
async fn a_service_shows_the_shape_of_each_form() {
    let world = World::new().await;
    let created = post("/l28/1/services").json(&old()).on(&world).await.is(201);
    let id = created["id"].as_str().unwrap();
    assert_eq!(created["provider"]["id"], "urn:ivcap:provider:p");
    assert_eq!(created["links"]["self"], format!("http://pentad.local/l28/1/services/{id}"));
    assert_eq!(created["metadata"][0]["name"], "area");

    let x = get(&format!("/1/services/{id}")).on(&world).await.is(200);
    assert_eq!((&x["account"], &x["status"]), (&json!(ACCOUNT), &json!("active")));
    assert!(x["links"].is_array() && x.get("provider").is_none());
    let new = get(&format!("/1/services2/{id}")).on(&world).await.is(200);
    assert_eq!(new["parameters"][0]["options"], json!([]), "clients walk it without looking");
    assert_eq!(new["controller-schema"], "urn:ivcap:schema.service.batch.1");

    let list = get("/l23/1/services").on(&world).await.is(200);
    assert_eq!(list["services"][0]["links"]["describedBy"]["type"], "application/openapi3+json");
    let list = get("/1/services").on(&world).await.is(200);
    assert_eq!(list["items"][0]["account"], ACCOUNT);
    let list = get("/1/services2").on(&world).await.is(200);
    assert_eq!(list["items"][0]["href"], format!("http://pentad.local/1/services2/{id}"));
    assert_eq!(get("/l28/1/services2").on(&world).await.status, 404, "the old dialects have no such path");
}

#[tokio::test]
async fn a_service_is_created_once() {
    let world = World::new().await;
    post("/1/services2").json(&modern(ID)).on(&world).await.is(201);
    let again = post("/1/services2").json(&modern(ID)).on(&world).await.is(409);
    assert_eq!(again["id"], ID);
    post("/l28/1/services").json(&old()).on(&world).await.is(201);
    assert_eq!(post("/l28/1/services").json(&old()).on(&world).await.status, 409, "the name is taken");
}

#[tokio::test]
async fn a_definition_that_lacks_something_is_refused_by_name() {
    let world = World::new().await;
    for (path, body, members) in [
        ("/l28/1/services", old(), ["description", "provider-id", "parameters", "workflow"].as_slice()),
        ("/1/services", old(), ["description", "parameters", "workflow"].as_slice()),
        (
            "/1/services2",
            modern(ID),
            ["id", "description", "parameters", "controller", "controller-schema"].as_slice(),
        ),
    ] {
        for member in members {
            let mut body = body.clone();
            body.as_object_mut().unwrap().remove(*member);
            assert_eq!(post(path).json(&body).on(&world).await.is(422)["name"], *member, "{path}");
        }
    }
    let mut wrong = old();
    wrong["parameters"][0]["type"] = json!("date");
    post("/l28/1/services").json(&wrong).on(&world).await.is(422);
    let mut wrong = modern("urn:ivcap:order:x");
    assert_eq!(post("/1/services2").json(&wrong).on(&world).await.is(422)["name"], "id");
    wrong["id"] = json!(ID);
    wrong["policy"] = json!("urn:ivcap:policy:none");
    assert_eq!(post("/1/services2").json(&wrong).on(&world).await.is(422)["name"], "policy");
    assert_eq!(post("/1/services2").body("{").on(&world).await.status, 400);
    let mut foreign = old();
    foreign["account-id"] = json!(OTHER);
    assert_eq!(post("/l28/1/services").json(&foreign).on(&world).await.status, 403);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_past() {
    let world = World::new().await;
    let path = format!("/1/services2/{ID}");
    assert_eq!(put(&path).json(&modern(ID)).on(&world).await.status, 404);
    put(&format!("{path}?force-create=true")).json(&modern(ID)).on(&world).await.is(200);
    let then = get("/1/services2").on(&world).await.is(200)["at-time"].as_str().unwrap().to_owned();
    let mut changed = modern(ID);
    changed["description"] = json!("Pours");
    assert_eq!(put(&path).json(&changed).on(&world).await.is(200)["description"], "Pours");
    let past = get(&format!("/1/services2?at-time={then}")).on(&world).await.is(200);
    assert_eq!(past["items"][0]["description"], "Rains");
    assert_eq!(put(&path).json(&changed).by(BOB).on(&world).await.status, 403);
    assert_eq!(delete(&path).by(BOB).on(&world).await.status, 403);
    assert_eq!(delete(&path).by(EVE).on(&world).await.status, 403);
    delete(&path).on(&world).await.is(204);
    delete(&path).on(&world).await.is(204);
    assert_eq!(get("/1/services2").on(&world).await.is(200)["items"], json!([]));
    assert_eq!(get(&path).on(&world).await.is(200)["status"], "inactive");
}

#[tokio::test]
async fn services_are_found_by_name_and_by_words() {
    let world = World::running(&[("hello-world", "true"), ("hello", "true")], json!({})).await;
    let names = async |query: &str| -> Vec<String> {
        let list = get(&format!("/1/services2?{query}")).on(&world).await.is(200);
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("filter=name~%3D%27hello-world%27").await, ["hello-world"]);
    assert_eq!(names("search=WORLD").await, ["hello-world"]);
    assert_eq!(names("search=nothing").await.len(), 0);
    assert_eq!(names("order-by=name&order-desc=false").await, ["hello", "hello-world"]);
}

#[tokio::test]
async fn images_and_commands_that_came_over_the_api_do_not_run() {
    let world = World::new().await;
    post("/1/services2").json(&modern(ID)).on(&world).await.is(201);
    let order = json!({"service": ID, "parameters": []});
    let refused = post("/1/orders").json(&order).on(&world).await.is(501);
    assert!(refused["message"].as_str().unwrap().contains("--allow-api-commands"), "{refused}");
    let mut image = modern(ID);
    image["controller"].as_object_mut().unwrap().remove("command");
    put(&format!("/1/services2/{ID}")).json(&image).on(&world).await.is(200);
    let refused = post("/1/orders").json(&order).on(&world).await.is(501);
    assert!(refused["message"].as_str().unwrap().contains("container images"), "{refused}");
    assert_eq!(post(&format!("/1/services2/{ID}/jobs")).body("{}").on(&world).await.status, 501);
}

#[tokio::test]
async fn commands_that_came_over_the_api_run_where_that_is_allowed() {
    let mut options = options(json!({}));
    options["allow_api_commands"] = json!(true);
    let world = World::with(section(&[]), options).await;
    post("/1/services2").json(&modern(ID)).on(&world).await.is(201);
    let placed = post("/1/orders").json(&json!({"service": ID, "parameters": []})).on(&world).await.is(200);
    assert_eq!(world.ended(placed["id"].as_str().unwrap()).await["status"], "succeeded");
}

#[tokio::test]
async fn an_installation_without_a_seed_has_services_that_run() {
    let world = World::with(Value::Null, options(json!({}))).await;
    let token =
        pentad_server::Service::credentials(&*world.ivcap).await.unwrap()["jwt"].as_str().unwrap().to_owned();
    let list = get("/1/services2?order-by=name&order-desc=false").by(&token).on(&world).await.is(200);
    let names: Vec<&str> =
        list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["echo", "failing", "greeting"]);
    for (number, status) in [(0, "succeeded"), (1, "failed"), (2, "succeeded")] {
        let parameters = if number == 2 { json!([{"name": "name", "value": "you"}]) } else { json!([]) };
        let body = json!({"service": list["items"][number]["id"], "parameters": parameters});
        let placed = post("/1/orders").by(&token).json(&body).on(&world).await.is(200);
        let path = format!("/1/orders/{}", placed["id"].as_str().unwrap());
        let ended = loop {
            let order = get(&path).by(&token).on(&world).await.is(200);
            if order.get("finished-at").is_some() {
                break order;
            }
            tokio::task::yield_now().await;
        };
        assert_eq!(ended["status"], status);
        assert_eq!(ended["products"]["items"].as_array().unwrap().len(), usize::from(number == 2));
    }
}

#[tokio::test]
async fn the_command_of_a_seed_is_changed_in_the_seed_alone() {
    let world = World::running(&[("hello", "true")], json!({})).await;
    let path = format!("/1/services2/{}", world.service("hello").await);
    let mut body = modern(path.rsplit('/').next().unwrap());
    body["controller"] =
        json!({"$schema": "urn:ivcap:schema.service.batch.1", "image": "x", "command": ["rm", "-rf", "/"]});
    let refused = put(&path).json(&body).on(&world).await.is(422);
    assert_eq!(refused["name"], "controller");
    body["controller"]["command"] = json!(["/bin/sh", "-c", "true"]);
    put(&path).json(&body).on(&world).await.is(200);
    assert_eq!(world.run("rain", json!([])).await["status"], "succeeded", "it has a new name");
}
