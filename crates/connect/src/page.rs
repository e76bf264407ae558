//! Pages: `limit` and `offset` in the query, `Content-Range` in the answer (Connect reference 8.4 and 14.4).

use bytes::Bytes;
use http::header::CONTENT_RANGE;
use http::response::Parts;
use http::{HeaderMap, HeaderValue};
use pentad_core::{BoxFuture, Context, Cursor, Error, ErrorKind, Page, Request, Result, Sent, decode};
use serde::de::DeserializeOwned;
use tokio::runtime::{Handle, RuntimeFlavor};

use crate::{answer, items};

/// The query members of a page.
pub(crate) const LIMIT: &str = "limit";
pub(crate) const OFFSET: &str = "offset";
pub(crate) const SEARCH: &str = "search";

/// What a `Content-Range` says: first and last position, and the total, each if known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) ends: Option<(u64, u64)>,
    pub(crate) total: Option<u64>,
}

impl Range {
    /// Reads `items 0-9/42`, also with `*` for what is not known; `None` for anything else.
    fn read(text: &str) -> Option<Self> {
        let range = text.trim().split_once(char::is_whitespace)?.1;
        let (ends, total) = range.split_once('/')?;
        let ends = match ends.trim() {
            "*" => None,
            ends => {
                let (first, last) = ends.split_once('-')?;
                Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
            }
        };
        let total = match total.trim() {
            "*" => None,
            total => Some(total.parse().ok()?),
        };
        Some(Self { ends, total })
    }
}

/// The range of an answer; `None` without the header.
///
/// # Errors
/// [`ErrorKind::Decode`] if the header is something else.
pub(crate) fn range(context: &Context, headers: &HeaderMap) -> Result<Option<Range>> {
    let Some(value) = headers.get(CONTENT_RANGE).filter(|value| !value.is_empty()) else { return Ok(None) };
    let read = HeaderValue::to_str(value).ok().and_then(Range::read);
    read.map(Some).ok_or_else(|| wrong(context, "the header Content-Range is not `items FIRST-LAST/TOTAL`"))
}

fn wrong(context: &Context, message: &'static str) -> Error {
    Error::new(ErrorKind::Decode, message).with_op(context.op().id).with_sent(Sent::Answered)
}

/// Puts an offset into the request. Other kinds of places do not occur here.
pub(crate) fn cursor(place: &Cursor, request: &mut Request) {
    if let Cursor::Offset(offset) = place {
        request.set_query(OFFSET, offset.to_string());
    }
}

/// Reads a page. Without `Content-Range` it is the only one; with it the next one begins behind what came, so a service
/// that gives fewer than asked for loses nothing.
pub(crate) fn page<T: DeserializeOwned + 'static>(
    context: &Context,
    parts: &Parts,
    body: Bytes,
) -> Result<Page<T>> {
    let range = range(context, &parts.headers)?;
    let expected = range
        .and_then(|range| range.ends)
        .map_or(0, |(first, last)| last.saturating_sub(first).saturating_add(1));
    let expected = usize::try_from(expected).unwrap_or(0);
    let items: Vec<T> = match answer::is_blank(&body) {
        true => Vec::new(),
        // Who explains what is wrong reads it once more.
        false => items::read(&body, expected).or_else(|_| decode::from_json(context.op(), &body))?,
    };
    let count = items.len() as u64;
    let total = range.and_then(|range| range.total);
    let next = range.and_then(|range| range.ends).map(|(first, _)| first.saturating_add(count));
    let next = next.filter(|next| count > 0 && total.is_none_or(|total| *next < total));
    Ok(Page::new(items).next(next.map(Cursor::Offset)).total(total).raw(body))
}

/// Reads pages ahead on the other threads of the runtime; where there are none they are read by whoever waits for them.
pub(crate) fn spawn(work: BoxFuture<'static, ()>) -> Option<BoxFuture<'static, ()>> {
    match Handle::try_current() {
        Ok(runtime) if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread => {
            runtime.spawn(work);
            None
        }
        _ => Some(work),
    }
}

/// The first thing of a page of one.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn first<T: DeserializeOwned + 'static>(
    context: &Context,
    parts: Parts,
    body: Bytes,
) -> Result<Option<T>> {
    Ok(page::<T>(context, &parts, body)?.items.into_iter().next())
}

/// How many things the query finds.
#[expect(clippy::needless_pass_by_value, reason = "the shape of all decoders")]
pub(crate) fn total(context: &Context, parts: Parts, _: Bytes) -> Result<u64> {
    let total = range(context, &parts.headers)?.and_then(|range| range.total);
    total.ok_or_else(|| {
        wrong(context, "the answer does not say how many there are (no total in Content-Range)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_all_their_forms() {
        let read = |text| Range::read(text).map(|range| (range.ends, range.total));
        assert_eq!(read("items 0-9/42"), Some((Some((0, 9)), Some(42))));
        assert_eq!(read("items  0-9 / 42"), Some((Some((0, 9)), Some(42))));
        assert_eq!(read("items */7"), Some((None, Some(7))));
        assert_eq!(read("items 0-0/*"), Some((Some((0, 0)), None)));
        for wrong in ["items", "0-9/42", "items 0--1/0", "items 0-9", "items a-b/c", "items 0-9/42 more"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
