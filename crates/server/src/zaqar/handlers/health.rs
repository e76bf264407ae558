//! Whether the service works (Zaqar reference 11.5).

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::Zaqar;
use super::super::context::Call;
use super::super::error::{Failure, no_content, ok};
use super::super::storage::claims::{self, Terms};
use super::super::storage::messages::{self, Filter, NewMessage};
use super::super::storage::pools;
use super::super::storage::queues::{self, Queue};
use super::what;
use crate::clock::Stopwatch;
use crate::http::Reply;

const FAILED: &str = "Health status could not be read.";

#[derive(Serialize)]
struct Health {
    storage_reachable: bool,
    operation_status: Map<String, Value>,
    message_volume: Volume,
}

#[derive(Serialize)]
struct Volume {
    free: i64,
    claimed: i64,
    total: i64,
}

/// v1: 204 while the store answers.
pub(crate) async fn simple(zaqar: &Zaqar, _call: &mut Call) -> Result<Reply, Failure> {
    zaqar.store.probe().await?;
    Ok(no_content())
}

/// v1.1 and v2: tries the operations on a scratch queue; per pool where there are pools, which all are this store.
pub(crate) async fn detailed(zaqar: &Zaqar, _call: &mut Call) -> Result<Reply, Failure> {
    let Some(own) = zaqar.me.upgrade() else { return Err(Failure::unavailable(FAILED)) };
    // To its end, so that nothing is left behind of what was tried.
    let health = zaqar.see_through("zaqar health", async move { health(&own).await }).await;
    let health = health.map_err(|failure| what(failure, FAILED))?;
    if !zaqar.settings().pooling {
        return Ok(ok(&health));
    }
    let health = serde_json::to_value(health).map_err(|_| Failure::unavailable(FAILED))?;
    let names = zaqar.read(|tx| Ok(pools::names(tx)?)).await.map_err(|failure| what(failure, FAILED))?;
    let mut all = Map::new();
    all.insert("catalog_reachable".to_owned(), json!(true));
    all.extend(names.into_iter().map(|name| (name, health.clone())));
    Ok(ok(&all))
}

async fn health(zaqar: &Arc<Zaqar>) -> Result<Health, Failure> {
    let (total, claimed) = zaqar.read(|tx| Ok(queues::volume(tx)?)).await?;
    let message_volume = Volume { free: total - claimed, claimed, total };
    let mut trial = Trial::default();
    trial.run(zaqar).await;
    Ok(Health {
        storage_reachable: zaqar.store.probe().await.is_ok(),
        operation_status: trial.status,
        message_volume,
    })
}

/// The operations on a queue of a project that nobody has, and the time that each takes with its commit.
#[derive(Default)]
struct Trial {
    status: Map<String, Value>,
}

impl Trial {
    /// Runs one operation; `None` if it failed.
    async fn step<T>(&mut self, name: &str, work: impl Future<Output = Result<T, Failure>>) -> Option<T> {
        let watch = Stopwatch::start();
        let done = work.await;
        let seconds = watch.elapsed().as_secs_f64();
        let reference = done.as_ref().err().map(|failure| {
            let reference = Uuid::new_v4().to_string();
            tracing::error!(reference, operation = name, why = failure.text(), "the service is not healthy");
            reference
        });
        let entry = json!({"succeeded": done.is_ok(), "seconds": seconds, "ref": reference});
        self.status.insert(name.to_owned(), entry);
        done.ok()
    }

    /// What comes after an operation that failed is left out; the queue is removed in any case.
    async fn run(&mut self, zaqar: &Zaqar) {
        let (project, name) = (Uuid::new_v4().to_string(), Uuid::new_v4().to_string());
        let place = (project.clone(), name.clone());
        let made = zaqar.write(move |tx| Ok(queues::ensure(tx, &place.0, &place.1)?));
        let Some(queue) = self.step("create_queue", made).await else { return };
        let message = NewMessage { body: "{}".to_owned(), checksum: None, ttl: 60, delay: 0 };
        let (box_of, new) = (queue.clone(), vec![message; 10]);
        let posted = zaqar.write(move |tx| Ok(messages::post(tx, &box_of, "", &new)?));
        if let Some(ids) = self.step("post_messages", posted).await {
            self.work(zaqar, &project, &queue).await;
            let id = queue.id;
            let removed = zaqar.write(move |tx| {
                for id_of in &ids {
                    if let Some(left) = messages::find(tx, id, id_of)? {
                        messages::remove(tx, id, &[left])?;
                    }
                }
                Ok(())
            });
            self.step("bulk_delete_messages", removed).await;
        }
        let gone = zaqar.write(move |tx| Ok(queues::delete(tx, &project, &name)?));
        self.step("delete_queue", gone).await;
    }

    async fn work(&mut self, zaqar: &Zaqar, project: &str, queue: &Queue) -> Option<()> {
        let (owner, id, own) = (project.to_owned(), queue.id, queue.clone());
        let terms = Terms { ttl: 60, grace: 60 };
        let claimed = zaqar.write(move |tx| Ok(claims::create(tx, &owner, &own, terms, 5, None)?));
        let (claim, held) = self.step("claim_messages", claimed).await??;
        let filter = Filter { without_client: String::new(), claimed: true, delayed: true };
        let listed = zaqar.read(move |tx| Ok(messages::list(tx, id, 0, 10, &filter)?));
        self.step("list_messages", listed).await?;
        let removed = zaqar.write(move |tx| Ok(messages::remove(tx, id, &held)?));
        self.step("delete_messages", removed).await?;
        let released = zaqar.write(move |tx| Ok(claims::release(tx, id, &claim)?));
        self.step("delete_claim", released).await
    }
}
