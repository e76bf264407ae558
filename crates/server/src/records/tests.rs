//! What is asked of a table of documents.

use std::sync::Arc;

use pentad_store::{Engine, Migration, ServiceClock, Store, StoreOptions};
use serde::Deserialize;

use super::*;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Thing {
    id: String,
    whose: String,
    place: i64,
}

impl Record for Thing {
    const KIND: &'static str = "thing";

    fn id(&self) -> &str {
        &self.id
    }

    fn scope(&self) -> &str {
        &self.whose
    }

    fn rank(&self) -> i64 {
        self.place
    }
}

#[derive(Debug)]
struct Still;

impl ServiceClock for Still {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}

const TABLES: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);
          INSERT INTO counters (name, value) VALUES ('seq', 0);
          CREATE TABLE records (
              kind TEXT NOT NULL, id TEXT NOT NULL, seq BIGINT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL,
              owner TEXT NOT NULL, rank BIGINT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (kind, id));
          CREATE UNIQUE INDEX records_name ON records (kind, scope, name);",
}];

fn store() -> (Engine, Store) {
    let engine = Engine::open(StoreOptions::memory(), Arc::new(Still)).unwrap();
    let store = engine.service("records", TABLES).unwrap();
    (engine, store)
}

/// As many things as a page has rows and more, named in the order of their age and ranked the other way round.
fn fill(tx: &mut Tx<'_>) -> Result<()> {
    for n in 0..600 {
        let whose = if n % 2 == 0 { "even" } else { "odd" };
        insert(tx, &Thing { id: format!("{n:04}"), whose: whose.to_owned(), place: 1000 - n })?;
    }
    Ok(())
}

#[derive(Debug, Clone, Copy)]
enum By {
    Age,
    Name,
    Rank,
}

/// The ids of so many things.
fn ids(tx: &mut Tx<'_>, by: By, select: Select<'_>, most: usize) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let take = |thing: Thing| {
        found.push(thing.id);
        if found.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match by {
        By::Age => each_by_age(tx, select, 0, take)?,
        By::Name => each_by_name(tx, select, "", take)?,
        By::Rank => each_by_rank(tx, &[Thing::KIND], select, 0, take)?,
    }
    Ok(found)
}

#[tokio::test]
async fn every_order_shows_each_record_once() {
    let (_engine, store) = store();
    store.write(fill).await.unwrap();
    for by in [By::Age, By::Name, By::Rank] {
        let all = store.read(move |tx| ids(tx, by, Select::default(), usize::MAX)).await.unwrap();
        let wanted: Vec<String> = (0..600).map(|n| format!("{n:04}")).collect();
        assert_eq!(all, wanted, "{by:?}");
        let odd = store.read(move |tx| ids(tx, by, Select::within("odd"), usize::MAX)).await.unwrap();
        assert!(odd.len() == 300 && odd.iter().all(|id| id.ends_with(['1', '3', '5', '7', '9'])), "{by:?}");
    }
}

#[tokio::test]
async fn a_page_reads_no_more_than_it_shows() {
    let (_engine, store) = store();
    store.write(fill).await.unwrap();
    store
        .write(|tx| tx.execute("UPDATE records SET doc = 'no document' WHERE id >= '0010'", &[]))
        .await
        .unwrap();
    for by in [By::Age, By::Name, By::Rank] {
        let page = store.read(move |tx| ids(tx, by, Select::default(), 10)).await.unwrap();
        assert_eq!(page.len(), 10, "{by:?}");
        let more = store.read(move |tx| ids(tx, by, Select::default(), 11)).await;
        assert_eq!(
            more.unwrap_err().kind(),
            StoreErrorKind::Decode,
            "{by:?}: the eleventh is read and is broken"
        );
    }
}

#[tokio::test]
async fn a_name_is_taken_within_its_scope_alone() {
    let (_engine, store) = store();
    let done = store.write(|tx| {
        let one = Thing { id: "1".to_owned(), whose: "a".to_owned(), place: 0 };
        let first = insert(tx, &one)?;
        let again = insert(tx, &one)?;
        put(tx, &Thing { place: 7, ..one })?;
        Ok::<_, StoreError>((first, again, get::<Thing>(tx, "1")?.map(|thing| thing.place)))
    });
    assert_eq!(done.await.unwrap(), (true, false, Some(7)));
}
