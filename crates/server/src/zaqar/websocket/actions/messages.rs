//! Messages.

use serde_json::{Value, json};

use super::super::request::{Answer, Refusal, Request};
use crate::zaqar::Zaqar;
use crate::zaqar::body;
use crate::zaqar::context::Version;
use crate::zaqar::error::{Failure, shown};
use crate::zaqar::handlers::messages::{self as http, Search};
use crate::zaqar::handlers::post::{self, Posting};
use crate::zaqar::message;
use crate::zaqar::query::integer;
use crate::zaqar::storage::is_hex_id;
use crate::zaqar::storage::messages::{self as rows, Filter, Message};
use crate::zaqar::validate;

/// A message as answers show it: without hrefs.
pub(super) fn view(message: &Message, claim: Option<&str>, now: i64) -> Result<Value, Failure> {
    let body: Value = serde_json::from_str(&message.body).map_err(|_| message::damaged())?;
    let age = message::seconds(message.created_at, now);
    Ok(json!({"id": message.id(), "claim_id": claim, "ttl": message.ttl, "age": age, "body": body}))
}

pub(super) fn views(messages: &[Message], claim: Option<&str>, now: i64) -> Result<Vec<Value>, Failure> {
    messages.iter().map(|message| view(message, claim, now)).collect()
}

pub(in super::super) async fn post(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    request.check_names()?;
    let settings = zaqar.settings();
    let list = request.body.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
    // The original counts the characters in which Python shows the list.
    let text = crate::reply::python::dumps_unicode(&list);
    let length = String::from_utf8_lossy(&text).chars().count();
    let sent = post::of_frame(list, &settings);
    let client = request.client(&settings);
    let posting = Posting {
        version: Version::V2,
        project: request.project.clone(),
        queue: request.queue().to_owned(),
        client: client.clone().unwrap_or_default(),
        length: u64::try_from(length).ok(),
        settings,
        cipher: None,
        sent: sent.and_then(|sent| client.map(|_| sent)),
    };
    let ids = post::store(zaqar, posting).await?;
    Ok(Answer::new(201, json!({ "message_ids": ids })))
}

pub(in super::super) async fn list(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let settings = zaqar.settings();
    let client = request.client(&settings)?;
    let limit = request.int("limit");
    validate::limit(limit, settings.max_messages_per_page)?;
    let size = limit.unwrap_or(10).min(settings.max_messages_per_page);
    let marker = request.body.get("marker").and_then(Value::as_str).map(str::to_owned);
    let filter = Filter {
        without_client: if request.flag("echo") { String::new() } else { client },
        claimed: request.flag("include_claimed"),
        delayed: request.flag("include_delayed"),
    };
    let (project, queue) = request.place();
    // The original shows delayed messages here only where they are asked for.
    let search = Search { version: Version::V1_1, size, filter, cipher: None };
    let found = search.run(zaqar, &project, &queue, move |tx, queue| match &marker {
        None => Ok(Some(0)),
        // Answers show no markers here: the id of the last message stands for one.
        Some(id) if is_hex_id(id) => rows::place_of(tx, queue, id),
        Some(text) => Ok(integer(text)),
    });
    let found = found.await?;
    let (found, _, now) = found.ok_or_else(|| missing_queue(request))?;
    Ok(Answer::new(200, json!({"messages": views(&found, None, now)?})))
}

fn missing_queue(request: &Request) -> Refusal {
    let text = format!("Queue {} does not exist for project {}", request.queue(), shown(&request.project));
    Refusal::new(404, text)
}

/// The messages with these ids that are there, in the order of posting.
async fn by_ids(zaqar: &Zaqar, request: &Request, ids: Vec<String>) -> Result<(Vec<Message>, i64), Refusal> {
    let (project, queue) = request.place();
    Ok(http::with_ids(zaqar, project, queue, ids, None).await?)
}

pub(in super::super) async fn get(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let id = request.text("message_id");
    let (found, now) = by_ids(zaqar, request, vec![id.to_owned()]).await?;
    let Some(found) = found.first() else {
        let (queue, project) = (request.queue(), shown(&request.project));
        let text = format!("Message {id} does not exist in queue {queue} for project {project}");
        return Err(Refusal::new(404, text));
    };
    Ok(Answer::new(200, json!({"messages": view(found, None, now)?})))
}

pub(in super::super) async fn get_many(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let ids = request.texts("message_ids").unwrap_or_default();
    validate::limit(i64::try_from(ids.len()).ok(), zaqar.settings().max_messages_per_page)?;
    let (found, now) = by_ids(zaqar, request, ids).await?;
    Ok(Answer::new(200, json!({"messages": views(&found, None, now)?})))
}

pub(in super::super) async fn delete(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (id, claim) = (request.text("message_id"), request.body.get("claim_id").and_then(Value::as_str));
    let (project, queue) = request.place();
    let deleted = http::remove_one(zaqar, project, queue, id.to_owned(), claim.map(str::to_owned)).await;
    deleted.map_err(|failure| {
        let said = failure.text().to_owned();
        let claim = claim.unwrap_or_default();
        let exception = match (failure.status.as_u16(), said.as_str()) {
            (403, _) if claim.is_empty() => format!("Message {id} is claimed"),
            (403, _) => format!("Message {id} is not claimed by {claim}"),
            (400, http::NOT_CLAIMED) => format!("Message {id} is no longer claimed"),
            (400, _) => {
                let (queue, project) = (request.queue(), shown(&request.project));
                format!("Claim {claim} does not exist in queue {queue} for project {project}")
            }
            _ => return Refusal::from(failure),
        };
        Refusal::new(failure.status.as_u16(), exception).saying(said)
    })?;
    Ok(Answer::new(204, json!({})))
}

pub(in super::super) async fn delete_many(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let settings = zaqar.settings();
    let (ids, pop) = (request.texts("message_ids"), request.int("pop"));
    let wants_claims = settings.message_delete_with_claim_id;
    let claims = request.texts("claim_ids").filter(|_| wants_claims);
    http::check_removal(ids.as_ref(), pop, claims.as_ref(), wants_claims, &settings)?;
    let (project, queue) = request.place();
    match (ids, pop) {
        (Some(ids), _) => {
            http::remove_ids(zaqar, project, queue, ids, claims).await?;
            Ok(Answer::new(204, json!({})))
        }
        (None, pop) => {
            let popped = http::take(zaqar, &project, &queue, pop.unwrap_or_default()).await?;
            let popped = serde_json::to_value(&popped).map_err(|_| message::damaged())?;
            Ok(Answer::new(200, json!({ "messages": popped })))
        }
    }
}

/// Ttl and grace of a claim, which have defaults.
pub(super) fn terms(
    request: &Request,
    settings: &crate::zaqar::settings::Settings,
) -> Result<crate::zaqar::storage::claims::Terms, Refusal> {
    let ttl = body::int(&request.body, "ttl", Some(settings.default_claim_ttl))?;
    let grace = body::int(&request.body, "grace", Some(settings.default_claim_grace))?;
    Ok(crate::zaqar::storage::claims::Terms { ttl, grace })
}
