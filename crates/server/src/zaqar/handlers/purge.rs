//! Emptying a queue (Zaqar reference 6.8).

use serde_json::Value;

use super::super::Zaqar;
use super::super::body;
use super::super::context::Call;
use super::super::error::{Failure, no_content};
use super::super::storage::{queues, subscriptions};
use super::what;
use crate::http::Reply;

const SUBSET: &str = "Resource types must be a sub set of {'messages', 'subscriptions'}.";

/// Removes messages, subscriptions or both of a queue.
pub(crate) async fn post(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (messages, subscriptions) = wanted(call).await?;
    purge(zaqar, call.project.clone(), call.queue().to_owned(), messages, subscriptions)
        .await
        .map_err(|failure| what(failure, "Queue could not be purged."))?;
    Ok(no_content())
}

/// Whether messages and subscriptions are to go.
pub(super) async fn wanted(call: &mut Call) -> Result<(bool, bool), Failure> {
    match call.length().unwrap_or_default() {
        0 => Ok((true, true)),
        _ => types(&body::document(call).await?),
    }
}

/// Removes messages, subscriptions or both of a queue, whether or not it exists.
pub(crate) async fn purge(
    zaqar: &Zaqar,
    project: String,
    queue: String,
    with_messages: bool,
    with_subscriptions: bool,
) -> Result<(), Failure> {
    zaqar
        .write(move |tx| {
            if with_messages {
                queues::empty(tx, &project, &queue)?;
            }
            if with_subscriptions {
                subscriptions::delete_all(tx, &project, &queue)?;
            }
            Ok(())
        })
        .await
}

fn types(document: &Value) -> Result<(bool, bool), Failure> {
    let Some(types) = document.get("resource_types") else {
        return Err(Failure::api("Post body must contain key \"resource_types\"."));
    };
    let types: Vec<&str> = match types {
        Value::Array(list) => {
            let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            texts.ok_or_else(|| Failure::api(SUBSET))?
        }
        Value::Object(map) => map.keys().map(String::as_str).collect(),
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(_) => return Err(Failure::api(SUBSET)),
        Value::Null => return Err(Failure::internal("'NoneType' object is not iterable")),
        Value::Bool(_) => return Err(Failure::internal("'bool' object is not iterable")),
        Value::Number(_) => return Err(Failure::internal("'int' object is not iterable")),
    };
    if types.iter().any(|kind| !["messages", "subscriptions"].contains(kind)) {
        return Err(Failure::api(SUBSET));
    }
    Ok((types.contains(&"messages"), types.contains(&"subscriptions")))
}
