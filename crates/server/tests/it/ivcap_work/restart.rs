//! What ran when the server stopped.

use std::sync::Arc;

use pentad_server::ServiceTime;
use pentad_store::{Engine, StoreOptions};
use serde_json::{Value, json};

use super::world::{World, get, head, options, part, section};

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
    assert_eq!(second.logs(&running).await, "begun\n");
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
