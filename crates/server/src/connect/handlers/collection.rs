//! Collections: list, create, and the three bulk operations.

use std::sync::Arc;

use http::{HeaderName, StatusCode};
use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::error::Failure;
use super::super::ids;
use super::super::query;
use super::super::storage::cells::Hot;
use super::super::storage::collections::{self, CollectionRow};
use super::super::storage::{list as pages, resources};
use super::super::{Call, Caller, Connect};
use super::body::{self, Body};
use super::resource::{self, Change};
use super::{header_value, reply, stamp};
use crate::http::Reply;

/// Resources written in one transaction.
const BATCH: usize = 100;

/// `GET`: a page of the collection, with `Content-Range`.
pub(super) async fn list(connect: &Connect, call: &Call) -> Result<Reply, Failure> {
    let schema = call.registry.schema(&call.path);
    let asked = query::read(call.inbound.query.as_deref(), &schema, connect.quirks)?;
    let (path, hot) = (call.path.join("/"), call.registry.hot(&call.path));
    let (plan, limit) = (asked.plan.clone(), asked.limit);
    let page = connect.store.read(move |tx| match collections::find(tx, &path)? {
        Some(row) => pages::page(tx, &row, &hot, &plan, limit).map_err(Failure::from),
        None => Ok(pages::Page::default()),
    });
    let page = page.await?;
    let offset = if asked.limit == 0 { 0 } else { asked.plan.offset() };
    let last = offset.saturating_add((page.bodies.len() as u64).saturating_sub(1));
    let range = format!("items {offset}-{last}/{}", page.total);
    let body = shown(&page.bodies, asked.plan.selection());
    let name = HeaderName::from_static("content-range");
    Ok(reply(StatusCode::OK, body).header(name, header_value(&range)))
}

/// The objects as an array, without what is not shown.
fn shown(bodies: &[String], selection: &pentad_rql::Selection) -> String {
    let mut out = String::with_capacity(2 + bodies.iter().map(|body| body.len() + 1).sum::<usize>());
    out.push('[');
    for (index, body) in bodies.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        resource::show(body, selection, &mut out);
    }
    out.push(']');
    out
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
    let mut made = Vec::with_capacity(objects.len());
    for (number, batch) in objects.chunks(BATCH).enumerate() {
        let (batch, maker) = (batch.to_vec(), Arc::clone(&maker));
        let stored = connect.store.write(move |tx| {
            let collection = collections::ensure(tx, &maker.path)?;
            let mut bodies = Vec::with_capacity(batch.len());
            for (index, object) in batch.iter().enumerate() {
                let one = maker.make(tx, &collection, object);
                bodies.push(one.map_err(|refusal| placed(refusal, many, number * BATCH + index))?);
            }
            collections::grow(tx, collection.id, batch.len() as i64)?;
            Ok::<_, Failure>(bodies)
        });
        made.extend(stored.await?);
    }
    let text = if many { format!("[{}]", made.join(",")) } else { made.concat() };
    Ok(reply(StatusCode::CREATED, text))
}

fn placed(refusal: Failure, many: bool, index: usize) -> Failure {
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
        id if id.len() > 100 || id.contains('/') => {
            Err(Failure::invalid("id: Must be at most 100 bytes, without slashes."))
        }
        _ => Ok(Some(id)),
    }
}

/// Makes resources of one collection.
struct Maker {
    path: String,
    prefix: String,
    hot: Hot,
    initial: Option<(String, String)>,
    caller: Caller,
}

impl Maker {
    fn of(call: &Call) -> Self {
        let states = call.registry.collection(&call.path).and_then(|declared| declared.states.clone());
        Self {
            path: call.path.join("/"),
            prefix: call.registry.prefix(&call.path),
            hot: call.registry.hot(&call.path),
            initial: states.and_then(|states| Some((states.field, states.initial?))),
            caller: call.caller.clone(),
        }
    }

    /// Stores one resource; its JSON.
    fn make(
        &self,
        tx: &mut Tx<'_>,
        collection: &CollectionRow,
        object: &Map<String, Value>,
    ) -> Result<String, Failure> {
        let (name, id) = match given_id(object)? {
            Some(name) if resources::exists(tx, collection.id, &name)? => {
                return Err(Failure::invalid(format!("id: {name} already exists.")));
            }
            Some(name) => (name, object.get("id").cloned().unwrap_or_default()),
            None => {
                let name = self.free_id(tx, collection.id)?;
                (name.clone(), Value::String(name))
            }
        };
        let mut whole = Map::with_capacity(object.len() + 2);
        whole.insert("id".to_owned(), id);
        whole.extend(object.iter().filter(|(name, _)| *name != "id").map(|(n, v)| (n.clone(), v.clone())));
        if let Some((field, initial)) = &self.initial {
            // The state of a new resource is not the caller's to choose.
            whole.insert(field.clone(), json!(initial));
        }
        let now = stamp(tx.now(), Some(&self.caller));
        let mut events = match whole.shift_remove("events") {
            Some(Value::Object(events)) => events,
            _ => Map::new(),
        };
        events.insert("created".to_owned(), now.clone());
        events.insert("updated".to_owned(), now);
        whole.insert("events".to_owned(), Value::Object(events));
        let stored = resources::prepare(collection.id, &self.hot, whole)?;
        resources::insert(tx, collection.id, &name, &stored)?;
        Ok(stored.body)
    }

    /// An id that no resource has: callers may have chosen some.
    fn free_id(&self, tx: &mut Tx<'_>, collection: i64) -> Result<String, Failure> {
        for _ in 0..1000 {
            let name = ids::id(&self.prefix, collection, collections::next_number(tx, collection)?);
            if !resources::exists(tx, collection, &name)? {
                return Ok(name);
            }
        }
        Err(Failure::internal("No id is free."))
    }
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
    all_there(connect, &call, named.iter().map(|(id, _)| id.clone()).collect()).await?;
    let change = Arc::new(Change::of(&call, &call.path));
    let mut changed = Vec::with_capacity(named.len());
    for batch in named.chunks(BATCH) {
        let (batch, change) = (batch.to_vec(), Arc::clone(&change));
        let stored = connect.store.write(move |tx| {
            let apply = |(id, object): &(String, Map<String, Value>)| {
                change.apply(tx, id, object)?.ok_or_else(|| unknown(id))
            };
            batch.iter().map(apply).collect::<Result<Vec<String>, Failure>>()
        });
        changed.extend(stored.await?);
    }
    Ok(reply(StatusCode::OK, format!("[{}]", changed.join(","))))
}

fn unknown(id: &str) -> Failure {
    Failure::invalid(format!("id: {id} does not exist."))
}

/// Refuses before anything is changed what cannot be changed as a whole.
async fn all_there(connect: &Connect, call: &Call, ids: Vec<String>) -> Result<(), Failure> {
    let path = call.path.join("/");
    let asked = connect.store.read(move |tx| {
        let collection = collections::find(tx, &path)?;
        for id in &ids {
            let known = match &collection {
                Some(row) => resources::exists(tx, row.id, id)?,
                None => false,
            };
            if !known {
                return Err(unknown(id));
            }
        }
        Ok(())
    });
    asked.await
}

/// `DELETE` with an array: the resources of its ids. An empty list, or no body, removes nothing.
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
    for id in ids {
        resource::remove(connect, &call.path, &id).await?;
    }
    Ok(Reply::new(StatusCode::NO_CONTENT))
}
