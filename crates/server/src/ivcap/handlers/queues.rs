//! Queues (IVCAP reference 7.10): messages that whoever comes first takes away.

use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::http::Reply;
use crate::ivcap::call::{self, Call, check_urn, missing, writable};
use crate::ivcap::core::Core;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Query};
use crate::ivcap::storage::messages::{self, Message};
use crate::ivcap::storage::things::{self, Held, Thing};
use crate::ivcap::urn::{self, Kind};

const LIST: list::Kind = list::Kind::new("queues");
/// The schema of messages that are sent without one.
const NO_SCHEMA: &str = "urn:ivcap:schema:message.1";
/// Messages that one request takes.
const MOST: i64 = 1000;
/// Bytes of the messages that one request takes, unless a single one has more.
const LARGEST: usize = 16 << 20;
/// Messages that are removed at once.
const SWEPT: i64 = 1000;

/// What a queue keeps beside its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(crate) description: Option<String>,
}

impl Thing for Queue {
    const KIND: Kind = Kind::Queue;
}

#[derive(Deserialize)]
struct Wanted {
    name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    policy: Option<String>,
}

/// Refuses names that no queue can have.
///
/// # Errors
/// 422.
pub(crate) fn check_name(name: &str) -> Answer<()> {
    let wrong = |letter: char| letter.is_whitespace() || letter.is_control() || ".*>/\\".contains(letter);
    if name.is_empty() || name.len() > 255 || name.contains(wrong) {
        let why = "must have 1 to 255 bytes, without blanks, control characters and . * > / \\";
        return Err(Failure::invalid("name", name, why));
    }
    Ok(())
}

/// `POST /1/queues`
pub(crate) async fn create(mut call: Call) -> Answer<Reply> {
    call.wants_json()?;
    let wanted: Wanted = call.object().await?;
    check_name(&wanted.name)?;
    let policy = call.policy("policy", wanted.policy.as_deref(), Kind::Queue)?;
    let held = Held::new(
        urn::fresh(Kind::Queue),
        &call.caller.account,
        policy,
        Queue { description: wanted.description },
    )
    .named(&wanted.name);
    let created = call.core.write(move |change| {
        if let Some(other) = things::named::<Queue>(change, &held.account, &held.name)? {
            return Err(Failure::conflict(&other.id, format_args!("there is a queue named {}", held.name)));
        }
        things::create(change, &held)?;
        Ok(Held { created: change.stamp(), ..held.clone() })
    });
    let held = created.await?;
    let mut body = head(&held);
    body.insert("created-at".to_owned(), json!(held.created.to_string()));
    Ok(call::json(StatusCode::CREATED, &Value::Object(body)))
}

fn head(held: &Held<Queue>) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(held.id));
    body.insert("name".to_owned(), json!(held.name));
    body.insert("account".to_owned(), json!(held.account));
    if let Some(description) = &held.doc.description {
        body.insert("description".to_owned(), json!(description));
    }
    body
}

/// `GET /1/queues`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    let query = Query::of(&call, LIST)?;
    let page = list::things::<Queue>(&call, &query, None, |held, view| {
        let mut item = head(held);
        item.insert("href".to_owned(), json!(view.link(&format!("/1/queues/{}", held.id))));
        Value::Object(item)
    });
    Ok(page.await?.reply(&call, "queues"))
}

/// `GET /1/queues/{id}`
pub(crate) async fn read(call: Call) -> Answer<Reply> {
    let id = call.urn(Kind::Queue, "id")?;
    let wanted = id.clone();
    let found =
        call.core.read(move |tx| Ok((things::get::<Queue>(tx, &wanted)?, messages::totals(tx, &wanted)?)));
    let (found, totals) = found.await?;
    let held = call.readable(Kind::Queue, &id, found)?;
    let mut body = head(&held);
    body.insert("created-at".to_owned(), json!(held.created.to_string()));
    body.insert("total-messages".to_owned(), json!(totals.count));
    body.insert("bytes".to_owned(), json!(totals.bytes));
    body.insert("consumer-count".to_owned(), json!(0));
    for (name, message) in [("first", totals.first), ("last", totals.last)] {
        if let Some((id, at)) = message {
            body.insert(format!("{name}-id"), json!(id));
            body.insert(format!("{name}-time"), json!(at.to_string()));
        }
    }
    Ok(call::ok(&Value::Object(body)))
}

/// `DELETE /1/queues/{id}`
pub(crate) async fn delete(call: Call) -> Answer<Reply> {
    let absent = |failure: Failure| match failure.code() {
        // No document lists a 404 here.
        StatusCode::NOT_FOUND => Failure::bad_request(failure.text()),
        _ => failure,
    };
    let id = call.urn(Kind::Queue, "id").map_err(absent)?;
    let gone = id.clone();
    let caller = call.caller.clone();
    let deleted = call.core.write(move |change| {
        let found = things::get::<Queue>(change, &id)?;
        writable(&caller, Kind::Queue, &id, found)?;
        Ok(things::end(change, Kind::Queue, &id)?)
    });
    deleted.await.map_err(absent)?;
    // Nobody finds them any more: what a crash leaves is swept at the next start.
    while clear(&call.core, &gone).await? {}
    Ok(call::empty())
}

/// Removes some messages of a queue; `false` if those were the last.
async fn clear(core: &Arc<Core>, queue: &str) -> Answer<bool> {
    let queue = queue.to_owned();
    core.write(move |change| Ok(messages::clear(change, &queue, SWEPT)?)).await
}

/// Removes the messages of queues that are gone.
pub(crate) async fn sweep(core: &Arc<Core>) -> Answer<()> {
    let mut last = String::new();
    loop {
        let after = last.clone();
        let found = core.read(move |tx| {
            let Some(queue) = messages::next_queue(tx, &after)? else { return Ok(None) };
            let lives = things::get::<Queue>(tx, &queue)?.is_some();
            Ok(Some((queue, lives)))
        });
        let Some((queue, lives)) = found.await? else { return Ok(()) };
        while !lives && clear(core, &queue).await? {}
        last = queue;
    }
}

/// `POST /1/queues/{id}/messages`
pub(crate) async fn enqueue(mut call: Call) -> Answer<Reply> {
    let id = queue(&call)?;
    let schema = call.text("schema").unwrap_or(NO_SCHEMA).to_owned();
    check_urn("schema", &schema)?;
    let content = super::record::content(&mut call, false).await?;
    let caller = call.caller.clone();
    let sent = call.core.write(move |change| {
        let found = things::get::<Queue>(change, &id)?;
        let held = writable(&caller, Kind::Queue, &id, found).map_err(|failure| no_queue(&id, failure))?;
        let message = Message {
            id: urn::fresh(Kind::Message),
            schema: schema.clone(),
            content_type: "application/json".to_owned(),
            content: content.clone(),
        };
        let at = change.stamp();
        messages::put(change, &held.id, &message, at)?;
        Ok(message.id)
    });
    Ok(call::ok(&json!({"id": sent.await?})))
}

/// `GET /1/queues/{id}/messages`: takes them off, oldest first.
pub(crate) async fn dequeue(call: Call) -> Answer<Reply> {
    let id = queue(&call)?;
    let limit = call.number("limit", 1..=MOST)?.unwrap_or(10);
    let caller = call.caller.clone();
    let taken = call.core.write(move |change| {
        let found = things::get::<Queue>(change, &id)?;
        writable(&caller, Kind::Queue, &id, found).map_err(|failure| no_queue(&id, failure))?;
        Ok((messages::take(change, &id, limit, LARGEST)?, change.stamp()))
    });
    let (taken, at) = taken.await?;
    let mut items = Vec::new();
    for message in taken {
        let content: Value = serde_json::from_str(&message.content).map_err(|_| Failure::internal())?;
        items.push(json!({
            "id": message.id, "content": content, "content-type": message.content_type, "schema": message.schema,
        }));
    }
    Ok(call::ok(&json!({"messages": items, "at-time": at.to_string()})))
}

fn queue(call: &Call) -> Answer<String> {
    call.urn(Kind::Queue, "id").map_err(|failure| no_queue(call.param("id"), failure))
}

/// Messages of a queue that is not there: no document lists a 404 for them.
fn no_queue(id: &str, failure: Failure) -> Failure {
    if failure.code() == StatusCode::NOT_FOUND {
        let known = missing(Kind::Queue, id);
        return Failure::invalid("id", id, known.text());
    }
    failure
}
