//! Collections: list, create, and the three bulk operations.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, future, stream};
use http::{HeaderName, StatusCode};
use pentad_rql::Selection;
use pentad_store::{Store, Tx};
use serde_json::{Map, Value, json};

use super::super::declared::{Kind, Registry};
use super::super::error::Failure;
use super::super::ids;
use super::super::query;
use super::super::storage::collections::{self, CollectionRow};
use super::super::storage::list as pages;
use super::super::storage::resources::{self, Stored};
use super::super::{Call, Caller, Connect};
use super::body::{self, Body};
use super::resource::{self, Change};
use super::{bulk, header_value, reply, stamp, still_collection};
use crate::http::{Reply, ReplyBody};

/// `GET`: a page of the collection, with `Content-Range`.
pub(super) async fn list(connect: &Connect, call: &Call) -> Result<Reply, Failure> {
    let schema = call.registry.schema(&call.path);
    let asked = query::read(call.inbound.query.as_deref(), &schema, connect.quirks)?;
    let path = call.path.join("/");
    let (plan, limit) = (asked.plan.clone(), asked.limit);
    let page = connect.store.read(move |tx| match collections::find(tx, &path)? {
        Some(row) => pages::page(tx, &row, &plan, limit).map_err(Failure::from),
        None => Ok(pages::Page::default()),
    });
    let page = page.await?;
    let offset = if asked.limit == 0 { 0 } else { asked.plan.offset() };
    let count = (page.bodies.len() + page.rest.len()) as u64;
    let last = offset.saturating_add(count.saturating_sub(1));
    let range = format!("items {offset}-{last}/{}", page.total);
    let mut reply = reply(StatusCode::OK, "");
    reply.body = shown(connect.store.clone(), page, asked.plan.selection().clone());
    Ok(reply.header(HeaderName::from_static("content-range"), header_value(&range)))
}

/// The objects as an array, without what is not shown. What does not fit into memory beside other answers is read while
/// it is sent.
fn shown(store: Store, page: pages::Page, selection: Selection) -> ReplyBody {
    let mut text = String::from("[");
    push_all(&mut text, &page.bodies, &selection);
    if page.rest.is_empty() {
        text.push(']');
        return ReplyBody::Full(text.into());
    }
    let first = stream::once(future::ready(Ok(Bytes::from(text))));
    let more = stream::try_unfold(Some(page.rest), move |rest| {
        let (store, selection) = (store.clone(), selection.clone());
        async move {
            let Some(rest) = rest else { return Ok(None) };
            if rest.is_empty() {
                return Ok(Some((Bytes::from_static(b"]"), None)));
            }
            let page = store.read(move |tx| pages::more(tx, rest.clone())).await.map_err(io::Error::other)?;
            let mut text = String::from(",");
            push_all(&mut text, &page.bodies, &selection);
            // Those that were removed meanwhile leave nothing.
            let text = if page.bodies.is_empty() { Bytes::new() } else { text.into() };
            Ok(Some((text, Some(page.rest))))
        }
    });
    ReplyBody::Stream(Box::pin(first.chain(more)))
}

/// Adds objects with commas between them.
fn push_all(out: &mut String, bodies: &[String], selection: &Selection) {
    out.reserve(bodies.iter().map(|body| body.len() + 1).sum());
    for (index, body) in bodies.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        resource::show(body, selection, out);
    }
}

/// `POST`: one object or many. On a path that is no collection yet it must not be an action in disguise.
pub(super) async fn create(connect: &Connect, mut call: Call, first: bool) -> Result<Reply, Failure> {
    let body = body::read(&mut call).await?;
    if first && call.path.len() > 2 && matches!(body, Body::None) {
        return Err(Failure::missing());
    }
    let (objects, many) = match body {
        Body::None => (vec![Map::new()], false),
        Body::One(object) => (vec![object], false),
        Body::Many(objects) => (objects, true),
    };
    for (index, object) in objects.iter().enumerate() {
        given_id(object).map_err(|refusal| placed(refusal, many, index))?;
    }
    let maker = Arc::new(Maker::of(&call));
    let made = match bulk::is_small(&objects) {
        true => connect.store.write(move |tx| maker.make_all(tx, &objects, many)).await?,
        false => connect.finish(bulk::create(connect.store.clone(), maker, objects)).await?,
    };
    let text = if many { format!("[{}]", made.join(",")) } else { made.concat() };
    Ok(reply(StatusCode::CREATED, text))
}

pub(super) fn placed(refusal: Failure, many: bool, index: usize) -> Failure {
    if many { refusal.within(&format!("[{index}].")) } else { refusal }
}

/// The id that the caller chose; none if the server is to.
pub(crate) fn given_id(object: &Map<String, Value>) -> Result<Option<String>, Failure> {
    let id = match object.get("id") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        Some(_) => return Err(Failure::invalid("id: Not a valid string.")),
    };
    match id.as_str() {
        "" => Ok(None),
        // No path leads to those: they are resolved on the way.
        "." | ".." => Err(Failure::invalid("id: Must not be a relative path.")),
        id if id.len() > 100 || id.contains('/') => {
            Err(Failure::invalid("id: Must be at most 100 bytes, without slashes."))
        }
        _ => Ok(Some(id)),
    }
}

/// Makes resources of one collection.
pub(super) struct Maker {
    segments: Vec<String>,
    pub(super) path: String,
    prefix: String,
    registry: Arc<Registry>,
    initial: Option<(String, String)>,
    caller: Caller,
}

/// The id of a new resource: its name in the store and the member of the object.
pub(super) type Named = (String, Value);

impl Maker {
    fn of(call: &Call) -> Self {
        let states = call.registry.collection(&call.path).and_then(|declared| declared.states.clone());
        Self {
            segments: call.path.clone(),
            path: call.path.join("/"),
            prefix: call.registry.prefix(&call.path),
            registry: Arc::clone(&call.registry),
            initial: states.and_then(|states| Some((states.field, states.initial?))),
            caller: call.caller.clone(),
        }
    }

    /// The collection, made if it can be there.
    pub(super) fn collection(&self, tx: &mut Tx<'_>) -> Result<CollectionRow, Failure> {
        still_collection(tx, &self.registry, &self.segments)?;
        Ok(collections::ensure(tx, &self.path, &self.registry.hot(&self.segments))?)
    }

    /// Stores resources; their JSON.
    fn make_all(
        &self,
        tx: &mut Tx<'_>,
        objects: &[Map<String, Value>],
        many: bool,
    ) -> Result<Vec<String>, Failure> {
        let collection = self.collection(tx)?;
        let now = self.stamp(tx);
        let mut bodies = Vec::with_capacity(objects.len());
        for (index, object) in objects.iter().enumerate() {
            let made = self.name(tx, &collection, object).and_then(|named| {
                let stored = self.stored(&collection, object, &named, &now)?;
                resources::insert(tx, &collection, &named.0, &stored)?;
                Ok(stored.body)
            });
            bodies.push(made.map_err(|refusal| placed(refusal, many, index))?);
        }
        collections::grow(tx, collection.id, objects.len() as i64)?;
        Ok(bodies)
    }

    /// When, and by whom.
    pub(super) fn stamp(&self, tx: &Tx<'_>) -> Value {
        stamp(tx.now(), Some(&self.caller))
    }

    /// The id of a new resource, which no other has.
    pub(super) fn name(
        &self,
        tx: &mut Tx<'_>,
        collection: &CollectionRow,
        object: &Map<String, Value>,
    ) -> Result<Named, Failure> {
        match given_id(object)? {
            Some(name) if resources::exists(tx, collection.id, &name)? => Err(taken(&name)),
            // Its path would lead to the collection.
            Some(name) if self.is_collection(tx, &name)? => {
                Err(Failure::invalid(format!("id: {name} is the name of a collection.")))
            }
            Some(name) => Ok((name, object.get("id").cloned().unwrap_or_default())),
            None => {
                let name = self.free_id(tx, collection.id)?;
                Ok((name.clone(), Value::String(name)))
            }
        }
    }

    fn is_collection(&self, tx: &mut Tx<'_>, name: &str) -> Result<bool, Failure> {
        let path: Vec<String> = self.segments.iter().cloned().chain([name.to_owned()]).collect();
        let declared = self.registry.kind(&path) == Some(Kind::Collection);
        Ok(declared || collections::find(tx, &path.join("/"))?.is_some())
    }

    /// What is kept of a new resource.
    pub(super) fn stored(
        &self,
        collection: &CollectionRow,
        object: &Map<String, Value>,
        (_, id): &Named,
        now: &Value,
    ) -> Result<Stored, Failure> {
        let mut whole = Map::with_capacity(object.len() + 2);
        whole.insert("id".to_owned(), id.clone());
        whole.extend(object.iter().filter(|(name, _)| *name != "id").map(|(n, v)| (n.clone(), v.clone())));
        if let Some((field, initial)) = &self.initial {
            // The state of a new resource is not the caller's to choose.
            whole.insert(field.clone(), json!(initial));
        }
        let mut events = match whole.shift_remove("events") {
            Some(Value::Object(events)) => events,
            _ => Map::new(),
        };
        events.insert("created".to_owned(), now.clone());
        events.insert("updated".to_owned(), now.clone());
        whole.insert("events".to_owned(), Value::Object(events));
        Ok(resources::prepare(collection.id, &collection.marked(), whole)?)
    }

    /// An id that no resource has: callers may have chosen some.
    fn free_id(&self, tx: &mut Tx<'_>, collection: i64) -> Result<String, Failure> {
        for _ in 0..1000 {
            let name = ids::id(&self.prefix, collection, collections::take_numbers(tx, collection, 1)?);
            if !resources::exists(tx, collection, &name)? {
                return Ok(name);
            }
        }
        Err(Failure::internal("No id is free."))
    }
}

/// The refusal of an id that another resource has.
pub(super) fn taken(id: &str) -> Failure {
    Failure::invalid(format!("id: {id} already exists."))
}

/// `PUT` of an array: each element changes the resource of its id.
pub(super) async fn update(connect: &Connect, mut call: Call) -> Result<Reply, Failure> {
    let objects = match body::read(&mut call).await? {
        Body::None => return Ok(reply(StatusCode::OK, "[]")),
        Body::One(_) => return Err(Failure::invalid("Expected a list of items but got type \"dict\".")),
        Body::Many(objects) => objects,
    };
    let mut named = Vec::with_capacity(objects.len());
    for (index, object) in objects.into_iter().enumerate() {
        let id = given_id(&object).map_err(|refusal| placed(refusal, true, index))?;
        let missing = || Failure::invalid(format!("[{index}].id: This field is required."));
        named.push((id.ok_or_else(missing)?, object));
    }
    let change = Change::of(&call, &call.path);
    let changed = match named.len() <= bulk::BATCH {
        true => connect.store.write(move |tx| change.apply_all(tx, &named, 0)).await?,
        false => connect.finish(bulk::update(connect.store.clone(), Arc::new(change), named)).await?,
    };
    Ok(reply(StatusCode::OK, format!("[{}]", changed.join(","))))
}

/// The refusal of an element of a list that names no resource.
pub(super) fn unknown(index: usize, id: &str) -> Failure {
    placed(Failure::invalid(format!("id: {id} does not exist.")), true, index)
}

/// `DELETE` with an array: the resources of its ids, all of which must be there. An empty list, or no body, removes
/// nothing.
pub(super) async fn delete(connect: &Connect, mut call: Call) -> Result<Reply, Failure> {
    let bytes = body::bytes(&mut call).await?;
    let elements = match body::json(&bytes)? {
        None => Vec::new(),
        Some(Value::Array(elements)) => elements,
        Some(_) => return Err(Failure::invalid("Expected a list of items.")),
    };
    let mut ids = Vec::with_capacity(elements.len());
    for (index, element) in elements.into_iter().enumerate() {
        let id = match element {
            Value::Object(object) => given_id(&object).map_err(|refusal| placed(refusal, true, index))?,
            Value::String(id) => Some(id),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
        let missing = || Failure::invalid(format!("[{index}].id: This field is required."));
        ids.push(id.ok_or_else(missing)?);
    }
    connect.finish(bulk::delete(connect.store.clone(), call.path.join("/"), ids)).await?;
    Ok(Reply::new(StatusCode::NO_CONTENT))
}
