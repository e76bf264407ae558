//! No message is in two live claims, whatever happens at the same time.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use pentad_server::ServiceTime;
use pentad_store::{Backend, Engine, StoreOptions};
use serde_json::json;
use tokio::sync::RwLock;

use super::world::World;

/// How many claim at the same time.
const CLAIMERS: usize = 64;
/// Messages of a run that every build makes; `PENTAD_TEST_CLAIMED=100000` is the whole one.
const MESSAGES: usize = 2000;
/// Seconds of a claim.
const LEASE: i64 = 60;

fn messages() -> usize {
    std::env::var("PENTAD_TEST_CLAIMED").ok().and_then(|count| count.parse().ok()).unwrap_or(MESSAGES)
}

/// What the claimers believe: until when which message is held, and what is finished.
#[derive(Default)]
struct Ledger {
    held: HashMap<String, Timestamp>,
    finished: HashSet<String>,
    returned: usize,
    expired: usize,
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

/// Claimers finish, give back, and let expire at random, while the clock jumps between their turns.
async fn contend(w: World) {
    let count = messages();
    for batch in 0..count / 20 {
        let bodies: Vec<_> = (0..20).map(|n| json!(batch * 20 + n)).collect();
        w.fill(&bodies).await;
    }
    w.time.freeze(None);
    // Whoever acts under a claim holds the gate open; the clock moves while it is shut.
    let shared = Arc::new((w, Mutex::new(Ledger::default()), RwLock::new(())));
    let claimers = (0..CLAIMERS).map(|me| tokio::spawn(claimer(me, count, Arc::clone(&shared))));
    futures_util::future::try_join_all(claimers).await.unwrap();
    let (w, ledger, _) = &*shared;
    {
        let ledger = ledger.lock().unwrap();
        assert_eq!(ledger.finished.len(), count);
        assert!(ledger.returned > 0 && ledger.expired > 0, "{} {}", ledger.returned, ledger.expired);
    }
    let stats = w.get("/v2/queues/jobs/stats").await.ok();
    assert_eq!(stats, json!({"messages": {"claimed": 0, "free": 0, "total": 0}}));
}

async fn claimer(me: usize, count: usize, shared: Arc<(World, Mutex<Ledger>, RwLock<()>)>) {
    let (w, ledger, gate) = &*shared;
    let mut random = fastrand::Rng::with_seed(me as u64);
    loop {
        let open = gate.read().await;
        let path = format!("/v2/queues/jobs/claims?limit={}", random.usize(1..=20));
        let answer = w.post(&path, json!({"ttl": LEASE, "grace": 60})).await;
        if answer.status == 204 {
            drop(open);
            if ledger.lock().unwrap().finished.len() == count {
                return;
            }
            // What is left is held by claims that somebody let go: only time brings it back.
            let shut = gate.write().await;
            w.time.advance(SignedDuration::from_secs(LEASE / 2));
            drop(shut);
            continue;
        }
        let location = answer.location().to_owned();
        let taken = answer.ok();
        let hrefs: Vec<&str> =
            taken["messages"].as_array().unwrap().iter().map(|m| m["href"].as_str().unwrap()).collect();
        let id = |href: &str| href.split('?').next().unwrap_or_default().to_owned();
        {
            let (mut ledger, now) = (ledger.lock().unwrap(), w.time.now());
            for href in &hrefs {
                assert!(!ledger.finished.contains(&id(href)), "{href} was finished");
                let until = now + SignedDuration::from_secs(LEASE);
                let before = ledger.held.insert(id(href), until);
                assert!(before.is_none_or(|end| end <= now), "{href} is held by another until {before:?}");
            }
        }
        match random.u8(0..10) {
            0 => ledger.lock().unwrap().expired += hrefs.len(),
            1 => {
                {
                    let mut ledger = ledger.lock().unwrap();
                    ledger.returned += hrefs.len();
                    ledger.held.retain(|held, _| !hrefs.iter().any(|href| id(href) == *held));
                }
                w.delete(&location).await.ok();
            }
            _ => {
                for href in hrefs {
                    w.delete(href).await.ok();
                    assert!(ledger.lock().unwrap().finished.insert(id(href)), "{href} is finished twice");
                }
            }
        }
    }
}
