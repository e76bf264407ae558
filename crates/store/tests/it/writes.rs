//! Answers, group commit, isolation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pentad_store::{StoreError, StoreErrorKind};

use crate::backend::{add, everywhere, names, open};

#[derive(Debug, PartialEq)]
enum Own {
    Refused(i64),
    Store(StoreErrorKind),
}

impl From<StoreError> for Own {
    fn from(error: StoreError) -> Self {
        Self::Store(error.kind())
    }
}

#[test]
fn answered_write_is_seen_by_the_next_read_and_after_reopening() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let first = add(&store, "nut", 3).await.unwrap();
        let second = add(&store, "bolt", 4).await.unwrap();
        assert!(second > first);
        assert_eq!(names(&store).await, ["nut", "bolt"]);
        engine.close().await;
        if bench.persists() {
            let (engine, store) = open(&bench);
            assert_eq!(names(&store).await, ["nut", "bolt"]);
            engine.close().await;
        }
    });
}

#[test]
fn refused_closures_undo_their_own_effects_and_no_others() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let calls: Vec<_> = (0..60i64)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .write(move |tx| {
                            let sql = "INSERT INTO item (name, amount) VALUES ($1, $2)";
                            tx.execute(sql, &[&format!("item {n}"), &n])?;
                            match n % 3 {
                                0 => Ok(n),
                                1 => Err(Own::Refused(n)),
                                _ => panic!("a defect in closure {n}"),
                            }
                        })
                        .await
                })
            })
            .collect();
        for (n, call) in (0i64..).zip(calls) {
            let expected = match n % 3 {
                0 => Ok(n),
                1 => Err(Own::Refused(n)),
                _ => Err(Own::Store(StoreErrorKind::Panicked)),
            };
            assert_eq!(call.await.unwrap(), expected);
        }
        let mut kept =
            store.read(|tx| tx.query("SELECT amount FROM item", &[], |row| row.int(0))).await.unwrap();
        kept.sort_unstable();
        assert_eq!(kept, (0..60).step_by(3).collect::<Vec<_>>());
        engine.close().await;
    });
}

#[test]
fn failed_statement_spoils_its_closure_even_if_the_error_is_ignored() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        add(&store, "nut", 1).await.unwrap();
        let ignored = store
            .write(|tx| {
                tx.execute("INSERT INTO item (name, amount) VALUES ('bolt', 1)", &[])?;
                let _ = tx.execute("INSERT INTO item (name, amount) VALUES ('nut', 1)", &[]);
                Ok::<_, StoreError>(())
            })
            .await;
        assert_eq!(ignored.unwrap_err().kind(), StoreErrorKind::Constraint);
        assert_eq!(names(&store).await, ["nut"]);
        engine.close().await;
    });
}

#[test]
fn broken_constraints_hit_only_their_own_caller() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let calls: Vec<_> = (0..40)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { add(&store, &format!("name {}", n % 10), n).await })
            })
            .collect();
        let mut refused = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(_) => {}
                Err(error) => {
                    assert_eq!(error.kind(), StoreErrorKind::Constraint, "{error}");
                    refused += 1;
                }
            }
        }
        assert_eq!(refused, 30);
        let orphan =
            store.write(|tx| tx.execute("INSERT INTO part (item, label) VALUES (999, 'x')", &[])).await;
        assert_eq!(orphan.unwrap_err().kind(), StoreErrorKind::Constraint);
        engine.close().await;
    });
}

#[test]
fn counter_incremented_by_many_loses_no_step_and_hands_out_each_number_once() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        add(&store, "counter", 0).await.unwrap();
        let calls: Vec<_> = (0..200)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .write(|tx| {
                            let read = "SELECT amount FROM item WHERE name = 'counter'";
                            let next = tx.query_one(read, &[], |row| row.int(0))? + 1;
                            tx.execute("UPDATE item SET amount = $1 WHERE name = 'counter'", &[&next])?;
                            Ok::<_, StoreError>(next)
                        })
                        .await
                        .unwrap()
                })
            })
            .collect();
        let mut given = Vec::new();
        for call in calls {
            given.push(call.await.unwrap());
        }
        given.sort_unstable();
        assert_eq!(given, (1..=200).collect::<Vec<_>>());
        engine.close().await;
    });
}

#[test]
fn soft_writes_are_kept_like_others() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        for n in 0..10i64 {
            let soft = store
                .write_soft(move |tx| {
                    tx.execute("INSERT INTO item (name, amount) VALUES ($1, $2)", &[&format!("s{n}"), &n])
                })
                .await;
            assert_eq!(soft.unwrap(), 1);
            add(&store, &format!("hard {n}"), n).await.unwrap();
        }
        assert_eq!(names(&store).await.len(), 20);
        engine.close().await;
        if bench.persists() {
            let (engine, store) = open(&bench);
            assert_eq!(names(&store).await.len(), 20);
            engine.close().await;
        }
    });
}

#[test]
fn read_sees_one_snapshot_while_writes_go_on() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        add(&store, "first", 1).await.unwrap();
        let (inside, entered) = std::sync::mpsc::channel();
        let (written, proceed) = std::sync::mpsc::channel::<()>();
        let reader = store.clone();
        let reading = tokio::spawn(async move {
            reader
                .read(move |tx| {
                    let sql = "SELECT COUNT(*) FROM item";
                    let before = tx.query_one(sql, &[], |row| row.int(0))?;
                    inside.send(()).unwrap();
                    proceed.recv().unwrap();
                    let after = tx.query_one(sql, &[], |row| row.int(0))?;
                    Ok::<_, StoreError>((before, after))
                })
                .await
        });
        tokio::task::spawn_blocking(move || entered.recv().unwrap()).await.unwrap();
        add(&store, "second", 2).await.unwrap();
        written.send(()).unwrap();
        assert_eq!(reading.await.unwrap().unwrap(), (1, 1));
        assert_eq!(names(&store).await, ["first", "second"]);
        engine.close().await;
    });
}

#[test]
fn read_closure_cannot_write() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let sneaky = "INSERT INTO item (name, amount) VALUES ('x', 1)";
        let executed = store.read(move |tx| tx.execute(sneaky, &[])).await.unwrap_err();
        assert_eq!(executed.kind(), StoreErrorKind::ReadOnly);
        let returning = format!("{sneaky} RETURNING id");
        let queried = store.read(move |tx| tx.query(&returning, &[], |row| row.int(0))).await.unwrap_err();
        assert_eq!(queried.kind(), StoreErrorKind::ReadOnly, "{queried}");
        assert!(names(&store).await.is_empty());
        engine.close().await;
    });
}

#[test]
fn concurrent_writes_share_commits_and_dropped_callers_do_not_take_theirs_back() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let runs = Arc::new(AtomicU32::new(0));
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let busy = store.clone();
        let blocking = tokio::spawn(async move {
            busy.write(move |_| {
                let _ = wait.lock().unwrap().recv();
                Ok::<_, StoreError>(())
            })
            .await
        });
        let counted = Arc::clone(&runs);
        let mut left = Box::pin(store.write(move |tx| {
            counted.fetch_add(1, Ordering::SeqCst);
            tx.execute("INSERT INTO item (name, amount) VALUES ('left behind', 1)", &[])
        }));
        // Polled once: queued. Then its caller leaves.
        std::future::poll_fn(|cx| {
            let _ = left.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
        drop(left);
        go.send(()).unwrap();
        blocking.await.unwrap().unwrap();
        while engine.pending() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(names(&store).await, ["left behind"]);
        assert!(runs.load(Ordering::SeqCst) >= 1);
        engine.close().await;
    });
}
