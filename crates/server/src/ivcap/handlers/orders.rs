//! Orders (IVCAP reference 7.3).

use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::tasks::{self, dates};
use super::{artifacts, record};
use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::dialect::{Dialect, View};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Each, Entry, Mark, Query};
use crate::ivcap::model::{Artifact, Given, Order, Run, Service, check_given, text};
use crate::ivcap::runner::{LONGEST_VALUE, provenance};
use crate::ivcap::storage::aspects::{self, Aspect};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::storage::work::{self, Item};
use crate::ivcap::urn::{self, Kind};

/// Products that an order shows by itself.
const SHOWN: i64 = 50;

/// `GET /1/orders`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    let query = Query::of(&call, list::Kind::new("orders"))?;
    let page = list::things::<Order>(&call, &query, None, list_item).await?;
    Ok(page.reply(&call, "orders"))
}

/// `GET /1/orders/{id}`
pub(crate) async fn get(call: Call) -> Answer<Reply> {
    let held = readable(&call).await?;
    answer(&call, held).await
}

async fn answer(call: &Call, held: Held<Order>) -> Answer<Reply> {
    let id = held.id.clone();
    let products = call.core.read(move |tx| Ok(things::below::<Artifact>(tx, &id, SHOWN)?)).await?;
    Ok(call::ok(&status(&held, &products, &call.view)))
}

async fn readable(call: &Call) -> Answer<Held<Order>> {
    let id = call.urn(Kind::Order, "id")?;
    let wanted = id.clone();
    let found = call.core.read(move |tx| Ok(things::last::<Order>(tx, Kind::Order, &wanted)?)).await?;
    call.readable(Kind::Order, &id, found)
}

/// What the three dialects send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Sent {
    #[serde(alias = "serviceID", alias = "service-id")]
    service: Option<String>,
    #[serde(alias = "accountID", alias = "account-id")]
    account: Option<String>,
    #[serde(alias = "policyID", alias = "policy-id")]
    policy: Option<String>,
    parameters: Option<Vec<Given>>,
    name: Option<String>,
    tags: Option<Vec<String>>,
}

/// `POST /1/orders`
pub(crate) async fn create(mut call: Call) -> Answer<Reply> {
    let sent: Sent = call.object().await?;
    let (name_of_service, name_of_policy) = match call.view.dialect {
        Dialect::L23 => ("serviceID", "policyID"),
        Dialect::L28 => ("service-id", "policy-id"),
        Dialect::M => ("service", "policy"),
    };
    let given = sent.service.as_deref().ok_or_else(|| Failure::missing(name_of_service))?;
    let service = tasks::service(&call, name_of_service, given).await?;
    let parameters = sent.parameters.ok_or_else(|| Failure::missing("parameters"))?;
    let account = call.account(sent.account.as_deref())?;
    let policy = call.policy(name_of_policy, sent.policy.as_deref(), Kind::Order)?;
    let name = sent.name.unwrap_or_default();
    tasks::check_label("name", &name)?;
    let tags = sent.tags.unwrap_or_default();
    tasks::check_tags(&tags)?;
    check_values(&call, &service.doc, &parameters).await?;
    tasks::check_runnable(&call, &service)?;
    let run = Run { service: service.id.clone(), user: call.caller.user.clone(), tags, ..Run::default() };
    let id = urn::fresh(Kind::Order);
    let held = Held::new(id.clone(), &account, policy, Order { run, parameters });
    let held = held.named(&name).below(&service.id);
    let item = Item { id: id.clone(), kind: Kind::Order };
    let placed = call
        .core
        .write(move |change| {
            things::create(change, &held)?;
            work::enqueue(change, &item)?;
            provenance::placed(change, &held)?;
            things::get::<Order>(change, &item.id)?.ok_or_else(Failure::internal)
        })
        .await?;
    answer(&call, placed).await
}

/// The values must fit, and artifacts of this platform must be there.
async fn check_values(call: &Call, service: &Service, given: &[Given]) -> Answer<()> {
    let all = check_given(&service.parameters, given)?;
    if let Some(long) = all.iter().find(|given| text(&given.value).len() > LONGEST_VALUE) {
        let why = format_args!("may have at most {LONGEST_VALUE} bytes");
        return Err(Failure::invalid(&long.name, "", why));
    }
    let is_artifact = |given: &&Given| {
        let kind = service.parameters.iter().find(|parameter| parameter.name == given.name);
        kind.is_some_and(|parameter| parameter.kind == "artifact")
    };
    for given in all.iter().filter(is_artifact) {
        let text = given.value.as_str().unwrap_or_default();
        let Some(id) = urn::parse(Kind::Artifact, text).filter(|_| text.starts_with("urn:ivcap:")) else {
            continue;
        };
        let found = call.core.read(move |tx| Ok(things::get::<Artifact>(tx, &id)?)).await?;
        if !found.is_some_and(|held| call.caller.may_read(&held.account, &held.policy)) {
            return Err(Failure::invalid(&given.name, text, "there is no such artifact"));
        }
    }
    Ok(())
}

fn own_link(id: &str, view: &View) -> String {
    view.link(&format!("/1/orders/{id}"))
}

/// An order in a list.
fn list_item(held: &Held<Order>, view: &View) -> Value {
    let run = &held.doc.run;
    let mut item = Map::new();
    item.insert("id".to_owned(), json!(held.id));
    if !held.name.is_empty() {
        item.insert("name".to_owned(), json!(held.name));
    }
    item.insert("status".to_owned(), json!(run.status.list_word(view.dialect)));
    dates(&mut item, ["ordered-at", "started-at", "finished-at"], held.created, run, view.dialect);
    let own = own_link(&held.id, view);
    let (account, service) = match view.dialect {
        Dialect::L23 => ("account_id", "service_id"),
        Dialect::L28 => ("account-id", "service-id"),
        Dialect::M => ("account", "service"),
    };
    item.insert(account.to_owned(), json!(held.account));
    item.insert(service.to_owned(), json!(run.service));
    if view.dialect.is_modern() {
        item.insert("href".to_owned(), json!(own));
    } else {
        let described = json!({
            "href": view.link("/1/openapi/openapi3.json#/components/schemas/order"),
            "type": "application/openapi3+json",
        });
        item.insert("links".to_owned(), json!({"self": own, "describedBy": described}));
    }
    Value::Object(item)
}

/// An order by itself.
fn status(held: &Held<Order>, products: &[Held<Artifact>], view: &View) -> Value {
    let run = &held.doc.run;
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(held.id));
    body.insert("status".to_owned(), json!(run.status.word()));
    if !held.name.is_empty() {
        body.insert("name".to_owned(), json!(held.name));
    }
    dates(&mut body, ["ordered-at", "started-at", "finished-at"], held.created, run, view.dialect);
    body.insert("service".to_owned(), view.reference("services", &run.service));
    body.insert("account".to_owned(), view.reference("accounts", &held.account));
    body.insert("parameters".to_owned(), json!(held.doc.parameters));
    if !run.tags.is_empty() && view.dialect != Dialect::L23 {
        body.insert("tags".to_owned(), json!(run.tags));
    }
    let own = own_link(&held.id, view);
    let items: Vec<Value> = products.iter().map(|held| artifacts::product(held, view)).collect();
    let products = match view.dialect.is_modern() {
        true => json!({"items": items, "links": view.links(&[("self", format!("{own}/products"))])}),
        false => Value::Array(items),
    };
    body.insert("products".to_owned(), products);
    body.insert("links".to_owned(), view.links(&[("self", own)]));
    Value::Object(body)
}

/// `GET /1/orders/{id}/products`
pub(crate) async fn products(call: Call) -> Answer<Reply> {
    let held = readable(&call).await?;
    let query = Query::of(&call, list::Kind::new("products"))?;
    let page = list::things::<Artifact>(&call, &query, Some(&held.id), artifacts::product).await?;
    let mut body = page.body(&call, "items");
    body.remove("at-time");
    Ok(call::ok(&Value::Object(body)))
}

/// `GET /1/orders/{id}/metadata`
pub(crate) async fn metadata(call: Call) -> Answer<Reply> {
    let held = readable(&call).await?;
    let query = Query::of(&call, list::Kind::new("metadata"))?;
    let select = aspects::Selection {
        entity: Some(held.id.clone()),
        caller: Some(call.caller.clone()),
        at: query.at(),
        stamps: std::sync::Arc::clone(&call.core.stamps),
        desc: query.desc(),
        schemas: aspects::Schemas::default(),
        content: false,
    };
    let fetch = move |tx: &mut pentad_store::Tx<'_>, mark: Option<&Mark>, limit, each: Each<'_, Aspect>| {
        record::records(tx, &select, mark, limit, each)
    };
    let (view, asked) = (call.view.clone(), query.clone());
    let judge = move |aspect: &Aspect| {
        let id = Kind::Aspect.urn(aspect.uid);
        let item = json!({
            "id": id, "schema": aspect.schema, "content-type": "application/json",
            "href": view.link(&format!("/1/aspects/{id}")),
        });
        Ok(Entry { id, item, record: Value::Null }.kept(&asked))
    };
    let page = list::walk(&call, &query, fetch, judge).await?;
    let mut body = page.body(&call, "items");
    body.remove("at-time");
    Ok(call::ok(&Value::Object(body)))
}

/// `GET /1/orders/{id}/top`: what its processes take, while it runs.
pub(crate) async fn top(call: Call) -> Answer<Reply> {
    let item = task_id(&call)?;
    tasks::readable_account(&call, &item).await?;
    let usage = call.core.work.usage(&item.id);
    let items: Vec<Value> = usage
        .into_iter()
        .map(|usage| {
            json!({
                "container": usage.name, "cpu": usage.cpu, "memory": usage.memory,
                "storage": usage.storage, "ephemeral-storage": usage.storage,
            })
        })
        .collect();
    Ok(call::ok(&Value::Array(items)))
}

/// The order that a path names; jobs are orders, too.
fn task_id(call: &Call) -> Answer<Item> {
    let text = call.param("id");
    if let Some(id) = urn::parse(Kind::Order, text) {
        return Ok(Item { id, kind: Kind::Order });
    }
    Ok(Item { id: call.urn(Kind::Job, "id")?, kind: Kind::Job })
}

/// `GET /1/orders/{id}/logs`: what was written so far.
pub(crate) async fn logs(call: Call) -> Answer<Reply> {
    let item = task_id(&call)?;
    tasks::readable_account(&call, &item).await?;
    let second = |name: &str| call.number(name, 0..=253_402_300_799);
    let from = second("from")?.map_or(0, |second| second.saturating_mul(1_000_000));
    // The whole last second belongs to it.
    let to = second("to")?.map_or(i64::MAX, |second| second.saturating_mul(1_000_000) + 999_999);
    let reply = Reply::new(StatusCode::OK)
        .header(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))
        .stream(tasks::log_stream(call.core, item.id, from, to));
    Ok(reply)
}
