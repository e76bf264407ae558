//! Statistics of a queue, by counters (Zaqar reference 6.7).

use jiff::Timestamp;
use serde::Serialize;

use super::super::Zaqar;
use super::super::context::{Call, Version};
use super::super::error::{Failure, ok};
use super::super::message::seconds;
use super::super::quirks::Quirk;
use super::super::storage::messages::{self, Message, Stats};
use super::super::storage::{now, queues};
use super::{placed, queue_path, what};
use crate::http::Reply;

#[derive(Serialize)]
struct Answer {
    messages: Counts,
}

#[derive(Serialize)]
struct Counts {
    claimed: i64,
    free: i64,
    total: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<End>,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<End>,
}

/// The first or the last message.
#[derive(Serialize)]
struct End {
    age: i64,
    created: String,
    href: String,
}

fn end(message: &Message, path: &str, now: i64) -> End {
    End {
        age: age(message, now),
        created: created(message),
        href: format!("{path}/messages/{}", message.id()),
    }
}

/// Whole seconds since the post.
pub(crate) fn age(message: &Message, now: i64) -> i64 {
    seconds(message.created_at, now)
}

/// The moment of the post, to the second.
pub(crate) fn created(message: &Message) -> String {
    let at = Timestamp::from_second(message.created_at.div_euclid(1_000_000)).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Statistics of a queue and the moment that they are of; `None` if there is no such queue.
pub(crate) async fn of(
    zaqar: &Zaqar,
    project: String,
    queue: String,
) -> Result<Option<(Stats, i64)>, Failure> {
    zaqar
        .read(move |tx| {
            let Some(queue) = queues::find(tx, &project, &queue)? else { return Ok(None) };
            let stats = messages::stats(tx, &queue)?;
            Ok(Some((stats, now(tx))))
        })
        .await
}

/// Statistics of a queue; one that does not exist is empty, in v1 an error.
pub(crate) async fn show(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    const FAILED: &str = "Queue stats could not be read.";
    let found = of(zaqar, call.project.clone(), call.queue().to_owned())
        .await
        .map_err(|failure| what(failure, FAILED))?;
    if found.is_none() && call.version == Version::V1 {
        return Err(Failure::no_queue(call.queue(), &call.project));
    }
    let (stats, now) = found.unwrap_or_default();
    if stats.total > 0 && stats.oldest.is_none() && zaqar.quirks.has(Quirk::StatsOfDelayedFail) {
        return Err(Failure::unavailable(FAILED));
    }
    let path = queue_path(call);
    let messages = Counts {
        claimed: stats.claimed,
        free: stats.total - stats.claimed,
        total: stats.total,
        oldest: stats.oldest.map(|message| end(&message, &path, now)),
        newest: stats.newest.map(|message| end(&message, &path, now)),
    };
    Ok(placed(call, ok(&Answer { messages })))
}
