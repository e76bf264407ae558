//! Pages: a cursor in the link to the next page, or as a member (IVCAP reference 5.2 and 7.12).

use bytes::Bytes;
use http::response::Parts;
use pentad_core::{Context, Cursor, Draft, List, Page, Request, Result, decode};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::dialect::Dialect;

/// The query member that asks for a page size.
pub(crate) const SIZE: &str = "limit";
const PAGE: &str = "page";
/// Largest page that the platform gives.
pub const LARGEST_PAGE: u32 = 50;
/// The page size of the first Python client.
const OLD_PAGE: u32 = 10;

#[derive(Deserialize)]
#[serde(bound(deserialize = "T: DeserializeOwned"))]
struct Envelope<T> {
    #[serde(
        alias = "services",
        alias = "orders",
        alias = "artifacts",
        alias = "records",
        alias = "projects",
        alias = "members"
    )]
    items: Vec<T>,
    #[serde(default)]
    links: Value,
    /// Projects and their members give the cursor itself.
    #[serde(default)]
    page: Option<String>,
}

/// A listing with the pages that its dialect has.
pub(crate) fn listing<T: DeserializeOwned>(draft: Draft, dialect: Dialect) -> List<T> {
    let size = if dialect.is_old() { OLD_PAGE } else { LARGEST_PAGE };
    draft.list(cursor, page::<T>).size_query(SIZE).page_size(size)
}

/// Puts a place into the request; all other parameters are repeated as the original does.
pub(crate) fn cursor(place: &Cursor, request: &mut Request) {
    let token = match place {
        Cursor::Token(token) | Cursor::Marker(token) => Some(token.clone()),
        Cursor::Link(link) => token_of(link.query().unwrap_or_default()),
        Cursor::Raw(query) => token_of(query),
        _ => None,
    };
    if let Some(token) = token {
        request.set_query(PAGE, token);
    }
}

/// Reads a page in any of the dialects.
pub(crate) fn page<T: DeserializeOwned>(context: &Context, _: &Parts, body: Bytes) -> Result<Page<T>> {
    let Envelope { items, links, page } = decode::from_json(context.op(), &body)?;
    let next = page.filter(|page| !page.is_empty()).or_else(|| next_token(&links));
    Ok(Page::new(items).next(next.map(Cursor::Token)).raw(body))
}

/// The cursor of the next page: `links.next` in the old dialects, the entry `next` in the modern one.
fn next_token(links: &Value) -> Option<String> {
    let href = match links {
        Value::Object(links) => links.get("next")?.as_str()?,
        Value::Array(links) => links
            .iter()
            .find(|link| link.get("rel").and_then(Value::as_str) == Some("next"))?
            .get("href")?
            .as_str()?,
        _ => return None,
    };
    token_of(href.split_once('?')?.1)
}

/// The cursor in a query. Only the cursor counts, so a link can lead nowhere else; one that is wrapped in a link of its
/// own is taken out.
fn token_of(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("page="))?;
    let value = percent_decode_str(value).decode_utf8().ok()?;
    let token = value.rsplit_once("page=").map_or(&*value, |(_, token)| token);
    (!token.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cursors_are_found_in_the_links_of_all_dialects() {
        for links in [
            json!({"self": "http://h/1/orders", "next": "http://h/1/orders?page=bz0xMA"}),
            json!([{"rel": "self", "href": "http://h/1/aspects"}, {"rel": "next", "type": "application/json", "href": "/1/aspects?page=bz0xMA"}]),
            json!({"next": "http://h/1/orders?limit=5&page=bz0xMA"}),
            json!({"next": "http://h/1/orders?page=http%3A%2F%2Fh%2F1%2Forders%3Fpage%3Dbz0xMA"}),
        ] {
            assert_eq!(next_token(&links).as_deref(), Some("bz0xMA"), "{links}");
        }
    }

    #[test]
    fn last_pages_have_no_cursor_however_that_is_said() {
        for links in [
            json!({}),
            json!({"next": null}),
            json!({"next": ""}),
            json!([]),
            json!(null),
            json!({"next": "http://h/?page="}),
        ] {
            assert_eq!(next_token(&links), None, "{links}");
        }
    }
}
