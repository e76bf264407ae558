//! What orders and jobs have in common.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::http::BodyStream;
use crate::ivcap::call::{self, Call};
use crate::ivcap::core::Core;
use crate::ivcap::dialect::Dialect;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::model::{Run, Service};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::storage::work::{self, Item};
use crate::ivcap::urn::{self, Kind};

/// Tags of one thing.
const MOST_TAGS: usize = 100;

/// The service that something is asked of.
///
/// # Errors
/// 404.
pub(super) async fn service(call: &Call, name: &str, given: &str) -> Answer<Held<Service>> {
    if given.is_empty() {
        return Err(Failure::missing(name));
    }
    let id = urn::parse(Kind::Service, given).ok_or_else(|| call::missing(Kind::Service, given))?;
    let wanted = id.clone();
    let found = call.core.read(move |tx| Ok(things::get::<Service>(tx, &wanted)?)).await?;
    call.readable(Kind::Service, &id, found)
}

/// Refuses services that this server does not run.
///
/// # Errors
/// 501 saying why.
pub(super) fn check_runnable(call: &Call, service: &Held<Service>) -> Answer<()> {
    let allowed = call.core.settings.allow_api_commands;
    if service.doc.runnable(allowed).is_some() {
        return Ok(());
    }
    let why = match (service.doc.runnable(true), allowed) {
        (Some(_), false) => {
            "commands of services that were created over the API run only with --allow-api-commands"
        }
        _ => "this server does not run container images: give the service a command in the seed",
    };
    Err(Failure::not_implemented(format_args!("the service {} cannot be run here: {why}", service.id)))
}

/// Refuses names that cannot be stored.
pub(super) fn check_label(name: &str, text: &str) -> Answer<()> {
    if text.len() <= 1000 && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Failure::invalid(name, text, "must be a text of up to 1000 bytes"))
}

/// Refuses more tags than can be stored.
pub(super) fn check_tags(tags: &[String]) -> Answer<()> {
    if tags.len() > MOST_TAGS {
        return Err(Failure::invalid("tags", tags.len(), format_args!("may be at most {MOST_TAGS}")));
    }
    tags.iter().try_for_each(|tag| check_label("tags", tag))
}

/// The three dates of a run; what has not happened is left out.
pub(super) fn dates(
    body: &mut Map<String, Value>,
    names: [&str; 3],
    created: Timestamp,
    run: &Run,
    dialect: Dialect,
) {
    let times = [Some(created), run.started_at, run.finished_at];
    for (name, time) in names.into_iter().zip(times) {
        let Some(time) = time else { continue };
        let name = if dialect == Dialect::L23 { name.replace('-', "_") } else { name.to_owned() };
        body.insert(name, json!(time.to_string()));
    }
}

/// Finds out whether an order or a job may be read.
///
/// # Errors
/// 404.
pub(super) async fn readable_account(call: &Call, item: &Item) -> Answer<()> {
    let wanted = item.clone();
    let found = call.core.read(move |tx| Ok(things::last::<Value>(tx, wanted.kind, &wanted.id)?)).await?;
    call.readable(item.kind, &item.id, found).map(drop)
}

/// What was logged between two times (microseconds), in pieces.
pub(super) fn log_stream(core: Arc<Core>, id: String, from: i64, to: i64) -> BodyStream {
    let pieces = stream::unfold(Some((core, id, 0)), move |state| async move {
        let (core, id, seq) = state?;
        let wanted = id.clone();
        let read = core.read(move |tx| Ok(work::logs(tx, &wanted, seq, from, to)?)).await;
        match read {
            Err(failure) => Some((Err(std::io::Error::other(failure.text())), None)),
            Ok(pieces) => {
                let seq = pieces.last()?.seq;
                let bytes: Vec<u8> = pieces.into_iter().flat_map(|piece| piece.content).collect();
                Some((Ok(Bytes::from(bytes)), Some((core, id, seq))))
            }
        }
    });
    Box::pin(pieces)
}
