//! Jobs of services (IVCAP reference 7.4).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::tasks::{self, dates};
use super::{artifacts, services};
use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::core::Core;
use crate::ivcap::dialect::{Dialect, View};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Query};
use crate::ivcap::model::{Artifact, Job, Run, Status};
use crate::ivcap::runner::provenance;
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::storage::work::{self, Item, Payload};
use crate::ivcap::urn::{self, Kind};

/// Bytes of a request.
pub(crate) const LARGEST: usize = 16 << 20;
/// Seconds that a caller waits for a result at most.
const LONGEST: f64 = 3600.0;
/// Seconds after which a caller may ask again.
const RETRY: u32 = 5;
/// Products that a job shows by itself.
const SHOWN: i64 = 50;

const JOB_ID: HeaderName = HeaderName::from_static("ivcap-job-id");
const JOB_URL: HeaderName = HeaderName::from_static("ivcap-job-url");
const ORDER_ID: HeaderName = HeaderName::from_static("ivcap-order-id");

/// `GET /1/services2/{service}/jobs`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    let service = services::readable(&call, "service").await?;
    let query = Query::of(&call, list::Kind::new("jobs"))?;
    let page = list::things::<Job>(&call, &query, Some(&service.id), list_item).await?;
    Ok(page.reply(&call, "items"))
}

/// `POST /1/services2/{service}/jobs`
pub(crate) async fn create(mut call: Call) -> Answer<Reply> {
    let service = tasks::service(&call, "service", call.param("service")).await?;
    let patience = patience(call.header("timeout"))?;
    let order = call.header("ivcap-order-id").and_then(|order| urn::parse(Kind::Order, order));
    let kind = call.header("content-type").unwrap_or("application/json").to_owned();
    tasks::check_label("Content-Type", &kind)?;
    tasks::check_runnable(&call, &service)?;
    let content = call.bytes().await?;
    if content.len() > LARGEST {
        return Err(Failure::too_large(LARGEST as u64));
    }
    if is_json(&kind) {
        call::parse_json(&content)?;
    }
    let request = Payload { content_type: kind, content: content.to_vec() };
    let held = store(&call, &service.id, order, request).await?;
    if let Some(patience) = patience
        && let Some(reply) = wait(&call, &held.id, patience).await?
    {
        return Ok(reply);
    }
    Ok(later(&held, &call.view))
}

/// The seconds that a caller is ready to wait; clients send whole and broken numbers.
fn patience(field: Option<&str>) -> Answer<Option<Duration>> {
    let Some(text) = field.map(str::trim).filter(|text| !text.is_empty() && *text != "None") else {
        return Ok(None);
    };
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite());
    let seconds = seconds
        .ok_or_else(|| Failure::bad_request("the header field Timeout must be a number of seconds"))?;
    Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST))))
}

async fn store(call: &Call, service: &str, order: Option<String>, request: Payload) -> Answer<Held<Job>> {
    let run = Run { service: service.to_owned(), user: call.caller.user.clone(), ..Run::default() };
    let doc = Job {
        run,
        order: order.unwrap_or_default(),
        request_content_type: request.content_type.clone(),
        ..Job::default()
    };
    let policy = call.policy("policy", None, Kind::Job)?;
    let id = urn::fresh(Kind::Job);
    let held = Held::new(id.clone(), &call.caller.account, policy, doc).below(service);
    let item = Item { id, kind: Kind::Job };
    let work = move |change: &mut crate::ivcap::storage::Change<'_, '_>| {
        things::create(change, &held)?;
        work::keep(change, &item.id, work::REQUEST, &request)?;
        work::enqueue(change, &item)?;
        let held = things::get::<Job>(change, &item.id)?.ok_or_else(Failure::internal)?;
        provenance::job(change, &held)?;
        Ok(held)
    };
    call.core.write(work).await
}

/// The result, if it comes in time; nothing if the job fails: callers look at the job then.
async fn wait(call: &Call, id: &str, patience: Duration) -> Answer<Option<Reply>> {
    let mut end = Box::pin(call.core.time.sleep(patience));
    let mut changed = call.core.store.changed(id);
    loop {
        let wanted = id.to_owned();
        let found = call.core.read(move |tx| Ok(things::get::<Job>(tx, &wanted)?)).await?;
        let held = found.ok_or_else(|| call::missing(Kind::Job, id))?;
        if held.doc.run.status.is_final() {
            let result = result(&call.core, id, work::RESULT).await?;
            let result = result.filter(|_| held.doc.run.status == Status::Succeeded);
            return Ok(result.map(|result| raw(&held, result, &call.view)));
        }
        tokio::select! {
            () = changed.wait() => {}
            _ = &mut end => return Ok(None),
            () = call.gone.cancelled() => return Ok(None),
        }
    }
}

async fn result(core: &std::sync::Arc<Core>, id: &str, part: &'static str) -> Answer<Option<Payload>> {
    let id = id.to_owned();
    core.read(move |tx| Ok(work::payload(tx, &id, part)?)).await
}

/// 200 with the result as it is.
fn raw(held: &Held<Job>, result: Payload, view: &View) -> Reply {
    let kind = HeaderValue::from_str(&result.content_type);
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut reply = Reply::new(StatusCode::OK).header(CONTENT_TYPE, kind).body(result.content);
    for (name, value) in
        [(JOB_ID, held.id.clone()), (JOB_URL, own_link(held, view)), (ORDER_ID, held.doc.order.clone())]
    {
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::from_str(&value)) {
            reply = reply.header(name, value);
        }
    }
    reply
}

/// 202: ask again.
fn later(held: &Held<Job>, view: &View) -> Reply {
    let own = own_link(held, view);
    let body = json!({"job-id": held.id, "location": own, "retry-later": RETRY});
    let reply = call::json(StatusCode::ACCEPTED, &body);
    match HeaderValue::from_str(&own) {
        Ok(own) => reply.header(LOCATION, own),
        Err(_) => reply,
    }
}

fn own_link(held: &Held<Job>, view: &View) -> String {
    view.link(&format!("/1/services2/{}/jobs/{}", held.doc.run.service, held.id))
}

/// The job that a path names.
pub(super) async fn readable(call: &Call) -> Answer<Held<Job>> {
    let service = call.urn(Kind::Service, "service")?;
    let id = call.urn(Kind::Job, "id")?;
    let wanted = id.clone();
    let found = call.core.read(move |tx| Ok(things::last::<Job>(tx, Kind::Job, &wanted)?)).await?;
    call.readable(Kind::Job, &id, found.filter(|held| held.doc.run.service == service))
}

/// `GET /1/services2/{service}/jobs/{id}`
pub(crate) async fn get(call: Call) -> Answer<Reply> {
    let held = readable(&call).await?;
    let with_request = call.flag("with-request-content")?.unwrap_or(false);
    let with_result = call.flag("with-result-content")?.unwrap_or(true);
    let id = held.id.clone();
    let (request, result, products) = call
        .core
        .read(move |tx| {
            let request = if with_request { work::payload(tx, &id, work::REQUEST)? } else { None };
            let result = if with_result { work::payload(tx, &id, work::RESULT)? } else { None };
            Ok((request, result, things::below::<Artifact>(tx, &id, SHOWN)?))
        })
        .await?;
    let mut body = status(&held, &products, &call.view);
    if let Some(request) = request {
        body.insert("request-content".to_owned(), shown(&request));
    }
    if let Some(result) = result {
        body.insert("result-content".to_owned(), shown(&result));
    }
    Ok(call::ok(&Value::Object(body)))
}

/// A payload within JSON: JSON as it is, text as text, else base64.
fn shown(payload: &Payload) -> Value {
    if is_json(&payload.content_type)
        && let Ok(value) = serde_json::from_slice(&payload.content)
    {
        return value;
    }
    match std::str::from_utf8(&payload.content) {
        Ok(text) => json!(text),
        Err(_) => json!(STANDARD.encode(&payload.content)),
    }
}

/// Whether a media type is one of JSON.
pub(crate) fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

fn list_item(held: &Held<Job>, view: &View) -> Value {
    let run = &held.doc.run;
    let mut item = Map::new();
    item.insert("id".to_owned(), json!(held.id));
    item.insert("status".to_owned(), json!(run.status.word()));
    item.insert("service".to_owned(), json!(run.service));
    if !held.name.is_empty() {
        item.insert("name".to_owned(), json!(held.name));
    }
    if !held.doc.order.is_empty() {
        item.insert("order".to_owned(), json!(held.doc.order));
    }
    dates(&mut item, ["requested-at", "started-at", "finished-at"], held.created, run, Dialect::M);
    item.insert("href".to_owned(), json!(own_link(held, view)));
    Value::Object(item)
}

fn status(held: &Held<Job>, products: &[Held<Artifact>], view: &View) -> Map<String, Value> {
    let (doc, run) = (&held.doc, &held.doc.run);
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(held.id));
    body.insert("status".to_owned(), json!(run.status.word()));
    if !held.name.is_empty() {
        body.insert("name".to_owned(), json!(held.name));
    }
    body.insert("service".to_owned(), json!(run.service));
    body.insert("order".to_owned(), json!(doc.order));
    body.insert("account".to_owned(), json!(held.account));
    body.insert("policy".to_owned(), json!(held.policy));
    dates(&mut body, ["requested-at", "started-at", "finished-at"], held.created, run, Dialect::M);
    if let Some(message) = &run.error_message {
        body.insert("error-message".to_owned(), json!(message));
    }
    if !run.tags.is_empty() {
        body.insert("tags".to_owned(), json!(run.tags));
    }
    body.insert("request-content-type".to_owned(), json!(doc.request_content_type));
    if let Some(kind) = &doc.result_content_type {
        body.insert("result-content-type".to_owned(), json!(kind));
    }
    if let Some(urn) = &doc.result_urn {
        body.insert("result-content-urn".to_owned(), json!(urn));
    }
    let items: Vec<Value> = products.iter().map(|held| artifacts::product(held, view)).collect();
    body.insert("products".to_owned(), json!({"items": items, "links": view.links(&[])}));
    body.insert("links".to_owned(), view.links(&[("self", own_link(held, view))]));
    body
}

/// `GET /1/services2/{service}/jobs/{id}/output`
pub(crate) async fn output(call: Call) -> Answer<Reply> {
    let held = readable(&call).await?;
    let said = held.doc.run.error_message.clone().unwrap_or_default();
    match held.doc.run.status {
        Status::Succeeded => Ok(match result(&call.core, &held.id, work::RESULT).await? {
            Some(result) => raw(&held, result, &call.view),
            None => call::empty(),
        }),
        Status::Failed => Err(Failure::bad_request(said)),
        Status::Error => Err(Failure::status(StatusCode::INTERNAL_SERVER_ERROR, json!({"message": said}))),
        Status::Pending | Status::Scheduled | Status::Executing => {
            let body = json!({"job-id": held.id, "retry-later": RETRY});
            Ok(call::json(StatusCode::ACCEPTED, &body))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_timeout_that_clients_send_is_understood() {
        for (text, expected) in
            [("0", None), ("20", Some(20)), ("30.0", Some(30)), ("None", None), ("1e9", Some(3600))]
        {
            assert_eq!(patience(Some(text)).unwrap(), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(patience(None).unwrap(), None);
        for wrong in ["soon", "NaN", "inf"] {
            assert!(patience(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
