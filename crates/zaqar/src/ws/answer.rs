//! From the frame that answers to what HTTP would have said.

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use pentad_core::{ApiDetails, Error, ErrorKind, Op, Request, Response, Result, Sent};
use serde_json::{Value, json};

use crate::ops;

/// The title that errors of this transport have, as in the Python client.
const TITLE: &str = "Websocket Transport Error";

/// Status and body of an answer; 0 if it has no status.
pub(super) fn status_and_body(frame: &Value) -> (u16, Value) {
    let status = frame["headers"]["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    (status.unwrap_or_default(), frame["body"].clone())
}

/// What went wrong, in the service's words.
fn words(body: &Value) -> Option<&str> {
    body["error"].as_str().or_else(|| body["exception"].as_str())
}

/// The connection was not authenticated.
pub(super) fn refused(op: &Op, status: u16, body: &Value) -> Error {
    let said = words(body).unwrap_or("authentication failed").to_owned();
    let kind = if status == 403 { ErrorKind::Forbidden } else { ErrorKind::Unauthenticated };
    let error = Error::new(kind, said.clone()).with_op(op.id).with_sent(Sent::Answered);
    let error = error.with_api(ApiDetails::new(said).title(TITLE));
    match StatusCode::from_u16(status) {
        Ok(status) => error.with_status(status),
        Err(_) => error,
    }
}

/// The answer as HTTP would have given it.
///
/// # Errors
/// [`Decode`](ErrorKind::Decode) for a frame without status.
pub(super) fn response(request: &Request, frame: &Value) -> Result<Response> {
    let (status, body) = status_and_body(frame);
    let status = StatusCode::from_u16(status).map_err(|error| {
        Error::new(ErrorKind::Decode, "the frame has no status")
            .with_op(request.op.id)
            .with_sent(Sent::Answered)
            .with_source(error)
    })?;
    // v2 lists a missing queue as an empty one and counts nothing in it.
    if status == StatusCode::NOT_FOUND {
        if request.op.id == ops::QUEUE_GET_STATS.id && body.get("messages").is_some() {
            return Ok(json_response(StatusCode::OK, &body));
        }
        if request.op.id == ops::MESSAGE_LIST.id {
            return Ok(json_response(StatusCode::OK, &json!({"messages": [], "links": []})));
        }
    }
    if !status.is_success() {
        let description = words(&body).map(str::to_owned);
        return Ok(json_response(status, &json!({"title": TITLE, "description": description})));
    }
    Ok(success(request, status, body))
}

fn success(request: &Request, status: StatusCode, body: Value) -> Response {
    let queue = request.args.get("queue_name").unwrap_or_default();
    let id = request.op.id;
    if id == ops::MESSAGE_GET.id {
        return json_response(status, &body["messages"]);
    }
    if id == ops::MESSAGE_POST.id {
        let ids = body["message_ids"].as_array().map(Vec::as_slice).unwrap_or_default();
        let path =
            |id: &Value| json!(format!("/v2/queues/{queue}/messages/{}", id.as_str().unwrap_or_default()));
        return json_response(status, &json!({"resources": ids.iter().map(path).collect::<Vec<_>>()}));
    }
    if id == ops::CLAIM_CREATE.id {
        let location = format!("/v2/queues/{queue}/claims/{}", body["claim_id"].as_str().unwrap_or_default());
        let mut response =
            json_response(status, &json!({"messages": body.get("messages").unwrap_or(&json!([]))}));
        if let (StatusCode::CREATED, Ok(location)) = (status, HeaderValue::from_str(&location)) {
            response.headers.insert(LOCATION, location);
        }
        return response;
    }
    for (op, key, marker) in [
        (&ops::QUEUE_LIST, "queues", "name"),
        (&ops::MESSAGE_LIST, "messages", "id"),
        (&ops::SUBSCRIPTION_LIST, "subscriptions", "id"),
    ] {
        if id == op.id {
            return json_response(status, &linked(request, body, key, marker));
        }
    }
    json_response(status, &body)
}

/// There are no links over websocket: the last thing of a page is the marker of the next one. Beyond a page that is not
/// full there is nothing, but messages may come there: whoever follows a queue goes on from its place.
fn linked(request: &Request, mut body: Value, key: &str, marker: &str) -> Value {
    let asked =
        request.query.iter().find(|(name, _)| name == "limit").and_then(|(_, size)| size.parse().ok());
    let things = body[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let goes_on = key == "messages" || things.len() >= asked.unwrap_or(10);
    let last = things.last().and_then(|thing| thing[marker].as_str()).filter(|_| goes_on);
    let links = last.map(|last| json!([{"rel": "next", "href": format!("?marker={last}")}]));
    body["links"] = links.unwrap_or_else(|| json!([]));
    body
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    let empty = body.is_null() || status == StatusCode::NO_CONTENT;
    let text = if empty { Vec::new() } else { body.to_string().into_bytes() };
    let mut response = Response::new(status, text);
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
