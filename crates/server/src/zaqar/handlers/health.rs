//! Whether the service works (Zaqar reference 11.5).

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::Zaqar;
use super::super::context::Call;
use super::super::error::{Failure, no_content, ok};
use super::super::storage::claims::{self, Terms};
use super::super::storage::messages::{self, Filter, NewMessage};
use super::super::storage::{pools, queues};
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
    zaqar.read(|tx| Ok(tx.query_opt("SELECT value FROM counters LIMIT 1", &[], |row| row.int(0))?)).await?;
    Ok(no_content())
}

/// v1.1 and v2: tries the operations on a scratch queue; per pool where there are pools, which all are this store.
pub(crate) async fn detailed(zaqar: &Zaqar, _call: &mut Call) -> Result<Reply, Failure> {
    let health = health(zaqar).await.map_err(|failure| what(failure, FAILED))?;
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

async fn health(zaqar: &Zaqar) -> Result<Health, Failure> {
    let (free, claimed) = zaqar
        .read(|tx| {
            let sql = "SELECT CAST(COALESCE(SUM(total), 0) AS BIGINT), CAST(COALESCE(SUM(claimed), 0) AS BIGINT) \
                       FROM queues";
            let (total, claimed) = tx.query_one(sql, &[], |row| Ok((row.int(0)?, row.int(1)?)))?;
            Ok((total - claimed, claimed))
        })
        .await?;
    let operation_status = zaqar.write(|tx| Ok(try_out(tx)?)).await?;
    let message_volume = Volume { free, claimed, total: free + claimed };
    Ok(Health { storage_reachable: true, operation_status, message_volume })
}

/// Runs the operations on a queue of a project that nobody has, and takes the time of each.
fn try_out(tx: &mut pentad_store::Tx<'_>) -> Result<Map<String, Value>, pentad_store::StoreError> {
    let mut status = Map::new();
    let (project, name) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
    let mut watch = Stopwatch::start();
    let mut done = |operation: &str| {
        let seconds = std::mem::replace(&mut watch, Stopwatch::start()).elapsed();
        status.insert(operation.to_owned(), entry(seconds));
    };
    let queue = queues::ensure(tx, &project, &name)?;
    done("create_queue");
    let message = NewMessage { body: "{}".to_owned(), checksum: None, ttl: 60, delay: 0 };
    let ids = messages::post(tx, &queue, "", &vec![message; 10])?;
    done("post_messages");
    let terms = Terms { ttl: 60, grace: 60 };
    let claimed = claims::create(tx, &project, &queue, terms, 5, None)?;
    done("claim_messages");
    let filter = Filter { without_client: String::new(), claimed: true, delayed: true };
    let listed = messages::list(tx, queue.id, 0, 10, &filter)?;
    done("list_messages");
    messages::remove(tx, queue.id, listed.get(..1).unwrap_or_default())?;
    done("delete_messages");
    if let Some((claim, _)) = claimed {
        claims::release(tx, queue.id, &claim)?;
    }
    done("delete_claim");
    messages::remove(tx, queue.id, listed.get(1..ids.len()).unwrap_or_default())?;
    done("bulk_delete_messages");
    queues::delete(tx, &project, &name)?;
    done("delete_queue");
    Ok(status)
}

fn entry(seconds: Duration) -> Value {
    json!({"succeeded": true, "seconds": seconds.as_secs_f64(), "ref": null})
}
