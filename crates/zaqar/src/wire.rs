//! Answers whose form several handles share.

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, StatusCode};
use pentad_core::{Context, Result, decode};
use serde::Deserialize;

use crate::model::{Claimed, Message, Posted, Stats};

/// Messages, in the envelope of v1.1 and v2 or bare as in v1; an empty answer is none.
pub(crate) fn messages(context: &Context, parts: Parts, body: Bytes) -> Result<Vec<Message>> {
    #[derive(Deserialize)]
    struct Wrapped {
        messages: Vec<Message>,
    }
    if parts.status == StatusCode::NO_CONTENT || body.is_empty() {
        return Ok(Vec::new());
    }
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return decode::json(context, parts, body);
    }
    decode::json::<Wrapped>(context, parts, body).map(|answer| answer.messages)
}

/// Messages by id: that there are none is an answer, not an error.
pub(crate) fn found_messages(context: &Context, parts: Parts, body: Bytes) -> Result<Vec<Message>> {
    if parts.status == StatusCode::NOT_FOUND { Ok(Vec::new()) } else { messages(context, parts, body) }
}

pub(crate) fn is_not_found(status: StatusCode, _: &HeaderMap) -> bool {
    status == StatusCode::NOT_FOUND
}

pub(crate) fn posted(context: &Context, parts: Parts, body: Bytes) -> Result<Posted> {
    decode::json(context, parts, body)
}

/// A new claim: its id stands at the end of `location`, or in each message's reference.
pub(crate) fn claimed(context: &Context, parts: Parts, body: Bytes) -> Result<Claimed> {
    let location = parts.headers.get(http::header::LOCATION).and_then(|value| value.to_str().ok());
    let id = location.map(|path| crate::model::last_segment(path).to_owned());
    let messages = messages(context, parts, body)?;
    if messages.is_empty() {
        return Ok(Claimed::default());
    }
    let id = id.filter(|id| !id.is_empty()).or_else(|| messages[0].claim_id.clone());
    Ok(Claimed { id, messages })
}

pub(crate) fn stats(context: &Context, parts: Parts, body: Bytes) -> Result<Stats> {
    #[derive(Deserialize)]
    struct Answer {
        messages: Stats,
    }
    decode::json::<Answer>(context, parts, body).map(|answer| answer.messages)
}

/// Whether something new came into being: 201, or 204 for what was there.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn created(_: &Context, parts: Parts, _: Bytes) -> Result<bool> {
    Ok(parts.status == StatusCode::CREATED)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn exists(_: &Context, parts: Parts, _: Bytes) -> Result<bool> {
    Ok(parts.status != StatusCode::NOT_FOUND)
}
