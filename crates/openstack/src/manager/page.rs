//! Reading things out of answers, and going from page to page.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::response::Parts;
use pentad_core::{Context, Cursor, Error, ErrorKind, Page, Request, Result, Sent, decode};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Resource;

/// The next page is a link, or what follows the last id, where the service pages at all.
pub(crate) fn cursor(place: &Cursor, request: &mut Request) {
    match place {
        Cursor::Link(link) => {
            // A link that cannot be followed is refused before it comes here.
            let _ = request.follow(&link.to_string());
        }
        Cursor::Raw(query) => {
            request.query.clear();
            request.raw_query = Some(query.clone());
        }
        Cursor::Marker(marker) => request.set_query("marker", marker.clone()),
        _ => {}
    }
}

/// A page whose answer links to the next one.
pub(crate) fn by_link<T: Resource>(context: &Context, _: &Parts, body: Bytes) -> Result<Page<T>> {
    let members: BTreeMap<String, Box<RawValue>> = decode::from_json(context.op(), &body)?;
    let things = things::<T>(context, &members)?;
    let next = next_link(&members).map(|link| place(context, &link)).transpose()?;
    Ok(Page::new(things).next(next).raw(body))
}

/// A page that is followed by what comes after its last id, until one is empty.
pub(super) fn by_marker<T: Resource>(context: &Context, _: &Parts, body: Bytes) -> Result<Page<T>> {
    let members: BTreeMap<String, Box<RawValue>> = decode::from_json(context.op(), &body)?;
    let things = things::<T>(context, &members)?;
    let next = things.last().map(|last| Cursor::Marker(last.id().to_owned()));
    Ok(Page::new(things).next(next).raw(body))
}

/// A link to the next page. Behind a proxy its host is often wrong: then its query alone is taken.
pub(crate) fn place(context: &Context, link: &str) -> Result<Cursor> {
    context.link(link).or_else(|error| match link.split_once('?') {
        Some((_, query)) if !query.is_empty() => Ok(Cursor::Raw(query.to_owned())),
        _ => Err(error),
    })
}

fn things<T: Resource>(context: &Context, members: &BTreeMap<String, Box<RawValue>>) -> Result<Vec<T>> {
    let list = match members.get(T::COLLECTION) {
        Some(list) => list.get(),
        None => only_list(members)
            .ok_or_else(|| answered(ErrorKind::Decode, "the answer has no list").with_op(context.op().id))?,
    };
    // Old identity services have one level more.
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Listed {
        Plain(Vec<Value>),
        Values { values: Vec<Value> },
    }
    if !list.trim_start().starts_with('[') {
        let (Listed::Plain(values) | Listed::Values { values }) =
            decode::from_json(context.op(), list.as_bytes())?;
        return typed(context, &Value::Array(values));
    }
    let things: Vec<Option<T>> = decode::from_json(context.op(), list.as_bytes())?;
    Ok(things.into_iter().flatten().collect())
}

fn typed<T: Resource>(context: &Context, values: &Value) -> Result<Vec<T>> {
    let things: Vec<Option<T>> = decode::from_json(context.op(), values.to_string().as_bytes())?;
    Ok(things.into_iter().flatten().collect())
}

/// The list of an answer, whatever it is called; links are none.
fn only_list(members: &BTreeMap<String, Box<RawValue>>) -> Option<&str> {
    let is_list = |text: &str| text.starts_with('[') || text.starts_with("{\"values\"");
    let named = |name: &str| name != "links" && !name.ends_with("_links");
    members.iter().find(|(name, value)| named(name) && is_list(value.get())).map(|(_, value)| value.get())
}

/// `{"links": {"next": url}}`, `{"links": [{"rel": "next", "href": url}]}`, `{"things_links": [..]}` or `{"next": url}`.
fn next_link(members: &BTreeMap<String, Box<RawValue>>) -> Option<String> {
    let linking = |name: &str| name == "links" || name == "next" || name.ends_with("_links");
    members.iter().filter(|(name, _)| linking(name)).find_map(|(_, value)| {
        let value: Value = serde_json::from_str(value.get()).ok()?;
        match &value {
            Value::String(link) => Some(link.clone()),
            Value::Object(links) => links.get("next")?.as_str().map(str::to_owned),
            Value::Array(links) => {
                let next = links.iter().rfind(|link| link["rel"] == "next")?;
                next["href"].as_str().map(str::to_owned)
            }
            _ => None,
        }
    })
}

/// The thing in an answer: below its key, or the whole answer.
pub(super) fn member<T: Resource>(mut answer: Value, key: &str, class: &str) -> Result<T> {
    let thing = match answer.get_mut(key) {
        Some(thing) => thing.take(),
        None => answer,
    };
    let thing: T = serde_json::from_value(thing).map_err(|error| {
        // The reason may repeat what the answer holds; its place is enough.
        let place = (error.line(), error.column());
        let message = format!("the answer holds no {class} (line {} column {})", place.0, place.1);
        answered(ErrorKind::Decode, &message)
    })?;
    Ok(thing.of_class(class))
}

fn answered(kind: ErrorKind, message: &str) -> Error {
    Error::new(kind, message.to_owned()).with_sent(Sent::Answered)
}
