//! Actions: those of the seed, with their states, and those of the document.

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};

use super::super::declared::{Action, Declared};
use super::super::document;
use super::super::error::Failure;
use super::super::{Call, Connect};
use super::body;
use super::resource::{self, Change};
use super::{meant, reply};
use crate::http::Reply;

/// Performs the action at the path.
pub(super) async fn act(connect: &Connect, call: Call) -> Result<Reply, Failure> {
    let (front, name) = resource::parts(&call.path);
    if let Some(declared) = call.registry.collection(front)
        && let Some(action) = declared.action(name, true).cloned()
    {
        return on_collection(call, &action).await;
    }
    let collection = resource::parts(front).0;
    let declared = call.registry.collection(collection).cloned();
    if let Some(declared) = declared
        && let Some(action) = declared.action(name, false).cloned()
    {
        return on_resource(connect, call, declared, action).await;
    }
    by_document(connect, call).await
}

fn check_method(call: &Call, action: &Action) -> Result<(), Failure> {
    let method = meant(&call.inbound.method);
    if action.methods.contains(method) {
        return Ok(());
    }
    let allowed: Vec<&str> = action.methods.iter().map(Method::as_str).collect();
    Err(Failure::wrong_method(method, &allowed.join(", ")))
}

async fn on_collection(mut call: Call, action: &Action) -> Result<Reply, Failure> {
    check_method(&call, action)?;
    let bytes = body::bytes(&mut call).await?;
    if let Ok(value) = body::json(&bytes) {
        body::check(&call, value).await?;
    }
    Ok(answer(action, None))
}

async fn on_resource(
    connect: &Connect,
    mut call: Call,
    declared: Declared,
    action: Action,
) -> Result<Reply, Failure> {
    check_method(&call, &action)?;
    let bytes = body::bytes(&mut call).await?;
    let given = given(&call, &action, &bytes).await?;
    let collection = call.path[..call.path.len() - 2].to_vec();
    let id = call.path[call.path.len() - 2].clone();
    if meant(&call.inbound.method) == Method::GET {
        let found = connect.store.read(move |tx| resource::load(tx, &collection, &id));
        let (_, row) = found.await?.ok_or_else(Failure::missing)?;
        return Ok(answer(&action, Some(row.body)));
    }
    let change = Change::of(&call, &collection);
    let told = action.clone();
    let body = connect.store.write(move |tx| {
        let (collection, row) = resource::load(tx, &collection, &id)?.ok_or_else(Failure::missing)?;
        let mut whole = resource::stored(&row.body)?;
        transit(&declared, &action, &mut whole)?;
        let members = action.set.iter().chain(given.iter().filter(|(name, _)| may_set(&declared, name)));
        whole.extend(members.map(|(name, value)| (name.clone(), value.clone())));
        change.write(tx, &collection, &row, whole)
    });
    Ok(answer(&told, Some(body.await?)))
}

/// The members of the body that are set.
async fn given(call: &Call, action: &Action, bytes: &[u8]) -> Result<Map<String, Value>, Failure> {
    if !action.merge {
        if let Ok(value) = body::json(bytes) {
            body::check(call, value).await?;
        }
        return Ok(Map::new());
    }
    match body::check(call, body::json(bytes)?).await? {
        None => Ok(Map::new()),
        Some(Value::Object(members)) => Ok(members),
        Some(_) => Err(Failure::invalid("Invalid data. Expected a dictionary.")),
    }
}

fn may_set(declared: &Declared, name: &str) -> bool {
    let state = declared.states.as_ref().is_some_and(|states| states.field == name);
    !state && !matches!(name, "id" | "events")
}

/// Goes the declared way from the present state; a refusal if it starts elsewhere.
fn transit(declared: &Declared, action: &Action, whole: &mut Map<String, Value>) -> Result<(), Failure> {
    let Some(states) = &declared.states else { return Ok(()) };
    let state = whole.get(&states.field).and_then(Value::as_str).map(str::to_owned);
    let Some(way) = declared.transition(&action.name, state.as_deref()) else { return Ok(()) };
    if way.starts_in(state.as_deref()) {
        whole.insert(states.field.clone(), json!(way.to));
        return Ok(());
    }
    let text = way.error.clone().unwrap_or_else(|| {
        let state = state.unwrap_or_else(|| "null".to_owned());
        format!("{}: {} is not possible from {state}.", states.field, action.name)
    });
    Err(Failure::refused(way.code.as_deref().unwrap_or("VAL_001"), text))
}

fn answer(action: &Action, resource: Option<String>) -> Reply {
    let status = StatusCode::from_u16(action.status).unwrap_or(StatusCode::OK);
    if status == StatusCode::NO_CONTENT {
        return Reply::new(status);
    }
    if let Some((text, content_type)) = &action.text {
        let kind = HeaderValue::from_str(content_type).unwrap_or(HeaderValue::from_static("text/plain"));
        return Reply::new(status).header(header::CONTENT_TYPE, kind).body(text.clone());
    }
    match (&action.answer, resource) {
        (Some(answer), _) => reply(status, answer.to_string()),
        (None, Some(resource)) => reply(status, resource),
        (None, None) => Reply::new(StatusCode::NO_CONTENT),
    }
}

/// An action that only the document knows: its body is checked, its answer has the form described there.
async fn by_document(connect: &Connect, mut call: Call) -> Result<Reply, Failure> {
    let registry = std::sync::Arc::clone(&call.registry);
    let Some(document) = &registry.document else { return Err(Failure::missing()) };
    let path = call.path.join("/");
    let method = meant(&call.inbound.method).clone();
    let Some(operation) = document.operation(method.as_str(), &path) else {
        let allowed: Vec<String> = document
            .items(&path)
            .flat_map(|item| item.operations())
            .map(|operation| operation.method().to_uppercase())
            .collect();
        return Err(match allowed.is_empty() {
            true => Failure::missing(),
            false => Failure::wrong_method(&method, &allowed.join(", ")),
        });
    };
    let bytes = body::bytes(&mut call).await?;
    if let Ok(value) = body::json(&bytes) {
        body::check(&call, value).await?;
    }
    let success = document::success(&operation);
    let status = StatusCode::from_u16(success.status).unwrap_or(StatusCode::OK);
    let Some(content) = success.content else { return Ok(Reply::new(status)) };
    if !content.starts_with("application/json") {
        let kind =
            HeaderValue::from_str(&content).unwrap_or(HeaderValue::from_static("application/octet-stream"));
        return Ok(Reply::new(status).header(header::CONTENT_TYPE, kind));
    }
    let (front, _) = resource::parts(&call.path);
    let (collection, id) = (resource::parts(front).0.to_vec(), resource::parts(front).1.to_owned());
    let found = connect.store.read(move |tx| resource::load(tx, &collection, &id)).await?;
    let body = match (found, success.example) {
        (Some((_, row)), None) => row.body,
        (_, Some(example)) => example.to_string(),
        (None, None) => "{}".to_owned(),
    };
    Ok(reply(status, body))
}
