//! Pages: `pageSize`, `pageToken`, `nextPageToken` (AMS reference 6), and the lists that come whole.

use bytes::Bytes;
use http::response::Parts;
use pentad_core::{Context, Cursor, Page, Request, Result, decode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::null_as_default;

/// The query member that asks for a page size.
pub(crate) const SIZE: &str = "pageSize";

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<T> {
    #[serde(
        alias = "topics",
        alias = "subscriptions",
        alias = "users",
        deserialize_with = "null_as_default"
    )]
    items: Vec<T>,
    #[serde(rename = "nextPageToken", default, deserialize_with = "null_as_default")]
    next: String,
    #[serde(rename = "totalSize", default)]
    total: Option<u64>,
}

/// Puts a place into the request. Other kinds of places do not occur here.
pub(crate) fn cursor(place: &Cursor, request: &mut Request) {
    if let Cursor::Token(token) = place {
        request.set_query("pageToken", token.clone());
    }
}

/// Reads a page; an empty token ends the listing.
pub(crate) fn page<T: DeserializeOwned>(context: &Context, _: &Parts, body: Bytes) -> Result<Page<T>> {
    let envelope: Envelope<T> = decode::from_json(context.op(), &body)?;
    let next = (!envelope.next.is_empty()).then_some(Cursor::Token(envelope.next));
    Ok(Page::new(envelope.items).next(next).total(envelope.total).raw(body))
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Whole<T> {
    /// Absent in the answer of a service without projects.
    #[serde(
        alias = "projects",
        alias = "schemas",
        alias = "subscriptions",
        alias = "user_registrations",
        default = "Vec::new",
        deserialize_with = "null_as_default"
    )]
    items: Vec<T>,
}

/// Reads a list that the service does not page.
pub(crate) fn whole<T: DeserializeOwned>(context: &Context, parts: Parts, body: Bytes) -> Result<Vec<T>> {
    decode::json::<Whole<T>>(context, parts, body).map(|answer| answer.items)
}

/// Reads such a list as its only page.
pub(crate) fn only_page<T: DeserializeOwned>(context: &Context, _: &Parts, body: Bytes) -> Result<Page<T>> {
    let answer: Whole<T> = decode::from_json(context.op(), &body)?;
    let total = u64::try_from(answer.items.len()).ok();
    Ok(Page::new(answer.items).total(total).raw(body))
}
