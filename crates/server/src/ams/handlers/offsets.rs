//! Offsets and seeking (AMS reference 12.7).

use pentad_store::Tx;
use serde::Serialize;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, compact, empty, indented};
use super::super::model::Offsets;
use super::super::names::zulu_millis;
use super::super::quirks::Quirk;
use super::super::storage::topics::TopicRow;
use super::super::storage::{segments, subscriptions, topics};
use super::super::{Ams, Call};
use super::subscriptions::existing;
use crate::http::Reply;

/// Oldest and end offset of a subscription's topic; both 0 once the topic is gone.
fn bounds(topic: Option<&TopicRow>) -> (i64, i64) {
    topic.map_or((0, 0), |topic| (topic.first, topic.end))
}

/// `GET …/subscriptions/S:offsets`. A position before the oldest message is raised to it.
pub(crate) async fn show(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("subscription").to_owned());
    let (id, mut offsets) = ams
        .read(move |tx| {
            let row = existing(tx, project, &name)?;
            let (min, max) = bounds(topics::find(tx, project, &row.topic)?.as_ref());
            Ok((row.id, Offsets { max, min, current: row.position }))
        })
        .await?;
    if offsets.current < offsets.min {
        let min = offsets.min;
        ams.store.write(move |tx| -> Result<(), Failure> { Ok(subscriptions::raise(tx, id, min)?) }).await?;
        offsets.current = min;
    }
    Ok(indented(&offsets))
}

/// `POST …/subscriptions/S:modifyOffset`. Clears what is outstanding.
pub(crate) async fn modify(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let read = || Fields::read(call.body(), &["offset"], Tail::Nothing)?.get::<i64>("offset");
    let offset = read().map_err(|Wrong| Failure::arguments("Offset"))?.unwrap_or_default();
    let (project, name) = (call.project()?.id, call.param("subscription").to_owned());
    let stores_anyway = ams.quirks.has(Quirk::RefusedOffsetIsStored);
    let fits = ams
        .store
        .write(move |tx| -> Result<bool, Failure> {
            let row = existing(tx, project, &name)?;
            let (min, max) = bounds(topics::find(tx, project, &row.topic)?.as_ref());
            let fits = (min..=max).contains(&offset);
            if fits || stores_anyway {
                subscriptions::seek(tx, row.id, offset)?;
            }
            Ok(fits)
        })
        .await?;
    if fits { Ok(empty()) } else { Err(Failure::invalid("Offset out of bounds")) }
}

#[derive(Debug, Serialize)]
struct OffsetOnly {
    offset: i64,
}

/// `GET …/subscriptions/S:timeToOffset?time=`.
pub(crate) async fn at_time(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let (project, name) = (call.project()?.id, call.param("subscription").to_owned());
    let time = zulu_millis(call.query("time").unwrap_or_default());
    let offset = ams.read(move |tx| find_time(tx, project, &name, time)).await?;
    Ok(compact(&OffsetOnly { offset }))
}

fn find_time(tx: &mut Tx<'_>, project: i64, name: &str, time: Option<i64>) -> Result<i64, Failure> {
    let row = existing(tx, project, name)?;
    let time = time.ok_or_else(|| Failure::invalid("Time is not in valid Zulu format."))?;
    let found = match topics::find(tx, project, &row.topic)? {
        None => None,
        Some(topic) => segments::at_time(tx, topic.id, topic.first, topic.end, time)?,
    };
    found
        .ok_or_else(|| Failure::conflict("Timestamp is out of bounds for the subscription's topic/partition"))
}
