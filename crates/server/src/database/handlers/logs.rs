//! Logs of instances, and the container in which published ones are (OpenStack reference C8).

use futures_util::future::BoxFuture;
use pentad_store::Tx;
use serde_json::{Value, json};

use super::super::Trove;
use super::super::call::{Call, Done, is_true};
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{Guest, Instance, Log, Task, time_text};
use super::super::storage::{now, records};
use super::super::view;

/// The logs that instances of a manager have.
pub(crate) fn names_of(manager: &str) -> &'static [&'static str] {
    match manager {
        "postgresql" => &["general"],
        "mysql" | "mariadb" | "percona" | "pxc" => &["general", "slow_query"],
        _ => &[],
    }
}

/// An instance with its guest and the names of its logs.
struct Place {
    instance: Instance,
    guest: Guest,
    manager: String,
}

fn place(tx: &mut Tx<'_>, call: &Call) -> Answer<Place> {
    let instance = find::built(tx, call, call.param("id"))?;
    let manager = view::version_of(tx, &instance.version)?.map(|(_, version)| version.manager);
    let guest = records::get::<Guest>(tx, &instance.id)?;
    let fresh = || Guest { id: instance.id.clone(), tenant: instance.tenant.clone(), ..Guest::default() };
    Ok(Place { guest: guest.unwrap_or_else(fresh), manager: manager.unwrap_or_default(), instance })
}

/// The longest part that a publication of a real database's log adds; the rest stays pending.
const LONGEST_PART: u64 = 1 << 20;

/// What a real database wrote since the last publication.
#[derive(Debug, Clone, Default)]
struct Written {
    text: String,
    /// Bytes, of which the text may be a part.
    pending: u64,
    /// Where the text begins and ends in the log.
    span: (u64, u64),
}

/// Looks into the log of an instance, if it is that of a real database.
async fn written(trove: &Trove, place: &Place, name: &str, most: u64) -> Answer<Option<Written>> {
    if !place.instance.is_real {
        return Ok(None);
    }
    let mut start = place.guest.logs.get(name).map_or(0, |log| log.position);
    let (mut bytes, length) = trove.engine.log(&place.instance, start, most).await?;
    if length < start {
        // It began anew.
        start = 0;
        (bytes, _) = trove.engine.log(&place.instance, start, most).await?;
    }
    let end = start + bytes.len() as u64;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Some(Written { text, pending: length - start, span: (start, end) }))
}

/// The bytes that were not published yet.
fn pending(log: &Log, written: Option<&Written>) -> u64 {
    written.map_or(log.pending.len() as u64, |written| written.pending)
}

/// The word of C8 for a log.
fn status(log: &Log, pending: u64) -> &'static str {
    match (log.needs_restart, log.is_enabled, log.was_published, pending == 0) {
        (true, ..) => "Restart_Required",
        (false, false, false, _) => "Disabled",
        (false, false, true, true) => "Published",
        (false, _, true, false) => "Partial",
        (false, true, true, true) => "Published",
        (false, true, false, true) => "Enabled",
        (false, true, false, false) => "Ready",
    }
}

fn view_of(call: &Call, place: &Place, (name, log): (&str, &Log), pending: u64) -> Value {
    let (id, manager) = (&place.instance.id, &place.manager);
    let container = log.was_published.then_some(&call.settings.guest_log_container_name);
    let prefix = log.was_published.then(|| prefix(id, manager, name));
    let metafile = log.was_published.then(|| format!("{id}/{manager}-{name}_metafile"));
    json!({
        "name": name, "type": "USER", "status": status(log, pending), "published": log.published,
        "pending": if log.is_enabled { pending } else { 0 },
        "container": container, "prefix": prefix, "metafile": metafile,
    })
}

fn prefix(id: &str, manager: &str, name: &str) -> String {
    format!("{id}/{manager}-{name}/")
}

/// `GET /instances/{id}/log`
pub(crate) fn list<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let asked = call.clone();
        let place = trove.read(move |tx| place(tx, &asked)).await?;
        let mut rows = Vec::new();
        for name in names_of(&place.manager) {
            let log = place.guest.logs.get(*name).cloned().unwrap_or_default();
            let written = written(trove, &place, name, 0).await?;
            rows.push(view_of(call, &place, (name, &log), pending(&log, written.as_ref())));
        }
        Ok(Done::ok(json!({"logs": rows})))
    })
}

/// `POST /instances/{id}/log`
pub(crate) fn act<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        // What is read of a log must be what is noted as read.
        let _turn = trove.hold(call.param("id")).await?;
        let asked = call.clone();
        let place = trove.read(move |tx| place(tx, &asked)).await?;
        let name = wanted(call, &place)?;
        let written = written(trove, &place, &name, LONGEST_PART).await?;
        let asked = call.clone();
        trove.write(move |tx| change(tx, &asked, &name, written.as_ref())).await
    })
}

fn says(call: &Call, key: &str) -> bool {
    call.body.as_ref().and_then(|body| body.get(key)).is_some_and(is_true)
}

/// The name of the log that a body is about.
fn wanted(call: &Call, place: &Place) -> Answer<String> {
    let body = call.body.as_ref().and_then(Value::as_object).ok_or_else(Failure::crash)?;
    let name = body.get("name").and_then(Value::as_str).ok_or_else(Failure::crash)?.to_lowercase();
    if says(call, "enable") && says(call, "disable") {
        return Err(Failure::bad("Cannot enable and disable log."));
    }
    if !names_of(&place.manager).contains(&name.as_str()) {
        return Err(Failure::not_found(format!("Log '{name}' was not found.")));
    }
    Ok(name)
}

fn change(tx: &mut Tx<'_>, call: &Call, name: &str, written: Option<&Written>) -> Answer<Done> {
    let mut place = place(tx, call)?;
    let mut log = place.guest.logs.remove(name).unwrap_or_default();
    let before = log.is_enabled;
    if says(call, "enable") {
        log.is_enabled = true;
    }
    if says(call, "disable") {
        log.is_enabled = false;
    }
    // PostgreSQL takes up another log setting only with a restart.
    if place.manager == "postgresql" && before != log.is_enabled {
        log.needs_restart = true;
        place.instance.task = Task::RestartRequired;
        records::put(tx, &place.instance)?;
    }
    let mut left = pending(&log, written);
    if says(call, "discard") {
        let position = written.map_or(0, |written| written.span.0 + written.pending);
        log =
            Log { is_enabled: log.is_enabled, needs_restart: log.needs_restart, position, ..Log::default() };
        left = 0;
    }
    if says(call, "publish") {
        if let Some(written) = written.filter(|_| left > 0) {
            log.pending.clone_from(&written.text);
            log.position = written.span.1;
        }
        left = left.saturating_sub(written.map_or(left, |written| written.span.1 - written.span.0));
        publish(&mut log, &prefix(&place.instance.id, &place.manager, name), now(tx));
    }
    let view = view_of(call, &place, (name, &log), left);
    place.guest.logs.insert(name.to_owned(), log);
    records::put(tx, &place.guest)?;
    Ok(Done::ok(json!({"log": view})))
}

/// Moves what is new into the container, as one more part.
fn publish(log: &mut Log, prefix: &str, now: i64) {
    log.is_enabled = true;
    let part = std::mem::take(&mut log.pending);
    if !part.is_empty() || !log.was_published {
        log.published += part.len() as u64;
        log.parts.push((format!("{prefix}log-{}", time_text(now)), part));
    }
    log.was_published = true;
}
