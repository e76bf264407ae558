//! One delivery to one subscriber.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::super::Zaqar;
use super::super::storage::subscriptions::Subscription;
use super::{Parcel, mail, named, options};
use crate::clock::Busy;
use crate::reply::python;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where the text of a message goes in a body of the subscriber's own.
const PLACE: &str = "\"$zaqar_message$\"";
/// What the scheme of a subscriber begins with that is reached through a trust.
const TRUSTED: &str = "trust+";
const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
/// What a subscriber's own headers cannot say.
const FIXED: [HeaderName; 5] = [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE];

/// Sends the documents of a parcel in order; the first that fails for good ends it.
pub(super) async fn deliver(zaqar: &Zaqar, parcel: &Parcel, stop: &CancellationToken, busy: Busy) {
    let mut busy = Some(busy);
    let own = &parcel.subscription;
    let options = options(own);
    for document in &parcel.documents {
        let document = named(document.clone(), &own.queue);
        let sent = match own.subscriber.split_once(':') {
            Some(("mailto", address)) => {
                let sent = mail::deliver(&zaqar.settings(), address, &options, &document).await;
                sent.map_err(|why| tracing::warn!(why, "a notification could not be mailed")).is_ok()
            }
            _ => {
                let body = body(&options, &document);
                let Some(mut headers) = credential(zaqar, own, &options).await else { return };
                headers.extend(self::headers(&options));
                let url = own.subscriber.strip_prefix(TRUSTED).unwrap_or(&own.subscriber);
                persist(zaqar, parcel, &Wanted { url, headers, body }, stop, &mut busy).await
            }
        };
        if !sent {
            return;
        }
    }
}

/// What a subscriber that is reached through a trust gets to see: a token of it. `None` if there is none.
async fn credential(zaqar: &Zaqar, own: &Subscription, options: &Map<String, Value>) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    if own.subscriber.starts_with(TRUSTED) {
        let trust = options.get("trust_id").and_then(Value::as_str).unwrap_or_default();
        let Some(token) = zaqar.trusted_token(trust).await else {
            tracing::warn!(queue = own.queue, "the trust of a subscription gives no token");
            return None;
        };
        headers.insert(TOKEN, token);
    }
    Some(headers)
}

/// One request, as often as it takes.
struct Wanted<'a> {
    url: &'a str,
    headers: HeaderMap,
    body: Bytes,
}

/// Tries until an answer comes, and later until a good one does; `false` ends the parcel.
async fn persist(
    zaqar: &Zaqar,
    parcel: &Parcel,
    wanted: &Wanted<'_>,
    stop: &CancellationToken,
    busy: &mut Option<Busy>,
) -> bool {
    // Any answer to the first try counts, errors included.
    if attempt(zaqar, wanted, stop).await.is_some() {
        return true;
    }
    for pause in parcel.policy.pauses() {
        if !pause.is_zero() {
            let now = busy.take().unwrap_or_else(|| zaqar.time.busy());
            *busy = zaqar.time.rest(now, pause, stop).await;
            if busy.is_none() {
                return false;
            }
        }
        if attempt(zaqar, wanted, stop).await.is_some_and(|status| status.as_u16() < 400) {
            return false;
        }
        if stop.is_cancelled() {
            return false;
        }
    }
    tracing::warn!(queue = parcel.subscription.queue, "a subscriber could not be reached");
    false
}

/// One try; `None` if no answer came.
async fn attempt(zaqar: &Zaqar, wanted: &Wanted<'_>, stop: &CancellationToken) -> Option<StatusCode> {
    let request = Request::builder().method(Method::POST).uri(wanted.url).body(wanted.body.clone());
    let mut request = request.map_err(|error| tracing::debug!(%error, "a subscriber is no URL")).ok()?;
    *request.headers_mut() = wanted.headers.clone();
    let permit = zaqar.delivery.sending.acquire().await.ok()?;
    let answer = tokio::select! {
        answer = zaqar.guarded.send(request, PATIENCE) => answer,
        () = stop.cancelled() => return None,
    };
    drop(permit);
    match answer {
        Ok(answer) => Some(answer.status()),
        Err(error) => {
            tracing::debug!(%error, "a subscriber gave no answer");
            None
        }
    }
}

fn headers(options: &Map<String, Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let own = options.get("post_headers").and_then(Value::as_object);
    for (name, value) in own.into_iter().flatten() {
        let value = value.as_str().map(HeaderValue::from_str);
        if let (Ok(name), Some(Ok(value))) = (HeaderName::try_from(name), value)
            && !FIXED.contains(&name)
        {
            headers.insert(name, value);
        }
    }
    headers
}

pub(super) fn body(options: &Map<String, Value>, document: &Map<String, Value>) -> Bytes {
    let text = python::dumps(document);
    match options.get("post_data").and_then(Value::as_str) {
        Some(own) => own.replace(PLACE, &String::from_utf8_lossy(&text)).into(),
        None => text,
    }
}
