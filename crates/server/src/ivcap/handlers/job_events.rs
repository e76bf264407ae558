//! Live events of jobs as server-sent events (IVCAP reference 7.4).

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use pentad_store::Changed;
use serde_json::{Value, json};

use super::jobs;
use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::model::Job;
use crate::ivcap::storage::things;
use crate::ivcap::storage::work::{self, Event};
use crate::ivcap::urn::Kind;

/// Seconds that a caller waits for the next event unless it says otherwise.
const PATIENCE: i64 = 30;
/// Events that are read at once.
const BATCH: i64 = 100;

/// The events of a job from one on, as they happen.
struct Watch {
    call: Call,
    id: String,
    changed: Changed,
    /// The last event that was handed out.
    after: i64,
    /// How many may still be handed out.
    left: i64,
    patience: Duration,
    ready: VecDeque<Event>,
    /// Nothing will happen any more.
    over: bool,
}

/// How waiting for an event ended.
enum Next {
    Event(Event),
    /// Nothing more happens to the job, or enough was handed out.
    End,
    /// Nothing happened in time.
    Silence,
}

/// `GET /1/services2/{service}/jobs/{id}/events`
pub(crate) async fn events(call: Call) -> Answer<Reply> {
    let held = jobs::readable(&call).await?;
    let most = call.number("max-messages", 1..=1_000_000)?.unwrap_or(i64::MAX);
    let seconds = call.number("max-wait-time", 0..=3600)?.unwrap_or(PATIENCE);
    let after = call.header("last-event-id").and_then(|id| id.trim().parse().ok()).unwrap_or(0);
    let patience = Duration::from_secs(seconds.unsigned_abs());
    let changed = call.core.store.changed(&held.id);
    let (ready, id) = (VecDeque::new(), held.id);
    let mut watch = Watch { call, id, changed, after, left: most, patience, ready, over: false };
    // The first event decides on the status.
    match watch.next().await? {
        Next::End => Ok(call::empty()),
        Next::Silence => Ok(timed_out(&watch.id)),
        Next::Event(first) => Ok(Reply::new(StatusCode::OK)
            .header(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))
            .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
            .stream(Box::pin(stream::unfold((Some(first), Some(watch)), step)))),
    }
}

type State = (Option<Event>, Option<Watch>);

async fn step((first, watch): State) -> Option<(std::io::Result<Bytes>, State)> {
    let mut watch = watch?;
    let next = match first {
        Some(first) => Ok(Next::Event(first)),
        None => watch.next().await,
    };
    match next {
        Ok(Next::Event(event)) => Some((Ok(shown(&watch.id, &event)), (None, Some(watch)))),
        Ok(Next::End | Next::Silence) => None,
        Err(failure) => Some((Err(std::io::Error::other(failure.text())), (None, None))),
    }
}

impl Watch {
    async fn next(&mut self) -> Answer<Next> {
        let (core, patience) = (Arc::clone(&self.call.core), self.patience);
        let mut end = Box::pin(core.time.sleep(patience));
        loop {
            if self.left <= 0 {
                return Ok(Next::End);
            }
            if let Some(event) = self.ready.pop_front() {
                (self.after, self.left) = (event.seq, self.left - 1);
                return Ok(Next::Event(event));
            }
            if self.over {
                return Ok(Next::End);
            }
            self.read().await?;
            if !self.ready.is_empty() || self.over {
                continue;
            }
            tokio::select! {
                () = self.changed.wait() => {}
                _ = &mut end => return Ok(Next::Silence),
                () = self.call.gone.cancelled() => return Ok(Next::End),
            }
        }
    }

    async fn read(&mut self) -> Answer<()> {
        let (id, after) = (self.id.clone(), self.after);
        let (events, over) = self
            .call
            .core
            .read(move |tx| {
                let held = things::last::<Job>(tx, Kind::Job, &id)?;
                let over = held.is_none_or(|held| held.doc.run.status.is_final());
                Ok((work::events(tx, &id, after, BATCH)?, over))
            })
            .await?;
        // What happened before the job ended was told before it ended.
        self.over = over && i64::try_from(events.len()).unwrap_or(0) < BATCH;
        self.ready = events.into();
        Ok(())
    }
}

fn timed_out(id: &str) -> Reply {
    let body = json!({
        "name": "timeout", "id": id, "message": "nothing happened in time",
        "temporary": true, "timeout": true, "fault": false,
    });
    Failure::status(StatusCode::GATEWAY_TIMEOUT, body).reply()
}

fn shown(id: &str, event: &Event) -> Bytes {
    let at = Timestamp::from_microsecond(event.at).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
    let data: Value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
    let whole = json!({
        "SeqID": event.seq.to_string(), "eventID": format!("{id}:{}", event.seq), "type": event.kind,
        "schema": data.get("$schema").and_then(Value::as_str).unwrap_or("urn:ivcap:schema:job-event.1"),
        "source": id, "timestamp": at, "data": data,
    });
    let mut text = String::new();
    // Writing to a text does not fail. A line break in the kind would begin a field of its own.
    let kind: String = event.kind.chars().filter(|letter| !letter.is_control()).collect();
    let _ = write!(text, "id: {}\nevent: {kind}\ndata: {whole}\n\n", event.seq);
    Bytes::from(text)
}
