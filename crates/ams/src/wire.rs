//! Answers and bodies whose form several handles share.

use bytes::Bytes;
use http::StatusCode;
use http::response::Parts;
use pentad_core::{Context, Error, ErrorKind, Result, decode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error;
use crate::message::Received;
use crate::model::{Metric, Metrics};
use crate::pull::Pulled;

/// The thing, or nothing when the service itself says that it does not exist.
///
/// A 404 of anything else between here and the service (a wrong base path, for example) stays an error.
pub(crate) fn found<T: DeserializeOwned>(context: &Context, parts: Parts, body: Bytes) -> Result<Option<T>> {
    if parts.status != StatusCode::NOT_FOUND {
        return decode::json(context, parts, body).map(Some);
    }
    match error::details(context.op(), &parts, &body) {
        Some(details) if details.raw.is_some() => Ok(None),
        other => {
            let status = parts.status;
            let message = "no messaging service answers at this address";
            let error = Error::new(ErrorKind::NotFound, message).with_op(context.op().id).with_status(status);
            Err(match other {
                Some(details) => error.with_api(details),
                None => error,
            }
            .with_hint("check the endpoint"))
        }
    }
}

pub(crate) fn message_ids(context: &Context, parts: Parts, body: Bytes) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Published {
        #[serde(rename = "messageIds", alias = "msgIds")]
        ids: Vec<String>,
    }
    decode::json::<Published>(context, parts, body).map(|answer| answer.ids)
}

pub(crate) fn pulled(context: &Context, parts: Parts, body: Bytes) -> Result<Vec<Received>> {
    decode::json::<Pulled>(context, parts, body).map(|answer| answer.messages)
}

pub(crate) fn metrics(context: &Context, parts: Parts, body: Bytes) -> Result<Vec<Metric>> {
    decode::json::<Metrics>(context, parts, body).map(|answer| answer.metrics)
}

pub(crate) fn offset(context: &Context, parts: Parts, body: Bytes) -> Result<i64> {
    #[derive(Deserialize)]
    struct Offset {
        offset: i64,
    }
    decode::json::<Offset>(context, parts, body).map(|answer| answer.offset)
}

/// The text of `{"message": "..."}`; empty where the service says nothing.
pub(crate) fn text(context: &Context, parts: Parts, body: Bytes) -> Result<String> {
    let value = decode::value(context, parts, body)?;
    Ok(value.get("message").and_then(Value::as_str).unwrap_or_default().to_owned())
}

pub(crate) fn acl_body(users: &[impl AsRef<str>]) -> Value {
    let users: Vec<&str> = users.iter().map(AsRef::as_ref).collect();
    json!({ "authorized_users": users })
}
