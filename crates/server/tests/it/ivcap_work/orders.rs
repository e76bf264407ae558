//! Orders: what is checked before, and that they really run.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::world::{ACCOUNT, BOB, EVE, OTHER, World, get, part, post, record};

#[tokio::test]
async fn an_order_goes_through_its_states_and_shows_each_dialects_shape() {
    let world = World::running(&[("echo", "printf '%s\\n' \"$IVCAP_PARAM_MSG\"")], json!({})).await;
    let service = world.service("echo").await;
    let body = json!({"serviceID": service, "accountID": ACCOUNT, "name": "night run",
                      "parameters": [{"name": "msg", "value": "hi"}]});
    let placed = post("/l23/1/orders").json(&body).on(&world).await.is(200);
    let id = placed["id"].as_str().unwrap().to_owned();
    assert!(placed.get("ordered_at").is_some() && placed.get("ordered-at").is_none());
    let ended = world.ended(&id).await;
    assert_eq!((&ended["status"], &ended["name"]), (&json!("succeeded"), &json!("night run")));
    assert!(ended["ordered-at"].as_str() <= ended["started-at"].as_str());
    assert!(ended["started-at"].as_str() <= ended["finished-at"].as_str());
    assert_eq!(ended["parameters"], json!([{"name": "msg", "value": "hi"}]));
    assert_eq!(world.logs(&id).await, "hi\n");
    let old = get(&format!("/l28/1/orders/{id}")).on(&world).await.is(200);
    assert_eq!((&old["service"]["id"], &old["status"]), (&json!(service), &json!("succeeded")));
    assert!(old["products"].is_array());
    let list = get("/l23/1/orders").on(&world).await.is(200);
    assert_eq!(
        (&list["orders"][0]["status"], &list["orders"][0]["account_id"]),
        (&json!("finished"), &json!(ACCOUNT))
    );
    let list = get("/l28/1/orders").on(&world).await.is(200);
    assert_eq!(
        (&list["orders"][0]["status"], &list["orders"][0]["service-id"]),
        (&json!("succeeded"), &json!(service))
    );
    let list = get("/1/orders").on(&world).await.is(200);
    assert_eq!(list["items"][0]["href"], format!("http://pentad.local/1/orders/{id}"));
}

#[tokio::test]
async fn values_reach_the_program_with_their_defaults() {
    let mut section =
        super::world::section(&[("show", "env | grep IVCAP_PARAM | sort; echo; cat; echo; echo \"$@\"")]);
    section["services"][0]["parameters"] = json!([
        {"name": "max-count", "type": "int", "default": "3"}, {"name": "ratio", "type": "float", "optional": true},
        {"name": "loud", "type": "bool", "optional": true},
    ]);
    section["services"][0]["arguments"] = json!(true);
    section["services"][0]["command"] = json!(["/bin/sh", "-c", section["services"][0]["command"][2], "sh"]);
    let world = World::with(section, super::world::options(json!({}))).await;
    let order =
        world.order("show", json!([{"name": "loud", "value": true}, {"name": "ratio", "value": 0.5}])).await;
    world.ended(&order).await;
    let log = world.logs(&order).await;
    assert!(
        log.starts_with("IVCAP_PARAM_LOUD=true\nIVCAP_PARAM_MAX_COUNT=3\nIVCAP_PARAM_RATIO=0.5\n\n"),
        "{log}"
    );
    assert!(log.contains("\"ratio\":0.5,\"max-count\":\"3\""), "{log}");
    assert!(log.ends_with("--loud true --ratio 0.5 --max-count 3\n"), "{log}");
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_before_anything_runs() {
    let mut section = super::world::section(&[("strict", "true")]);
    section["services"][0]["parameters"] = json!([
        {"name": "region", "type": "string"}, {"name": "image", "type": "artifact", "optional": true},
    ]);
    let world = World::with(section, super::world::options(json!({}))).await;
    let service = world.service("strict").await;
    let region = json!({"name": "region", "value": "here"});
    let place = async |body: Value| {
        let answer = post("/1/orders").json(&body).on(&world).await;
        (answer.status, answer.json()["name"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(place(json!({"parameters": []})).await, (422, "service".to_owned()));
    assert_eq!(place(json!({"service": service})).await, (422, "parameters".to_owned()));
    assert_eq!(place(json!({"service": service, "parameters": []})).await, (422, "region".to_owned()));
    let unknown = json!({"service": service, "parameters": [region, {"name": "depth", "value": 1}]});
    assert_eq!(place(unknown).await, (422, "depth".to_owned()));
    let nowhere = "urn:ivcap:artifact:00000000-0000-4000-8000-000000000000";
    let absent = json!({"service": service, "parameters": [region, {"name": "image", "value": nowhere}]});
    assert_eq!(place(absent).await, (422, "image".to_owned()));
    let gone = json!({"service": "urn:ivcap:service:00000000-0000-4000-8000-000000000000", "parameters": []});
    assert_eq!(place(gone).await.0, 404);
    let foreign = json!({"service": service, "account-id": OTHER, "parameters": [region]});
    assert_eq!(place(foreign).await.0, 403);
    let policy = json!({"service": service, "policy": "urn:ivcap:policy:none", "parameters": [region]});
    assert_eq!(place(policy).await, (422, "policy".to_owned()));
    let ask = post("/1/orders").json(&json!({"service": service, "parameters": [region]}));
    assert_eq!(ask.by(EVE).on(&world).await.status, 403);
    assert_eq!(get("/1/orders").on(&world).await.is(200)["items"], json!([]));
}

#[tokio::test]
async fn an_order_is_its_accounts_own() {
    let world = World::running(&[("echo", "echo secret")], json!({})).await;
    let order = world.order("echo", json!([])).await;
    world.ended(&order).await;
    for path in ["", "/logs", "/top", "/products", "/metadata"] {
        assert_eq!(get(&format!("/1/orders/{order}{path}")).by(BOB).on(&world).await.status, 404, "{path}");
    }
    assert_eq!(get("/1/orders").by(BOB).on(&world).await.is(200)["items"], json!([]));
}

#[tokio::test]
async fn files_that_an_order_leaves_become_its_products() {
    let script = "mkdir \"$IVCAP_OUT_DIR/maps\"; printf abc > \"$IVCAP_OUT_DIR/maps/a.tif\"; ln -s /etc/passwd \"$IVCAP_OUT_DIR/x\"";
    let world = World::running(&[("make", script)], json!({})).await;
    let order = world.order("make", json!([])).await;
    let ended = world.ended(&order).await;
    let products = ended["products"]["items"].as_array().unwrap();
    assert_eq!(products.len(), 1, "a link is no product: {ended}");
    assert_eq!(
        (&products[0]["name"], &products[0]["mime-type"]),
        (&json!("maps/a.tif"), &json!("image/tiff"))
    );
    let page = get(&format!("/1/orders/{order}/products?limit=1")).on(&world).await.is(200);
    assert_eq!(page["items"][0]["id"], products[0]["id"]);
    assert!(page.get("at-time").is_none() && page["links"].is_array());
    let blob = format!("/1/artifacts/{}/blob", products[0]["id"].as_str().unwrap());
    assert_eq!(get(&blob).on(&world).await.text(), "abc");
    assert_eq!(get(record(&blob)).on(&world).await.is(200)["status"], "ready");
    assert_eq!(part(&blob, 3, "d").on(&world).await.status, 413, "it is complete");
}

#[tokio::test]
async fn the_platform_records_where_things_come_from() {
    let mut section = super::world::section(&[("make", "printf abc > \"$IVCAP_OUT_DIR/a.txt\"")]);
    section["services"][0]["parameters"] = json!([{"name": "image", "type": "artifact"}]);
    let world = World::with(section, super::world::options(json!({}))).await;
    let blob = world.artifact(0).await;
    let image = record(&blob).rsplit('/').next().unwrap().to_owned();
    let ended = world.run("make", json!([{"name": "image", "value": image}])).await;
    let (order, product) =
        (ended["id"].as_str().unwrap(), ended["products"]["items"][0]["id"].as_str().unwrap());
    let schemas = async |entity: &str| -> Vec<String> {
        let path = format!("/1/aspects?entity={entity}&order-by=valid_from&order-direction=ASC");
        let list = get(&path).on(&world).await.is(200);
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["schema"].as_str().unwrap().to_owned())
            .collect()
    };
    let of_order = ["order-placed.1", "order-produced-artifact.1", "order-finished.1"];
    assert_eq!(schemas(order).await, of_order.map(|name| format!("urn:ivcap:schema:{name}")));
    assert_eq!(schemas(product).await, ["urn:ivcap:schema:artifact-created.1"]);
    assert_eq!(schemas(&image).await, ["urn:ivcap:schema:artifact-usedBy-order.1"]);
    let metadata = get(&format!("/1/orders/{order}/metadata")).on(&world).await.is(200);
    assert_eq!(metadata["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn failure_and_error_are_told_apart() {
    let world = World::running(
        &[
            ("bad", "echo 'no such region' >&2; exit 3"),
            ("crash", "kill -SEGV $$"),
            ("killed", "kill -KILL $$"),
        ],
        json!({}),
    )
    .await;
    assert_eq!(world.run("bad", json!([])).await["status"], "failed");
    assert_eq!(world.run("crash", json!([])).await["status"], "failed");
    assert_eq!(world.run("killed", json!([])).await["status"], "error");
}

#[tokio::test]
async fn logs_are_cut_by_time_and_by_length() {
    let world =
        World::running(&[("much", "head -c 20000 /dev/zero | tr '\\0' x")], json!({"log": 10_000})).await;
    let order = world.order("much", json!([])).await;
    world.ended(&order).await;
    let log = world.logs(&order).await;
    assert!(
        log.starts_with(&"x".repeat(10_000)) && log.len() < 10_200 && log.contains("cut off"),
        "{}",
        log.len()
    );
    let now = world.time.now().as_second();
    let cut = async |query: &str| get(&format!("/1/orders/{order}/logs?{query}")).on(&world).await;
    assert!(!cut(&format!("from={}", now - 60)).await.body.is_empty());
    assert!(cut(&format!("from={}", now + 60)).await.body.is_empty());
    assert!(cut(&format!("to={}", now - 60)).await.body.is_empty());
    assert_eq!(cut("from=yesterday").await.status, 422);
}

#[tokio::test]
async fn orders_wait_for_a_free_place_and_then_run_in_order() {
    let script = "cat \"$IVCAP_IN_DIR/request.json\" > /dev/null; date +%s%N";
    let world = World::running(&[("when", script)], json!({"parallel": 1})).await;
    let mut orders = Vec::new();
    for _ in 0..4 {
        orders.push(world.order("when", json!([])).await);
    }
    let mut times = Vec::new();
    for order in &orders {
        assert_eq!(world.ended(order).await["status"], "succeeded");
        times.push(world.logs(order).await.trim().parse::<u128>().unwrap());
    }
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn what_runs_can_be_watched() {
    let world = World::running(&[("wait", "echo begun; sleep 1000")], json!({})).await;
    let order = world.order("wait", json!([])).await;
    world.until(&format!("/1/orders/{order}"), &["executing"]).await;
    let top = get(&format!("/1/orders/{order}/top")).on(&world).await.is(200);
    for member in ["container", "cpu", "memory", "storage", "ephemeral-storage"] {
        assert!(top[0][member].is_string(), "{top}");
    }
    world.time.advance(SignedDuration::from_secs(3601));
    assert_eq!(world.ended(&order).await["status"], "error");
    assert_eq!(get(&format!("/1/orders/{order}/top")).on(&world).await.is(200), json!([]));
}
