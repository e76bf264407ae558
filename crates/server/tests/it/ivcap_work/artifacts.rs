//! Records of artifacts, and reading their content.

use serde_json::json;

use super::world::{BOB, EVE, World, delete, get, head, part, post, put, record};

#[tokio::test]
async fn an_artifact_shows_the_shape_of_each_dialect() {
    let world = World::new().await;
    let modern = post("/1/artifacts")
        .header("x-content-type", "image/tiff")
        .header("x-content-length", "4")
        .header("x-name", "bcOkcA==")
        .header("x-policy", "urn:ivcap:policy:ivcap.open.artifact")
        .on(&world)
        .await;
    assert_eq!((modern.header("upload-offset"), modern.header("tus-resumable")), ("0", "1.0.0"));
    let location = modern.header("location").to_owned();
    let modern = modern.is(201);
    let id = modern["id"].as_str().unwrap().to_owned();
    assert_eq!(location, format!("http://pentad.local/1/artifacts/{id}"));
    assert_eq!(modern["name"], "mäp");
    assert_eq!(modern["status"], "pending");
    assert_eq!(modern["size"], 4);
    assert_eq!(modern["data-href"], format!("http://pentad.local/1/artifacts/{id}/blob"));
    assert_eq!(modern["policy"], "urn:ivcap:policy:ivcap.open.artifact");
    assert_eq!(modern["links"][0]["rel"], "self");

    let old = get(&format!("/l28/1/artifacts/{id}")).on(&world).await.is(200);
    assert_eq!(old["data"]["self"], format!("http://pentad.local/l28/1/artifacts/{id}/blob"));
    assert_eq!(old["links"]["self"], format!("http://pentad.local/l28/1/artifacts/{id}"));
    assert_eq!(old["account"]["id"], super::world::ACCOUNT);

    let list = get("/l23/1/artifacts").on(&world).await.is(200);
    assert_eq!(list["artifacts"][0]["id"], json!(id));
    let list = get("/1/artifacts").on(&world).await.is(200);
    assert_eq!(list["items"][0]["href"], location);
}

#[tokio::test]
async fn a_name_is_what_the_dialect_says_or_else_itself() {
    let world = World::new().await;
    for (prefix, sent, name) in [
        ("/l23", "bcOkcA==", "bcOkcA=="),
        ("/l28", "bcOkcA==", "mäp"),
        ("", "plain name", "plain name"),
        ("", "../../etc/passwd", "../../etc/passwd"),
        ("", "gICA", "gICA"),
    ] {
        let created = post(&format!("{prefix}/1/artifacts"))
            .header("x-content-length", "-1")
            .header("x-name", sent)
            .on(&world)
            .await
            .is(201);
        assert_eq!(created["name"], name, "{prefix} {sent}");
    }
}

#[tokio::test]
async fn what_cannot_be_a_header_field_of_an_artifact_is_refused() {
    let world = World::new().await;
    for (name, value, status) in [
        ("x-content-length", "-2", 400),
        ("x-content-length", "many", 400),
        ("x-content-length", "99999999999999999999", 400),
        ("x-policy", "urn:ivcap:policy:nobody.knows", 422),
        ("x-collection", "not a urn", 422),
        ("tus-resumable", "0.2.2", 412),
    ] {
        let answer = post("/1/artifacts").header(name, value).on(&world).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
}

#[tokio::test]
async fn content_may_come_with_the_record() {
    let world = World::new().await;
    let created = post("/1/artifacts")
        .header("content-type", "text/plain")
        .header("x-content-length", "5")
        .body("hello")
        .on(&world)
        .await;
    assert_eq!(created.header("upload-offset"), "5");
    let created = created.is(201);
    assert_eq!(
        (created["status"].as_str(), created["mime-type"].as_str()),
        (Some("ready"), Some("text/plain"))
    );
    let begun = post("/1/artifacts").header("upload-length", "10").body("hello").on(&world).await;
    assert_eq!(begun.header("upload-offset"), "5");
    let begun = begun.is(201);
    assert_eq!(begun["status"], "partial");
    let path = format!("/1/artifacts/{}/blob", begun["id"].as_str().unwrap());
    part(&path, 5, "world").on(&world).await.is(204);
    assert_eq!(get(&path).on(&world).await.text(), "helloworld");
}

#[tokio::test]
async fn a_collection_learns_of_its_artifact() {
    let world = World::new().await;
    let created = post("/1/artifacts")
        .header("x-content-length", "0")
        .header("x-collection", "urn:x:collection:trip-1")
        .on(&world)
        .await
        .is(201);
    let path = "/1/aspects?entity=urn:x:collection:trip-1&schema=urn:ivcap:schema:collection-item.1&include-content=true";
    let found = get(path).on(&world).await.is(200);
    assert_eq!(found["items"][0]["content"]["item"], created["id"]);
}

#[tokio::test]
async fn content_is_read_whole_or_in_ranges() {
    let world = World::new().await;
    let blob = world.artifact(10).await;
    assert_eq!(get(&blob).on(&world).await.status, 404, "nothing is there yet");
    part(&blob, 0, "0123456789").on(&world).await.is(204);
    let whole = get(&blob).on(&world).await;
    assert_eq!((whole.status, whole.text().as_str()), (200, "0123456789"));
    assert_eq!((whole.header("content-type"), whole.header("content-length")), ("application/x-test", "10"));
    let etag = whole.header("etag").to_owned();
    for (range, status, text, content_range) in [
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=10-", 416, "", "bytes */10"),
        ("bytes=4-2", 200, "0123456789", ""),
    ] {
        let part = get(&blob).header("range", range).on(&world).await;
        assert_eq!((part.status, part.text().as_str()), (status, text), "{range}");
        assert_eq!(part.header("content-range"), content_range);
    }
    let same = get(&blob).header("range", "bytes=0-0").header("if-range", &etag).on(&world).await;
    assert_eq!(same.text(), "0");
    let other = get(&blob).header("range", "bytes=0-0").header("if-range", "\"other\"").on(&world).await;
    assert_eq!(other.text(), "0123456789");
    assert_eq!(get(&blob).header("if-none-match", &etag).on(&world).await.status, 304);
}

#[tokio::test]
async fn a_large_content_comes_back_bit_by_bit() {
    let world = World::new().await;
    let content: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(5 << 20).collect();
    let blob = world.artifact(content.len() as i64).await;
    part(&blob, 0, content.clone()).on(&world).await.is(204);
    assert!(get(&blob).on(&world).await.body == content);
    let middle = get(&blob).header("range", "bytes=1000000-4000000").on(&world).await;
    assert!(middle.body == content[1_000_000..=4_000_000]);
}

#[tokio::test]
async fn others_see_an_artifact_only_if_its_policy_lets_them() {
    let world = World::new().await;
    let own = world.artifact(3).await;
    part(&own, 0, "abc").on(&world).await.is(204);
    for ask in
        [get(record(&own)), get(&own), head(&own), delete(&own), delete(record(&own)), part(&own, 3, "d")]
    {
        assert_eq!(ask.by(BOB).on(&world).await.status, 404);
    }
    let open = post("/1/artifacts")
        .header("x-content-length", "3")
        .header("x-policy", "urn:ivcap:policy:ivcap.open.artifact")
        .on(&world)
        .await
        .is(201);
    let open = format!("/1/artifacts/{}/blob", open["id"].as_str().unwrap());
    assert_eq!(part(&open, 0, "abc").by(BOB).on(&world).await.status, 403);
    part(&open, 0, "abc").on(&world).await.is(204);
    assert_eq!(get(&open).by(BOB).on(&world).await.text(), "abc");
    assert_eq!(part(&open, 3, "").by(EVE).on(&world).await.status, 403, "without the scope to write");
    assert_eq!(get(&open).by("").on(&world).await.status, 401);
    let list = get("/1/artifacts").by(BOB).on(&world).await.is(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_ended_artifact_leaves_lists_and_stays_in_the_past() {
    let world = World::new().await;
    let blob = world.artifact(2).await;
    put(&blob).body("ab").on(&world).await.is(204);
    let then = get("/1/artifacts").on(&world).await.is(200)["at-time"].as_str().unwrap().to_owned();
    delete(record(&blob)).on(&world).await.is(204);
    assert_eq!(get("/1/artifacts").on(&world).await.is(200)["items"], json!([]));
    let past = get(&format!("/1/artifacts?at-time={then}")).on(&world).await.is(200);
    assert_eq!(past["items"][0]["status"], "ready");
    assert_eq!(get(record(&blob)).on(&world).await.status, 200);
    assert_eq!(delete(record(&blob)).on(&world).await.status, 404);
}
