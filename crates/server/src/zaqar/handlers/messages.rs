//! Listing, reading, deleting and popping messages (Zaqar reference 7.3 to 7.8).

use serde::Serialize;

use super::super::Zaqar;
use super::super::check;
use super::super::context::{Call, Version};
use super::super::error::{Failure, no_content, ok, shown};
use super::super::message::{self, Popped, View};
use super::super::metadata;
use super::super::query::{LinkQuery, integer};
use super::super::storage::messages::{self as rows, Filter};
use super::super::storage::{is_hex_id, now, queues};
use super::super::validate;
use super::queue_list::Link;
use super::{placed, queue_path, what};
use crate::http::Reply;

#[derive(Serialize)]
struct Page {
    messages: Vec<View>,
    links: Vec<Link>,
}

#[derive(Serialize)]
struct Found {
    messages: Vec<View>,
}

#[derive(Serialize)]
struct PoppedMessages {
    messages: Vec<Popped>,
}

/// A page of messages, or those with certain ids.
pub(crate) async fn list(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    match call.query.list("ids") {
        Some(ids) => {
            let ids = ids.to_vec();
            by_ids(zaqar, call, ids).await
        }
        None => page(zaqar, call).await,
    }
}

async fn page(zaqar: &Zaqar, call: &Call) -> Result<Reply, Failure> {
    if call.client.is_empty() {
        return Err(check::missing_client());
    }
    let settings = zaqar.settings();
    let is_v2 = call.version == Version::V2;
    let (limit, echo) = (call.query.int("limit")?, call.query.flag("echo")?);
    let claimed = call.query.flag("include_claimed")?;
    let mut delayed = if is_v2 { call.query.flag("include_delayed")? } else { None };
    validate::limit(limit, settings.max_messages_per_page)?;
    let marker = call.query.text("marker").map(str::to_owned);
    let after = marker.as_deref().map_or(Some(0), integer);
    let size = limit.unwrap_or(10).min(settings.max_messages_per_page);
    let (project, queue, version) = (call.project.clone(), call.queue().to_owned(), call.version);
    let mut filter = Filter {
        without_client: if echo == Some(true) { String::new() } else { call.client.clone() },
        claimed: claimed == Some(true),
        delayed: delayed == Some(true),
    };
    let found = zaqar
        .read(move |tx| {
            let (Some(after), Some(queue)) = (after, queues::find(tx, &project, &queue)?) else {
                return Ok(None);
            };
            let own = metadata::number(&metadata::read(&queue.metadata), "_default_message_delay");
            let is_delayed = own.is_some();
            filter.delayed |= version == Version::V2 && !is_delayed;
            let found = rows::list(tx, queue.id, after, size, &filter)?;
            Ok(Some((found, is_delayed, now(tx))))
        })
        .await
        .map_err(|failure| what(failure, "Messages could not be listed."))?;
    let (found, is_delayed, now) = found.unwrap_or_default();
    let Some(last) = found.last().map(|message| message.seq.to_string()) else {
        if call.version == Version::V1 {
            return Ok(placed(call, no_content()));
        }
        return Ok(ok(&Page { messages: Vec::new(), links: Vec::new() }));
    };
    if is_v2 && !is_delayed {
        delayed = Some(true);
    }
    let early = marker.is_some().then_some(last.as_str());
    let late = marker.is_none().then_some(last.as_str());
    let query = LinkQuery::default().text("marker", early).int("limit", limit).flag("echo", echo);
    let query = query.flag("include_claimed", claimed).flag("include_delayed", delayed).text("marker", late);
    let links = vec![Link::next(format!("{}{}", call.path, query.finish()))];
    let messages = message::views(found, call.version, &queue_path(call), now)?;
    Ok(placed(call, ok(&Page { messages, links })))
}

async fn by_ids(zaqar: &Zaqar, call: &Call, ids: Vec<String>) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    validate::limit(i64::try_from(ids.len()).ok(), settings.max_messages_per_page)?;
    let (project, queue, wanted) = (call.project.clone(), call.queue().to_owned(), ids.clone());
    let (found, now) = zaqar
        .read(move |tx| {
            let at = now(tx);
            let Some(queue) = queues::find(tx, &project, &queue)? else { return Ok((Vec::new(), at)) };
            let mut found = Vec::new();
            for id in &wanted {
                found.extend(rows::find(tx, queue.id, id)?);
            }
            found.sort_by_key(|message| message.seq);
            found.dedup_by_key(|message| message.seq);
            Ok((found, at))
        })
        .await
        .map_err(|failure| what(failure, "Message could not be retrieved."))?;
    let is_v1 = call.version == Version::V1;
    if found.is_empty() && is_v1 {
        return Ok(placed(call, no_content()));
    }
    if found.is_empty() {
        let (ids, queue) = (message::python_list(&ids), call.queue());
        let project = shown(&call.project);
        return Err(Failure::not_found(format!(
            "No messages with IDs: {ids} found in the queue {queue} for project {project}."
        )));
    }
    let messages = message::views(found, call.version, &queue_path(call), now)?;
    Ok(if is_v1 { placed(call, ok(&messages)) } else { ok(&Found { messages }) })
}

/// One message.
pub(crate) async fn get(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let id = call.param("message").to_owned();
    let found = zaqar
        .read(move |tx| {
            let Some(queue) = queues::find(tx, &project, &queue)? else { return Ok(None) };
            let at = now(tx);
            Ok(rows::find(tx, queue.id, &id)?.map(|message| (message, at)))
        })
        .await
        .map_err(|failure| what(failure, "Message could not be retrieved."))?;
    let Some((found, now)) = found else {
        let (id, queue, project) = (call.param("message"), call.queue(), shown(&call.project));
        let text = format!("Message {id} does not exist in queue {queue} for project {project}");
        return Err(Failure::not_found(text));
    };
    let claim = found.held_by(now).filter(|_| call.version != Version::V1).map(str::to_owned);
    let view = message::view(found, call.version, &queue_path(call), claim.as_deref(), now)?;
    Ok(placed(call, ok(&view)))
}

const UNABLE: &str = "Unable to delete";

/// Deletes one message; a claimed one only with the id of its claim.
pub(crate) async fn delete(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let id = call.param("message").to_owned();
    let claim = call.query.text("claim_id").map(str::to_ascii_lowercase);
    if !is_hex_id(&id) {
        return Ok(no_content());
    }
    if claim.as_deref().is_some_and(|claim| !is_hex_id(claim)) {
        return Err(Failure::bad(UNABLE, "The specified claim does not exist or has expired."));
    }
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    zaqar
        .write(move |tx| {
            let Some(queue) = queues::boxed(tx, &project, &queue)? else { return Ok(()) };
            let Some(message) = rows::find(tx, queue.id, &id)? else { return Ok(()) };
            match (message.held_by(now(tx)), claim.as_deref()) {
                (None, None) => {}
                (Some(own), Some(claim)) if own == claim => {}
                (None, Some(_)) => return Err(not_claimed()),
                (Some(_), _) => return Err(claimed()),
            }
            Ok(rows::remove(tx, queue.id, &[message])?)
        })
        .await
        .map_err(|failure| what(failure, "Message could not be deleted."))?;
    Ok(no_content())
}

fn not_claimed() -> Failure {
    Failure::bad(UNABLE, "A claim was specified, but the message is not currently claimed.")
}

fn claimed() -> Failure {
    let text = "This message is claimed; it cannot be deleted without a valid claim ID.";
    Failure::new(http::StatusCode::FORBIDDEN, UNABLE, text)
}

/// Deletes messages by their ids, or pops some.
pub(crate) async fn delete_many(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    let ids = call.query.list("ids").map(<[String]>::to_vec);
    let count = ids.as_ref().and_then(|ids| i64::try_from(ids.len()).ok());
    if call.version == Version::V1 {
        validate::limit(count, settings.max_messages_per_page)?;
        let missing = || Failure::bad("Missing parameter", "The \"ids\" parameter is required.");
        return delete_ids(zaqar, call, ids.ok_or_else(missing)?, None).await;
    }
    let pop = call.query.int("pop")?;
    let wants_claims = settings.message_delete_with_claim_id && call.version == Version::V2;
    let claims = call.query.list("claim_ids").filter(|_| wants_claims).map(<[String]>::to_vec);
    match (pop, &ids) {
        (Some(_), Some(_)) => {
            return Err(Failure::api("pop and id params cannot be present together in the delete request."));
        }
        (None, None) => {
            return Err(Failure::api(
                "The request should have either \"ids\" or \"pop\" parameter in the request, to be able to delete.",
            ));
        }
        _ => {}
    }
    if wants_claims && (ids.is_some() != claims.is_some()) {
        return Err(Failure::api(
            "The request should have both \"ids\" and \"claim_ids\" parameter in the request when \
             message_delete_with_claim_id is True.",
        ));
    }
    let most = settings.max_messages_per_claim_or_pop;
    if pop.is_some_and(|pop| !(1..=most).contains(&pop)) {
        let text = format!("Pop value must be at least 1 and may not be greater than {most}.");
        return Err(Failure::api(text));
    }
    let most = settings.max_messages_per_page;
    if count.is_some_and(|count| !(1..=most).contains(&count)) {
        let text = format!("ids parameter should have at least 1 and not greater than {most} values.");
        return Err(Failure::api(text));
    }
    match (ids, pop) {
        (Some(ids), _) => delete_ids(zaqar, call, ids, claims).await,
        (None, pop) => pop_some(zaqar, call, pop.unwrap_or_default()).await,
    }
}

/// Claims do not protect messages here; with the option they must be named.
async fn delete_ids(
    zaqar: &Zaqar,
    call: &Call,
    ids: Vec<String>,
    claims: Option<Vec<String>>,
) -> Result<Reply, Failure> {
    const FAILED: &str = "Messages could not be deleted.";
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    zaqar
        .write(move |tx| {
            let Some(queue) = queues::boxed(tx, &project, &queue)? else { return Ok(()) };
            let mut found = Vec::new();
            for id in &ids {
                found.extend(rows::find(tx, queue.id, id)?);
            }
            let held = |claim: &String| found.iter().any(|m| m.claim.as_ref() == Some(claim));
            let mut named = claims.iter().flatten().map(|claim| claim.to_ascii_lowercase());
            if named.any(|claim| is_hex_id(&claim) && !held(&claim)) {
                return Err(Failure::unavailable(FAILED));
            }
            Ok(rows::remove(tx, queue.id, &found)?)
        })
        .await
        .map_err(|failure| what(failure, FAILED))?;
    Ok(no_content())
}

async fn pop_some(zaqar: &Zaqar, call: &Call, most: i64) -> Result<Reply, Failure> {
    let (project, name) = (call.project.clone(), call.queue().to_owned());
    let found = zaqar
        .on_freed(&project, &name, move |tx, queue| {
            let metadata = metadata::read(&queue.metadata);
            let has_delayed = metadata::number(&metadata, "_default_message_delay").is_some();
            let found = rows::unclaimed(tx, queue.id, most, has_delayed)?;
            rows::remove(tx, queue.id, &found)?;
            Ok((found, now(tx)))
        })
        .await
        .map_err(|failure| what(failure, "Messages could not be popped."))?;
    let (found, now) = found.unwrap_or_default();
    let popped: Result<Vec<Popped>, Failure> =
        found.into_iter().map(|message| message::popped(message, now)).collect();
    Ok(ok(&PoppedMessages { messages: popped? }))
}
