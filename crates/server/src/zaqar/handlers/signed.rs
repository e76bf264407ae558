//! Making signed URLs (Zaqar reference 9.1).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::super::Zaqar;
use super::super::body;
use super::super::context::Call;
use super::super::error::{Failure, ok};
use super::super::signature;
use super::super::validate::truthy;
use crate::http::Reply;
use crate::reply::python;

/// How long a URL is good that says nothing of it.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const KNOWN: [&str; 3] = ["paths", "methods", "expires"];
const PATHS: [&str; 3] = ["messages", "subscriptions", "claims"];

/// Signs paths of a queue.
pub(crate) async fn share(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let wish = match body::document(call).await? {
        Value::Object(map) => map,
        _ => return Err(Failure::internal("'list' object has no attribute 'keys'")),
    };
    let unknown: Vec<String> = wish.keys().filter(|key| !KNOWN.contains(&key.as_str())).cloned().collect();
    if !unknown.is_empty() {
        return Err(Failure::api(format!("Unknown keys: {}", set_of(&unknown))));
    }
    let queue = call.path.strip_suffix("share").unwrap_or(&call.path);
    let paths = paths(&wish)?.iter().map(|path| format!("{queue}{path}")).collect();
    let (methods, expires) = (methods(&wish)?, expires(&wish, zaqar.time.now())?);
    let secret = zaqar.secret().await?;
    Ok(ok(&signature::sign(&secret, paths, methods, &call.project, expires)))
}

/// A Python set of texts: how the original names what it does not know.
fn set_of(names: &[String]) -> String {
    let list = python::list(names);
    format!("{{{}}}", list.trim_start_matches('[').trim_end_matches(']'))
}

fn texts(list: &[Value]) -> Option<Vec<String>> {
    list.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn paths(wish: &Map<String, Value>) -> Result<Vec<String>, Failure> {
    let Some(paths) = wish.get("paths").filter(|paths| truthy(paths)) else {
        return Ok(vec!["messages".to_owned()]);
    };
    let iterated = match paths {
        Value::Array(list) => texts(list).ok_or_else(|| Failure::api("Invalid paths: {None}"))?,
        Value::String(text) => text.chars().map(String::from).collect(),
        Value::Object(map) => map.keys().cloned().collect(),
        _ => return Err(Failure::internal("'int' object is not iterable")),
    };
    let mut unknown: Vec<String> = Vec::new();
    for path in &iterated {
        if !PATHS.contains(&path.as_str()) && !unknown.contains(path) {
            unknown.push(path.clone());
        }
    }
    if unknown.is_empty() {
        Ok(iterated)
    } else {
        Err(Failure::api(format!("Invalid paths: {}", set_of(&unknown))))
    }
}

fn methods(wish: &Map<String, Value>) -> Result<Vec<String>, Failure> {
    match wish.get("methods").filter(|methods| truthy(methods)) {
        None => Ok(vec!["GET".to_owned()]),
        Some(Value::Array(list)) => {
            let stumbles = || Failure::internal("sequence item 0: expected str instance, int found");
            texts(list).ok_or_else(stumbles)
        }
        Some(_) => Err(Failure::api("`methods` should be a list")),
    }
}

fn expires(wish: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, Failure> {
    let number = |number: &dyn std::fmt::Display| {
        Failure::api(format!(
            "`expires` should be date format, for example 2016-01-01T00:00:00, not integer value: {number}"
        ))
    };
    let text = match wish.get("expires") {
        None | Some(Value::Null) => return Ok(now.checked_add(DAY).unwrap_or(Timestamp::MAX)),
        Some(Value::Number(value)) => return Err(number(value)),
        Some(Value::String(text)) => text,
        Some(_) => {
            return Err(Failure::internal(
                "int() argument must be a string, a bytes-like object or a real number",
            ));
        }
    };
    if let Ok(value) = text.trim().parse::<i64>() {
        return Err(number(&value));
    }
    let unreadable = || Failure::api(format!("Unable to parse date string '{text}'"));
    let at = signature::moment(text).ok_or_else(unreadable)?;
    if at <= now {
        return Err(Failure::api("`expires` is lower than the current time"));
    }
    Ok(at)
}
