//! The back ends that every behaviour is shown on.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use jiff::Timestamp;
use pentad_store::{Backend, Durability, Engine, Migration, ServiceClock, Store, StoreOptions};
use tempfile::TempDir;

/// A clock that stands still until it is moved.
#[derive(Debug, Default)]
pub(crate) struct Still(pub(crate) AtomicI64);

impl ServiceClock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

pub(crate) const SCHEMA: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE item (id {serial}, name TEXT NOT NULL UNIQUE, amount BIGINT NOT NULL, body {blob});
          CREATE TABLE part (item BIGINT NOT NULL REFERENCES item (id), label TEXT NOT NULL);
          CREATE INDEX item_amount ON item (amount, id);",
}];

/// A place for data that can be opened again and again.
pub(crate) struct Bench {
    pub(crate) options: StoreOptions,
    pub(crate) clock: Arc<Still>,
    dir: TempDir,
}

impl Bench {
    pub(crate) fn sqlite(durability: Durability) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = StoreOptions::sqlite(dir.path().join("data")).durability(durability);
        Self { options, clock: Arc::default(), dir }
    }

    fn memory() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { options: StoreOptions::memory(), clock: Arc::default(), dir }
    }

    pub(crate) fn postgres(url: String) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let dir = tempfile::tempdir().unwrap();
        let prefix = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let backend = Backend::Postgres { url, dir: dir.path().join("data"), prefix };
        let options = StoreOptions { backend, durability: Durability::Durable };
        Self { options, clock: Arc::default(), dir }
    }

    pub(crate) fn engine(&self) -> Engine {
        Engine::open(self.options.clone(), self.clock.clone()).unwrap()
    }

    /// Another node on the same database, with the same key and a directory of its own.
    pub(crate) fn second_node(&self) -> Engine {
        let mut options = self.options.clone();
        let Backend::Postgres { dir, .. } = &mut options.backend else {
            panic!("only one process holds {options:?}")
        };
        let first = std::mem::replace(dir, self.dir.path().join("second"));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::copy(first.join("key"), dir.join("key")).unwrap();
        Engine::open(options, self.clock.clone()).unwrap()
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    /// Whether data outlives the engine.
    pub(crate) fn persists(&self) -> bool {
        self.options.backend != Backend::Memory
    }
}

/// Runs a behaviour on every back end there is.
pub(crate) fn everywhere<F: Future<Output = ()>>(behaviour: impl Fn(Arc<Bench>) -> F) {
    let mut benches = vec![
        ("sqlite, durable", Bench::sqlite(Durability::Durable)),
        ("sqlite, buffered", Bench::sqlite(Durability::Buffered)),
        ("memory", Bench::memory()),
    ];
    match std::env::var("PENTAD_TEST_POSTGRES") {
        Ok(url) => benches.push(("postgres", Bench::postgres(url))),
        Err(_) => eprintln!("skipped on PostgreSQL: PENTAD_TEST_POSTGRES is not set"),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    for (name, bench) in benches {
        eprintln!("on {name}");
        let bench = Arc::new(bench);
        runtime.block_on(behaviour(Arc::clone(&bench)));
        if matches!(bench.options.backend, Backend::Postgres { .. }) {
            runtime.block_on(drop_schemas(&bench));
        }
    }
}

/// Resetting an engine without open services removes everything under its prefix.
pub(crate) async fn drop_schemas(bench: &Bench) {
    let engine = bench.engine();
    engine.reset().await.unwrap();
    engine.close().await;
}

pub(crate) fn open(bench: &Bench) -> (Engine, Store) {
    let engine = bench.engine();
    let store = engine.service("shop", SCHEMA).unwrap();
    (engine, store)
}

/// Adds an item and gives its id.
pub(crate) async fn add(store: &Store, name: &str, amount: i64) -> pentad_store::Result<i64> {
    let name = name.to_owned();
    store
        .write(move |tx| {
            tx.touch("items");
            let sql = "INSERT INTO item (name, amount) VALUES ($1, $2) RETURNING id";
            tx.query_one(sql, &[&name, &amount], |row| row.int(0))
        })
        .await
}

pub(crate) async fn names(store: &Store) -> Vec<String> {
    store.read(|tx| tx.query("SELECT name FROM item ORDER BY id", &[], |row| row.text(0))).await.unwrap()
}
