//! Data of other versions.

use pentad_store::{Migration, Store, StoreErrorKind};

use crate::backend::{SCHEMA, add, everywhere, names};

const NEXT: &[Migration] = &[
    SCHEMA[0],
    Migration {
        version: 3,
        sql: "ALTER TABLE item ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'; UPDATE item SET colour = 'red' WHERE amount > 1;",
    },
];

const FAULTY: &[Migration] = &[
    SCHEMA[0],
    Migration { version: 2, sql: "ALTER TABLE item ADD COLUMN x BIGINT; SELECT nonsense FROM nowhere;" },
];

async fn colours(store: &Store) -> Vec<String> {
    store.read(|tx| tx.query("SELECT colour FROM item ORDER BY id", &[], |row| row.text(0))).await.unwrap()
}

#[test]
fn older_data_is_migrated_and_newer_is_refused() {
    everywhere(async |bench| {
        if !bench.persists() {
            return;
        }
        let engine = bench.engine();
        let store = engine.service("shop", SCHEMA).unwrap();
        add(&store, "one", 1).await.unwrap();
        add(&store, "two", 2).await.unwrap();
        engine.close().await;

        let engine = bench.engine();
        let store = engine.service("shop", NEXT).unwrap();
        assert_eq!(colours(&store).await, ["grey", "red"]);
        engine.reset().await.unwrap();
        add(&store, "three", 3).await.unwrap();
        assert_eq!(colours(&store).await, ["grey"]);
        engine.close().await;

        let engine = bench.engine();
        let error = engine.service("shop", SCHEMA).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Newer);
        assert!(error.message().contains("format 3"), "{error}");
        assert!(error.message().contains("shop"), "{error}");
        engine.close().await;
    });
}

#[test]
fn failed_migration_changes_nothing() {
    everywhere(async |bench| {
        if !bench.persists() {
            return;
        }
        let engine = bench.engine();
        let store = engine.service("shop", SCHEMA).unwrap();
        add(&store, "one", 1).await.unwrap();
        engine.close().await;

        let engine = bench.engine();
        assert_eq!(engine.service("shop", FAULTY).unwrap_err().kind(), StoreErrorKind::Statement);
        let store = engine.service("shop", SCHEMA).unwrap();
        assert_eq!(names(&store).await, ["one"]);
        engine.close().await;
    });
}

#[test]
fn data_is_copied_before_it_is_migrated() {
    let bench = crate::backend::Bench::sqlite(pentad_store::Durability::Durable);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let engine = bench.engine();
        let store = engine.service("shop", SCHEMA).unwrap();
        add(&store, "one", 5).await.unwrap();
        engine.close().await;
        let engine = bench.engine();
        engine.service("shop", NEXT).unwrap();
        engine.close().await;

        // The copy, put in place of the migrated file, is the old data in the old format.
        let copy = bench.path().join("snapshots/shop-format-1.db");
        std::fs::rename(copy, bench.path().join("shop.db")).unwrap();
        let engine = bench.engine();
        let store = engine.service("shop", SCHEMA).unwrap();
        assert_eq!(names(&store).await, ["one"]);
        engine.close().await;
    });
}
