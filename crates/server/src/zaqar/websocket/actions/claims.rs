//! Claims.

use serde_json::{Value, json};

use super::super::request::{Answer, Refusal, Request};
use super::messages::{terms, views};
use crate::zaqar::Zaqar;
use crate::zaqar::error::shown;
use crate::zaqar::handlers::claims as http;
use crate::zaqar::message::seconds;
use crate::zaqar::validate;

pub(in super::super) async fn create(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let settings = zaqar.settings();
    let terms = terms(request, &settings)?;
    let limit = request.int("limit");
    validate::claim_ttl(terms.ttl, &settings)?;
    validate::limit(limit, settings.max_messages_per_claim_or_pop)?;
    validate::claim_grace(terms.grace, &settings)?;
    let size = limit.unwrap_or(10).min(settings.max_messages_per_claim_or_pop);
    let (project, queue) = request.place();
    let made = http::make(zaqar, &project, &queue, terms, size).await?;
    let Some(((id, taken), now)) = made else {
        return Ok(Answer::new(204, json!({"claim_id": Value::Null})));
    };
    let messages = views(&taken, Some(&id), now)?;
    Ok(Answer::new(201, json!({"claim_id": id, "messages": messages})))
}

fn missing(request: &Request) -> Refusal {
    let (id, queue, project) = (request.text("claim_id"), request.queue(), shown(&request.project));
    let text = format!("Claim {id} does not exist in queue {queue} for project {project}");
    Refusal::new(404, text).saying(format!("Claim {id} does not exist."))
}

fn id(request: &Request) -> String {
    request.text("claim_id").to_ascii_lowercase()
}

pub(in super::super) async fn get(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (project, queue) = request.place();
    let found = http::look_up(zaqar, project, queue, id(request)).await?;
    let (claim, held, now) = found.ok_or_else(|| missing(request))?;
    let messages = views(&held, Some(&id(request)), now)?;
    let age = seconds(claim.renewed_at, now);
    Ok(Answer::new(200, json!({"age": age, "ttl": claim.ttl, "messages": messages})))
}

pub(in super::super) async fn update(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let settings = zaqar.settings();
    let terms = terms(request, &settings)?;
    validate::claim_ttl(terms.ttl, &settings)?;
    let (project, queue) = request.place();
    if !http::renew(zaqar, project, queue, id(request), terms).await? {
        return Err(missing(request));
    }
    Ok(Answer::new(204, json!(format!("Claim {} updated.", request.text("claim_id")))))
}

pub(in super::super) async fn delete(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (project, queue) = request.place();
    http::release(zaqar, project, queue, id(request)).await?;
    Ok(Answer::new(204, json!(format!("Claim {} deleted.", request.text("claim_id")))))
}
