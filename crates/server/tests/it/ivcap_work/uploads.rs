//! Resumable upload: every rule of IVCAP reference 7.6.

use http::Method;
use proptest::prelude::*;
use serde_json::Value;

use super::world::{Ask, World, delete, get, head, part, post, put, record};

async fn status(world: &World, blob: &str) -> Value {
    get(record(blob)).on(world).await.is(200)
}

#[tokio::test]
async fn parts_that_follow_each_other_make_a_content() {
    let world = World::new().await;
    let blob = world.artifact(6).await;
    let first = part(&blob, 0, "abc").on(&world).await;
    assert_eq!(
        (first.status, first.header("upload-offset"), first.header("tus-resumable")),
        (204, "3", "1.0.0")
    );
    assert_eq!(status(&world, &blob).await["status"], "partial");
    assert_eq!(get(&blob).on(&world).await.status, 404);
    let at = head(&blob).header("tus-resumable", "1.0.0").on(&world).await;
    assert_eq!((at.status, at.header("upload-offset"), at.header("upload-length")), (200, "3", "6"));
    assert_eq!(at.header("cache-control"), "no-store");
    assert_eq!(part(&blob, 3, "def").on(&world).await.header("upload-offset"), "6");
    let done = status(&world, &blob).await;
    assert_eq!((done["status"].as_str(), done["size"].as_u64()), (Some("ready"), Some(6)));
    let digest = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
    assert_eq!(done["etag"], digest);
    assert_eq!(get(&blob).on(&world).await.text(), "abcdef");
}

#[tokio::test]
async fn a_part_in_the_wrong_place_stores_nothing() {
    let world = World::new().await;
    let blob = world.artifact(6).await;
    part(&blob, 0, "abc").on(&world).await.is(204);
    for offset in [0, 2, 4, 6, 1 << 40] {
        let refused = part(&blob, offset, "xyz").on(&world).await;
        assert_eq!((refused.status, refused.header("upload-offset")), (409, "3"), "{offset}");
    }
    assert_eq!(head(&blob).on(&world).await.header("upload-offset"), "3");
}

#[tokio::test]
async fn more_than_was_declared_is_refused() {
    let world = World::new().await;
    let blob = world.artifact(4).await;
    assert_eq!(part(&blob, 0, "abcde").on(&world).await.status, 413);
    assert_eq!(head(&blob).on(&world).await.header("upload-offset"), "0");
    part(&blob, 0, "abcd").on(&world).await.is(204);
    assert_eq!(part(&blob, 4, "e").on(&world).await.status, 413);
    assert_eq!(part(&blob, 4, "").on(&world).await.status, 204, "nothing more is no harm");
    assert_eq!(get(&blob).on(&world).await.text(), "abcd");
}

#[tokio::test]
async fn requests_that_are_no_parts_are_refused() {
    let world = World::new().await;
    let blob = world.artifact(4).await;
    let typed =
        |kind| Ask::new(Method::PATCH, &blob).header("content-type", kind).header("upload-offset", "0");
    assert_eq!(typed("text/plain").body("abcd").on(&world).await.status, 415);
    let bare = || Ask::new(Method::PATCH, &blob).header("content-type", "application/offset+octet-stream");
    assert_eq!(bare().body("abcd").on(&world).await.status, 400);
    assert_eq!(bare().header("upload-offset", "-1").on(&world).await.status, 400);
    let other =
        bare().header("upload-offset", "0").header("tus-resumable", "2.0.0").body("abcd").on(&world).await;
    assert_eq!((other.status, other.header("tus-version")), (412, "1.0.0"));
    let nowhere = blob.replace(|letter: char| letter.is_ascii_digit(), "0");
    assert_eq!(part(&nowhere, 0, "abcd").on(&world).await.status, 404);
    assert_eq!(part("/1/artifacts/..%2F..%2Fetc/blob", 0, "abcd").on(&world).await.status, 404);
    let offers = Ask::new(Method::OPTIONS, &blob).by("").on(&world).await;
    assert_eq!((offers.status, offers.header("tus-version")), (204, "1.0.0"));
    assert!(offers.header("tus-extension").contains("creation-defer-length"));
}

#[tokio::test]
async fn nothing_is_complete_at_once() {
    let world = World::new().await;
    let blob = world.artifact(0).await;
    let done = status(&world, &blob).await;
    assert_eq!((done["status"].as_str(), done["size"].as_u64()), (Some("ready"), Some(0)));
    let content = get(&blob).on(&world).await;
    assert_eq!((content.status, content.body.len()), (200, 0));
}

#[tokio::test]
async fn a_length_that_nobody_says_is_what_is_there() {
    let world = World::new().await;
    let blob = world.artifact(-1).await;
    assert_eq!(status(&world, &blob).await.get("size"), None);
    assert_eq!(head(&blob).on(&world).await.header("upload-defer-length"), "1");
    part(&blob, 0, "abc").on(&world).await.is(204);
    let so_far = status(&world, &blob).await;
    assert_eq!((so_far["status"].as_str(), so_far["size"].as_u64()), (Some("ready"), Some(3)));
    assert_eq!(get(&blob).on(&world).await.text(), "abc");
    part(&blob, 3, "def").on(&world).await.is(204);
    assert_eq!(status(&world, &blob).await["size"], 6);
    assert_eq!(get(&blob).on(&world).await.text(), "abcdef");
}

#[tokio::test]
async fn a_length_that_was_promised_makes_the_content_complete() {
    let world = World::new().await;
    let blob = world.artifact(-1).await;
    let begun =
        post(&blob).header("upload-defer-length", "1").header("tus-resumable", "1.0.0").on(&world).await;
    assert_eq!((begun.status, begun.header("location")), (201, &*format!("http://pentad.local{blob}")));
    part(&blob, 0, "abc").on(&world).await.is(204);
    assert_eq!(status(&world, &blob).await["status"], "partial");
    part(&blob, 3, "de").header("upload-length", "5").on(&world).await.is(204);
    assert_eq!(status(&world, &blob).await["status"], "ready");
    assert_eq!(post(&blob).header("upload-defer-length", "1").on(&world).await.status, 409);

    let blob = world.artifact(-1).await;
    part(&blob, 0, "abc").header("upload-defer-length", "1").on(&world).await.is(204);
    assert_eq!(status(&world, &blob).await["status"], "partial");
    assert_eq!(part(&blob, 3, "").header("upload-length", "2").on(&world).await.status, 400);
    part(&blob, 3, "").header("upload-length", "3").on(&world).await.is(204);
    assert_eq!(status(&world, &blob).await["status"], "ready");
}

#[tokio::test]
async fn a_length_once_said_stays() {
    let world = World::new().await;
    let blob = world.artifact(6).await;
    assert_eq!(part(&blob, 0, "abc").header("upload-length", "7").on(&world).await.status, 400);
    part(&blob, 0, "abc").header("upload-length", "6").on(&world).await.is(204);
}

#[tokio::test]
async fn a_part_with_a_wrong_checksum_stores_nothing() {
    let world = World::new().await;
    let blob = world.artifact(11).await;
    let with = |sum: &str| part(&blob, 0, "hello world").header("upload-checksum", sum);
    assert_eq!(with("sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=").on(&world).await.status, 460);
    assert_eq!(with("sha1 ***").on(&world).await.status, 400);
    assert_eq!(with("crc64 AAAA").on(&world).await.status, 400);
    assert_eq!(head(&blob).on(&world).await.header("upload-offset"), "0");
    with("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").on(&world).await.is(204);
    assert_eq!(status(&world, &blob).await["status"], "ready");
}

#[tokio::test]
async fn an_upload_that_is_ended_is_gone() {
    let world = World::new().await;
    let blob = world.artifact(6).await;
    part(&blob, 0, "abc").on(&world).await.is(204);
    delete(&blob).header("tus-resumable", "1.0.0").on(&world).await.is(204);
    assert_eq!(part(&blob, 3, "def").on(&world).await.status, 404);
    let whole = world.artifact(3).await;
    part(&whole, 0, "abc").on(&world).await.is(204);
    delete(&whole).on(&world).await.is(204);
    for gone in [&blob, &whole] {
        assert_eq!(get(gone).on(&world).await.status, 404);
        assert_eq!(head(gone).on(&world).await.status, 404, "nobody is led to go on");
        assert_eq!(get(super::world::record(gone)).on(&world).await.status, 404);
        assert_eq!(delete(gone).on(&world).await.status, 404);
    }
    let ended = world.artifact(6).await;
    part(&ended, 0, "abc").on(&world).await.is(204);
    delete(super::world::record(&ended)).on(&world).await.is(204);
    assert_eq!(head(&ended).on(&world).await.status, 404, "nobody is led to go on");
}

#[tokio::test]
async fn a_whole_content_may_come_in_one_request() {
    let world = World::new().await;
    let blob = world.artifact(-1).await;
    put(&blob).body("abc").on(&world).await.is(204);
    assert_eq!(status(&world, &blob).await["status"], "ready");
    assert_eq!(put(&blob).body("abc").on(&world).await.status, 409);
    let blob = world.artifact(5).await;
    assert_eq!(put(&blob).body("abc").on(&world).await.status, 400);
    assert_eq!(status(&world, &blob).await["status"], "partial");
}

#[tokio::test]
async fn parts_sent_at_once_never_mix() {
    let world = World::new().await;
    let blob = world.artifact(300_000).await;
    let parts = (0..8_u8).map(|number| part(&blob, 0, vec![number; 100_000]).on(&world));
    let answers = futures_util::future::join_all(parts).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 204 | 409)), "{answers:?}");
    let offset: u64 = head(&blob).on(&world).await.header("upload-offset").parse().unwrap();
    assert!(matches!(offset, 0 | 100_000), "{offset}");
    part(&blob, offset, vec![9; (300_000 - offset) as usize]).on(&world).await.is(204);
    let content = get(&blob).on(&world).await.body;
    assert!(content[..offset as usize].windows(2).all(|pair| pair[0] == pair[1]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// However a content is cut into parts, repeated and misplaced, it arrives as it was.
    #[test]
    fn a_content_arrives_however_it_is_cut(
        content in prop::collection::vec(any::<u8>(), 1..40_000),
        cuts in prop::collection::vec((1_usize..9000, any::<bool>()), 1..40),
        known in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let blob = world.artifact(if known { content.len() as i64 } else { -1 }).await;
            let (mut offset, mut cuts) = (0, cuts.into_iter().cycle());
            while offset < content.len() {
                let (length, again) = cuts.next().unwrap();
                let end = content.len().min(offset + length);
                let sent = part(&blob, offset as u64, content[offset..end].to_vec());
                assert_eq!(sent.clone().on(&world).await.status, 204);
                if again && end > offset {
                    assert_eq!(sent.on(&world).await.status, 409);
                }
                offset = end;
            }
            assert!(get(&blob).on(&world).await.body == content);
        });
    }
}
