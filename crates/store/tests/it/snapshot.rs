//! Copies of all data at one moment, and the way back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use pentad_store::{Backend, Engine, Store, StoreErrorKind, StoreOptions};

use crate::backend::{Bench, SCHEMA, add, everywhere, names, open};

fn second(engine: &Engine) -> Store {
    engine.service("second", SCHEMA).unwrap()
}

#[test]
fn a_restored_snapshot_brings_back_tables_and_blobs_of_every_service() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        if matches!(bench.options.backend, Backend::Postgres { .. }) {
            return engine.close().await;
        }
        let other = second(&engine);
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("copy");
        add(&store, "nut", 1).await.unwrap();
        add(&other, "cup", 1).await.unwrap();
        engine.blobs("first").unwrap().append("one", 0, Bytes::from_static(b"before")).await.unwrap();
        engine.snapshot(&at).await.unwrap();
        add(&store, "bolt", 2).await.unwrap();
        add(&other, "pot", 2).await.unwrap();
        engine.blobs("first").unwrap().append("one", 6, Bytes::from_static(b" and after")).await.unwrap();
        engine.blobs("first").unwrap().append("two", 0, Bytes::from_static(b"later")).await.unwrap();
        let changed = store.changed("anything");
        engine.restore(&at).await.unwrap();
        changed.await;
        assert_eq!(names(&store).await, ["nut"]);
        assert_eq!(names(&other).await, ["cup"]);
        assert_eq!(engine.blobs("first").unwrap().read("one", 0, 99).await.unwrap(), "before");
        assert_eq!(engine.blobs("first").unwrap().len("two").await.unwrap(), None);
        add(&store, "washer", 3).await.unwrap();
        assert_eq!(names(&store).await, ["nut", "washer"], "what was restored can be written");
        engine.close().await;
        if bench.persists() {
            let (engine, store) = open(&bench);
            assert_eq!(names(&store).await, ["nut", "washer"]);
            engine.close().await;
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_a_data_directory_of_its_own() {
    let bench = Bench::sqlite(pentad_store::Durability::Durable);
    let (engine, store) = open(&bench);
    add(&store, "nut", 1).await.unwrap();
    let sealed = engine.vault().seal("purpose", b"secret").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("copy");
    engine.snapshot(&at).await.unwrap();
    let twice = engine.snapshot(&at).await.unwrap_err();
    assert_eq!(twice.kind(), StoreErrorKind::Conflict);
    let copy = Engine::open(StoreOptions::sqlite(&at), bench.clock.clone()).unwrap();
    let there = copy.service(store.name(), SCHEMA).unwrap();
    assert_eq!(names(&there).await, ["nut"]);
    assert_eq!(copy.vault().open("purpose", &sealed).unwrap().as_slice(), b"secret");
    copy.close().await;
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_are_copied_at_the_same_moment_while_others_write() {
    let bench = Bench::sqlite(pentad_store::Durability::Buffered);
    let (engine, store) = open(&bench);
    let other = second(&engine);
    let stop = Arc::new(AtomicBool::new(false));
    // Always first the one, then the other: no copy may have more of the second.
    let writing = tokio::spawn({
        let (stop, store, other) = (Arc::clone(&stop), store.clone(), other.clone());
        async move {
            let mut n = 0;
            while !stop.load(Ordering::SeqCst) {
                add(&store, &format!("n{n}"), 1).await.unwrap();
                add(&other, &format!("n{n}"), 1).await.unwrap();
                n += 1;
            }
        }
    });
    let dir = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let at = dir.path().join(format!("copy-{round}"));
        engine.snapshot(&at).await.unwrap();
        let copy = Engine::open(StoreOptions::sqlite(&at), bench.clock.clone()).unwrap();
        let (first, then) = (copy.service(store.name(), SCHEMA).unwrap(), second(&copy));
        let (first, then) = (names(&first).await.len(), names(&then).await.len());
        assert!(then <= first && first <= then + 1, "{first} and {then}");
        copy.close().await;
    }
    stop.store(true, Ordering::SeqCst);
    writing.await.unwrap();
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_of_another_key_is_refused_and_changes_nothing() {
    let (one, two) = (
        Bench::sqlite(pentad_store::Durability::Buffered),
        Bench::sqlite(pentad_store::Durability::Buffered),
    );
    let (engine, store) = open(&one);
    let (other, foreign) = open(&two);
    add(&foreign, "cup", 1).await.unwrap();
    add(&store, "nut", 1).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().join("copy");
    other.snapshot(&at).await.unwrap();
    let error = engine.restore(&at).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Config, "{error}");
    assert_eq!(engine.restore(dir.path()).await.unwrap_err().kind(), StoreErrorKind::NotFound);
    assert_eq!(names(&store).await, ["nut"]);
    engine.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_service_can_be_emptied_alone() {
    let bench = Bench::sqlite(pentad_store::Durability::Buffered);
    let (engine, store) = open(&bench);
    let other = second(&engine);
    add(&store, "nut", 1).await.unwrap();
    add(&other, "cup", 1).await.unwrap();
    assert!(engine.reset_service("second").await.unwrap());
    assert!(!engine.reset_service("third").await.unwrap());
    assert_eq!(names(&store).await, ["nut"]);
    assert!(names(&other).await.is_empty());
    engine.close().await;
}

#[test]
fn postgresql_is_told_to_use_its_own_tools() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
        return;
    };
    let bench = Bench::postgres(url);
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        let engine = bench.engine();
        let error = engine.snapshot(&bench.path().join("copy")).await.unwrap_err();
        assert!(error.to_string().contains("pg_dump"), "{error}");
        engine.close().await;
    });
}
