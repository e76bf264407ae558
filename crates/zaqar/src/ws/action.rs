//! From a request to the frame that asks for it.

use http::HeaderMap;
use pentad_core::{Body, Error, Request, Result, Secret};
use serde_json::{Map, Value, json};

use super::{action_name, no_action};
use crate::connect::{CLIENT_HEADER, PROJECT_HEADER};
use crate::ops;

/// The frame of a request.
///
/// # Errors
/// [`Unsupported`](pentad_core::ErrorKind::Unsupported) for what has no action; [`Invalid`](pentad_core::ErrorKind::Invalid)
/// for a body that is not JSON.
pub(super) fn of(request: &Request) -> Result<Value> {
    let name = action_name(request.op).ok_or_else(|| no_action(request))?;
    let mut body: Map<String, Value> =
        request.args.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    add_query(&mut body, request)?;
    match (document(request)?, request.op.id) {
        (None, _) => {}
        // What HTTP carries as the body itself has a name here.
        (Some(metadata), id) if id == ops::QUEUE_CREATE.id => {
            body.insert("metadata".to_owned(), metadata);
        }
        (Some(Value::Object(fields)), _) => body.extend(fields),
        (Some(_), _) => return Err(no_action(request)),
    }
    Ok(json!({"action": name, "headers": headers(&request.headers), "body": body}))
}

/// The frame that authenticates the connection.
pub(super) fn authenticate(request: &Request, token: &Secret) -> Value {
    let mut headers = headers(&request.headers);
    headers.insert("X-Auth-Token".to_owned(), json!(token.expose()));
    json!({"action": "authenticate", "headers": headers, "body": {}})
}

fn document(request: &Request) -> Result<Option<Value>> {
    match &request.body {
        Body::Empty => Ok(None),
        Body::Bytes(bytes) if bytes.is_empty() => Ok(None),
        Body::Bytes(bytes) => serde_json::from_slice(bytes)
            .map(Some)
            .map_err(|error| Error::invalid("body", "is not JSON").with_source(error)),
        _ => Err(Error::invalid("body", "must be in memory to go into a frame")),
    }
}

/// Query parameters are members of the body here, with types.
fn add_query(body: &mut Map<String, Value>, request: &Request) -> Result<()> {
    if request.raw_query.is_some() {
        return Err(no_action(request));
    }
    for (name, value) in &request.query {
        let whole = || {
            value.parse::<u64>().map(Value::from).map_err(|_| Error::invalid(name, "must be a whole number"))
        };
        match name.as_ref() {
            "ids" => push(body, "message_ids", value),
            "claim_ids" => push(body, "claim_ids", value),
            "limit" | "pop" => {
                body.insert(name.to_string(), whole()?);
            }
            "detailed" | "echo" | "include_claimed" | "include_delayed" => {
                body.insert(name.to_string(), json!(value == "true"));
            }
            _ => {
                body.insert(name.to_string(), json!(value));
            }
        }
    }
    Ok(())
}

fn push(body: &mut Map<String, Value>, name: &str, value: &str) {
    let list = body.entry(name).or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        list.push(json!(value));
    }
}

/// Header names are case-sensitive inside of frames; those of signed URLs hold lists. The token is not repeated.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    const TEXTS: [(&str, &str); 4] = [
        (CLIENT_HEADER, "Client-ID"),
        (PROJECT_HEADER, "X-Project-ID"),
        ("url-signature", "URL-Signature"),
        ("url-expires", "URL-Expires"),
    ];
    const LISTS: [(&str, &str); 2] = [("url-methods", "URL-Methods"), ("url-paths", "URL-Paths")];
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let texts = TEXTS.into_iter().filter_map(|(name, wire)| Some((wire.to_owned(), json!(text(name)?))));
    let lists = LISTS.into_iter().filter_map(|(name, wire)| {
        Some((wire.to_owned(), text(name)?.split(',').collect::<Vec<_>>().into()))
    });
    texts.chain(lists).collect()
}
