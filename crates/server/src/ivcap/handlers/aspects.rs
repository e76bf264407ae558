//! Aspects (IVCAP reference 7.8).

use serde_json::{Map, Value, json};

use super::record::{self, Draft, Wish};
use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{Kind as ListKind, Query};
use crate::ivcap::storage::aspects::Aspect;
use crate::ivcap::urn::Kind;

const LIST: ListKind = ListKind {
    name: "aspects",
    keys: &[&["entity"], &["schema"], &["content-path", "aspect-path"], &["include-content"]],
    natural: &["valid_from"],
    desc: Some(true),
    filters: true,
    most: 50,
};

/// Fields that aspects can be ordered by.
const FIELDS: [&str; 10] = [
    "entity",
    "schema",
    "content",
    "policy",
    "account",
    "created_by",
    "retracted_by",
    "replaces",
    "valid_from",
    "valid_to",
];

/// `GET /1/aspects`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    check(&call)?;
    let query = Query::of(&call, LIST)?;
    let shows =
        query.key("include-content").is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1");
    let wish = Wish { path: "content-path", entity: "entity", shows };
    let page = record::page(&call, &query, wish, move |aspect, _| item(aspect, shows)).await?;
    let mut body = page.body(&call, "items");
    for (name, key) in [("entity", "entity"), ("schema", "schema"), ("aspect-path", "content-path")] {
        if let Some(value) = query.key(key).filter(|value| record::is_said_again(name, value)) {
            body.insert(name.to_owned(), json!(value));
        }
    }
    Ok(call::ok(&Value::Object(body)))
}

fn check(call: &Call) -> Answer<()> {
    call.flag("include-content")?;
    if let Some(entity) = call.text("entity") {
        call::check_urn("entity", entity)?;
    }
    let order = call.text("order-by").unwrap_or_default();
    for field in order.split(',').map(str::trim).filter(|field| !field.is_empty()) {
        let known = FIELDS.iter().any(|known| crate::ivcap::list::value::same(known, field));
        if !known {
            let why = format_args!("there are: {}", FIELDS.join(", "));
            return Err(Failure::invalid("order-by", field, why));
        }
    }
    Ok(())
}

fn item(aspect: &Aspect, shows: bool) -> Value {
    let mut item = Map::new();
    item.insert("id".to_owned(), json!(Kind::Aspect.urn(aspect.uid)));
    item.insert("entity".to_owned(), json!(aspect.entity));
    item.insert("schema".to_owned(), json!(aspect.schema));
    item.insert("content-type".to_owned(), json!("application/json"));
    item.insert("valid-from".to_owned(), json!(aspect.since.to_string()));
    item.insert("asserter".to_owned(), json!(aspect.asserter));
    // Clients take only objects here.
    if shows && aspect.content.is_object() {
        item.insert("content".to_owned(), aspect.content.clone());
    }
    Value::Object(item)
}

/// `POST /1/aspects`
pub(crate) async fn create(mut call: Call) -> Answer<Reply> {
    let draft = draft(&mut call).await?;
    let uid = record::add(&call, draft).await?;
    Ok(record::named("id", &Kind::Aspect.urn(uid)))
}

/// `PUT /1/aspects`
pub(crate) async fn update(mut call: Call) -> Answer<Reply> {
    let draft = draft(&mut call).await?;
    let keep = call.text("policy").is_none();
    let uid = record::replace(&call, draft, keep).await?;
    Ok(record::named("id", &Kind::Aspect.urn(uid)))
}

async fn draft(call: &mut Call) -> Answer<Draft> {
    let entity = call.needed_urn("entity")?.to_owned();
    let schema = call.needed_urn("schema")?.to_owned();
    let policy = call.policy("policy", call.text("policy"), Kind::Aspect)?;
    let content = record::content(call, true).await?;
    Ok(Draft { entity, schema, policy, content })
}

/// `GET /1/aspects/{id}`
pub(crate) async fn read(call: Call) -> Answer<Reply> {
    let aspect = record::get(&call, call.param("id")).await?;
    let mut body = Map::new();
    let urn = Kind::Aspect.urn(aspect.uid);
    body.insert(
        "links".to_owned(),
        call.view.links(&[("self", call.view.link(&format!("/1/aspects/{urn}")))]),
    );
    body.insert("id".to_owned(), json!(urn));
    for (name, value) in [
        ("entity", &aspect.entity),
        ("schema", &aspect.schema),
        ("asserter", &aspect.asserter),
        ("account", &aspect.account),
        ("policy", &aspect.policy),
    ] {
        body.insert(name.to_owned(), json!(value));
    }
    body.insert("content".to_owned(), aspect.content);
    body.insert("content-type".to_owned(), json!("application/json"));
    body.insert("valid-from".to_owned(), json!(aspect.since.to_string()));
    if let Some(end) = aspect.until {
        body.insert("valid-to".to_owned(), json!(end.to_string()));
    }
    if let Some(retracter) = aspect.retracter {
        body.insert("retracter".to_owned(), json!(retracter));
    }
    if let Some(old) = aspect.replaces {
        body.insert("replaces".to_owned(), json!(Kind::Aspect.urn(old)));
    }
    Ok(call::ok(&Value::Object(body)))
}

/// `DELETE /1/aspects/{id}`
pub(crate) async fn retract(call: Call) -> Answer<Reply> {
    record::retract(&call, call.param("id")).await?;
    Ok(call::empty())
}
