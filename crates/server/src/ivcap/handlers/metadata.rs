//! Metadata records (IVCAP reference 7.7).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::record::{self, Amendment, Draft, Wish};
use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::dialect::Dialect;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{Kind as ListKind, Query};
use crate::ivcap::storage::aspects::Aspect;
use crate::ivcap::urn::Kind;

const LIST: ListKind = ListKind {
    name: "metadata",
    keys: &[&["entity-id"], &["schema"], &["aspect-path"], &["include-content"]],
    natural: &["valid_from"],
    desc: None,
    filters: true,
    most: 50,
};

/// `GET /1/metadata`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    call.flag("include-content")?;
    if let Some(entity) = call.text("entity-id") {
        call::check_urn("entity-id", entity)?;
    }
    let query = Query::of(&call, LIST)?;
    let modern = call.view.dialect.is_modern();
    // Old clients fail without the content.
    let hidden =
        query.key("include-content").is_some_and(|text| text.eq_ignore_ascii_case("false") || text == "0");
    let shows = !(modern && hidden);
    let wish = Wish { path: "aspect-path", entity: "entity-id", shows };
    let page =
        record::page(&call, &query, wish, move |aspect, found| item(aspect, found, modern, shows)).await?;
    let mut body = page.body(&call, "records");
    let entity = if modern { "entity" } else { "entity-id" };
    for (name, key) in [(entity, "entity-id"), ("schema", "schema"), ("aspect-path", "aspect-path")] {
        if let Some(value) = query.key(key).filter(|value| record::is_said_again(name, value)) {
            body.insert(name.to_owned(), json!(value));
        }
    }
    Ok(call::ok(&Value::Object(body)))
}

fn item(aspect: &Aspect, found: &[Value], modern: bool, shows: bool) -> Value {
    let mut item = Map::new();
    let id = if modern { "id" } else { "record-id" };
    item.insert(id.to_owned(), json!(Kind::Record.urn(aspect.uid)));
    item.insert("entity".to_owned(), json!(aspect.entity));
    item.insert("schema".to_owned(), json!(aspect.schema));
    if shows {
        item.insert("aspect".to_owned(), object(&aspect.content));
    }
    let context = match found {
        [] => None,
        [one] => Some(one.to_string()),
        several => Some(json!(several).to_string()),
    };
    if let Some(context) = context {
        let name = if modern { "aspect-context" } else { "aspectContext" };
        item.insert(name.to_owned(), json!(context));
    }
    Value::Object(item)
}

/// Clients take only objects: anything else that was recorded stands in one.
fn object(content: &Value) -> Value {
    if content.is_object() { content.clone() } else { json!({ "value": content }) }
}

/// `POST /1/metadata`
pub(crate) async fn add(mut call: Call) -> Answer<Reply> {
    let draft = draft(&mut call).await?;
    let uid = record::add(&call, draft).await?;
    Ok(record::named("record-id", &Kind::Record.urn(uid)))
}

/// `PUT /1/metadata`
pub(crate) async fn update(mut call: Call) -> Answer<Reply> {
    let draft = draft(&mut call).await?;
    let keep = call.text("policy-id").is_none();
    let schema = draft.schema.clone();
    let replaced = record::replace(&call, draft, keep).await;
    let uid = replaced.map_err(|failure| match failure.code() {
        // The documents of these calls know no 424.
        StatusCode::FAILED_DEPENDENCY => Failure::invalid("schema", &schema, failure.text()),
        _ => failure,
    })?;
    Ok(record::named("record-id", &Kind::Record.urn(uid)))
}

async fn draft(call: &mut Call) -> Answer<Draft> {
    let entity = call.needed_urn("entity-id")?.to_owned();
    let schema = call.needed_urn("schema")?.to_owned();
    let policy = call.policy("policy-id", call.text("policy-id"), Kind::Record)?;
    // The oldest document gives an update no body.
    let bodiless = call.view.dialect == Dialect::L23 && call.method == http::Method::PUT;
    let content = if bodiless && call.bytes().await?.is_empty() {
        "{}".to_owned()
    } else {
        record::content(call, false).await?
    };
    Ok(Draft { entity, schema, policy, content })
}

/// `GET /1/metadata/{id}`
pub(crate) async fn read(call: Call) -> Answer<Reply> {
    let aspect = record::get(&call, call.param("id")).await?;
    let modern = call.view.dialect.is_modern();
    let urn = Kind::Record.urn(aspect.uid);
    let mut body = Map::new();
    if modern {
        let own = call.view.link(&format!("/1/metadata/{urn}"));
        body.insert("links".to_owned(), call.view.links(&[("self", own)]));
    }
    body.insert(if modern { "id" } else { "record-id" }.to_owned(), json!(urn));
    body.insert("entity".to_owned(), json!(aspect.entity));
    body.insert("schema".to_owned(), json!(aspect.schema));
    body.insert("aspect".to_owned(), object(&aspect.content));
    body.insert("asserter".to_owned(), json!(aspect.asserter));
    body.insert("valid-from".to_owned(), json!(aspect.since.to_string()));
    if let Some(end) = aspect.until {
        body.insert("valid-to".to_owned(), json!(end.to_string()));
    }
    // The old documents type it as a time, by mistake.
    if let Some(retracter) = aspect.retracter.filter(|_| modern) {
        body.insert("revoker".to_owned(), json!(retracter));
    }
    Ok(call::ok(&Value::Object(body)))
}

/// `PUT /1/metadata/{id}`
pub(crate) async fn update_record(mut call: Call) -> Answer<Reply> {
    let given = |call: &Call, name: &str| -> Answer<Option<String>> {
        let Some(text) = call.text(name) else { return Ok(None) };
        call::check_urn(name, text)?;
        Ok(Some(text.to_owned()))
    };
    let policy = match call.text("policy-id") {
        None => None,
        some => Some(call.policy("policy-id", some, Kind::Record)?),
    };
    let mut amendment = Amendment {
        entity: given(&call, "entity-id")?,
        schema: given(&call, "schema")?,
        policy,
        content: None,
    };
    if !call.bytes().await?.is_empty() {
        amendment.content = Some(record::content(&mut call, false).await?);
    }
    let uid = record::amend(&call, call.param("id"), amendment).await?;
    Ok(record::named("record-id", &Kind::Record.urn(uid)))
}

/// `DELETE /1/metadata/{id}`
pub(crate) async fn revoke(call: Call) -> Answer<Reply> {
    record::retract(&call, call.param("id")).await?;
    Ok(call::empty())
}
