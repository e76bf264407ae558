//! Posting messages (Zaqar reference 7.1).

use std::sync::Arc;

use http::StatusCode;
use md5::{Digest, Md5};
use pentad_store::Tx;
use serde::Serialize;
use serde_json::Value;

use super::super::context::{Call, Version};
use super::super::encrypt::Cipher;
use super::super::error::{Failure, json, located};
use super::super::metadata::{self, Metadata};
use super::super::settings::Settings;
use super::super::storage::messages::{self as rows, NewMessage};
use super::super::storage::queues;
use super::super::{Posted, Zaqar, body, check, validate};
use super::what;
use crate::http::Reply;
use crate::reply::python;

#[derive(Serialize)]
struct Resources {
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
    resources: Vec<String>,
}

/// A message as sent, before the queue's own defaults.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    ttl: Option<i64>,
    delay: Option<Result<i64, Failure>>,
    body: Arc<str>,
    checksum: Option<String>,
}

/// Appends messages to a queue, which v1.1 and v2 create if need be.
pub(crate) async fn post(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    if call.client.is_empty() {
        return Err(check::missing_client());
    }
    let settings = zaqar.settings();
    let length = call.length();
    let sent = read(call, &settings).await;
    let posting = Posting {
        version: call.version,
        project: call.project.clone(),
        queue: call.queue().to_owned(),
        client: call.client.clone(),
        length,
        cipher: settings.cipher(call.version),
        settings,
        sent,
    };
    let ids = store(zaqar, posting).await?;
    let hrefs = ids.iter().map(|id| format!("{}/{id}", call.path)).collect();
    let partial = (call.version == Version::V1).then_some(false);
    let reply = json(StatusCode::CREATED, &Resources { partial, resources: hrefs });
    Ok(located(reply, &format!("{}?ids={}", call.path, ids.join(","))))
}

/// Stores a post, tells the subscribers, and gives the ids.
pub(crate) async fn store(zaqar: &Zaqar, posting: Posting) -> Result<Vec<String>, Failure> {
    let Some(own) = zaqar.me.upgrade() else { return Err(Failure::unavailable(FAILED)) };
    let (project, queue) = (posting.project.clone(), posting.queue.clone());
    let work = async move {
        let done = own.write(move |tx| posting.store(tx)).await;
        let (ids, posted) = done.map_err(|failure| what(failure, FAILED))??;
        if let Some(posted) = posted {
            own.posted(&project, &queue, posted);
        }
        Ok(ids)
    };
    // Once the messages may be stored their subscribers are told, whether or not the poster waits for that.
    zaqar.see_through("zaqar post", work).await
}

/// What a transaction needs to store a post; what is wrong with the body is told once the queue is there.
pub(crate) struct Posting {
    pub(crate) version: Version,
    pub(crate) project: String,
    pub(crate) queue: String,
    /// The canonical client id.
    pub(crate) client: String,
    /// Of the body in bytes, if it is known.
    pub(crate) length: Option<u64>,
    pub(crate) settings: Arc<Settings>,
    /// For queues that encrypt.
    pub(crate) cipher: Option<Cipher>,
    pub(crate) sent: Result<Vec<Sent>, Failure>,
}

/// The ids, and what the subscribers are told if there may be some.
type Stored = (Vec<String>, Option<Vec<Posted>>);
const FAILED: &str = "Messages could not be enqueued.";

impl Posting {
    /// The outer result is the store's; a refusal keeps the queue that was created for it.
    fn store(&self, tx: &mut Tx<'_>) -> Result<Result<Stored, Failure>, Failure> {
        let queue = match self.version {
            Version::V1 => match queues::find(tx, &self.project, &self.queue)? {
                Some(queue) => queue,
                None => return Ok(Err(self.refusal_of_v1())),
            },
            _ => queues::ensure(tx, &self.project, &self.queue)?,
        };
        let metadata = match self.version {
            Version::V2 => metadata::read(&queue.metadata),
            _ => Metadata::new(),
        };
        let new = match self.prepare(&metadata) {
            Ok(new) => new,
            Err(failure) => return Ok(Err(failure)),
        };
        let ids = rows::post(tx, &queue, &self.client, &new)?;
        let is_delayed = metadata::number(&metadata, "_default_message_delay").is_some();
        let posted = |message: NewMessage| Posted {
            ttl: message.ttl,
            delay: is_delayed.then_some(message.delay),
            body: message.body.into(),
        };
        let posted = queue.watched.then(|| new.into_iter().map(posted).collect());
        Ok(Ok((ids, posted)))
    }

    /// v1 reads the body before it looks for the queue.
    fn refusal_of_v1(&self) -> Failure {
        match self.prepare(&Metadata::new()) {
            Ok(_) => Failure::no_queue(&self.queue, &self.project),
            Err(failure) => failure,
        }
    }

    fn prepare(&self, metadata: &Metadata) -> Result<Vec<NewMessage>, Failure> {
        let settings = &self.settings;
        let size = metadata::number(metadata, "_max_messages_post_size");
        validate::post_length(self.length, size, settings)?;
        let sent = self.sent.as_ref().map_err(Clone::clone)?;
        let default = match self.version {
            Version::V1 => None,
            _ => {
                let own = metadata::number(metadata, "_default_message_ttl");
                Some(own.unwrap_or(settings.default_message_ttl))
            }
        };
        let delay = metadata::number(metadata, "_default_message_delay");
        let mut new = Vec::with_capacity(sent.len());
        for message in sent {
            let ttl = message.ttl.or(default).ok_or_else(|| body::missing("ttl"))?;
            // Only queues that delay look at the field at all.
            let delay = match (delay, &message.delay) {
                (None, _) => 0,
                (Some(own), None) => own,
                (Some(_), Some(sent)) => sent.clone()?,
            };
            let (body, checksum) = (message.body.to_string(), message.checksum.clone());
            new.push(NewMessage { body, checksum, ttl, delay });
        }
        if new.is_empty() {
            return Err(Failure::api("No messages to enqueu."));
        }
        for message in &new {
            validate::message(message.ttl, message.delay, settings)?;
        }
        if let Some(cipher) = self.cipher.as_ref().filter(|_| metadata::encrypts(metadata)) {
            for message in &mut new {
                message.body = cipher.seal(&message.body)?;
            }
        }
        Ok(new)
    }
}

/// Reads the messages of a request.
async fn read(call: &mut Call, settings: &Settings) -> Result<Vec<Sent>, Failure> {
    validate::post_length(call.length(), None, settings)?;
    let version = call.version;
    let document = body::document(call).await?;
    let list = match (version, document) {
        (Version::V1, list) => list,
        (_, Value::Object(mut map)) => map.remove("messages").ok_or_else(no_messages)?,
        (_, Value::Array(list)) if list.iter().any(|item| item == "messages") => {
            return Err(Failure::internal("list indices must be integers or slices, not str"));
        }
        _ => return Err(no_messages()),
    };
    let Value::Array(list) = list else { return Err(body::wrong_type()) };
    list.into_iter().map(|item| one(item, version, settings)).collect()
}

/// Reads the messages of a websocket frame, which knows no delay.
pub(crate) fn of_frame(list: Vec<Value>, settings: &Settings) -> Result<Vec<Sent>, Failure> {
    let at_once = |sent: Sent| Sent { delay: Some(Ok(0)), ..sent };
    list.into_iter().map(|item| one(item, Version::V2, settings).map(at_once)).collect()
}

fn no_messages() -> Failure {
    Failure::api("No messages were found in the request body.")
}

fn one(item: Value, version: Version, settings: &Settings) -> Result<Sent, Failure> {
    let map = match item {
        Value::Object(map) => map,
        other => return Err(Failure::internal(stumble(&other))),
    };
    let ttl = match map.contains_key("ttl") {
        true => Some(body::int(&map, "ttl", None)?),
        false if version == Version::V1 => return Err(body::missing("ttl")),
        false => None,
    };
    let delay = map.contains_key("delay").then(|| body::int(&map, "delay", None));
    let body = map.get("body").ok_or_else(|| body::missing("body"))?;
    let checksum = settings.enable_checksum.then(|| checksum(body)).flatten();
    let text = String::from_utf8_lossy(&python::dumps_unicode(body)).into();
    Ok(Sent { ttl, delay, body: text, checksum })
}

/// What Python says to looking a field up in something that has none.
fn stumble(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string indices must be integers, not 'str'",
        Value::Array(_) => "list indices must be integers or slices, not str",
        Value::Null => "'NoneType' object is not subscriptable",
        Value::Bool(_) => "'bool' object is not subscriptable",
        Value::Number(number) if number.is_f64() => "'float' object is not subscriptable",
        Value::Number(_) | Value::Object(_) => "'int' object is not subscriptable",
    }
}

/// MD5 of the body as Python writes it; `null` has none.
fn checksum(body: &Value) -> Option<String> {
    if body.is_null() {
        return None;
    }
    let digest = Md5::digest(python::dumps(body));
    Some(format!("MD5:{}", digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn checksums_are_those_of_the_original() {
        let sum = |body: Value| checksum(&body).unwrap();
        assert_eq!(sum(json!("two")), "MD5:6f237ec7b76451c132689c83822a8b76");
        assert_eq!(sum(json!({"hello": "world"})), "MD5:49dfdd54b01cbcd2d2ab5e9e5ee6b9b9");
        assert_eq!(sum(json!(["ü"])), "MD5:2e442d9cdd4b0abd6236eef8aac3e13e");
        assert_eq!(checksum(&Value::Null), None);
    }
}
