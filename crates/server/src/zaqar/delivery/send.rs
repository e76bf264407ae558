//! One delivery to one subscriber.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::super::Zaqar;
use super::super::quirks::Quirk;
use super::super::storage::subscriptions;
use super::super::websocket::push::{SIGNATURE, is_address};
use super::room::Way;
use super::{Parcel, Purpose, mail, named};
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
const FIXED: [HeaderName; 6] = [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE, SIGNATURE];

/// Sends the documents of a parcel in order; the first that fails for good ends it.
pub(super) async fn deliver(zaqar: &Zaqar, parcel: &Parcel, stop: &CancellationToken, busy: Busy) {
    let way = zaqar.delivery.gates.way(&parcel.project, &parcel.subscription.id);
    let mut trip = Trip { zaqar, parcel, stop, way, busy: Some(busy), token: None };
    for document in parcel.content.documents() {
        let document = named(document, &parcel.subscription.queue);
        let sent = match parcel.subscription.subscriber.split_once(':') {
            Some(("mailto", address)) => trip.mail(address, &document).await,
            _ => trip.persist(body(&parcel.options, &document)).await,
        };
        if !sent {
            return;
        }
    }
}

/// A parcel on its way.
struct Trip<'a> {
    zaqar: &'a Zaqar,
    parcel: &'a Parcel,
    stop: &'a CancellationToken,
    way: Way,
    /// Absent while the trip rests.
    busy: Option<Busy>,
    /// The token of the trust; one does for all that is sent without a rest.
    token: Option<HeaderValue>,
}

/// What came of one try.
enum Try {
    Answer(StatusCode),
    Silence,
    /// There is no way to try.
    Never,
}

impl Trip<'_> {
    async fn mail(&mut self, address: &str, document: &Map<String, Value>) -> bool {
        let Some(_turn) = self.way.pass().await else { return false };
        let sent = mail::deliver(&self.zaqar.settings(), address, &self.parcel.options, document).await;
        sent.map_err(|why| tracing::warn!(why, "a notification could not be mailed")).is_ok()
    }

    /// Tries until an answer comes that will do; `false` ends the parcel.
    async fn persist(&mut self, body: Bytes) -> bool {
        let any = self.zaqar.quirks.has(Quirk::AnyFirstAnswerCounts);
        match self.attempt(&body).await {
            Try::Never => return false,
            Try::Answer(status) if any || !asks_for_more(status) => return true,
            Try::Answer(_) | Try::Silence => {}
        }
        for pause in self.parcel.policy.pauses() {
            if !self.rest(pause).await || !self.is_wanted().await {
                return false;
            }
            match self.attempt(&body).await {
                Try::Never => return false,
                Try::Answer(status) if any && status.as_u16() < 400 => return false,
                Try::Answer(status) if !any && !asks_for_more(status) => return true,
                Try::Answer(_) | Try::Silence => {}
            }
        }
        tracing::warn!(queue = self.parcel.subscription.queue, "a subscriber could not be reached");
        false
    }

    /// Waits for the next try; `false` if there is none.
    async fn rest(&mut self, pause: Duration) -> bool {
        if !pause.is_zero() {
            let now = self.busy.take().unwrap_or_else(|| self.zaqar.time.busy());
            self.busy = self.zaqar.time.rest(now, pause, self.stop).await;
            self.token = None;
            if self.busy.is_none() {
                return false;
            }
        }
        !self.stop.is_cancelled()
    }

    /// Whether the subscription is still the one that the parcel was made for.
    async fn is_wanted(&self) -> bool {
        let own = &self.parcel.subscription;
        let (project, queue, id) = (self.parcel.project.clone(), own.queue.clone(), own.id.clone());
        let found = self.zaqar.read(move |tx| Ok(subscriptions::find(tx, &project, &queue, &id)?)).await;
        let must_confirm =
            self.zaqar.settings().require_confirmation && self.parcel.purpose == Purpose::Notification;
        match found {
            Ok(Some(now)) => now.subscriber == own.subscriber && (now.confirmed || !must_confirm),
            Ok(None) => false,
            // Nothing says that it is not.
            Err(_) => true,
        }
    }

    /// One try.
    async fn attempt(&mut self, body: &Bytes) -> Try {
        let own = &self.parcel.subscription;
        let Some(headers) = self.headers(body).await else { return Try::Never };
        let url = own.subscriber.strip_prefix(TRUSTED).unwrap_or(&own.subscriber);
        let Ok(mut request) = Request::builder().method(Method::POST).uri(url).body(body.clone()) else {
            tracing::debug!(queue = own.queue, "a subscriber is no URL");
            return Try::Silence;
        };
        *request.headers_mut() = headers;
        let Some(_turn) = self.way.pass().await else { return Try::Never };
        let answer = tokio::select! {
            answer = self.zaqar.guarded.send(request, PATIENCE) => answer,
            () = self.stop.cancelled() => return Try::Never,
        };
        match answer {
            Ok(answer) => Try::Answer(answer.status()),
            Err(error) => {
                tracing::debug!(%error, "a subscriber gave no answer");
                Try::Silence
            }
        }
    }

    /// The headers of a request; `None` if the subscriber wants a token and there is none.
    async fn headers(&mut self, body: &Bytes) -> Option<HeaderMap> {
        let own = &self.parcel.subscription;
        let mut headers = headers(&self.parcel.options);
        if own.subscriber.starts_with(TRUSTED) {
            if self.token.is_none() {
                let trust = self.parcel.options.get("trust_id").and_then(Value::as_str).unwrap_or_default();
                self.token = self.zaqar.trusted_token(trust).await;
            }
            let Some(token) = self.token.clone() else {
                tracing::warn!(queue = own.queue, "the trust of a subscription gives no token");
                return None;
            };
            // A header of the subscriber's own wins, as with the original.
            headers.entry(TOKEN).or_insert(token);
        }
        if is_address(&own.subscriber) {
            // Perhaps a connection of another node, which wants to know that a node of the installation asks.
            let signature = self.zaqar.notification_signature(&own.subscriber, body).await.ok()?;
            headers.insert(SIGNATURE, HeaderValue::try_from(signature).ok()?);
        }
        Some(headers)
    }
}

/// Whether an answer says that another try may go better.
fn asks_for_more(status: StatusCode) -> bool {
    !(200..500).contains(&status.as_u16())
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
