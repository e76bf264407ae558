//! Waiting for commits.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use pentad_store::StoreError;

use crate::backend::{add, everywhere, open};

/// Whether `future` is ready at this instant.
async fn ready(mut future: Pin<&mut impl Future>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await
}

#[test]
fn commit_after_the_subscription_ends_the_wait_even_if_it_came_before_the_wait() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        add(&store, "before", 1).await.unwrap();
        let mut changed = store.changed("items");
        assert!(!ready(std::pin::pin!(changed.wait())).await);
        add(&store, "after", 1).await.unwrap();
        changed.wait().await;
        assert!(!ready(std::pin::pin!(changed.wait())).await);
        engine.close().await;
    });
}

#[test]
fn other_keys_and_undone_closures_wake_nobody() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let mut changed = store.changed("other");
        let mut items = store.changed("items");
        add(&store, "one", 1).await.unwrap();
        items.wait().await;
        let undone = store
            .write(|tx| {
                tx.touch("other");
                Err::<(), _>(StoreError::new(pentad_store::StoreErrorKind::Conflict, "no"))
            })
            .await;
        assert!(undone.is_err());
        assert!(!ready(std::pin::pin!(changed.wait())).await);
        engine.close().await;
    });
}

#[test]
fn everyone_who_waits_for_a_key_is_woken() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let waiting: Vec<_> = (0..50).map(|_| tokio::spawn(store.changed("items").into_future())).collect();
        add(&store, "one", 1).await.unwrap();
        for waiter in waiting {
            waiter.await.unwrap();
        }
        engine.close().await;
    });
}

#[test]
fn closing_and_resetting_wake_those_who_wait() {
    everywhere(async |bench| {
        let (engine, store) = open(&bench);
        let mut changed = store.changed("items");
        engine.reset().await.unwrap();
        changed.wait().await;
        engine.close().await;
        changed.wait().await;
    });
}
