//! Pulling (AMS reference 12.5).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use jiff::SignedDuration;
use pentad_store::Tx;

use super::super::body::{Fields, Tail, Wrong};
use super::super::error::{Failure, raw};
use super::super::quirks::Quirk;
use super::super::roles::{CON, PW, SA};
use super::super::storage::acl::Acl;
use super::super::storage::pack::Entries;
use super::super::storage::segments::{self, Segment};
use super::super::storage::subscriptions::{self, Delivered};
use super::super::storage::{topic_key, topics};
use super::super::{Ams, Call, names};
use crate::http::Reply;

/// How long a pull with `returnImmediately` `"false"` may wait, in service time.
const PATIENCE: SignedDuration = SignedDuration::from_secs(300);
/// Packed bytes after which a pull is full, however many messages were asked for.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Segments read at a time.
const ROWS: i64 = 32;

/// One lock per topic, held by a waiting pull where the released server does so.
#[derive(Debug, Default)]
pub(crate) struct Locks(Mutex<HashMap<(i64, String), TopicLock>>);

/// Held while a pull waits.
type TopicLock = Arc<tokio::sync::Mutex<()>>;

impl Locks {
    fn of(&self, project: i64, topic: String) -> TopicLock {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry((project, topic)).or_default())
    }
}

/// What a pull asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) most: i64,
    pub(crate) immediately: bool,
}

impl Request {
    fn parse(body: &[u8]) -> Result<Self, Failure> {
        let read = || -> Result<Self, Wrong> {
            let fields = Fields::read(body, &["maxMessages", "returnImmediately"], Tail::Nothing)?;
            let most = fields.text("maxMessages")?.parse().unwrap_or(1_i64).max(1);
            Ok(Self { most, immediately: fields.text("returnImmediately")? != "false" })
        };
        read().map_err(|Wrong| Failure::arguments("Pull Parameters"))
    }
}

/// What a pull found.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) subscription: i64,
    pub(crate) topic: i64,
    /// Position as stored.
    pub(crate) position: i64,
    /// Position after messages that are no longer retained.
    pub(crate) start: i64,
    /// Messages from `start` to the end of the topic.
    pub(crate) available: i64,
    /// The segments that hold what is to be delivered; empty if the pull goes on waiting.
    pub(crate) segments: Vec<Segment>,
}

/// `POST …/subscriptions/S:pull`.
pub(crate) async fn pull(ams: &Ams, call: &Call) -> Result<Reply, Failure> {
    let project = call.project()?;
    let name = call.param("subscription");
    let lock = topic_lock(ams, project.id, name).await?;
    let _held = match &lock {
        Some(lock) => Some(lock.lock().await),
        None => None,
    };
    let deadline = ams.time.now().saturating_add(PATIENCE).unwrap_or(jiff::Timestamp::MAX);
    let mut awake = None;
    loop {
        let last = call.inbound.gone.is_cancelled() || ams.time.now() >= deadline;
        let (mut found, mut request) = look(ams, call, last).await?;
        let mut changed = None;
        if is_waiting(&found, request, last) {
            // Subscribe, then look again: what came between the two is not missed.
            changed = Some(ams.store.changed(&topic_key(found.topic)));
            (found, request) = look(ams, call, last).await?;
        }
        match changed {
            Some(mut changed) if is_waiting(&found, request, last) => {
                tokio::select! {
                    () = changed.wait() => {}
                    busy = ams.time.sleep_until(deadline) => awake = Some(busy),
                    () = call.inbound.gone.cancelled() => {}
                }
            }
            _ => {
                let delivery = Delivery::new(&found, request.most);
                if deliver(ams, &found, &delivery).await? {
                    drop(awake);
                    return Ok(raw(delivery.render(&found, &project.name, name)));
                }
            }
        }
    }
}

/// The lock of the subscription's topic, where the released server's waiting pulls hold up others.
async fn topic_lock(ams: &Ams, project: i64, subscription: &str) -> Result<Option<TopicLock>, Failure> {
    if !ams.quirks.has(Quirk::PullLocksTopic) {
        return Ok(None);
    }
    let name = subscription.to_owned();
    let row = ams.read(move |tx| Ok(subscriptions::find(tx, project, &name)?)).await?;
    Ok(row.map(|row| ams.pulls.of(project, row.topic)))
}

/// Whether a pull that found this goes on waiting.
fn is_waiting(found: &Found, request: Request, last: bool) -> bool {
    !last && !request.immediately && found.available > 0 && found.available < request.most
}

/// Checks in the order of 12.5 and reads what there is to deliver, in one snapshot.
async fn look(ams: &Ams, call: &Call, last: bool) -> Result<(Found, Request), Failure> {
    let project = call.project()?.id;
    let name = call.param("subscription").to_owned();
    let request = Request::parse(call.body());
    let caller = call.caller.clone();
    let push = ams.settings().push;
    let acl = ams.settings().per_resource_auth && caller.roles.meets(CON);
    ams.read(move |tx| {
        let row = subscriptions::find(tx, project, &name)?.ok_or_else(|| Failure::missing("Subscription"))?;
        if row.push.is_some() {
            let worker = caller.roles.meets(PW);
            if worker && !push {
                return Err(Failure::conflict("Push functionality is currently disabled"));
            }
            if !worker && !caller.roles.passes(SA) {
                return Err(Failure::forbidden());
            }
        }
        if let Some(user) = caller.user.filter(|_| acl)
            && !Acl::Subscription.ids(tx, row.id)?.contains(&user)
        {
            return Err(Failure::forbidden());
        }
        let topic = topics::find(tx, project, &row.topic)?
            .ok_or_else(|| Failure::conflict("Subscription's topic doesn't exist"))?;
        let request = request.clone()?;
        let start = row.position.max(topic.first);
        let available = (topic.end - start).max(0);
        let mut found = Found {
            subscription: row.id,
            topic: topic.id,
            position: row.position,
            start,
            available,
            segments: Vec::new(),
        };
        if !is_waiting(&found, request, last) {
            found.segments = collect(tx, &found, request.most)?;
        }
        Ok((found, request))
    })
    .await
}

/// Reads segments until `most` messages, the byte limit or the end of the topic is reached.
///
/// A segment may hold one message or thousands: beginning with one row and doubling, at most about as much again as is
/// wanted is read from the store.
pub(crate) fn collect(tx: &mut Tx<'_>, found: &Found, most: i64) -> Result<Vec<Segment>, Failure> {
    let wanted = found.start.saturating_add(most.min(found.available));
    let mut next = found.start;
    let mut bytes = 0;
    let mut all = Vec::new();
    let mut step = 1;
    while next < wanted && bytes < MOST_BYTES {
        let rows = segments::from(tx, found.topic, next, step.min(ROWS).min(wanted - next))?;
        step *= 2;
        let Some(last) = rows.last() else { break };
        next = last.first + last.count;
        bytes += rows.iter().map(|row| row.body.len()).sum::<usize>();
        all.extend(rows);
    }
    Ok(all)
}

/// Records the pull; `false` if the subscription moved in the meantime.
pub(crate) async fn deliver(ams: &Ams, found: &Found, delivery: &Delivery) -> Result<bool, Failure> {
    let id = found.subscription;
    let pull = Delivered {
        position: found.start,
        expected: found.position,
        count: delivery.count,
        bytes: delivery.bytes,
    };
    // Soft: losing a window only means that the same messages are pulled again.
    ams.store
        .write_soft(move |tx| -> Result<bool, Failure> { Ok(subscriptions::deliver(tx, id, pull)?) })
        .await
}

/// How much of what was found is delivered.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) count: i64,
    /// Length of the data as sent.
    bytes: i64,
    most: i64,
}

impl Delivery {
    pub(crate) fn new(found: &Found, most: i64) -> Self {
        let mut delivery = Self { count: 0, bytes: 0, most };
        for message in messages(found, most) {
            delivery.count += 1;
            delivery.bytes += i64::try_from(message.entry.data.len()).unwrap_or_default();
        }
        delivery
    }

    fn render(&self, found: &Found, project: &str, subscription: &str) -> Bytes {
        if self.count == 0 {
            return Bytes::from_static(b"{\n   \"receivedMessages\": []\n}");
        }
        let prefix = format!("projects/{project}/subscriptions/{subscription}:");
        let packed: usize = found.segments.iter().map(|segment| segment.body.len()).sum();
        let each = usize::try_from(self.count).unwrap_or_default() * (220 + prefix.len());
        let mut out = Vec::with_capacity(each + packed.min(MOST_BYTES));
        out.extend_from_slice(b"{\n   \"receivedMessages\": [");
        let mut time = (i64::MIN, String::new());
        for (index, message) in messages(found, self.most).enumerate() {
            if time.0 != message.at {
                time = (message.at, names::publish_time(message.at));
            }
            out.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            message.render(&prefix, &time.1, &mut out);
        }
        out.extend_from_slice(b"\n   ]\n}");
        out.into()
    }
}

/// One message on its way out.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    pub(crate) offset: i64,
    /// Publish time.
    pub(crate) at: i64,
    pub(crate) entry: super::super::storage::pack::Entry<'a>,
}

/// The messages to deliver, in order.
pub(crate) fn messages(found: &Found, most: i64) -> impl Iterator<Item = Message<'_>> {
    let until = found.start.saturating_add(most.min(found.available));
    let start = found.start;
    found
        .segments
        .iter()
        .flat_map(|segment| {
            (segment.first..).zip(Entries::of(&segment.body)).map(|(offset, entry)| Message {
                offset,
                at: segment.at,
                entry,
            })
        })
        .skip_while(move |message| message.offset < start)
        .take_while(move |message| message.offset < until)
}

impl Message<'_> {
    fn render(&self, prefix: &str, time: &str, out: &mut Vec<u8>) {
        let id = self.offset.to_string();
        out.extend_from_slice(b"      {\n         \"ackId\": \"");
        out.extend_from_slice(prefix.as_bytes());
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(b"\",\n         \"message\": {\n            \"messageId\": \"");
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(b"\",\n");
        if !self.entry.attributes.is_empty() {
            out.extend_from_slice(b"            \"attributes\": {");
            for (index, line) in self.entry.attributes.split(|b| *b == b'\n').enumerate() {
                out.extend_from_slice(if index == 0 { b"\n               " } else { b",\n               " });
                out.extend_from_slice(line);
            }
            out.extend_from_slice(b"\n            },\n");
        }
        out.extend_from_slice(b"            \"data\": \"");
        out.extend_from_slice(self.entry.data);
        out.extend_from_slice(b"\",\n            \"publishTime\": \"");
        out.extend_from_slice(time.as_bytes());
        out.extend_from_slice(b"\"\n         }\n      }");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_options_are_texts_with_forgiving_values() {
        let ask = |body: &[u8]| Request::parse(body).map(|r| (r.most, r.immediately));
        assert_eq!(ask(b"{}"), Ok((1, true)));
        assert_eq!(ask(br#"{"maxMessages": "x", "returnImmediately": "False"}"#), Ok((1, true)));
        assert_eq!(ask(br#"{"maxMessages": "-4", "returnImmediately": "false"}"#), Ok((1, false)));
        for wrong in [&br#"{"maxMessages": 2}"#[..], br#"{"returnImmediately": true}"#, b""] {
            assert!(ask(wrong).is_err());
        }
    }
}
