//! Claims (Zaqar reference 8).

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::Zaqar;
use super::super::body;
use super::super::context::{Call, Version};
use super::super::error::{Failure, json, located, no_content, ok, shown};
use super::super::message::{self, View, seconds};
use super::super::metadata;
use super::super::quirks::Quirk;
use super::super::storage::claims::{self as rows, Terms};
use super::super::storage::messages::Message;
use super::super::storage::{now, queues};
use super::super::validate;
use super::{placed, queue_path, what};
use crate::http::Reply;

#[derive(Serialize)]
struct Claimed {
    messages: Vec<View>,
}

#[derive(Serialize)]
struct Claim {
    age: i64,
    ttl: i64,
    messages: Vec<View>,
    href: String,
}

/// Leases the oldest messages that can be claimed.
pub(crate) async fn create(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    let limit = call.query.int("limit")?;
    let is_v1 = call.version == Version::V1;
    let sent = if !is_v1 && call.length().unwrap_or_default() == 0 {
        Map::new()
    } else {
        body::object(call).await?
    };
    let default = |seconds: i64| (!is_v1).then_some(seconds);
    let ttl = body::int(&sent, "ttl", default(settings.default_claim_ttl))?;
    let grace = body::int(&sent, "grace", default(settings.default_claim_grace))?;
    validate::claim_ttl(ttl, &settings)?;
    validate::limit(limit, settings.max_messages_per_claim_or_pop)?;
    validate::claim_grace(grace, &settings)?;
    let size = limit.unwrap_or(10).min(settings.max_messages_per_claim_or_pop);
    let made = make(zaqar, &call.project, call.queue(), Terms { ttl, grace }, size)
        .await
        .map_err(|failure| what(failure, "Claim could not be created."))?;
    let Some(((id, taken), now)) = made else { return Ok(no_content()) };
    let path = queue_path(call);
    let view = |one| message::view(one, call.version, &path, Some(&id), now);
    let messages: Vec<View> = taken.into_iter().map(view).collect::<Result<_, _>>()?;
    let reply = match call.version {
        Version::V1 => json(StatusCode::CREATED, &messages),
        _ => json(StatusCode::CREATED, &Claimed { messages }),
    };
    Ok(located(reply, &format!("{}/{id}", call.path)))
}

/// Leases messages to a new claim; its id, they, and the moment.
pub(crate) async fn make(
    zaqar: &Zaqar,
    project: &str,
    queue: &str,
    terms: Terms,
    most: i64,
) -> Result<Option<((String, Vec<Message>), i64)>, Failure> {
    let owner = project.to_owned();
    let begin_again = !zaqar.quirks.has(Quirk::DeadLettersKeepTheirEnd);
    let made = zaqar
        .on_freed(project, queue, move |tx, queue| {
            let dead = metadata::dead_letters(&metadata::read(&queue.metadata), begin_again);
            let made = rows::create(tx, &owner, queue, terms, most, dead.as_ref())?;
            Ok(made.map(|made| (made, now(tx))))
        })
        .await?;
    Ok(made.flatten())
}

/// A claim that still holds messages, these, and the moment.
pub(crate) async fn look_up(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    id: String,
) -> Result<Option<(rows::Claim, Vec<Message>, i64)>, Failure> {
    zaqar
        .read(move |tx| {
            let Some(queue) = queues::boxed(tx, &project, &queue)? else { return Ok(None) };
            let found = rows::find(tx, queue.id, &id)?;
            Ok(found.map(|(claim, held)| (claim, held, now(tx))))
        })
        .await
}

/// Renews a claim; `false` if it holds nothing.
pub(crate) async fn renew(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    id: String,
    terms: Terms,
) -> Result<bool, Failure> {
    zaqar
        .write(move |tx| {
            let Some(queue) = queues::boxed(tx, &project, &queue)? else { return Ok(false) };
            Ok(rows::renew(tx, queue.id, &id, terms)?)
        })
        .await
}

/// Gives the messages of a claim back, if there is such a claim.
pub(crate) async fn release(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    id: String,
) -> Result<(), Failure> {
    zaqar
        .write(move |tx| {
            let Some(queue) = queues::boxed(tx, &project, &queue)? else { return Ok(()) };
            Ok(rows::release(tx, queue.id, &id)?)
        })
        .await
}

fn missing(call: &Call) -> Failure {
    let (id, queue, project) = (call.param("claim"), call.queue(), shown(&call.project));
    Failure::not_found(format!("Claim {id} does not exist in queue {queue} for project {project}"))
}

/// A claim with the messages that it still holds.
pub(crate) async fn get(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let id = call.param("claim").to_ascii_lowercase();
    let found = look_up(zaqar, project, queue, id.clone())
        .await
        .map_err(|failure| what(failure, "Claim could not be queried."))?;
    let (claim, held, now) = found.ok_or_else(|| missing(call))?;
    let path = queue_path(call);
    let view = |one| message::view(one, call.version, &path, Some(&id), now);
    let messages: Vec<View> = held.into_iter().map(view).collect::<Result<_, _>>()?;
    let age = seconds(claim.renewed_at, now);
    let shown = Claim { age, ttl: claim.ttl, messages, href: call.path.clone() };
    Ok(placed(call, ok(&shown)))
}

/// Renews a claim from now on. Absent fields take the defaults, not what they were.
pub(crate) async fn update(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    let sent: Map<String, Value> = body::object(call).await?;
    let (ttl, grace) = match call.version {
        Version::V1 => (None, 0),
        _ => (Some(settings.default_claim_ttl), settings.default_claim_grace),
    };
    let terms = Terms { ttl: body::int(&sent, "ttl", ttl)?, grace: body::int(&sent, "grace", Some(grace))? };
    validate::claim_ttl(terms.ttl, &settings)?;
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let id = call.param("claim").to_ascii_lowercase();
    let renewed = self::renew(zaqar, project, queue, id, terms)
        .await
        .map_err(|failure| what(failure, "Claim could not be updated."))?;
    if renewed { Ok(no_content()) } else { Err(missing(call)) }
}

/// Gives the messages of a claim back.
pub(crate) async fn delete(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let id = call.param("claim").to_ascii_lowercase();
    release(zaqar, project, queue, id)
        .await
        .map_err(|failure| what(failure, "Claim could not be deleted."))?;
    Ok(no_content())
}
