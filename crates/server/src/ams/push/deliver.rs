//! One cycle of a push worker: read, send, move the position.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use pentad_store::Tx;
use serde::Serialize;

use super::super::Ams;
use super::super::error::Failure;
use super::super::handlers::ack;
use super::super::handlers::pull::{self, Delivery, Found};
use super::super::model::PushedMessage;
use super::super::names;
use super::super::storage::subscriptions::SubscriptionRow;
use super::super::storage::{projects, subscriptions, topics};
use super::config::{Kind, PushConfig};
use super::schedule::Cycle;
use crate::reply::go;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What one cycle works with.
#[derive(Debug)]
struct Load {
    row: SubscriptionRow,
    config: PushConfig,
    project: String,
    found: Found,
}

#[derive(Debug, Serialize)]
struct Single {
    message: PushedMessage,
    subscription: String,
}

#[derive(Debug, Serialize)]
struct Several {
    messages: Vec<Single>,
}

#[derive(Debug, Serialize)]
struct Post<'a> {
    text: &'a str,
    username: &'a str,
    channel: &'a str,
}

/// The configuration of a subscription, if it still is a verified push subscription.
pub(super) async fn config(ams: &Ams, id: i64) -> Result<Option<PushConfig>, Failure> {
    let row = ams.read(move |tx| Ok(subscriptions::by_id(tx, id)?)).await?;
    Ok(row.and_then(|row| PushConfig::stored(&row)).filter(|config| config.verified))
}

/// Remembers the last state of delivery.
pub(super) async fn record(ams: &Ams, id: i64, status: &str) {
    let text =
        if status.is_empty() { String::new() } else { format!("{} {status}", names::seconds(ams.now())) };
    let done = ams.store.write_soft(move |tx| subscriptions::set_push_status(tx, id, &text)).await;
    if let Err(error) = done {
        tracing::warn!(%error, "the state of a push subscription cannot be stored");
    }
}

/// Sends what is due. `None` ends the worker for good: the subscription or its push configuration is gone.
///
/// # Errors
/// Why nothing was delivered.
pub(super) async fn cycle(ams: &Ams, id: i64) -> Result<Option<Cycle>, String> {
    let told = |failure: Failure| failure.message().to_owned();
    let Some(load) = ams.read(move |tx| load(tx, id)).await.map_err(told)? else { return Ok(None) };
    let most = load.config.max_messages;
    let delivery = Delivery::new(&load.found, most);
    if !pull::deliver(ams, &load.found, &delivery).await.map_err(told)? || delivery.count == 0 {
        return Ok(Some(Cycle::Empty));
    }
    send(ams, &load).await?;
    // The worker holds the only window, so its own pull is what it acknowledges.
    let highest = load.found.start + delivery.count - 1;
    let acknowledged = ams
        .store
        .write(move |tx| -> Result<(), Failure> {
            let row = subscriptions::by_id(tx, id)?.ok_or_else(|| Failure::missing("Subscription"))?;
            ack::advance(tx, &row, highest)
        })
        .await;
    acknowledged.map_err(told)?;
    Ok(Some(Cycle::Delivered))
}

fn load(tx: &mut Tx<'_>, id: i64) -> Result<Option<Load>, Failure> {
    let Some(row) = subscriptions::by_id(tx, id)? else { return Ok(None) };
    let Some(config) = PushConfig::stored(&row).filter(|config| config.verified) else { return Ok(None) };
    let Some(project) = projects::by_id(tx, row.project_id)? else { return Ok(None) };
    let topic = topics::find(tx, row.project_id, &row.topic)?
        .ok_or_else(|| Failure::conflict("Subscription's topic doesn't exist"))?;
    let start = row.position.max(topic.first);
    let mut found = Found {
        subscription: row.id,
        topic: topic.id,
        position: row.position,
        start,
        available: (topic.end - start).max(0),
        segments: Vec::new(),
    };
    found.segments = pull::collect(tx, &found, config.max_messages)?;
    Ok(Some(Load { row, config, project: project.name, found }))
}

async fn send(ams: &Ams, load: &Load) -> Result<(), String> {
    let (url, body) = match load.config.kind {
        Kind::HttpEndpoint => (&load.config.endpoint, http_body(load)),
        Kind::Mattermost => (&load.config.mattermost_url, mattermost_body(load)),
    };
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(url.as_str())
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(sealed) = load.row.push_header.as_ref().filter(|_| load.config.is_authorized()) {
        request = request.header(header::AUTHORIZATION, ams.unseal(sealed));
    }
    let request = request.body(body).map_err(|e| e.to_string())?;
    let answer = ams.guarded.send(request, PATIENCE).await.map_err(|e| e.to_string())?;
    let taken = match load.config.kind {
        Kind::Mattermost => answer.status() == StatusCode::OK,
        Kind::HttpEndpoint => {
            let good = [StatusCode::OK, StatusCode::CREATED, StatusCode::NO_CONTENT, StatusCode::PROCESSING];
            good.contains(&answer.status())
        }
    };
    if taken { Ok(()) } else { Err(format!("{url} answered {}", answer.status().as_u16())) }
}

fn singles(load: &Load) -> Vec<Single> {
    let name = names::subscription(&load.project, &load.row.name);
    let each = |message: pull::Message<'_>| Single {
        message: PushedMessage {
            message_id: message.offset.to_string(),
            attributes: message.entry.attribute_map(),
            data: payload(load, &message.entry.data_text()),
            publish_time: names::publish_time(message.at),
        },
        subscription: format!("subscription {name} from pentad"),
    };
    pull::messages(&load.found, load.config.max_messages).map(each).collect()
}

/// The data as sent, or decoded where the configuration says so.
fn payload(load: &Load, data: &str) -> String {
    if !load.config.base64_decode {
        return data.to_owned();
    }
    match STANDARD.decode(data) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => data.to_owned(),
    }
}

fn http_body(load: &Load) -> Bytes {
    let mut messages = singles(load);
    if load.config.max_messages > 1 {
        return go::compact(&Several { messages });
    }
    match messages.pop() {
        Some(single) => go::compact(&single),
        None => Bytes::new(),
    }
}

fn mattermost_body(load: &Load) -> Bytes {
    let text = singles(load).into_iter().next().map(|single| single.message.data).unwrap_or_default();
    let config = &load.config;
    go::compact(&Post {
        text: &text,
        username: &config.mattermost_username,
        channel: &config.mattermost_channel,
    })
}
