//! One resource: get, update, delete.

use http::StatusCode;
use pentad_rql::Selection;
use pentad_store::Tx;
use serde_json::{Map, Value};

use super::super::declared::States;
use super::super::error::Failure;
use super::super::query;
use super::super::storage::collections::{self, CollectionRow};
use super::super::storage::resources::{self, ResourceRow};
use super::super::{Call, Caller, Connect};
use super::body::{self, Body};
use super::collection::{placed, unknown};
use super::{reply, stamp};
use crate::http::Reply;

/// Collection and id.
pub(super) fn parts(path: &[String]) -> (&[String], &str) {
    match path.split_last() {
        Some((id, collection)) => (collection, id),
        None => (&[], ""),
    }
}

/// The stored object of a collection and an id.
pub(super) fn load(
    tx: &mut Tx<'_>,
    collection: &[String],
    id: &str,
) -> Result<Option<(CollectionRow, ResourceRow)>, Failure> {
    let Some(collection) = collections::find(tx, &collection.join("/"))? else { return Ok(None) };
    let row = resources::find(tx, collection.id, id)?;
    Ok(row.map(|row| (collection, row)))
}

/// `GET`: the object; `select` in the query is heeded.
pub(super) async fn get(connect: &Connect, call: &Call) -> Result<Reply, Failure> {
    let path = call.path.clone();
    let found = connect.store.read(move |tx| {
        let (collection, id) = parts(&path);
        load(tx, collection, id)
    });
    let (_, row) = found.await?.ok_or_else(Failure::missing)?;
    let schema = call.registry.schema(parts(&call.path).0);
    // Other parameters of a single resource mean nothing, and so cannot be wrong.
    let asked = query::read(call.inbound.query.as_deref(), &schema, connect.quirks).ok();
    let mut body = String::with_capacity(row.body.len());
    match asked {
        Some(asked) => show(&row.body, asked.plan.selection(), &mut body),
        None => body.push_str(&row.body),
    }
    Ok(reply(StatusCode::OK, body))
}

/// Writes a stored object without what is not shown.
pub(super) fn show(stored: &str, selection: &Selection, out: &mut String) {
    let object =
        (!selection.removed().is_empty()).then(|| serde_json::from_str::<Value>(stored).ok()).flatten();
    match object {
        Some(mut object) => {
            selection.apply(&mut object);
            out.push_str(&object.to_string());
        }
        None => out.push_str(stored),
    }
}

/// `PUT`, `PATCH`: the members of the body replace those of the object; the others stay.
pub(super) async fn update(connect: &Connect, mut call: Call) -> Result<Reply, Failure> {
    let object = match body::read(&mut call).await? {
        Body::None => Map::new(),
        Body::One(object) => object,
        Body::Many(_) => return Err(Failure::invalid("Invalid data. Expected a dictionary, but got list.")),
    };
    let change = Change::of(&call, parts(&call.path).0);
    let id = parts(&call.path).1.to_owned();
    let changed = connect.store.write(move |tx| change.apply(tx, &id, &object)).await?;
    Ok(reply(StatusCode::OK, changed.ok_or_else(Failure::missing)?))
}

/// `DELETE`: the resource and all that is below it.
pub(super) async fn delete(connect: &Connect, call: &Call) -> Result<Reply, Failure> {
    let (collection, id) = parts(&call.path);
    let (path, id) = (collection.join("/"), id.to_owned());
    if connect.store.write(move |tx| remove(tx, &path, &id)).await? {
        Ok(Reply::new(StatusCode::NO_CONTENT))
    } else {
        Err(Failure::missing())
    }
}

/// Removes a resource and, for all to see, what is below it; whether it was there.
pub(super) fn remove(tx: &mut Tx<'_>, collection: &str, id: &str) -> Result<bool, Failure> {
    let Some(row) = collections::find(tx, collection)? else { return Ok(false) };
    if !resources::remove(tx, row.id, id)? {
        return Ok(false);
    }
    collections::bury_below(tx, &format!("{collection}/{id}"))?;
    Ok(true)
}

/// Changes resources of one collection.
pub(super) struct Change {
    pub(super) collection: Vec<String>,
    states: Option<States>,
    caller: Caller,
}

impl Change {
    pub(super) fn of(call: &Call, collection: &[String]) -> Self {
        let declared = call.registry.collection(collection);
        Self {
            collection: collection.to_vec(),
            states: declared.and_then(|declared| declared.states.clone()),
            caller: call.caller.clone(),
        }
    }

    /// Merges an object into the stored one; the JSON it then is, none if it is not there.
    pub(super) fn apply(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        object: &Map<String, Value>,
    ) -> Result<Option<String>, Failure> {
        let Some((collection, row)) = load(tx, &self.collection, id)? else { return Ok(None) };
        let mut whole = stored(&row.body)?;
        self.check_state(&whole, object)?;
        for (name, value) in object {
            if !matches!(name.as_str(), "id" | "events") {
                whole.insert(name.clone(), value.clone());
            }
        }
        self.write(tx, &collection, &row, whole).map(Some)
    }

    /// Merges each into the stored one; the JSON they then are. `first` is the place of the first in the request.
    pub(super) fn apply_all(
        &self,
        tx: &mut Tx<'_>,
        objects: &[(String, Map<String, Value>)],
        first: usize,
    ) -> Result<Vec<String>, Failure> {
        let apply = |(index, (id, object)): (usize, &(String, Map<String, Value>))| {
            let changed =
                self.apply(tx, id, object).map_err(|refusal| placed(refusal, true, first + index))?;
            changed.ok_or_else(|| unknown(first + index, id))
        };
        objects.iter().enumerate().map(apply).collect()
    }

    /// Stores an object as changed now; its JSON.
    pub(super) fn write(
        &self,
        tx: &mut Tx<'_>,
        collection: &CollectionRow,
        row: &ResourceRow,
        mut whole: Map<String, Value>,
    ) -> Result<String, Failure> {
        let now = stamp(tx.now(), Some(&self.caller));
        match whole.get_mut("events") {
            Some(Value::Object(events)) => drop(events.insert("updated".to_owned(), now)),
            _ => drop(whole.insert("events".to_owned(), serde_json::json!({"updated": now}))),
        }
        let stored = resources::prepare(collection.id, &collection.marked(), whole)?;
        resources::replace(tx, collection, row, &stored)?;
        Ok(stored.body)
    }

    /// A declared state changes only along a declared way.
    pub(super) fn check_state(
        &self,
        whole: &Map<String, Value>,
        object: &Map<String, Value>,
    ) -> Result<(), Failure> {
        let Some(states) = self.states.as_ref().filter(|states| !states.transitions.is_empty()) else {
            return Ok(());
        };
        let (old, new) = (whole.get(&states.field), object.get(&states.field));
        let Some(new) = new.filter(|new| Some(*new) != old) else { return Ok(()) };
        let old = old.and_then(Value::as_str);
        let allowed =
            states.transitions.iter().any(|way| way.starts_in(old) && new.as_str() == Some(&way.to));
        if allowed {
            return Ok(());
        }
        let text = format!("{}: cannot change from {} to {new}.", states.field, old.unwrap_or("null"));
        Err(Failure::invalid(text))
    }
}

/// A stored object, read.
pub(super) fn stored(body: &str) -> Result<Map<String, Value>, Failure> {
    serde_json::from_str(body).map_err(|error| {
        tracing::error!(%error, "a stored object is no JSON object");
        Failure::internal("The stored object is damaged.")
    })
}
