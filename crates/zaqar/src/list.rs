//! Pages: the last thing of a page is the marker of the next one (Zaqar reference 4, links).

use bytes::Bytes;
use http::StatusCode;
use http::response::Parts;
use pentad_core::list::parameter;
use pentad_core::{Context, Cursor, Page, Request, Result, decode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The query member that asks for a page size.
pub(crate) const SIZE: &str = "limit";
const MARKER: &str = "marker";

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<T> {
    #[serde(
        alias = "queues",
        alias = "messages",
        alias = "subscriptions",
        alias = "pools",
        alias = "flavors"
    )]
    items: Vec<T>,
    #[serde(default = "Vec::new")]
    links: Vec<Link>,
    #[serde(default)]
    count: Option<u64>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    rel: String,
    href: String,
}

/// Puts a place into the request. Of a link only its marker counts: filters are not repeated in links, and a service
/// behind a path prefix does not know it.
pub(crate) fn cursor(place: &Cursor, request: &mut Request) {
    if let Some(marker) = place.parameter(MARKER) {
        request.set_query(MARKER, marker);
    }
}

/// Reads a page; an empty answer is an empty page.
pub(crate) fn page<T: DeserializeOwned>(context: &Context, parts: &Parts, body: Bytes) -> Result<Page<T>> {
    if parts.status == StatusCode::NO_CONTENT || body.is_empty() {
        return Ok(Page::new(Vec::new()));
    }
    let Envelope { items, links, count } = decode::from_json(context.op(), &body)?;
    let next = links.into_iter().find(|link| link.rel == "next" || link.rel.is_empty());
    let next = next.and_then(|link| parameter(link.href.split_once('?')?.1, MARKER)).map(Cursor::Marker);
    Ok(Page::new(items).next(next).total(count).raw(body))
}
