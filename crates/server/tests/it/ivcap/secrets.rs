use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use super::world::{BOB, World};

#[tokio::test]
async fn a_secret_is_read_by_its_account_alone_until_it_ends() {
    let world = World::seeded().await;
    let ends = world.time.now().as_second() + 3600;
    let secret = json!({"secret-name": "db", "secret-value": "hush", "expiry-time": ends});
    let set = world.post("/1/secrets", &secret).await;
    assert_eq!((set.status, set.text.as_str()), (204, ""));
    assert_eq!(world.get("/1/secrets?secret-name=db").await.with(200), secret);
    let foreign = world.ask(Method::GET, "/1/secrets?secret-name=db", "").by(BOB).send().await;
    assert_eq!(foreign.status, 404);
    assert_eq!(world.get("/1/secrets?secret-name=db&secret-type=other").await.status, 404);
    assert_eq!(world.get("/1/secrets").await.with(422)["name"], "secret-name");
    let past = json!({"secret-name": "past", "secret-value": "x", "expiry-time": -1});
    world.post("/1/secrets", &past).await.with(204);
    assert_eq!(world.get("/1/secrets?secret-name=past").await.status, 404, "it ended before it began");
    world.time.advance(SignedDuration::from_hours(1));
    assert_eq!(world.get("/1/secrets?secret-name=db").await.status, 404);
    assert_eq!(world.all("/1/secrets/list", 10, "items").await.len(), 0);
}

#[tokio::test]
async fn secrets_are_listed_by_name_and_found_by_a_regular_expression() {
    let world = World::new().await;
    for number in 0..25 {
        let secret = json!({"secret-name": format!("s{number:02}"), "secret-value": "x", "expiry-time": 0});
        world.post("/1/secrets", &secret).await.with(204);
    }
    let all = world.all("/1/secrets/list", 10, "items").await;
    assert_eq!(all.len(), 25);
    assert_eq!(all[0], json!({"secret-name": "s00", "expiry-time": 0}));
    assert_eq!(world.all("/1/secrets/list?filter=^s0[1-3]$", 2, "items").await.len(), 3);
    assert_eq!(world.get("/1/secrets/list?filter=(").await.with(422)["name"], "filter");
    let page = world.get("/1/secrets/list?limit=20").await.with(200);
    assert!(page.get("at-time").is_none());
    let rest =
        world.get(&format!("/1/secrets/list?offset={}", super::world::next(&page).unwrap())).await.with(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn no_value_stands_in_the_store() {
    let world = World::new().await;
    let canary = "canary-of-a-secret-4711";
    let secret = json!({"secret-name": "c", "secret-value": canary, "expiry-time": 0});
    world.post("/1/secrets", &secret).await.with(204);
    for entry in std::fs::read_dir(world.engine.dir().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(canary.len()).any(|window| window == canary.as_bytes()),
                "{}",
                path.display()
            );
        }
    }
    assert!(!format!("{:?}", world.ivcap).contains(canary));
}
