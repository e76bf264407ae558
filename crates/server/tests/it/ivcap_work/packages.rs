//! Container images as parts: what is pushed in pieces is pulled as it was.

use serde_json::{Value, json};

use super::world::{BOB, World, delete, get, post};

/// The SHA-256 of "hello world".
const LAYER: &str = "sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9";

fn push(query: &str) -> super::world::Ask {
    post(&format!("/1/packages/push?tag=app:1&{query}"))
}

fn hex(bytes: &[u8]) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn image(world: &World) -> (Value, String) {
    let layer =
        |start: u32, end: u32| push(&format!("type=layer&digest={LAYER}&total=11&start={start}&end={end}"));
    let first = layer(0, 5).body("hello").on(world).await.is(201);
    assert_eq!(first, json!({"digest": LAYER, "exists": false}));
    assert_eq!(layer(3, 11).body("xxx").on(world).await.status, 409);
    let status = get(&format!("/1/packages/status?tag=app:1&digest={LAYER}")).on(world).await.is(200);
    assert_eq!(status, json!({"status": "uploading", "message": "5 of 11 bytes are stored"}));
    layer(5, 11).body(" world").on(world).await.is(201);
    assert_eq!(layer(0, 11).body("hello world").on(world).await.is(201)["exists"], true);
    let manifest = json!({"config": {"digest": LAYER}, "layers": [{"digest": LAYER}]});
    let digest = format!("sha256:{}", hex(manifest.to_string().as_bytes()));
    push(&format!("type=manifest&digest={digest}")).body(manifest.to_string()).on(world).await.is(201);
    (manifest, digest)
}

#[tokio::test]
async fn an_image_is_pushed_in_pieces_and_pulled_as_it_was() {
    let world = World::new().await;
    let (manifest, digest) = image(&world).await;
    assert_eq!(get("/1/packages/list").on(&world).await.is(200)["items"], json!(["app:1"]));
    for reference in ["app:1", &digest] {
        let pulled = get(&format!("/1/packages/pull?ref={reference}&type=manifest")).on(&world).await;
        assert_eq!(pulled.is(200), manifest);
    }
    let rest = get(&format!("/1/packages/pull?ref={LAYER}&type=layer&offset=6")).on(&world).await;
    assert_eq!(
        (rest.header("available"), rest.header("total"), rest.text()),
        ("5", "11", "world".to_owned())
    );
    assert_eq!(get("/1/packages/pull?ref=app:1&type=config").on(&world).await.text(), "hello world");
    let foreign = get(&format!("/1/packages/pull?ref={LAYER}&type=layer")).by(BOB).on(&world).await;
    assert_eq!(foreign.status, 422, "an account's parts are its own");
    delete("/1/packages/remove?tag=app:1").on(&world).await.is(204);
    let status = get(&format!("/1/packages/status?tag=app:1&digest={LAYER}")).on(&world).await.is(200);
    assert_eq!(status["status"], "unknown");
    assert_eq!(get("/1/packages/pull?ref=app:1&type=manifest").on(&world).await.status, 422);
}

#[tokio::test]
async fn what_is_not_what_its_digest_says_is_not_kept() {
    let world = World::new().await;
    let wrong = push(&format!("type=layer&digest={LAYER}")).body("something else").on(&world).await.is(422);
    assert_eq!(wrong["name"], "digest");
    assert_eq!(
        push(&format!("type=layer&digest={LAYER}&total=3")).body("hello").on(&world).await.status,
        413
    );
    for query in ["type=layer&digest=x", "type=other&digest=x", "type=layer", "digest=x"] {
        assert_eq!(push(query).on(&world).await.status, 422, "{query}");
    }
    let (_, digest) = image(&world).await;
    let other = json!({"layers": []}).to_string();
    let second = format!("type=manifest&digest={}", hex(other.as_bytes()));
    assert_eq!(push(&second).body(other.clone()).on(&world).await.status, 409, "the tag means {digest}");
    push(&format!("{second}&force=true")).body(other).on(&world).await.is(201);
}
