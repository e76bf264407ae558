//! What answers: first what the path is, then the verb.

mod action;
pub(crate) mod body;
mod bulk;
mod collection;
pub(crate) mod form;
mod resource;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use pentad_store::Tx;
use serde_json::{Value, json};

pub(crate) use self::collection::given_id;
use super::declared::{Kind, Registry};
use super::error::Failure;
use super::ids::is_plural;
use super::storage::{collections, resources};
use super::{Call, Caller, Connect};
use crate::http::Reply;

/// What a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Collection,
    /// No collection yet: a first resource makes it one.
    Maybe,
    Resource,
    Action,
    Nothing,
}

/// Answers any verb on any path.
pub(crate) async fn any(connect: &Connect, call: Call) -> Result<Reply, Failure> {
    let place = locate(connect, &call).await?;
    let method = call.inbound.method.clone();
    match (place, &method) {
        (Place::Nothing, _) => Err(Failure::missing()),
        (Place::Action, _) => action::act(connect, call).await,
        (Place::Resource, &Method::GET | &Method::HEAD) => resource::get(connect, &call).await,
        (Place::Resource, &Method::PUT | &Method::PATCH) => resource::update(connect, call).await,
        (Place::Resource, &Method::DELETE) => resource::delete(connect, &call).await,
        (Place::Resource, _) => Err(Failure::wrong_method(&method, "GET, HEAD, PUT, PATCH, DELETE")),
        (Place::Collection, &Method::GET | &Method::HEAD) => collection::list(connect, &call).await,
        (Place::Collection, &Method::POST) => collection::create(connect, call, false).await,
        (Place::Collection, &Method::PUT) => collection::update(connect, call).await,
        (Place::Collection, &Method::DELETE) => collection::delete(connect, call).await,
        (Place::Collection, _) => Err(Failure::wrong_method(&method, "GET, HEAD, POST, PUT, DELETE")),
        (Place::Maybe, &Method::POST) => collection::create(connect, call, true).await,
        (Place::Maybe, _) if !has_plural_name(&call.path) => Err(Failure::missing()),
        (Place::Maybe, &Method::GET | &Method::HEAD) => collection::list(connect, &call).await,
        (Place::Maybe, &Method::DELETE) => collection::delete(connect, call).await,
        (Place::Maybe, _) => Err(Failure::missing()),
    }
}

fn has_plural_name(path: &[String]) -> bool {
    path.last().is_some_and(|name| is_plural(name))
}

/// What the path is: by declaration, else by what is stored.
async fn locate(connect: &Connect, call: &Call) -> Result<Place, Failure> {
    let registry = std::sync::Arc::clone(&call.registry);
    let path = call.path.clone();
    connect.store.read(move |tx| Ok(place(tx, &registry, &path)?)).await
}

fn place(tx: &mut Tx<'_>, registry: &Registry, path: &[String]) -> Result<Place, pentad_store::StoreError> {
    let kind = registry.kind(path);
    if let Some(kind @ (Kind::Collection | Kind::Action)) = kind {
        let found = if kind == Kind::Action { Place::Action } else { Place::Collection };
        return Ok(if owner_is_missing(tx, registry, path)? { Place::Nothing } else { found });
    }
    if kind == Some(Kind::Resource) {
        return Ok(Place::Resource);
    }
    let is_lost = owner_is_missing(tx, registry, path)?;
    if !is_lost && collections::find(tx, &path.join("/"))?.is_some() {
        return Ok(Place::Collection);
    }
    let Some((name, front)) = path.split_last().filter(|(_, front)| !front.is_empty()) else {
        return Ok(if registry.closed || kind.is_some() { Place::Nothing } else { Place::Maybe });
    };
    let parent = collections::find(tx, &front.join("/"))?;
    if let Some(parent) = &parent
        && resources::exists(tx, parent.id, name)?
    {
        return Ok(Place::Resource);
    }
    if registry.closed || kind.is_some() || is_lost {
        return Ok(Place::Nothing);
    }
    // Beside resources, and below one, a name is a collection only if it looks like one: else it is an action that
    // nobody declared, or a resource that is not there.
    let is_beside = parent.is_some();
    let is_below = is_resource(tx, registry, front)?;
    Ok(if (is_beside || is_below) && !is_plural(name) { Place::Nothing } else { Place::Maybe })
}

/// Refuses where there is no collection, and none can be: its owner may have gone since the path was looked up.
fn still_collection(tx: &mut Tx<'_>, registry: &Registry, path: &[String]) -> Result<(), Failure> {
    match place(tx, registry, path)? {
        Place::Collection | Place::Maybe => Ok(()),
        _ => Err(Failure::missing()),
    }
}

/// Whether the path is below a resource that does not exist.
fn owner_is_missing(
    tx: &mut Tx<'_>,
    registry: &Registry,
    path: &[String],
) -> Result<bool, pentad_store::StoreError> {
    for length in 2..path.len() {
        let owner = &path[..length];
        let Some((id, collection)) = owner.split_last() else { continue };
        if registry.kind(owner) == Some(Kind::Collection) {
            continue;
        }
        let is_resource = match collections::find(tx, &collection.join("/"))? {
            Some(row) => resources::exists(tx, row.id, id)?,
            None => registry.kind(collection) != Some(Kind::Collection),
        };
        // `subscriptions/assets` is no resource below `subscriptions` once it is a collection itself.
        if !is_resource && collections::find(tx, &owner.join("/"))?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_resource(
    tx: &mut Tx<'_>,
    registry: &Registry,
    path: &[String],
) -> Result<bool, pentad_store::StoreError> {
    let Some((id, collection)) = path.split_last() else { return Ok(false) };
    match collections::find(tx, &collection.join("/"))? {
        Some(row) => resources::exists(tx, row.id, id),
        None => Ok(registry.kind(path) == Some(Kind::Resource)),
    }
}

/// Who did something, and when.
pub(crate) fn stamp(at: Timestamp, by: Option<&Caller>) -> Value {
    let at = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    match by {
        Some(caller) => json!({"at": at, "by": {"id": caller.id, "name": caller.name}}),
        None => json!({"at": at}),
    }
}

/// What a method asks for: `HEAD` is `GET` without the body.
fn meant(method: &Method) -> &Method {
    if method == Method::HEAD { &Method::GET } else { method }
}

fn reply(status: StatusCode, body: impl Into<bytes::Bytes>) -> Reply {
    Reply::new(status).content_type("application/json").body(body)
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("application/json")
}

fn header_value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}
