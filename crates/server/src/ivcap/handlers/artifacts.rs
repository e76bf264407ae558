//! Artifacts: records (IVCAP reference 7.5). Their content is in `blob`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::blob;
use crate::http::Reply;
use crate::ivcap::call::{self, Call, check_urn};
use crate::ivcap::dialect::{Dialect, View};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Query};
use crate::ivcap::model::{Artifact, State, blob_key, blob_path};
use crate::ivcap::storage::aspects::{self, NewAspect};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::storage::{Change, Db};
use crate::ivcap::upload::{digest_of_nothing, tus};
use crate::ivcap::urn::{self, Kind};

/// The schema under which a collection names what is in it.
const MEMBERSHIP: &str = "urn:ivcap:schema:collection-item.1";
/// Bytes of a name and of a media type.
const LONGEST: usize = 1000;

/// `GET /1/artifacts`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    let query = Query::of(&call, list::Kind::new("artifacts"))?;
    let page = list::things::<Artifact>(&call, &query, None, list_item).await?;
    Ok(page.reply(&call, "artifacts"))
}

/// `GET /1/artifacts/{id}`
pub(crate) async fn get(call: Call) -> Answer<Reply> {
    let id = call.urn(Kind::Artifact, "id")?;
    let held = blob::settled(&call, &id).await?;
    Ok(call::ok(&status(&held, &call.view)))
}

/// `DELETE /1/artifacts/{id}`: ends it; its content stays for those who look back.
pub(crate) async fn delete(call: Call) -> Answer<Reply> {
    let id = call.urn(Kind::Artifact, "id")?;
    let caller = call.caller.clone();
    call.core
        .write(move |change| {
            let held = things::get::<Artifact>(change, &id)?;
            call::writable(&caller, Kind::Artifact, &id, held)?;
            Ok(things::end(change, Kind::Artifact, &id)?)
        })
        .await?;
    Ok(call::empty())
}

/// `POST /1/artifacts`: a record, and the content or its beginning if it comes along.
pub(crate) async fn create(mut call: Call) -> Answer<Reply> {
    if tus::speaks_other(&call.headers) {
        return Ok(blob::other_version());
    }
    let said = blob::said(&call)?;
    let has_body = call.body.declared() != Some(0);
    let doc = draft(&call, &said, has_body)?;
    let name = name(&call);
    if name.len() > LONGEST || name.chars().any(char::is_control) {
        return Err(Failure::invalid("X-Name", name, "must be a text of up to 1000 bytes"));
    }
    let collection = call.header("x-collection").filter(|urn| !urn.is_empty()).map(str::to_owned);
    if let Some(collection) = &collection {
        check_urn("X-Collection", collection)?;
    }
    let policy = call.policy("X-Policy", call.header("x-policy"), Kind::Artifact)?;
    let id = urn::fresh(Kind::Artifact);
    let held = Held::new(id.clone(), &call.caller.account, policy, doc).named(&name);
    let held = record(&call, held, collection).await?;
    let held = match has_body {
        true => blob::fill(&mut call, held, &said).await?,
        false => held,
    };
    let stored = call.core.work.uploads.len(&blob_key(&id)).await?;
    let reply = call::json(StatusCode::CREATED, &status(&held, &call.view));
    let reply = reply.header(tus::RESUMABLE, tus::VERSION).header(tus::OFFSET, HeaderValue::from(stored));
    Ok(located(reply, &call.view.link(&format!("/1/artifacts/{id}"))))
}

/// Adds a `Location`.
pub(super) fn located(reply: Reply, url: &str) -> Reply {
    match HeaderValue::from_str(url) {
        Ok(value) => reply.header(LOCATION, value),
        Err(_) => reply,
    }
}

fn draft(call: &Call, said: &tus::Said, has_body: bool) -> Answer<Artifact> {
    let declared = blob::readable(tus::content_length(&call.headers))?;
    let of_body = || call.body.declared().filter(|_| has_body && declared.is_none() && !said.is_deferred);
    let length = said.length.or(declared.flatten()).or_else(of_body);
    let octets = |kind: &&str| *kind != tus::OCTETS;
    let kind = call.header("x-content-type").filter(|kind| !kind.is_empty());
    let kind =
        kind.or_else(|| call.header("content-type").filter(octets)).unwrap_or("application/octet-stream");
    if kind.len() > LONGEST {
        return Err(Failure::invalid("X-Content-Type", kind, "must be a media type"));
    }
    Ok(Artifact {
        mime_type: kind.to_owned(),
        size: length,
        length,
        deferred: said.is_deferred,
        ..Artifact::default()
    })
}

/// The name: since 0.28 as base64 of UTF-8; what is none of that is the name itself.
fn name(call: &Call) -> String {
    let Some(field) = call.headers.get("x-name") else { return String::new() };
    let plain = String::from_utf8_lossy(field.as_bytes()).into_owned();
    if call.view.dialect == Dialect::L23 {
        return plain;
    }
    let decoded = STANDARD.decode(plain.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.unwrap_or(plain)
}

/// Stores the record. One without content is complete at once: nobody sends nothing.
async fn record(call: &Call, mut held: Held<Artifact>, collection: Option<String>) -> Answer<Held<Artifact>> {
    if held.doc.length == Some(0) {
        held.doc.etag = Some(digest_of_nothing());
        held.doc.status = State::Ready;
    }
    let user = call.caller.user.clone();
    let id = held.id.clone();
    call.core
        .write(move |change| {
            things::create(change, &held)?;
            if let Some(collection) = &collection {
                join(change, &held, collection, &user)?;
            }
            Ok(())
        })
        .await?;
    let found = call.core.read(move |tx| Ok(things::get::<Artifact>(tx, &id)?)).await?;
    found.ok_or_else(Failure::internal)
}

fn join(change: &mut Change<'_, '_>, held: &Held<Artifact>, collection: &str, asserter: &str) -> Db<()> {
    let content = json!({
        "$schema": MEMBERSHIP, "$entity": collection, "collection": collection, "item": held.id,
    });
    let policy = crate::ivcap::auth::policy::default_of(Kind::Aspect);
    let aspect = NewAspect {
        entity: collection,
        schema: MEMBERSHIP,
        account: &held.account,
        policy: &policy,
        asserter,
        content: &content.to_string(),
        replaces: None,
    };
    aspects::add(change, &aspect).map(drop)
}

fn described(held: &Held<Artifact>) -> Map<String, Value> {
    let mut item = Map::new();
    item.insert("id".to_owned(), json!(held.id));
    if !held.name.is_empty() {
        item.insert("name".to_owned(), json!(held.name));
    }
    item.insert("status".to_owned(), json!(held.doc.word()));
    item.insert("mime-type".to_owned(), json!(held.doc.mime_type));
    if let Some(size) = held.doc.size {
        item.insert("size".to_owned(), json!(size));
    }
    item
}

fn own_link(held: &Held<Artifact>, view: &View) -> String {
    view.link(&format!("/1/artifacts/{}", held.id))
}

/// An artifact in a list.
fn list_item(held: &Held<Artifact>, view: &View) -> Value {
    let mut item = described(held);
    if view.dialect.is_modern() {
        item.insert("created-at".to_owned(), json!(held.created.to_string()));
        item.insert("href".to_owned(), json!(own_link(held, view)));
    } else {
        item.insert("links".to_owned(), view.links(&[("self", own_link(held, view))]));
    }
    Value::Object(item)
}

/// An artifact among the products of an order or a job.
pub(crate) fn product(held: &Held<Artifact>, view: &View) -> Value {
    let mut item = described(held);
    let data = view.link(&blob_path(&held.id));
    if view.dialect.is_modern() {
        item.insert("href".to_owned(), json!(own_link(held, view)));
        item.insert("data-href".to_owned(), json!(data));
    } else {
        item.insert("links".to_owned(), json!({"self": own_link(held, view), "data": data}));
    }
    Value::Object(item)
}

/// An artifact by itself.
pub(crate) fn status(held: &Held<Artifact>, view: &View) -> Value {
    let mut item = described(held);
    item.insert("created-at".to_owned(), json!(held.created.to_string()));
    item.insert("last-modified-at".to_owned(), json!(held.since.to_string()));
    item.insert("account".to_owned(), view.reference("accounts", &held.account));
    item.insert("policy".to_owned(), view.reference("policies", &held.policy));
    if let Some(etag) = &held.doc.etag {
        item.insert("etag".to_owned(), json!(etag));
    }
    let data = view.link(&blob_path(&held.id));
    if view.dialect.is_modern() {
        item.insert("data-href".to_owned(), json!(data));
    } else {
        item.insert("data".to_owned(), json!({"self": data}));
    }
    item.insert("links".to_owned(), view.links(&[("self", own_link(held, view))]));
    Value::Object(item)
}
