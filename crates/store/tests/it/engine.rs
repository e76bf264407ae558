//! Opening, locking, resetting, closing.

use std::sync::Arc;

use pentad_store::{Durability, Engine, StoreErrorKind, StoreOptions};

use crate::backend::{Bench, Still, add, everywhere, names, open};

#[test]
fn services_have_tables_of_their_own() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let other = engine.service("annex", crate::backend::SCHEMA).unwrap();
        add(&store, "here", 1).await.unwrap();
        assert!(names(&other).await.is_empty());
        let again = engine.service("shop", crate::backend::SCHEMA).unwrap();
        assert_eq!(names(&again).await, ["here"]);
        engine.close().await;
    });
}

#[test]
fn reset_drops_all_rows_and_blobs_and_the_store_goes_on() {
    everywhere(async |bench| {
        if bench.persists() {
            let engine = bench.engine();
            let closed_now = engine.service("annex", crate::backend::SCHEMA).unwrap();
            add(&closed_now, "old", 1).await.unwrap();
            engine.close().await;
        }
        let (engine, store) = open(&bench);
        let first = add(&store, "here", 1).await.unwrap();
        let label = move |tx: &mut pentad_store::Tx<'_>| {
            tx.execute("INSERT INTO part (item, label) VALUES ($1, 'x')", &[&first])
        };
        store.write(label).await.unwrap();
        engine.blobs("svc").unwrap().append("b", 0, "bytes".into()).await.unwrap();
        engine.reset().await.unwrap();
        assert!(names(&store).await.is_empty());
        assert_eq!(engine.blobs("svc").unwrap().len("b").await.unwrap(), None);
        assert_eq!(add(&store, "here", 1).await.unwrap(), first);
        let annex = engine.service("annex", crate::backend::SCHEMA).unwrap();
        assert!(names(&annex).await.is_empty());
        engine.close().await;
    });
}

#[test]
fn closed_store_answers_what_was_queued_and_refuses_the_rest() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let queued: Vec<_> = (0..20)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { add(&store, &format!("item {n}"), n).await })
            })
            .collect();
        engine.close().await;
        engine.close().await;
        let mut kept = 0;
        for call in queued {
            match call.await.unwrap() {
                Ok(_) => kept += 1,
                Err(error) => assert_eq!(error.kind(), StoreErrorKind::Closed),
            }
        }
        assert_eq!(add(&store, "late", 1).await.unwrap_err().kind(), StoreErrorKind::Closed);
        let late = store.read(|tx| tx.query("SELECT 1", &[], |row| row.int(0))).await;
        assert_eq!(late.unwrap_err().kind(), StoreErrorKind::Closed);
        if bench.persists() {
            let (engine, store) = open(&bench);
            assert_eq!(names(&store).await.len(), kept);
            engine.close().await;
        }
    });
}

#[test]
fn directory_is_held_until_the_engine_closes() {
    let bench = Bench::sqlite(Durability::Durable);
    let first = bench.engine();
    let error = Engine::open(bench.options.clone(), bench.clock.clone()).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Locked);
    assert!(error.message().contains(&bench.path().display().to_string()), "{error}");
    drop(first);
    bench.engine();
}

#[test]
fn an_open_store_answers_a_probe_and_a_closed_one_does_not() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        store.probe().await.unwrap();
        engine.reset().await.unwrap();
        store.probe().await.unwrap();
        assert_eq!(engine.stores().len(), 1);
        engine.close().await;
        assert_eq!(store.probe().await.unwrap_err().kind(), StoreErrorKind::Closed);
        assert!(engine.stores().is_empty());
    });
}

#[test]
fn memory_leaves_nothing_behind() {
    let engine = Engine::open(StoreOptions::memory(), Arc::new(Still::default())).unwrap();
    engine.service("shop", crate::backend::SCHEMA).unwrap();
    let dir = engine.dir().unwrap();
    assert!(dir.exists());
    drop(engine);
    assert!(!dir.exists());
}

#[test]
fn names_that_could_leave_the_directory_are_refused() {
    let bench = Bench::sqlite(Durability::Buffered);
    let engine = bench.engine();
    for name in ["", "../x", "Shop", "a.b", "a b"] {
        let error = engine.service(name, crate::backend::SCHEMA).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Config, "{name}");
    }
}

#[tokio::test]
async fn a_full_disk_is_told_apart_until_a_write_finds_room() {
    let bench = Bench::sqlite(Durability::Durable);
    let (engine, store) = open(&bench);
    // The file may not grow: to SQLite that is the same as a disk that is full.
    let limited = |pages: i64| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        store.write(move |tx| tx.query(&sql, &[], |row| row.int(0)).map(drop))
    };
    limited(1).await.unwrap();
    let wide = store.write(|tx| {
        let body = vec![0_u8; 1 << 20];
        tx.execute("INSERT INTO item (name, amount, body) VALUES ('wide', 1, $1)", &[&body])
    });
    assert_eq!(wide.await.unwrap_err().kind(), StoreErrorKind::Full);
    assert!(engine.is_full());
    assert!(names(&store).await.is_empty(), "reading goes on");
    limited(1 << 20).await.unwrap();
    assert!(engine.is_full(), "nothing was written yet");
    let written = store.write(|tx| {
        tx.touch("items");
        tx.execute("INSERT INTO item (name, amount) VALUES ('small', 1)", &[])
    });
    written.await.unwrap();
    assert!(!engine.is_full());
    engine.close().await;
}
