//! What a running order can ask for.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use super::Visitor;
use crate::http::{Inbound, Reply, ReplyBody};
use crate::ivcap::auth::{Granted, Scopes};
use crate::ivcap::call::{self, parse_json};
use crate::ivcap::core::Core;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::handlers::jobs::LARGEST;
use crate::ivcap::model::Artifact;
use crate::ivcap::runner::provenance;
use crate::ivcap::storage::things;
use crate::ivcap::storage::work::{self, Payload};

/// Says that there is no more work.
const DONE: &str = "urn:ivcap:schema.service.batch.done.1";
/// The kind of event that a service tells of.
const EVENT: &str = "ivcap.job.event";
/// Life time of the token that stands behind one request.
const LIFETIME: Duration = Duration::from_secs(3600);

/// Answers one request of an order. The path begins with its secret, perhaps more than once: clients put the path of a
/// link behind their base URL.
pub(super) async fn answer(core: &Arc<Core>, mut inbound: Inbound) -> Reply {
    let path = inbound.path.trim_start_matches('/').to_owned();
    let (secret, _) = path.split_once('/').unwrap_or((&path, ""));
    let Some(visitor) = core.work.sidecar.visitor(secret) else {
        return Failure::unauthorized().reply();
    };
    let prefix = format!("/{secret}");
    let mut rest = inbound.path.trim_start_matches('/').to_owned();
    while let Some(below) = rest.strip_prefix(secret) {
        rest = below.trim_start_matches('/').to_owned();
    }
    inbound.path = format!("/{rest}");
    inbound.base.push_str(&prefix);
    match dispatch(core, &visitor, inbound).await {
        Ok(reply) => reply,
        Err(failure) => failure.reply(),
    }
}

async fn dispatch(core: &Arc<Core>, visitor: &Arc<Visitor>, inbound: Inbound) -> Answer<Reply> {
    let path = inbound.path.clone();
    let words: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (&inbound.method, words.as_slice()) {
        (&Method::GET, ["next_job"]) => Ok(next(visitor)),
        (&Method::POST, ["results", job]) => result(core, visitor, job, inbound).await,
        (&Method::POST, ["events", job]) => event(core, visitor, job, inbound).await,
        (&Method::GET, ["1", "secret"]) => secret(core, visitor, inbound).await,
        (_, ["1", ..]) => platform(core, visitor, inbound).await,
        _ => Err(Failure::not_found(&path, "there is no such call")),
    }
}

/// The work, once.
fn next(visitor: &Visitor) -> Reply {
    if visitor.served.swap(true, Ordering::Relaxed) {
        return call::ok(&json!({"$schema": DONE}));
    }
    let task = &visitor.task;
    let content = match serde_json::from_slice(&task.request.content) {
        Ok(content) => content,
        Err(_) => json!(String::from_utf8_lossy(&task.request.content)),
    };
    call::ok(&json!({"id": task.id, "in-content-type": task.request.content_type, "in-content": content}))
}

/// An order speaks of itself alone.
fn own(visitor: &Visitor, job: &str) -> Answer<()> {
    let decoded = percent_encoding::percent_decode_str(job).decode_utf8_lossy();
    if decoded == visitor.task.id {
        return Ok(());
    }
    Err(Failure::not_found(decoded, "this is not the job that runs here"))
}

async fn result(core: &Arc<Core>, visitor: &Visitor, job: &str, mut inbound: Inbound) -> Answer<Reply> {
    own(visitor, job)?;
    let text = |name: &str| inbound.header(name).map(str::to_owned);
    let content_type = text("content-type").unwrap_or_else(|| "application/json".to_owned());
    let is_error = text("is-error").is_some_and(|flag| flag.eq_ignore_ascii_case("true"));
    let content = inbound.body.bytes().await?;
    if content.len() > LARGEST {
        return Err(Failure::too_large(LARGEST as u64));
    }
    let part = if is_error { work::FAULT } else { work::RESULT };
    let payload = Payload { content_type, content: content.to_vec() };
    let id = visitor.task.id.clone();
    core.write(move |change| Ok(work::keep(change, &id, part, &payload)?)).await?;
    Ok(call::empty())
}

async fn event(core: &Arc<Core>, visitor: &Visitor, job: &str, mut inbound: Inbound) -> Answer<Reply> {
    own(visitor, job)?;
    let body = inbound.body.bytes().await?;
    if body.len() > core.settings.max_content {
        return Err(Failure::too_large(core.settings.max_content as u64));
    }
    let data = parse_json(&body)?;
    let id = visitor.task.id.clone();
    let told =
        core.write(move |change| Ok(work::tell(change, &id, EVENT, &data.to_string(), false)?)).await?;
    if told { Ok(call::empty()) } else { Err(Failure::bad_request("it has told of too much already")) }
}

/// The request with a token of the order's own user.
fn with_token(core: &Arc<Core>, visitor: &Visitor, mut inbound: Inbound) -> Answer<Inbound> {
    let granted = Granted {
        account: visitor.task.account.clone(),
        user: visitor.task.user.clone(),
        scopes: Scopes::ALL,
        lifetime: LIFETIME,
    };
    let token = core.tokens.issue(&granted, core.seconds())?;
    let value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| Failure::internal())?;
    inbound.headers.insert(AUTHORIZATION, value);
    Ok(inbound)
}

/// The API of the platform. What an order uploads is its product.
async fn platform(core: &Arc<Core>, visitor: &Visitor, inbound: Inbound) -> Answer<Reply> {
    let uploads = inbound.method == Method::POST && inbound.path.trim_end_matches('/') == "/1/artifacts";
    let service = core.work.sidecar.service().ok_or_else(Failure::unavailable)?;
    let reply = service.handle(with_token(core, visitor, inbound)?).await;
    if uploads && reply.status == StatusCode::CREATED {
        let ReplyBody::Full(body) = &reply.body else { return Ok(reply) };
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        adopt(core, visitor, body).await?;
    }
    Ok(reply)
}

async fn adopt(core: &Arc<Core>, visitor: &Visitor, body: Value) -> Answer<()> {
    let Some(id) = body["id"].as_str().map(str::to_owned) else { return Ok(()) };
    let (task, user) = (visitor.task.id.clone(), visitor.task.user.clone());
    core.write(move |change| {
        let Some(mut held) = things::get::<Artifact>(change, &id)? else { return Ok(()) };
        held.parent.clone_from(&task);
        held.doc.produced_by = Some(task.clone());
        things::update(change, &held)?;
        Ok(provenance::produced(change, &task, &held, &user)?)
    })
    .await
}

/// A secret of the account, as the service library asks for it.
async fn secret(core: &Arc<Core>, visitor: &Visitor, mut inbound: Inbound) -> Answer<Reply> {
    let pairs = inbound.query_pairs();
    let name = pairs.iter().find(|(key, _)| key == "secret-name").map(|(_, name)| name.clone());
    let name = name.ok_or_else(|| Failure::missing("secret-name"))?;
    inbound.path = "/1/secrets".to_owned();
    let query: String =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("secret-name", &name).finish();
    inbound.query = Some(query);
    let service = core.work.sidecar.service().ok_or_else(Failure::unavailable)?;
    let reply = service.handle(with_token(core, visitor, inbound)?).await;
    let ReplyBody::Full(body) = &reply.body else { return Ok(reply) };
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    match body.get("secret-value") {
        Some(value) if reply.status == StatusCode::OK => Ok(call::ok(&json!({"secret-value": value}))),
        _ => Ok(reply),
    }
}
