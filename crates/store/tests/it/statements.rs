//! The portable subset: the same statement means the same everywhere.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use pentad_store::{StoreError, StoreErrorKind, Value};

use crate::backend::{add, everywhere, open};

#[test]
fn every_value_comes_back_as_it_was_stored() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let body: Vec<u8> = (0..=255).collect();
        let sent = body.clone();
        store
            .write(move |tx| {
                let sql = "INSERT INTO item (name, amount, body) VALUES ($1, $2, $3)";
                tx.execute(sql, &[&"Grüße 🚀", &i64::MIN, &sent])?;
                tx.execute(sql, &[&"", &i64::MAX, &None::<Vec<u8>>])?;
                tx.execute(sql, &[&"null", &true, &Value::Null])
            })
            .await
            .unwrap();
        let rows = store
            .read(|tx| {
                tx.query("SELECT name, amount, body FROM item ORDER BY id", &[], |row| {
                    Ok((row.text(0)?, row.int(1)?, row.opt_blob(2)?))
                })
            })
            .await
            .unwrap();
        let expected = [
            ("Grüße 🚀".to_owned(), i64::MIN, Some(body)),
            (String::new(), i64::MAX, None),
            ("null".to_owned(), 1, None),
        ];
        assert_eq!(rows, expected);
        engine.close().await;
    });
}

#[test]
fn parameters_are_bound_by_number_not_by_place() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        add(&store, "a", 1).await.unwrap();
        let sql = "UPDATE item SET amount = $2, name = $3 WHERE name = $1 OR name = $3";
        let changed = store.write(move |tx| tx.execute(sql, &[&"a", &7i64, &"$1"])).await.unwrap();
        assert_eq!(changed, 1);
        let found = store
            .read(|tx| tx.query_opt("SELECT amount FROM item WHERE name = '$1'", &[], |row| row.int(0)))
            .await;
        assert_eq!(found.unwrap(), Some(7));
        engine.close().await;
    });
}

#[test]
fn text_sorts_by_bytes_and_like_minds_case() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        for name in ["b", "B", "a_1", "a1", "ä", "A"] {
            add(&store, name, 0).await.unwrap();
        }
        let sorted = store
            .read(|tx| tx.query("SELECT name FROM item ORDER BY name", &[], |row| row.text(0)))
            .await
            .unwrap();
        assert_eq!(sorted, ["A", "B", "a1", "a_1", "b", "ä"]);
        let like = store
            .read(|tx| tx.query("SELECT name FROM item WHERE name LIKE 'b%'", &[], |row| row.text(0)))
            .await
            .unwrap();
        assert_eq!(like, ["b"]);
        engine.close().await;
    });
}

#[test]
fn aggregates_and_upserts_give_plain_integers() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        for (name, amount) in [("a", 1), ("b", 2), ("a", 40)] {
            let sql = "INSERT INTO item (name, amount) VALUES ($1, $2)
                       ON CONFLICT (name) DO UPDATE SET amount = item.amount + excluded.amount";
            store.write(move |tx| tx.execute(sql, &[&name, &i64::from(amount)])).await.unwrap();
        }
        let all = store
            .read(|tx| {
                let sql = "SELECT COUNT(*), SUM(amount), MAX(amount), {greatest}(MIN(amount), $1), MIN(amount) > 1, 5
                           FROM item WHERE amount > $2 LIMIT $3";
                tx.query_one(sql, &[&9i64, &0i64, &10i64], |row| {
                    Ok((row.int(0)?, row.int(1)?, row.int(2)?, row.int(3)?, row.flag(4)?, row.int(5)?))
                })
            })
            .await
            .unwrap();
        assert_eq!(all, (2, 43, 41, 9, true, 5));
        let sums = store
            .read(|tx| {
                tx.query_one(
                    "SELECT SUM(amount * 1000000007), SUM(-amount), SUM(amount - amount) FROM item",
                    &[],
                    |row| Ok((row.int(0)?, row.int(1)?, row.int(2)?)),
                )
            })
            .await
            .unwrap();
        assert_eq!(sums, (43_000_000_301, -43, 0));
        engine.close().await;
    });
}

#[test]
fn claims_take_rows_in_order() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        for n in 0..5 {
            add(&store, &format!("job {n}"), 10 - n).await.unwrap();
        }
        let claimed = store
            .write(|tx| {
                let find = "SELECT id, name FROM item WHERE amount > 0 ORDER BY amount, id LIMIT $1 {claim}";
                let found = tx.query(find, &[&2i64], |row| Ok((row.int(0)?, row.text(1)?)))?;
                for (id, _) in &found {
                    tx.execute("UPDATE item SET amount = 0 WHERE id = $1", &[id])?;
                }
                Ok::<_, StoreError>(found.into_iter().map(|(_, name)| name).collect::<Vec<_>>())
            })
            .await
            .unwrap();
        assert_eq!(claimed, ["job 4", "job 3"]);
        engine.close().await;
    });
}

#[test]
fn wrong_types_absent_rows_and_faulty_statements_are_told_apart() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        add(&store, "a", 1).await.unwrap();
        let kind = async |sql: &'static str| {
            store.read(move |tx| tx.query_one(sql, &[], |row| row.int(0))).await.unwrap_err().kind()
        };
        assert_eq!(kind("SELECT name FROM item").await, StoreErrorKind::Decode);
        assert_eq!(kind("SELECT body FROM item").await, StoreErrorKind::Decode);
        assert_eq!(kind("SELECT id FROM item WHERE id < 0").await, StoreErrorKind::NotFound);
        assert_eq!(kind("SELECT id FROM nowhere").await, StoreErrorKind::Statement);
        assert_eq!(kind("SELECT id FROM item WHERE id = $1").await, StoreErrorKind::Statement);
        let column = store.read(|tx| tx.query_one("SELECT id FROM item", &[], |row| row.int(3))).await;
        assert_eq!(column.unwrap_err().kind(), StoreErrorKind::Decode);
        let nul = add(&store, "nul \0", 1).await.unwrap_err();
        assert_eq!(nul.kind(), StoreErrorKind::Constraint);
        engine.close().await;
    });
}

#[test]
fn now_is_service_time_and_stands_still_within_a_transaction() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        bench.clock.0.store(1_700_000_000_123_456, Ordering::SeqCst);
        let clock = bench.clock.clone();
        let times = store
            .write(move |tx| {
                let first = tx.now();
                clock.0.fetch_add(1_000_000, Ordering::SeqCst);
                let sql = "INSERT INTO item (name, amount) VALUES ('t', $1) RETURNING amount";
                let stored = tx.query_one(sql, &[&first], |row| row.time(0))?;
                Ok::<_, StoreError>((first, stored, tx.now()))
            })
            .await
            .unwrap();
        let expected: Timestamp = "2023-11-14T22:13:20.123456Z".parse().unwrap();
        assert_eq!(times, (expected, expected, expected));
        engine.close().await;
    });
}
