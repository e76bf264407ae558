//! No message is in two live claims, whatever happens at the same time.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use pentad_server::ServiceTime;
use pentad_store::{Backend, Engine, StoreOptions};
use serde_json::json;

use super::world::World;

const CLAIMERS: usize = 16;
const MESSAGES: usize = 400;

/// What the claimers believe: who holds which message, and what is finished.
#[derive(Default)]
struct Ledger {
    held: HashMap<String, usize>,
    finished: HashSet<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_at_the_same_time_never_share_a_message() {
    contend(World::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_on_postgresql_never_share_a_message() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        return eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
    };
    let dir = tempfile::tempdir().unwrap();
    let time = Arc::new(ServiceTime::new());
    // Schemas of its own: other tests keep theirs in the same database, under other keys.
    let backend = Backend::Postgres {
        url,
        dir: dir.path().into(),
        prefix: format!("exclusive_{}", std::process::id()),
    };
    let options = StoreOptions { backend, ..StoreOptions::memory() };
    let engine = Engine::open(options, time.clone()).unwrap();
    contend(World::on(engine.clone(), time, json!({}))).await;
    engine.close().await;
}

async fn contend(w: World) {
    for batch in 0..MESSAGES / 20 {
        let bodies: Vec<_> = (0..20).map(|n| json!(batch * 20 + n)).collect();
        w.fill(&bodies).await;
    }
    let (w, ledger) = (Arc::new(w), Arc::new(Mutex::new(Ledger::default())));
    let claimers = (0..CLAIMERS).map(|me| tokio::spawn(claimer(me, Arc::clone(&w), Arc::clone(&ledger))));
    futures_util::future::try_join_all(claimers).await.unwrap();
    assert_eq!(ledger.lock().unwrap().finished.len(), MESSAGES);
    let stats = w.get("/v2/queues/jobs/stats").await.ok();
    assert_eq!(stats, json!({"messages": {"claimed": 0, "free": 0, "total": 0}}));
}

async fn claimer(me: usize, w: Arc<World>, ledger: Arc<Mutex<Ledger>>) {
    let mut round = me;
    loop {
        let answer = w.post(&format!("/v2/queues/jobs/claims?limit={}", 1 + round % 7), json!({})).await;
        round += 1;
        if answer.status == 204 {
            if ledger.lock().unwrap().finished.len() == MESSAGES {
                return;
            }
            tokio::task::yield_now().await;
            continue;
        }
        let location = answer.location().to_owned();
        let taken = answer.ok();
        let hrefs: Vec<String> = taken["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["href"].as_str().unwrap().to_owned())
            .collect();
        let ids: Vec<String> = hrefs.iter().map(|href| href.split('?').next().unwrap().to_owned()).collect();
        {
            let mut ledger = ledger.lock().unwrap();
            for id in &ids {
                assert!(!ledger.finished.contains(id), "{id} was finished");
                assert_eq!(ledger.held.insert(id.clone(), me), None, "{id} is held by another");
            }
        }
        let gives_back = round.is_multiple_of(3);
        {
            let mut ledger = ledger.lock().unwrap();
            for id in &ids {
                ledger.held.remove(id);
                if !gives_back {
                    ledger.finished.insert(id.clone());
                }
            }
        }
        if gives_back {
            w.delete(&location).await.ok();
        } else {
            for href in &hrefs {
                w.delete(href).await.ok();
            }
        }
    }
}
