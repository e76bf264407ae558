//! Listing, reading, deleting and popping messages (Zaqar reference 7.3 to 7.8).

use pentad_store::Tx;
use serde::Serialize;

use super::super::Zaqar;
use super::super::check;
use super::super::context::{Call, Version};
use super::super::encrypt::Cipher;
use super::super::error::{Failure, no_content, ok, shown};
use super::super::message::{self, Popped, View};
use super::super::metadata;
use super::super::query::{LinkQuery, integer};
use super::super::settings::Settings;
use super::super::storage::messages::{self as rows, Filter, Message};
use super::super::storage::queues::{self, Queue};
use super::super::storage::{Db, is_hex_id, now};
use super::super::validate;
use super::queue_list::Link;
use super::{placed, queue_path, what};
use crate::http::Reply;
use crate::reply::python;

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
    let filter = Filter {
        without_client: if echo == Some(true) { String::new() } else { call.client.clone() },
        claimed: claimed == Some(true),
        delayed: delayed == Some(true),
    };
    let search = Search { version: call.version, size, filter, cipher: settings.cipher(call.version) };
    let found = search
        .run(zaqar, &call.project, call.queue(), move |_, _| Ok(after))
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

/// What a page is made of.
#[derive(Clone)]
pub(crate) struct Search {
    pub(crate) version: Version,
    /// How many messages.
    pub(crate) size: i64,
    pub(crate) filter: Filter,
    /// For queues that encrypt.
    pub(crate) cipher: Option<Cipher>,
}

/// Messages, whether their queue delays, and the moment.
type Looked = (Vec<Message>, bool, i64);

impl Search {
    /// Looks for a page after the place that `from` tells in the box of a queue, in bounded transactions; `None` if there
    /// is no such queue, nothing after no place.
    pub(crate) async fn run(
        mut self,
        zaqar: &Zaqar,
        project: &str,
        queue: &str,
        from: impl Fn(&mut Tx<'_>, i64) -> Db<Option<i64>> + Clone + Send + 'static,
    ) -> Result<Option<Looked>, Failure> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (search, from, (project, queue)) =
                (self.clone(), from.clone(), (project.to_owned(), queue.to_owned()));
            let step = zaqar.read(move |tx| {
                let Some(queue) = queues::find(tx, &project, &queue)? else { return Ok(None) };
                let place = match after {
                    Some(place) => Some(place),
                    None => from(tx, queue.id)?,
                };
                Ok(Some(search.step(tx, &queue, place)?))
            });
            let Some(((found, is_delayed, now), rest)) = step.await? else { return Ok(None) };
            self.size -= i64::try_from(found.len()).unwrap_or(self.size);
            all.extend(found);
            if rest.is_none() || self.size <= 0 {
                return Ok(Some((all, is_delayed, now)));
            }
            after = rest;
        }
    }

    fn step(&self, tx: &mut Tx<'_>, queue: &Queue, place: Option<i64>) -> Db<(Looked, Option<i64>)> {
        let metadata = metadata::read(&queue.metadata);
        let is_delayed = metadata::number(&metadata, "_default_message_delay").is_some();
        let mut filter = self.filter.clone();
        filter.delayed |= self.version == Version::V2 && !is_delayed;
        let (mut found, rest) = match place {
            Some(after) => rows::list(tx, queue.id, after, self.size, &filter)?,
            None => (Vec::new(), None),
        };
        if let Some(cipher) = self.cipher.as_ref().filter(|_| metadata::encrypts(&metadata)) {
            cipher.open(&mut found);
        }
        Ok(((found, is_delayed, now(tx)), rest))
    }
}

async fn by_ids(zaqar: &Zaqar, call: &Call, ids: Vec<String>) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    validate::limit(i64::try_from(ids.len()).ok(), settings.max_messages_per_page)?;
    let (found, now) = with_ids(
        zaqar,
        call.project.clone(),
        call.queue().to_owned(),
        ids.clone(),
        settings.cipher(call.version),
    )
    .await
    .map_err(|failure| what(failure, "Message could not be retrieved."))?;
    let is_v1 = call.version == Version::V1;
    if found.is_empty() && is_v1 {
        return Ok(placed(call, no_content()));
    }
    if found.is_empty() {
        let (ids, queue) = (python::list(&ids), call.queue());
        let project = shown(&call.project);
        return Err(Failure::not_found(format!(
            "No messages with IDs: {ids} found in the queue {queue} for project {project}."
        )));
    }
    let messages = message::views(found, call.version, &queue_path(call), now)?;
    Ok(if is_v1 { placed(call, ok(&messages)) } else { ok(&Found { messages }) })
}

/// The messages with these ids that are there, in the order of posting, and the moment that this is of.
pub(crate) async fn with_ids(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    ids: Vec<String>,
    cipher: Option<Cipher>,
) -> Result<(Vec<Message>, i64), Failure> {
    zaqar
        .read(move |tx| {
            let at = now(tx);
            let Some(queue) = queues::find(tx, &project, &queue)? else { return Ok((Vec::new(), at)) };
            let mut found = Vec::new();
            for id in &ids {
                found.extend(rows::find(tx, queue.id, id)?);
            }
            found.sort_by_key(|message| message.seq);
            found.dedup_by_key(|message| message.seq);
            if let Some(cipher) =
                cipher.as_ref().filter(|_| metadata::encrypts(&metadata::read(&queue.metadata)))
            {
                cipher.open(&mut found);
            }
            Ok((found, at))
        })
        .await
}

/// One message.
pub(crate) async fn get(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, queue) = (call.project.clone(), call.queue().to_owned());
    let ids = vec![call.param("message").to_owned()];
    let cipher = zaqar.settings().cipher(call.version);
    let (mut found, now) = with_ids(zaqar, project, queue, ids, cipher)
        .await
        .map_err(|failure| what(failure, "Message could not be retrieved."))?;
    let Some(found) = found.pop() else {
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
    let claim = call.query.text("claim_id").map(str::to_owned);
    remove_one(zaqar, call.project.clone(), call.queue().to_owned(), id, claim)
        .await
        .map_err(|failure| what(failure, "Message could not be deleted."))?;
    Ok(no_content())
}

/// Deletes one message if it is there; a claimed one only with the id of its claim.
pub(crate) async fn remove_one(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    id: String,
    claim: Option<String>,
) -> Result<(), Failure> {
    let claim = claim.map(|claim| claim.to_ascii_lowercase());
    if !is_hex_id(&id) {
        return Ok(());
    }
    if claim.as_deref().is_some_and(|claim| !is_hex_id(claim)) {
        return Err(Failure::bad(UNABLE, "The specified claim does not exist or has expired."));
    }
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
}

/// What is said of a claim that a message does not have.
pub(crate) const NOT_CLAIMED: &str = "A claim was specified, but the message is not currently claimed.";

fn not_claimed() -> Failure {
    Failure::bad(UNABLE, NOT_CLAIMED)
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
    check_removal(ids.as_ref(), pop, claims.as_ref(), wants_claims, &settings)?;
    match (ids, pop) {
        (Some(ids), _) => delete_ids(zaqar, call, ids, claims).await,
        (None, pop) => pop_some(zaqar, call, pop.unwrap_or_default()).await,
    }
}

/// What may be asked of the removal of several messages.
pub(crate) fn check_removal(
    ids: Option<&Vec<String>>,
    pop: Option<i64>,
    claims: Option<&Vec<String>>,
    wants_claims: bool,
    settings: &Settings,
) -> Result<(), Failure> {
    let count = ids.and_then(|ids| i64::try_from(ids.len()).ok());
    match (pop, ids) {
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
    Ok(())
}

const FAILED: &str = "Messages could not be deleted.";

async fn delete_ids(
    zaqar: &Zaqar,
    call: &Call,
    ids: Vec<String>,
    claims: Option<Vec<String>>,
) -> Result<Reply, Failure> {
    remove_ids(zaqar, call.project.clone(), call.queue().to_owned(), ids, claims)
        .await
        .map_err(|failure| what(failure, FAILED))?;
    Ok(no_content())
}

/// Deletes messages. Claims do not protect them here; with the option they must be named.
pub(crate) async fn remove_ids(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    ids: Vec<String>,
    claims: Option<Vec<String>>,
) -> Result<(), Failure> {
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
}

async fn pop_some(zaqar: &Zaqar, call: &Call, most: i64) -> Result<Reply, Failure> {
    let messages = take(zaqar, &call.project, call.queue(), most)
        .await
        .map_err(|failure| what(failure, "Messages could not be popped."))?;
    Ok(ok(&PoppedMessages { messages }))
}

/// Takes the oldest messages that no claim holds, for good.
pub(crate) async fn take(
    zaqar: &Zaqar,
    project: &str,
    queue: &str,
    most: i64,
) -> Result<Vec<Popped>, Failure> {
    let found = zaqar
        .on_freed(project, queue, move |tx, queue| {
            let metadata = metadata::read(&queue.metadata);
            let has_delayed = metadata::number(&metadata, "_default_message_delay").is_some();
            let found = rows::unclaimed(tx, queue.id, most, has_delayed)?;
            rows::remove(tx, queue.id, &found)?;
            Ok((found, now(tx)))
        })
        .await?;
    let (found, now) = found.unwrap_or_default();
    found.into_iter().map(|message| message::popped(message, now)).collect()
}
