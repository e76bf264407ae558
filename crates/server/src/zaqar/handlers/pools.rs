//! Pools (Zaqar reference 11.1): kept, listed and checked, and used for nothing else.

use http::StatusCode;
use http::header::CONTENT_LOCATION;
use pentad_store::{Tx, Vault};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::super::Zaqar;
use super::super::context::{Call, Version};
use super::super::error::{Failure, empty, located, no_content, ok, with};
use super::super::query::LinkQuery;
use super::super::schema;
use super::super::storage::flavors;
use super::super::storage::pools::{self, Pool};
use super::super::validate;
use super::queue_list::Link;
use crate::http::Reply;

const SCHEMES: [&str; 8] =
    ["mongodb", "redis", "rediss", "redis-cluster", "swift", "sqlite", "mysql", "postgresql"];
/// No page of a version that knows no limit is longer.
const LONGEST_PAGE: i64 = 1000;

#[derive(Serialize)]
struct View {
    name: String,
    flavor: Option<String>,
    uri: String,
    weight: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Box<RawValue>>,
    href: String,
}

#[derive(Serialize)]
struct Page {
    links: Vec<Link>,
    pools: Vec<View>,
}

fn view(pool: Pool, detailed: bool, href: String) -> View {
    let Pool { name, uri, weight, flavor, options } = pool;
    let options = detailed.then(|| RawValue::from_string(options).ok()).flatten();
    View { name, flavor, uri, weight, options, href }
}

fn missing(name: &str) -> Failure {
    Failure::not_found(format!("Pool {name} does not exist"))
}

fn in_use() -> Failure {
    Failure::conflict("The database URI is in use by another pool.")
}

/// Refuses what is no address of a storage.
fn check_uri(uri: &str) -> Result<(), Failure> {
    let scheme = uri.split_once("://").map(|(scheme, _)| scheme.split('+').next().unwrap_or_default());
    if scheme.is_some_and(|scheme| SCHEMES.contains(&scheme)) && !uri.contains('\0') {
        return Ok(());
    }
    Err(Failure::body(format!("cannot connect to {uri}")))
}

/// A name in a path; the databases take no U+0000, and a name with it names nothing.
fn name_of(call: &Call) -> String {
    call.param("pool").replace('\0', "\u{fffd}")
}

fn text_of(options: Option<Value>) -> String {
    options.unwrap_or_else(|| Value::Object(Map::new())).to_string()
}

/// A pool can do what the others of its flavor can.
fn check_capabilities(tx: &mut Tx<'_>, vault: &Vault, pool: &Pool) -> Result<(), Failure> {
    let Some(flavor) = pool.flavor.as_deref().filter(|flavor| !flavor.is_empty()) else { return Ok(()) };
    let names = pools::of_flavor(tx, flavor)?;
    let Some(first) = names.iter().find(|name| **name != pool.name) else { return Ok(()) };
    let first = pools::find(tx, vault, first)?;
    if first.is_none_or(|first| first.capabilities() == pool.capabilities()) {
        return Ok(());
    }
    let text = "The pool being added does not support the minimum set of capabilities";
    Err(Failure::bad("Unable to create pool", text))
}

/// Creates a pool, or replaces it.
pub(crate) async fn create(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let map = schema::top(schema::load(call).await?)?;
    let (weight, flavor) = (schema::weight(&map)?, schema::flavor(&map)?);
    let (uri, options) = (schema::uri(&map)?, schema::object(&map, "options")?);
    schema::fields(&map, &["uri", "weight"], &["weight", "flavor", "uri", "options"])?;
    let uri = uri.unwrap_or_default();
    check_uri(&uri)?;
    let pool = Pool {
        name: name_of(call),
        uri,
        weight: weight.unwrap_or_default(),
        flavor: flavor.filter(|_| call.version == Version::V2),
        options: text_of(options),
    };
    let engine = zaqar.engine.clone();
    let stored = zaqar.write(move |tx| {
        check_capabilities(tx, engine.vault(), &pool)?;
        if pools::store(tx, engine.vault(), &pool)? { Ok(()) } else { Err(in_use()) }
    });
    stored.await?;
    Ok(located(empty(StatusCode::CREATED), &call.path))
}

/// One pool.
pub(crate) async fn get(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let detailed = call.query.flag("detailed")? == Some(true);
    let name = name_of(call);
    let engine = zaqar.engine.clone();
    let found = zaqar.read(move |tx| Ok(pools::find(tx, engine.vault(), &name)?)).await?;
    let pool = found.ok_or_else(|| missing(call.param("pool")))?;
    Ok(super::placed(call, ok(&view(pool, detailed, call.path.clone()))))
}

/// A page of pools in the order of their names.
pub(crate) async fn list(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (limit, detailed) = (call.query.int("limit")?, call.query.flag("detailed")?);
    if call.version == Version::V2 {
        validate::page(limit, zaqar.settings().max_pools_per_page)?;
    }
    let size = limit.filter(|limit| *limit > 0).unwrap_or(10).min(LONGEST_PAGE);
    let marker = call.query.text("marker").map(str::to_owned);
    let after = marker.clone().unwrap_or_default();
    let engine = zaqar.engine.clone();
    let found = zaqar.read(move |tx| Ok(pools::list(tx, engine.vault(), &after, size)?)).await?;
    let last = found.last().map(|pool| pool.name.clone()).or_else(|| {
        // v1 links on from an empty page, too.
        (call.version == Version::V1).then(|| marker.clone().unwrap_or_default())
    });
    let links = last.map(|last| {
        let last = Some(last.as_str()).filter(|last| !last.is_empty());
        let (early, late) = if marker.is_some() { (last, None) } else { (None, last) };
        let query = LinkQuery::default().text("marker", early).int("limit", limit);
        let query = query.flag("detailed", detailed).text("marker", late);
        Link::next(format!("{}{}", call.path, query.finish()))
    });
    let each = |pool: Pool| {
        let href = format!("{}/{}", call.path, pool.name);
        view(pool, detailed == Some(true), href)
    };
    let page = Page { links: links.into_iter().collect(), pools: found.into_iter().map(each).collect() };
    let query = call.inbound.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(with(ok(&page), CONTENT_LOCATION, &format!("{}{query}", call.path)))
}

/// Changes what is given.
pub(crate) async fn update(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let is_v2 = call.version == Version::V2;
    let nothing = match call.version {
        Version::V1 => "One of `uri`, `weight`, or `options` needs to be specified",
        Version::V1_1 => "One of `uri`, `weight`,or `options` needs to be specified",
        Version::V2 => "One of `uri`, `weight`, `flavor`, or `options` needs to be specified",
    };
    let Value::Object(map) = schema::load(call).await? else { return Err(Failure::body(nothing)) };
    let known = ["uri", "weight", "options"].iter().any(|name| map.contains_key(*name));
    if !(known || is_v2 && map.contains_key("flavor")) {
        return Err(Failure::body(nothing));
    }
    let (weight, uri) = (schema::weight(&map)?, schema::uri(&map)?);
    let flavor = if is_v2 { schema::flavor(&map)? } else { None };
    let options = schema::object(&map, "options")?.map(|options| options.to_string());
    if let Some(uri) = &uri {
        check_uri(uri)?;
    }
    let name = name_of(call);
    let engine = zaqar.engine.clone();
    let changed = zaqar.write(move |tx| {
        let mut pool = pools::find(tx, engine.vault(), &name)?.ok_or_else(|| missing(&name))?;
        pool.weight = weight.unwrap_or(pool.weight);
        pool.uri = uri.clone().unwrap_or(pool.uri);
        pool.flavor = flavor.clone().or(pool.flavor);
        pool.options = options.clone().unwrap_or(pool.options);
        check_capabilities(tx, engine.vault(), &pool)?;
        if pools::store(tx, engine.vault(), &pool)? { Ok(pool) } else { Err(in_use()) }
    });
    let pool = changed.await?;
    Ok(if is_v2 { ok(&view(pool, false, call.path.clone())) } else { empty(StatusCode::OK) })
}

/// Removes a pool unless it is the last one of a flavor.
pub(crate) async fn delete(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let name = name_of(call);
    let engine = zaqar.engine.clone();
    let deleted = zaqar.write(move |tx| {
        let flavor = pools::find(tx, engine.vault(), &name)?.and_then(|pool| pool.flavor);
        if let Some(flavor) = flavor.filter(|flavor| !flavor.is_empty()) {
            let is_last = pools::of_flavor(tx, &flavor)?.len() == 1;
            if is_last && flavors::find(tx, &flavor)?.is_some() {
                let text = format!("This pool is used by flavors {flavor}; It cannot be deleted.");
                return Err(Failure::new(StatusCode::FORBIDDEN, "Unable to delete", text));
            }
        }
        Ok(pools::delete(tx, &name)?)
    });
    deleted.await?;
    Ok(no_content())
}
