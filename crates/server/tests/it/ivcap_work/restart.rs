//! What ran when the server stopped.

use std::sync::Arc;

use pentad_server::ServiceTime;
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

use super::world::{World, delete, get, head, options, part, post, section};

fn engine(dir: &std::path::Path, time: &Arc<ServiceTime>) -> Engine {
    let clock: Arc<dyn pentad_store::ServiceClock> = Arc::clone(time) as _;
    Engine::open(StoreOptions::sqlite(dir), clock).unwrap()
}

async fn world(dir: &std::path::Path, parallel: u32) -> World {
    let time = Arc::new(ServiceTime::new());
    let scripts = [("wait", "echo begun; sleep 1000"), ("echo", "echo done")];
    World::on(engine(dir, &time), time, section(&scripts), options(json!({"parallel": parallel}))).await
}

#[tokio::test]
async fn what_ran_is_marked_and_what_waited_runs() {
    let dir = tempfile::tempdir().unwrap();
    let first = world(dir.path(), 1).await;
    let (running, waiting) = (first.order("wait", json!([])).await, first.order("echo", json!([])).await);
    while first.logs(&running).await.is_empty() {
        tokio::task::yield_now().await;
    }
    let engine = first.engine.clone();
    first.stop().await;
    engine.close().await;
    drop(engine);
    let second = world(dir.path(), 1).await;
    assert_eq!(second.ended(&running).await["status"], "error");
    assert_eq!(second.ended(&waiting).await["status"], "succeeded");
    let log = second.logs(&running).await;
    assert_eq!(log, "begun\n(it ended as an error: the server stopped while it ran)\n");
    second.stop().await;
}

#[tokio::test]
async fn an_upload_goes_on_where_it_stopped_and_its_digest_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let first = world(dir.path(), 1).await;
    let blob = first.artifact(6).await;
    part(&blob, 0, "abc").on(&first).await.is(204);
    let engine = first.engine.clone();
    first.stop().await;
    engine.close().await;
    drop(engine);
    let second = world(dir.path(), 1).await;
    assert_eq!(head(&blob).on(&second).await.header("upload-offset"), "3");
    part(&blob, 3, "def").on(&second).await.is(204);
    let done: Value = get(super::world::record(&blob)).on(&second).await.is(200);
    assert_eq!(done["etag"], "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721");
    second.stop().await;
}

#[tokio::test]
async fn contents_that_belong_to_nothing_are_removed_at_the_next_start_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let first = world(dir.path(), 1).await;
    let (whole, partial, ended, removed) =
        (first.artifact(3).await, first.artifact(6).await, first.artifact(3).await, first.artifact(3).await);
    for blob in [&whole, &partial, &ended, &removed] {
        part(blob, 0, "abc").on(&first).await.is(204);
    }
    delete(super::world::record(&ended)).on(&first).await.is(204);
    delete(&removed).on(&first).await.is(204);
    let hex = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"layer");
    let hex: String = hex.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let push = format!("/1/packages/push?tag=reef&type=layer&digest={hex}&total=5");
    post(&push).body("layer").on(&first).await.is(201);
    let engine = first.engine.clone();
    let blobs = engine.blobs("ivcap").unwrap();
    // As a process leaves it that is killed between storing and recording, or between ending and removing.
    let key = |blob: &str| super::world::record(blob).rsplit(':').next().unwrap().to_owned();
    for key in ["00000000-0000-4000-8000-0000000000ff".to_owned(), key(&removed)] {
        blobs.append(&key, 0, "orphan".into()).await.unwrap();
    }
    first.stop().await;
    engine.close().await;
    drop((engine, blobs));
    let second = world(dir.path(), 1).await;
    let kept = [key(&whole), key(&partial), key(&ended)];
    let blobs = second.engine.blobs("ivcap").unwrap();
    let swept = async {
        while blobs.keys().await.unwrap().len() > kept.len() + 1 {
            tokio::task::yield_now().await;
        }
    };
    pentad_server::clock::real_limit(std::time::Duration::from_secs(30), swept).await.unwrap();
    let left = blobs.keys().await.unwrap();
    assert!(kept.iter().all(|key| left.contains(key)), "{left:?}");
    assert!(left.iter().any(|key| key.ends_with(&hex)), "{left:?}");
    assert_eq!(get(&whole).on(&second).await.text(), "abc");
    assert_eq!(get(&ended).on(&second).await.text(), "abc", "who looks back finds it");
    assert_eq!(get(&removed).on(&second).await.status, 404);
    part(&partial, 3, "def").on(&second).await.is(204);
    second.stop().await;
}
