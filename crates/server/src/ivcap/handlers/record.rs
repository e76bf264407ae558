//! What metadata records and aspects have in common: two faces of one store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ivcap::auth::Caller;
use crate::ivcap::call::{Call, parse_json};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Entry, Page, Query};
use crate::ivcap::path::{Path, TooLong};
use crate::ivcap::storage::Change;
use crate::ivcap::storage::aspects::{self, Aspect, NewAspect, Schemas, Selection};
use crate::ivcap::urn::{self, Kind};

/// What is to be recorded.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) entity: String,
    pub(super) schema: String,
    pub(super) policy: String,
    /// JSON text.
    pub(super) content: String,
}

/// Reads the body as the content of a record: the text as it is sent, if it is JSON.
///
/// # Errors
/// 400 for what is no JSON or, if `objects`, no object; 413 for too much of it.
pub(super) async fn content(call: &mut Call, objects: bool) -> Answer<String> {
    call.wants_json()?;
    let most = call.core.settings.max_content;
    let body = call.bytes().await?;
    if body.len() > most {
        return Err(Failure::too_large(most as u64));
    }
    let value = parse_json(&body)?;
    if objects && !value.is_object() {
        return Err(Failure::bad_request("the body must be a JSON object"));
    }
    Ok(value.to_string())
}

/// Adds a record of the caller.
pub(super) async fn add(call: &Call, draft: Draft) -> Answer<Uuid> {
    let caller = call.caller.clone();
    call.core.write(move |change| insert(change, &caller, &draft, None)).await
}

fn insert(
    change: &mut Change<'_, '_>,
    caller: &Caller,
    draft: &Draft,
    replaces: Option<&Aspect>,
) -> Answer<Uuid> {
    let new = NewAspect {
        entity: &draft.entity,
        schema: &draft.schema,
        account: replaces.map_or(&caller.account, |old| &old.account),
        policy: &draft.policy,
        asserter: &caller.user,
        content: &draft.content,
        replaces: replaces.map(|old| old.uid),
    };
    Ok(aspects::add(change, &new)?)
}

/// Puts a record in the place of the account's only one with this entity and schema; adds it if there is none.
///
/// # Errors
/// 424 if there are several.
pub(super) async fn replace(call: &Call, draft: Draft, keep_policy: bool) -> Answer<Uuid> {
    let caller = call.caller.clone();
    let work = move |change: &mut Change<'_, '_>| {
        let found = aspects::exactly(change, &caller.account, &draft.entity, &draft.schema, 100)?;
        match found.as_slice() {
            [] => insert(change, &caller, &draft, None),
            [only] => {
                let old = aspects::get(change, *only)?.ok_or_else(Failure::internal)?;
                aspects::retract(change, *only, &caller.user)?;
                let mut draft = draft.clone();
                if keep_policy {
                    draft.policy.clone_from(&old.policy);
                }
                insert(change, &caller, &draft, Some(&old))
            }
            several => Err(Failure::not_unique(several.len())),
        }
    };
    call.core.write(work).await
}

/// What takes the place of one record; what is absent is taken over.
#[derive(Debug, Clone, Default)]
pub(super) struct Amendment {
    pub(super) entity: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) content: Option<String>,
}

/// Puts a record in the place of one by its id.
pub(super) async fn amend(call: &Call, id: &str, amendment: Amendment) -> Answer<Uuid> {
    let (caller, id) = (call.caller.clone(), id.to_owned());
    let work = move |change: &mut Change<'_, '_>| {
        let old = changeable(change, &caller, &id)?;
        if old.until.is_some() {
            return Err(Failure::invalid("id", &id, "this record was retracted"));
        }
        aspects::retract(change, old.uid, &caller.user)?;
        let draft = Draft {
            entity: amendment.entity.clone().unwrap_or_else(|| old.entity.clone()),
            schema: amendment.schema.clone().unwrap_or_else(|| old.schema.clone()),
            policy: amendment.policy.clone().unwrap_or_else(|| old.policy.clone()),
            content: amendment.content.clone().unwrap_or_else(|| old.content.to_string()),
        };
        insert(change, &caller, &draft, Some(&old))
    };
    call.core.write(work).await
}

/// Ends a record; one that has ended stays as it is.
pub(super) async fn retract(call: &Call, id: &str) -> Answer<()> {
    let (caller, id) = (call.caller.clone(), id.to_owned());
    let work = move |change: &mut Change<'_, '_>| {
        let old = changeable(change, &caller, &id)?;
        aspects::retract(change, old.uid, &caller.user)?;
        Ok(())
    };
    call.core.write(work).await
}

/// A record that the caller may change.
fn changeable(change: &mut Change<'_, '_>, caller: &Caller, id: &str) -> Answer<Aspect> {
    let found = urn::record(id).map(|uid| aspects::get(change, uid)).transpose()?.flatten();
    let found = found.filter(|aspect| caller.may_read(&aspect.account, &aspect.policy));
    // No document lists a 404 for changes of records.
    let found = found.ok_or_else(|| Failure::invalid("id", id, "there is no such record"))?;
    if !caller.may_write(&found.account, &found.policy) {
        return Err(Failure::forbidden(format_args!("the policy {} lets you only read", found.policy)));
    }
    Ok(found)
}

/// A record that the caller may read, ended or not.
pub(super) async fn get(call: &Call, id: &str) -> Answer<Aspect> {
    let uid = urn::record(id).ok_or_else(|| missing(id))?;
    let found = call.core.read(move |tx| Ok(aspects::get(tx, uid)?)).await?;
    let found = found.filter(|aspect| call.caller.may_read(&aspect.account, &aspect.policy));
    found.ok_or_else(|| missing(id))
}

fn missing(id: &str) -> Failure {
    Failure::not_found(id, format_args!("there is no record {id}"))
}

/// Fields of a record by which lists are ordered and filtered (IVCAP reference 5.4).
pub(super) fn fields(aspect: &Aspect) -> Value {
    json!({
        "id": Kind::Aspect.urn(aspect.uid), "entity": aspect.entity, "schema": aspect.schema,
        "policy": aspect.policy, "account": aspect.account, "asserter": aspect.asserter,
        "created_by": aspect.asserter, "retracted_by": aspect.retracter,
        "replaces": aspect.replaces.map(|uid| Kind::Aspect.urn(uid)),
        "valid_from": aspect.since.to_string(), "valid_to": aspect.until.map(|end| end.to_string()),
        "content": aspect.content,
    })
}

/// What is asked of a list of records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    /// The name of the parameter that holds a JSON path.
    pub(super) path: &'static str,
    /// The name of the parameter that holds an entity.
    pub(super) entity: &'static str,
    /// Whether items show their content.
    pub(super) shows: bool,
}

/// A page of records. `item` gets what the JSON path selects.
pub(super) async fn page(
    call: &Call,
    query: &Query,
    wish: Wish,
    item: impl Fn(&Aspect, &[Value]) -> Value + Send + 'static,
) -> Answer<Page> {
    let path = match query.key(wish.path) {
        None => None,
        Some(text) => Some(Path::parse(text).map_err(|why| Failure::invalid(wish.path, text, why))?),
    };
    let sifts = query.filters() || path.is_some();
    let select = Selection {
        entity: query.key(wish.entity).map(str::to_owned),
        schemas: query.key("schema").map(Schemas::parse).unwrap_or_default(),
        caller: Some(call.caller.clone()),
        at: query.at(),
        desc: query.desc(),
        content: wish.shows || sifts || query.is_ordered(),
    };
    let fetch = move |tx: &mut pentad_store::Tx<'_>, mark: Option<&(i64, String)>, limit: i64| {
        let mark = mark.and_then(|(at, id)| Some((*at, Uuid::try_parse(id).ok()?)));
        aspects::list(tx, &select, mark.as_ref(), limit)
    };
    let exhausted = Arc::new(AtomicBool::new(false));
    let gave_up = Arc::clone(&exhausted);
    let entry = move |aspect: &Aspect| {
        let selected = match &path {
            None => Vec::new(),
            Some(path) => match path.select(&aspect.content) {
                Ok(found) => found.into_iter().cloned().collect(),
                Err(TooLong) => {
                    gave_up.store(true, Ordering::Relaxed);
                    return None;
                }
            },
        };
        if path.is_some() && selected.is_empty() {
            return None;
        }
        let content = Some(aspect.content.clone());
        let (id, record) = (aspect.uid.to_string(), fields(aspect));
        Some(Entry { id, item: item(aspect, &selected), record, content })
    };
    let page = list::walk(call, query, sifts, fetch, entry).await?;
    if exhausted.load(Ordering::Relaxed) {
        let text = query.key(wish.path).unwrap_or_default();
        return Err(Failure::invalid(wish.path, text, "takes too many steps on a record"));
    }
    Ok(page)
}

/// Whether the answer repeats what a list was asked for: as a schema it may only say a URI, not a part of one.
pub(super) fn is_said_again(name: &str, value: &str) -> bool {
    name != "schema" || (urn::is_urn(value) && value.is_ascii() && !value.contains(['%', ',']))
}

/// The answer that names a new record.
pub(super) fn named(key: &str, urn: &str) -> crate::http::Reply {
    crate::ivcap::call::json(StatusCode::OK, &json!({ key: urn }))
}
