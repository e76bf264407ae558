//! Queues.

use serde_json::{Map, Value, json};

use super::super::request::{Answer, Refusal, Request};
use crate::reply::python;
use crate::zaqar::Zaqar;
use crate::zaqar::error::Failure;
use crate::zaqar::handlers::{purge, queues as http, stats};
use crate::zaqar::metadata;
use crate::zaqar::storage::queues as rows;
use crate::zaqar::validate;

pub(in super::super) async fn list(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let settings = zaqar.settings();
    let limit = request.int("limit");
    validate::page(limit, settings.max_queues_per_page)?;
    let size = limit.unwrap_or(10).min(settings.max_queues_per_page);
    let (project, marker) = (request.project.clone(), request.text("marker").to_owned());
    let found = zaqar.read(move |tx| Ok(rows::list(tx, &project, &marker, size)?)).await;
    let found = found.map_err(|failure| Refusal::from(failure).what("Queues could not be listed."))?;
    let entry = |(name, text): (String, String)| {
        let mut entry = Map::from_iter([("name".to_owned(), Value::String(name))]);
        if request.flag("detailed") {
            entry.insert("metadata".to_owned(), Value::Object(metadata::read(&text)));
        }
        Value::Object(entry)
    };
    let queues: Vec<Value> = found.into_iter().map(entry).collect();
    Ok(Answer::new(200, json!({ "queues": queues })))
}

pub(in super::super) async fn create(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    request.check_names()?;
    let settings = zaqar.settings();
    let metadata = match request.body.get("metadata") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(metadata)) => metadata.clone(),
        Some(_) => {
            return Err(Failure::internal("the metadata of a queue must be an object").into());
        }
    };
    // The original counts the characters in which Python shows the metadata.
    let length = String::from_utf8_lossy(&python::dumps_unicode(&metadata)).chars().count();
    validate::metadata_length(u64::try_from(length).ok(), &settings)
        .map_err(|text| Refusal::new(400, text))?;
    http::validated(&metadata, &settings)?;
    let queue = request.queue();
    let created = http::make(zaqar, &request.project, queue, &metadata).await.map_err(|failure| {
        // The flavor is looked for by the store.
        let (status, text) = (failure.status.as_u16(), failure.text());
        let status = if status == 400 { 503 } else { status };
        Refusal::new(status, text).saying(format!("Queue {queue} could not be created."))
    })?;
    let status = if created { 201 } else { 204 };
    Ok(Answer::new(status, json!(format!("Queue {queue} created."))))
}

pub(in super::super) async fn get(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (project, queue) = request.place();
    let found = zaqar.read(move |tx| Ok(rows::find(tx, &project, &queue)?)).await;
    let found = found.map_err(|failure| {
        Refusal::from(failure).what(&format!("Cannot retrieve queue {}.", request.queue()))
    })?;
    let metadata = found.map(|queue| metadata::read(&queue.metadata)).unwrap_or_default();
    Ok(Answer::new(200, Value::Object(metadata)))
}

pub(in super::super) async fn delete(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (project, queue) = request.place();
    let gone = zaqar.write(move |tx| Ok(rows::delete(tx, &project, &queue)?)).await;
    let name = request.queue();
    gone.map_err(|failure| Refusal::from(failure).what(&format!("Queue {name} could not be deleted.")))?;
    Ok(Answer::new(204, json!(format!("Queue {name} removed."))))
}

/// Statistics; a queue that is not there has none, and is told so.
pub(in super::super) async fn stats(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let (project, queue) = request.place();
    let found = stats::of(zaqar, project, queue).await;
    let found = found.map_err(|failure| {
        Refusal::from(failure).what(&format!("Cannot retrieve queue {} stats.", request.queue()))
    })?;
    let Some((stats, now)) = found else {
        return Ok(Answer::new(404, json!({"messages": {"claimed": 0, "free": 0, "total": 0}})));
    };
    let mut messages = json!({
        "claimed": stats.claimed, "free": stats.total - stats.claimed, "total": stats.total,
    });
    for (name, end) in [("oldest", &stats.oldest), ("newest", &stats.newest)] {
        if let Some(message) = end {
            messages[name] = json!({
                "id": message.id(), "age": stats::age(message, now), "created": stats::created(message),
            });
        }
    }
    Ok(Answer::new(200, json!({ "messages": messages })))
}

pub(in super::super) async fn purge(zaqar: &Zaqar, request: &Request) -> Result<Answer, Refusal> {
    let types = request.texts("resource_types");
    let has = |kind: &str| types.as_ref().is_none_or(|types| types.iter().any(|own| own == kind));
    let (project, queue) = request.place();
    purge::purge(zaqar, project, queue, has("messages"), has("subscriptions")).await?;
    Ok(Answer::new(204, json!({})))
}
