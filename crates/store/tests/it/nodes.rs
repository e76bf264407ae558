//! PostgreSQL alone: several writers and nodes, lost sessions.

use std::future::Future;
use std::sync::Arc;

use pentad_store::{Store, StoreError, StoreErrorKind};

use crate::backend::{Bench, SCHEMA, add, drop_schemas, names, open};

fn on_postgres<F: Future<Output = ()>>(behaviour: impl FnOnce(Arc<Bench>) -> F) {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
        return;
    };
    let bench = Arc::new(Bench::postgres(url));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(behaviour(Arc::clone(&bench)));
    runtime.block_on(drop_schemas(&bench));
}

/// Adds the present sum of all amounts, plus one, as a new item: right only if no other write came between.
async fn add_sum(store: &Store, name: String) -> Result<i64, StoreError> {
    store
        .write(move |tx| {
            let sum = tx.query_one("SELECT COALESCE(SUM(amount), 0) FROM item", &[], |row| row.int(0))? + 1;
            tx.execute("INSERT INTO item (name, amount) VALUES ($1, $2)", &[&name, &sum])?;
            Ok(sum)
        })
        .await
}

#[test]
fn closures_of_two_nodes_behave_as_if_run_one_after_the_other() {
    on_postgres(async |bench| {
        let (first, store) = open(&bench);
        let second = bench.second_node();
        let nodes = [store.clone(), second.service("shop", SCHEMA).unwrap()];
        let calls: Vec<_> = (0..40)
            .map(|n| {
                let node = nodes[n % 2].clone();
                tokio::spawn(async move { add_sum(&node, format!("item {n}")).await })
            })
            .collect();
        let mut sums = Vec::new();
        for call in calls {
            match call.await.unwrap() {
                Ok(sum) => sums.push(sum),
                Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error}"),
            }
        }
        sums.sort_unstable();
        assert!(sums.len() > 20, "{} of 40 came through", sums.len());
        let doubling: Vec<i64> = (0..sums.len()).map(|n| 1 << n).collect();
        assert_eq!(sums, doubling);
        assert_eq!(names(&store).await.len(), sums.len());
        first.close().await;
        second.close().await;
    });
}

#[test]
fn lost_session_is_taken_up_again() {
    on_postgres(async |bench| {
        let (engine, store) = open(&bench);
        add(&store, "before", 1).await.unwrap();
        // The session of the other requests ends itself inside a closure, and the closure runs again on a new one.
        let mut ended = false;
        let outcome = store
            .write(move |tx| {
                if !std::mem::replace(&mut ended, true) {
                    tx.query("SELECT pg_terminate_backend(pg_backend_pid())", &[], |row| row.int(0))?;
                }
                tx.execute("INSERT INTO item (name, amount) VALUES ('after', 1)", &[])
            })
            .await;
        assert_eq!(outcome.unwrap(), 1);
        let ended = store
            .read(|tx| tx.query("SELECT pg_terminate_backend(pg_backend_pid())", &[], |row| row.int(0)))
            .await;
        assert_eq!(ended.unwrap_err().kind(), StoreErrorKind::Connection);
        for _ in 0..8 {
            assert_eq!(names(&store).await, ["before", "after"]);
        }
        engine.close().await;
    });
}

#[test]
fn unreachable_database_is_named_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let url = "postgres://user:hunter2@127.0.0.1:1/none";
    let options = pentad_store::StoreOptions::postgres(url, dir.path());
    assert!(!format!("{options:?}").contains("hunter2"));
    let engine = pentad_store::Engine::open(options, Arc::new(crate::backend::Still::default())).unwrap();
    let error = engine.service("shop", SCHEMA).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Connection);
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert!(!format!("{engine:?}").contains("hunter2"), "{engine:?}");
}
