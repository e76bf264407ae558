//! What metadata records and aspects have in common: two faces of one store.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::ivcap::auth::Caller;
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::value::{Seen, descend, same, weight};
use crate::ivcap::list::{self, Each, Kept, Mark, Page, Query};
use crate::ivcap::path::{Path, Steps, TooLong};
use crate::ivcap::storage::aspects::{self, Aspect, NewAspect, Schemas, Selection};
use crate::ivcap::storage::{Change, Db};
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
    let body = call.bounded().await?;
    let text = call::json_text(&body)?;
    if objects && !text.starts_with('{') {
        return Err(Failure::bad_request("the body must be a JSON object"));
    }
    Ok(text.to_owned())
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
            [old] => {
                aspects::retract(change, old, &caller.user)?;
                let mut draft = draft.clone();
                if keep_policy {
                    draft.policy.clone_from(&old.policy);
                }
                insert(change, &caller, &draft, Some(old))
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
        aspects::retract(change, &old, &caller.user)?;
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
        aspects::retract(change, &old, &caller.user)?;
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

/// Fields that a record has beside its content (IVCAP reference 5.4).
const FIELDS: [&str; 12] = [
    "id",
    "entity",
    "schema",
    "content-type",
    "policy",
    "account",
    "asserter",
    "created-by",
    "retracted-by",
    "replaces",
    "valid-from",
    "valid-to",
];

/// A field by which lists are ordered and filtered: of the record, or of its content.
fn field<'a>(aspect: &'a Aspect, name: &str) -> Option<Seen<'a>> {
    let text = |text: &'a str| Some(Seen::Text(text.into()));
    let urn = |uid| Some(Seen::Text(Kind::Aspect.urn(uid).into()));
    match FIELDS.iter().find(|known| same(known, name)).copied() {
        Some("id") => urn(aspect.uid),
        Some("entity") => text(&aspect.entity),
        Some("schema") => text(&aspect.schema),
        Some("content-type") => text("application/json"),
        Some("policy") => text(&aspect.policy),
        Some("account") => text(&aspect.account),
        Some("asserter" | "created-by") => text(&aspect.asserter),
        Some("retracted-by") => aspect.retracter.as_deref().and_then(text),
        Some("replaces") => aspect.replaces.and_then(urn),
        Some("valid-from") => Some(Seen::Time(aspect.since)),
        Some(_) => aspect.until.map(Seen::Time),
        None => {
            let whole = matches!(name, "content" | "aspect").then_some(&aspect.content);
            let inside = name.strip_prefix("content.").or_else(|| name.strip_prefix("aspect."));
            let inside = || descend(&aspect.content, inside?);
            whole.or_else(inside).or_else(|| descend(&aspect.content, name)).map(Seen::Json)
        }
    }
}

/// Whether a field is looked for in the content.
fn is_inside(name: &str) -> bool {
    !FIELDS.iter().any(|known| same(known, name))
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
    item: impl Fn(&Aspect, &[Value]) -> Value + Send + Sync + 'static,
) -> Answer<Page> {
    let path = match query.key(wish.path) {
        None => None,
        Some(text) => Some(Path::parse(text).map_err(|why| Failure::invalid(wish.path, text, why))?),
    };
    let select = selection(call, query, wish, path.is_some());
    let fetch = move |tx: &mut pentad_store::Tx<'_>, mark: Option<&Mark>, limit, each: Each<'_, Aspect>| {
        records(tx, &select, mark, limit, each)
    };
    let (asked, steps) = (query.clone(), Steps::default());
    let judge = move |aspect: &Aspect| {
        let look = |name: &str| field(aspect, name);
        if !asked.keeps(&look) {
            return Ok(None);
        }
        let selected: Vec<Value> = match &path {
            None => Vec::new(),
            Some(path) => {
                let found = path.select(&aspect.content, &steps).map_err(|TooLong| {
                    let text = asked.key(wish.path).unwrap_or_default();
                    Failure::invalid(wish.path, text, "takes too many steps: say more about the records")
                })?;
                if found.is_empty() {
                    return Ok(None);
                }
                found.into_iter().cloned().collect()
            }
        };
        let item = item(aspect, &selected);
        Ok(Some(Kept { keys: asked.keys_of(&look), weight: weight(&item), item }))
    };
    list::walk(call, query, fetch, judge).await
}

/// What has to be read for a list. What the filter says of entity and schema narrows it down like the parameters.
fn selection(call: &Call, query: &Query, wish: Wish, looks_inside: bool) -> Selection {
    let entity = query.key(wish.entity).or_else(|| query.only("entity"));
    let schemas = match (query.key("schema"), query.only("schema")) {
        (None, Some(only)) => Schemas::only(only.to_owned()),
        (given, _) => given.map(Schemas::parse).unwrap_or_default(),
    };
    Selection {
        entity: entity.map(str::to_owned),
        schemas,
        caller: Some(call.caller.clone()),
        at: query.at(),
        stamps: Arc::clone(&call.core.stamps),
        desc: query.desc(),
        content: wish.shows || looks_inside || query.looks_at(&is_inside),
    }
}

/// The records of a selection after a mark, and where to go on.
pub(super) fn records(
    tx: &mut pentad_store::Tx<'_>,
    select: &Selection,
    mark: Option<&Mark>,
    limit: usize,
    each: Each<'_, Aspect>,
) -> Db<Option<Mark>> {
    let after = mark.and_then(|(_, id)| Uuid::try_parse(id).ok());
    Ok(aspects::list(tx, select, after, limit, each)?.map(|uid| (0, uid.to_string())))
}

/// Whether the answer repeats what a list was asked for: as a schema it may only say a URI, not a part of one.
pub(super) fn is_said_again(name: &str, value: &str) -> bool {
    name != "schema" || (urn::is_urn(value) && value.is_ascii() && !value.contains(['%', ',']))
}

/// The answer that names a new record.
pub(super) fn named(key: &str, urn: &str) -> crate::http::Reply {
    crate::ivcap::call::json(StatusCode::OK, &json!({ key: urn }))
}
