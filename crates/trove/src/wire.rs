//! Forms of answers and fields that several handles share.

use std::borrow::Cow;

use bytes::Bytes;
use http::response::Parts;
use pentad_core::{Context, Result, Secret, decode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::{Map, Value};

/// One thing in its wrapping, such as `{"instance": {…}}`.
pub(crate) fn one<T: DeserializeOwned>(context: &Context, parts: Parts, body: Bytes) -> Result<T> {
    #[derive(Deserialize)]
    #[serde(bound(deserialize = "T: DeserializeOwned"))]
    struct Wrapped<T> {
        #[serde(
            alias = "instance",
            alias = "backup",
            alias = "backup_strategy",
            alias = "user",
            alias = "datastore",
            alias = "version",
            alias = "configuration",
            alias = "flavor",
            alias = "module",
            alias = "cluster",
            alias = "log",
            alias = "ssl",
            alias = "root_history",
            alias = "diagnostics",
            alias = "hwinfo",
            alias = "metadata",
            alias = "volume_type",
            alias = "security_group",
            alias = "security_group_rule",
            alias = "account",
            alias = "host"
        )]
        thing: T,
    }
    decode::json::<Wrapped<T>>(context, parts, body).map(|answer| answer.thing)
}

/// The default settings of an instance: `{"instance": {"configuration": {…}}}`.
pub(crate) fn defaults(context: &Context, parts: Parts, body: Bytes) -> Result<Map<String, Value>> {
    #[derive(Deserialize)]
    struct Inner {
        configuration: Map<String, Value>,
    }
    one::<Inner>(context, parts, body).map(|inner| inner.configuration)
}

/// Whether root was ever enabled.
pub(crate) fn root_enabled(context: &Context, parts: Parts, body: Bytes) -> Result<bool> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        root_enabled: bool,
    }
    decode::json::<Answer>(context, parts, body).map(|answer| answer.root_enabled)
}

/// Quotas of a project after a change: an object of numbers.
pub(crate) fn quotas(context: &Context, parts: Parts, body: Bytes) -> Result<Map<String, Value>> {
    #[derive(Deserialize)]
    struct Answer {
        quotas: Map<String, Value>,
    }
    decode::json::<Answer>(context, parts, body).map(|answer| answer.quotas)
}

/// A text that some services write as a number.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    })
}

/// A number that some services write as a text.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

/// A truth that some services write as 0 or 1.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(truth) => Some(truth),
        Value::Number(number) => number.as_i64().map(|number| number != 0),
        _ => None,
    })
}

/// A list of words in which the service writes none as one empty word, or all in one text with commas.
pub(crate) fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written<'a> {
        Words(Vec<String>),
        #[serde(borrow)]
        Text(Cow<'a, str>),
        Nothing,
    }
    let words = match Option::<Written<'de>>::deserialize(deserializer)? {
        Some(Written::Words(words)) => words,
        Some(Written::Text(text)) => text.split(',').map(|word| word.trim().to_owned()).collect(),
        Some(Written::Nothing) | None => Vec::new(),
    };
    Ok(words.into_iter().filter(|word| !word.is_empty()).collect())
}

/// An object that the workflow service writes as a text of JSON.
pub(crate) fn embedded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(map) => map,
        Value::String(text) => serde_json::from_str(&text).unwrap_or_default(),
        _ => Map::new(),
    })
}

/// Writes a secret in the clear: into the body of a request, or for whoever asked to see it.
pub(crate) fn shown<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// As [`shown`], for one that may be absent.
pub(crate) fn exposed<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => shown(secret, serializer),
        None => serializer.serialize_none(),
    }
}
