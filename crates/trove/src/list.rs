//! Pages: the service links to the next one, and only the marker of the link counts (OpenStack reference C4).

use bytes::Bytes;
use http::response::Parts;
use pentad_core::list::parameter;
use pentad_core::{Context, Cursor, Draft, List, Page, Request, Result, decode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The query member that asks for a page size.
const SIZE: &str = "limit";
const MARKER: &str = "marker";

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<T> {
    #[serde(
        alias = "instances",
        alias = "backups",
        alias = "backup_strategies",
        alias = "databases",
        alias = "users",
        alias = "datastores",
        alias = "versions",
        alias = "configurations",
        alias = "configuration-parameters",
        alias = "flavors",
        alias = "volume_types",
        alias = "limits",
        alias = "logs",
        alias = "modules",
        alias = "clusters",
        alias = "quotas",
        alias = "security_groups",
        alias = "hosts",
        alias = "devices",
        alias = "cron_triggers",
        alias = "executions"
    )]
    #[serde(deserialize_with = "Option::deserialize")]
    items: Option<Vec<T>>,
    #[serde(default = "Vec::new")]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    rel: String,
    #[serde(default)]
    href: String,
}

/// The pages of a listing of the database service.
pub(crate) fn of<T: DeserializeOwned>(draft: Draft) -> List<T> {
    draft.list(cursor, page::<T>).size_query(SIZE)
}

/// Puts a place into the request. Links themselves are never followed: their scheme and host are the service's guess.
pub(crate) fn cursor(place: &Cursor, request: &mut Request) {
    let marker = match place {
        Cursor::Marker(marker) | Cursor::Token(marker) => Some(marker.clone()),
        Cursor::Offset(offset) => Some(offset.to_string()),
        link => link.parameter(MARKER).and_then(|once| decoded(&once)),
    };
    if let Some(marker) = marker {
        request.set_query(MARKER, marker);
    }
}

/// The marker in the query of a link. The service escapes it twice.
fn marker(query: &str) -> Option<String> {
    decoded(&parameter(query, MARKER)?)
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

fn page<T: DeserializeOwned>(context: &Context, _parts: &Parts, body: Bytes) -> Result<Page<T>> {
    let Envelope { items, links } = decode::from_json(context.op(), &body)?;
    // A service that asks an agent hands on a null.
    let items = items.unwrap_or_default();
    // As the original: the last of them counts.
    let next = links.into_iter().rfind(|link| link.rel == "next");
    let next = next.and_then(|link| marker(link.href.split_once('?')?.1)).map(Cursor::Marker);
    Ok(Page::new(items).next(next).raw(body))
}

/// Pages of a service whose answers name the last thing seen by its `id`, and that ends with an empty page.
pub(crate) fn page_by_id<T: DeserializeOwned>(
    context: &Context,
    _parts: &Parts,
    body: Bytes,
) -> Result<Page<T>> {
    let Envelope { items, .. } = decode::from_json::<Envelope<serde_json::Value>>(context.op(), &body)?;
    let last = items.iter().flatten().next_back().and_then(|item| item["id"].as_str()).map(str::to_owned);
    let Envelope { items, .. } = decode::from_json::<Envelope<T>>(context.op(), &body)?;
    Ok(Page::new(items.unwrap_or_default()).next(last.map(Cursor::Marker)).raw(body))
}

/// The parts of a log: a bare list of objects whose names are the places.
pub(crate) fn objects<T: DeserializeOwned>(
    context: &Context,
    _parts: &Parts,
    body: Bytes,
) -> Result<Page<T>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Page::new(Vec::new()));
    }
    let items: Vec<serde_json::Value> = decode::from_json(context.op(), &body)?;
    let last = items.last().and_then(|item| item["name"].as_str()).map(str::to_owned);
    let items: Vec<T> = decode::from_json(context.op(), &body)?;
    Ok(Page::new(items).next(last.map(Cursor::Marker)).raw(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_escaped_twice() {
        assert_eq!(marker("limit=1&marker=appuser%2540%2525").as_deref(), Some("appuser@%"));
        assert_eq!(marker("marker=a%252541%2540%2525&limit=1").as_deref(), Some("a%41@%"));
        assert_eq!(marker("marker=20").as_deref(), Some("20"));
        assert_eq!(marker("limit=1"), None);
    }
}
