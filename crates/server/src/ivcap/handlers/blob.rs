//! The content of an artifact: resumable upload (IVCAP reference 7.6), and download in ranges.

use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    RANGE,
};
use http::{HeaderValue, StatusCode};

use super::artifacts::located;
use crate::http::{Incoming, Reply};
use crate::ivcap::call::{self, Call};
use crate::ivcap::core::Core;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::model::{Artifact, State, blob_key, blob_path};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::upload::range::{self, Wanted};
use crate::ivcap::upload::tus::{self, Said, Unreadable};
use crate::ivcap::upload::{End, Turn, checksum, outlet};
use crate::ivcap::urn::Kind;
use std::sync::Arc;

/// The status of a part whose checksum is wrong (TUS 1.0.0).
const CHECKSUM_MISMATCH: u16 = 460;

/// What the header fields say.
///
/// # Errors
/// 400 naming the field.
pub(super) fn said(call: &Call) -> Answer<Said> {
    readable(Said::read(&call.headers))
}

/// A field that was understood.
pub(super) fn readable<T>(read: Result<T, Unreadable>) -> Answer<T> {
    read.map_err(|Unreadable(field)| {
        Failure::bad_request(format_args!("the header field {field} cannot be understood"))
    })
}

/// 412: only one version of the protocol is spoken.
pub(super) fn other_version() -> Reply {
    Reply::new(StatusCode::PRECONDITION_FAILED).header(tus::VERSIONS, tus::VERSION)
}

/// `OPTIONS`: what of TUS there is.
pub(crate) async fn options(_call: Call) -> Answer<Reply> {
    Ok(call::empty()
        .header(tus::VERSIONS, tus::VERSION)
        .header(tus::RESUMABLE, tus::VERSION)
        .header(tus::EXTENSION, tus::EXTENSIONS)
        .header(tus::CHECKSUM_ALGORITHM, HeaderValue::from_static(checksum::ALGORITHMS)))
}

/// The artifact that a call names, if the caller may write to it.
async fn writable(call: &Call) -> Answer<Held<Artifact>> {
    let id = call.urn(Kind::Artifact, "id")?;
    let wanted = id.clone();
    let found = call.core.read(move |tx| Ok(things::get::<Artifact>(tx, &wanted)?)).await?;
    call.writable(Kind::Artifact, &id, found)
}

/// `HEAD`: how far the upload is.
pub(crate) async fn head(call: Call) -> Answer<Reply> {
    if tus::speaks_other(&call.headers) {
        return Ok(other_version());
    }
    let id = call.urn(Kind::Artifact, "id")?;
    let held = settled(&call, &id).await?;
    if held.until.is_some() && !held.doc.is_sealed() {
        // Nothing will be added: who would go on is not led to believe so.
        return Err(call::missing(Kind::Artifact, &id));
    }
    let (uploads, key) = (&call.core.work.uploads, blob_key(&id));
    // Who is going to write asks where: what is still on its way is to be counted.
    let writes = call.caller.scopes.write && call.caller.may_write(&held.account, &held.policy);
    let stored = match writes && !held.doc.is_sealed() {
        true => uploads.turn(&key).await.len().await?,
        false => uploads.len(&key).await?,
    };
    let reply = Reply::new(StatusCode::OK)
        .header(tus::RESUMABLE, tus::VERSION)
        .header(tus::OFFSET, HeaderValue::from(stored))
        .header(CACHE_CONTROL, HeaderValue::from_static("no-store"))
        .header(CONTENT_TYPE, media_type(&held.doc));
    Ok(match held.doc.length {
        Some(length) => reply.header(tus::LENGTH, HeaderValue::from(length)),
        None => reply.header(tus::DEFER_LENGTH, HeaderValue::from_static("1")),
    })
}

/// `POST`: begins an upload to an artifact that has no content yet; its length may come later.
pub(crate) async fn post(mut call: Call) -> Answer<Reply> {
    if tus::speaks_other(&call.headers) {
        return Ok(other_version());
    }
    let said = said(&call)?;
    let held = writable(&call).await?;
    let has_body = call.body.declared() != Some(0);
    if has_body && !is_octets(&call) {
        return Err(Failure::wrong_type(format_args!("a part of an upload is {}", tus::OCTETS)));
    }
    let turn = call.core.work.uploads.turn(&blob_key(&held.id)).await;
    // Who had the turn before may have changed it.
    let held = writable(&call).await?;
    let length = said_length(&held.doc, &said)?;
    if turn.len().await? > 0 || held.doc.status != State::Pending {
        return Err(Failure::conflict(&held.id, "there is content already"));
    }
    let body = std::mem::take(&mut call.body);
    let stored = if has_body {
        let taken = turn.take_in(0, length, body).await.map_err(|_| Failure::internal())?;
        let stored = taken.turn.len().await?;
        finish(&call.core, &held.id, taken.turn, &said, taken.end.is_whole()).await?;
        ended(taken.end)?;
        stored
    } else {
        finish(&call.core, &held.id, turn, &said, true).await?;
        0
    };
    let reply = Reply::new(StatusCode::CREATED)
        .header(tus::RESUMABLE, tus::VERSION)
        .header(tus::OFFSET, HeaderValue::from(stored));
    Ok(located(reply, &call.view.link(&blob_path(&held.id))))
}

/// `PATCH`: a part of an upload.
pub(crate) async fn patch(mut call: Call) -> Answer<Reply> {
    if tus::speaks_other(&call.headers) {
        return Ok(other_version());
    }
    if !is_octets(&call) {
        return Err(Failure::wrong_type(format_args!("a part of an upload is {}", tus::OCTETS)));
    }
    let said = said(&call)?;
    let offset =
        said.offset.ok_or_else(|| Failure::bad_request("the header field Upload-Offset is missing"))?;
    let held = writable(&call).await?;
    let turn = call.core.work.uploads.turn(&blob_key(&held.id)).await;
    // Who had the turn before may have changed it.
    let held = writable(&call).await?;
    let stored = turn.len().await?;
    if stored != offset {
        return Ok(misplaced(&held.id, stored));
    }
    let body = checked(&mut call, &said).await?;
    let Some(mut body) = body else {
        return Ok(Reply::new(StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST)));
    };
    let length = said_length(&held.doc, &said)?;
    let room = room(length, stored, &body)?;
    if held.doc.is_sealed() {
        return match body.piece().await? {
            None => Ok(part_stored(stored)),
            Some(_) => Err(Failure::too_large(0)),
        };
    }
    let taken = turn.take_in(offset, room, body).await.map_err(|_| Failure::internal())?;
    let stored = taken.turn.len().await?;
    finish(&call.core, &held.id, taken.turn, &said, taken.end.is_whole()).await?;
    ended(taken.end)?;
    Ok(part_stored(stored))
}

/// `PUT`: the whole content at once, in the place of a part of it that came before.
pub(crate) async fn put(mut call: Call) -> Answer<Reply> {
    let held = writable(&call).await?;
    let mut turn = call.core.work.uploads.turn(&blob_key(&held.id)).await;
    // Who had the turn before may have changed it.
    let held = writable(&call).await?;
    let stored = turn.len().await?;
    if held.doc.status == State::Ready {
        return Err(Failure::conflict(&held.id, "there is content already"));
    }
    let body = std::mem::take(&mut call.body);
    let room = room(held.doc.length, 0, &body)?;
    if stored > 0 {
        turn.clear().await?;
    }
    let taken = turn.take_in(0, room, body).await.map_err(|_| Failure::internal())?;
    let (stored, whole) = (taken.turn.len().await?, taken.end.is_whole());
    let said = Said { length: held.doc.length.or(whole.then_some(stored)), ..Said::default() };
    finish(&call.core, &held.id, taken.turn, &said, whole).await?;
    ended(taken.end)?;
    if held.doc.length.is_some_and(|length| length != stored) {
        return Err(Failure::bad_request(format_args!("{stored} bytes came, other than declared")));
    }
    Ok(call::empty())
}

/// `DELETE`: ends the upload and the artifact with it (TUS 1.0.0, extension `termination`).
pub(crate) async fn delete(call: Call) -> Answer<Reply> {
    if tus::speaks_other(&call.headers) {
        return Ok(other_version());
    }
    let held = writable(&call).await?;
    let turn = call.core.work.uploads.turn(&blob_key(&held.id)).await;
    // Who had the turn before may have changed it.
    let id = writable(&call).await?.id;
    call.core
        .write(move |change| {
            if let Some(mut held) = things::get::<Artifact>(change, &id)? {
                held.doc.removed = true;
                things::update(change, &held)?;
            }
            Ok(things::end(change, Kind::Artifact, &id)?)
        })
        .await?;
    turn.remove().await?;
    Ok(call::empty().header(tus::RESUMABLE, tus::VERSION))
}

/// Stores the body that came with the creation of an artifact: all of its content, unless its length is another.
pub(super) async fn fill(call: &mut Call, held: Held<Artifact>, said: &Said) -> Answer<Held<Artifact>> {
    let turn = call.core.work.uploads.turn(&blob_key(&held.id)).await;
    let Some(body) = checked(call, said).await? else {
        return Err(Failure::bad_request("the checksum is not that of the body"));
    };
    let room = room(held.doc.length, 0, &body)?;
    let taken = turn.take_in(0, room, body).await.map_err(|_| Failure::internal())?;
    let (stored, whole) = (taken.turn.len().await?, taken.end.is_whole());
    let is_all = whole && held.doc.length.is_none() && !held.doc.deferred;
    let said = Said { length: is_all.then_some(stored), ..Said::default() };
    let held = finish(&call.core, &held.id, taken.turn, &said, whole).await?;
    ended(taken.end)?;
    Ok(held)
}

fn is_octets(call: &Call) -> bool {
    let kind = call.header("content-type").unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(tus::OCTETS)
}

/// The body; read as a whole where its checksum has to be known before a byte of it counts. `None` if that is wrong.
async fn checked(call: &mut Call, said: &Said) -> Answer<Option<Incoming>> {
    let Some(checksum) = &said.checksum else { return Ok(Some(std::mem::take(&mut call.body))) };
    let bytes = call.bytes().await?;
    Ok(checksum.fits(&bytes).then(|| Incoming::from(bytes)))
}

/// The length after what a request says.
fn said_length(doc: &Artifact, said: &Said) -> Answer<Option<u64>> {
    match (doc.length, said.length) {
        (Some(known), Some(said)) if known != said => Err(Failure::bad_request(format_args!(
            "Upload-Length is {said}, but it was declared to be {known}"
        ))),
        (known, said) => Ok(known.or(said)),
    }
}

/// How many bytes a body may have.
fn room(length: Option<u64>, stored: u64, body: &Incoming) -> Answer<Option<u64>> {
    let Some(length) = length else { return Ok(None) };
    let room = length.checked_sub(stored).ok_or_else(|| {
        Failure::bad_request(format_args!("Upload-Length is {length}, but {stored} bytes are there"))
    })?;
    if body.declared().is_some_and(|declared| declared > room) {
        return Err(Failure::too_large(room));
    }
    Ok(Some(room))
}

fn part_stored(stored: u64) -> Reply {
    call::empty().header(tus::RESUMABLE, tus::VERSION).header(tus::OFFSET, HeaderValue::from(stored))
}

/// 409 with the offset at which to go on.
fn misplaced(id: &str, stored: u64) -> Reply {
    let refusal = Failure::conflict(id, format_args!("{stored} bytes are stored: go on there"));
    refusal.reply().header(tus::RESUMABLE, tus::VERSION).header(tus::OFFSET, HeaderValue::from(stored))
}

pub(super) fn ended(end: End) -> Answer<()> {
    match end {
        End::Whole => Ok(()),
        End::Broken => Err(Failure::bad_request("the body broke off; what came is stored")),
        End::TooLong(room) => Err(Failure::too_large(room)),
        End::Overtaken => Err(Failure::conflict("", "another request goes on with this upload")),
        End::Failed(error) => Err(error.into()),
    }
}

/// The artifact, its record brought up to what is stored: a request may have ended between the two.
pub(super) async fn settled(call: &Call, id: &str) -> Answer<Held<Artifact>> {
    let wanted = id.to_owned();
    let found = call.core.read(move |tx| Ok(things::last::<Artifact>(tx, Kind::Artifact, &wanted)?)).await?;
    let held = call.readable(Kind::Artifact, id, found)?;
    if held.doc.removed {
        return Err(call::missing(Kind::Artifact, id));
    }
    if held.until.is_some() || held.doc.is_sealed() {
        return Ok(held);
    }
    let stored = call.core.work.uploads.len(&blob_key(id)).await?;
    let is_behind = match held.doc.status {
        State::Pending => stored > 0,
        State::Partial => Some(stored) == held.doc.length,
        State::Ready => Some(stored) != held.doc.size,
    };
    if !is_behind {
        return Ok(held);
    }
    // Whoever is writing will do it; else it is up to us.
    let Some(turn) = call.core.work.uploads.turn_if_free(&blob_key(id)) else { return Ok(held) };
    // Whether the body that brought it came whole, nobody knows.
    finish(&call.core, id, turn, &Said::default(), false).await
}

/// Brings the record up to what is stored and to what was said of the length; `whole` tells that the last body came to
/// its end.
pub(crate) async fn finish(
    core: &Arc<Core>,
    id: &str,
    mut turn: Turn,
    said: &Said,
    whole: bool,
) -> Answer<Held<Artifact>> {
    let stored = turn.len().await?;
    let id_ = id.to_owned();
    let found = core.read(move |tx| Ok(things::get::<Artifact>(tx, &id_)?)).await?;
    let mut held = found.ok_or_else(|| call::missing(Kind::Artifact, id))?;
    let before = held.doc.clone();
    let doc = &mut held.doc;
    doc.length = doc.length.or(said.length);
    doc.deferred |= said.is_deferred;
    if doc.is_sealed() && before.is_sealed() {
        return Ok(held);
    }
    if doc.length == Some(stored) {
        (doc.status, doc.size, doc.etag) = (State::Ready, Some(stored), Some(turn.seal().await?));
    } else if whole && doc.length.is_none() && !doc.deferred && stored > 0 {
        // Nobody will ever say that this is all.
        (doc.status, doc.size, doc.etag) = (State::Ready, Some(stored), Some(turn.digest(stored).await?));
    } else {
        doc.status = if stored > 0 { State::Partial } else { State::Pending };
        (doc.size, doc.etag) = (doc.length, None);
    }
    if *doc == before {
        return Ok(held);
    }
    core.write(move |change| {
        // Ended meanwhile: then nothing is to be said of it.
        if things::get::<Artifact>(change, &held.id)?.is_some() {
            things::update(change, &held)?;
        }
        Ok(things::last::<Artifact>(change, Kind::Artifact, &held.id)?.unwrap_or_else(|| held.clone()))
    })
    .await
}

fn media_type(doc: &Artifact) -> HeaderValue {
    HeaderValue::from_str(&doc.mime_type).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// `GET`: the content, or a range of it.
pub(crate) async fn get(call: Call) -> Answer<Reply> {
    let id = call.urn(Kind::Artifact, "id")?;
    let held = settled(&call, &id).await?;
    let size = held.doc.size.filter(|_| held.doc.status == State::Ready);
    let Some(size) = size else {
        return Err(Failure::not_found(&id, "its content is not complete"));
    };
    let etag = held.doc.etag.as_deref().map(|etag| format!("\"{etag}\""));
    let tag = etag.as_deref().and_then(|etag| HeaderValue::from_str(etag).ok());
    let mut reply = Reply::new(StatusCode::OK).header(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(tag) = &tag {
        reply = reply.header(ETAG, tag.clone());
    }
    let names = |field: Option<&str>| {
        field.is_some_and(|field| field.split(',').any(|one| Some(one.trim()) == etag.as_deref()))
    };
    if names(call.header(IF_NONE_MATCH.as_str())) {
        reply.status = StatusCode::NOT_MODIFIED;
        return Ok(reply);
    }
    // A range of something else than the caller knows is of no use.
    let condition = call.header(IF_RANGE.as_str());
    let range = call.header(RANGE.as_str()).filter(|_| condition.is_none() || names(condition));
    let wanted = match range::wanted(range, size) {
        Wanted::Whole => 0..size,
        Wanted::Part(part) => {
            reply.status = StatusCode::PARTIAL_CONTENT;
            let text = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
            reply = with(reply, CONTENT_RANGE, &text);
            part
        }
        Wanted::Beyond => {
            reply.status = StatusCode::RANGE_NOT_SATISFIABLE;
            return Ok(with(reply, CONTENT_RANGE, &format!("bytes */{size}")));
        }
    };
    let reply = reply
        .header(CONTENT_TYPE, media_type(&held.doc))
        .header(CONTENT_LENGTH, HeaderValue::from(wanted.end - wanted.start));
    Ok(reply.stream(outlet::stream_of(Arc::clone(&call.core.blobs), blob_key(&id), wanted)))
}

fn with(reply: Reply, name: http::HeaderName, value: &str) -> Reply {
    match HeaderValue::from_str(value) {
        Ok(value) => reply.header(name, value),
        Err(_) => reply,
    }
}
