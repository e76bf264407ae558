//! Flavors (Zaqar reference 11.2, 11.3): groups of pools, which queues can ask for.

use http::StatusCode;
use http::header::LOCATION;
use pentad_store::{Tx, Vault};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::Zaqar;
use super::super::context::{Call, Version};
use super::super::error::{Failure, empty, located, no_content, ok};
use super::super::query::LinkQuery;
use super::super::schema;
use super::super::storage::pools::Capabilities;
use super::super::storage::{flavors, pools};
use super::super::validate;
use super::queue_list::Link;
use crate::http::Reply;

const UNABLE: &str = "Unable to create";
/// No page of a version that knows no limit is longer.
const LONGEST_PAGE: i64 = 1000;

#[derive(Serialize)]
struct View {
    name: String,
    capabilities: Capabilities,
    pool_list: Vec<String>,
    href: String,
}

#[derive(Serialize)]
struct Entry {
    name: String,
    href: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pool_list: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Capabilities>,
}

/// A flavor of v1.1.
#[derive(Serialize)]
struct OldView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Box<RawValue>>,
    href: String,
}

#[derive(Serialize)]
struct Page<T> {
    links: Vec<Link>,
    flavors: Vec<T>,
}

fn missing(name: &str) -> Failure {
    Failure::not_found(format!("Flavor {name} does not exist"))
}

fn name_of(call: &Call) -> String {
    call.param("flavor").replace('\0', "\u{fffd}")
}

/// The pools of a flavor, and what the first can do.
fn pools_of(tx: &mut Tx<'_>, vault: &Vault, flavor: &str) -> Result<(Vec<String>, Capabilities), Failure> {
    let names = pools::of_flavor(tx, flavor)?;
    let first = match names.first() {
        Some(name) => pools::find(tx, vault, name)?,
        None => None,
    };
    Ok((names, first.map_or(&[], |pool| pool.capabilities())))
}

/// Creates a flavor, or replaces it.
pub(crate) async fn create(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let body = schema::load(call).await?;
    let name = name_of(call);
    if call.version == Version::V1_1 {
        let Some(capabilities) = body.get("capabilities") else {
            return Err(Failure::internal("'capabilities'"));
        };
        let text = if capabilities.is_object() { capabilities.to_string() } else { "{}".to_owned() };
        zaqar.write(move |tx| Ok(flavors::store(tx, &name, &text)?)).await?;
        return Ok(located(empty(StatusCode::CREATED), &call.path));
    }
    let map = schema::top(body)?;
    let (list, capabilities) = (schema::pool_list(&map)?, schema::object(&map, "capabilities")?);
    let Some(list) = list else {
        return Err(schema::violation(&format!(
            "{} is not valid under any of the given schemas",
            Value::Object(map)
        )));
    };
    schema::fields(&map, &[], &["pool_list", "capabilities"])?;
    let text = capabilities.map_or_else(|| "{}".to_owned(), |capabilities| capabilities.to_string());
    refuse_empty(&list, &call.path)?;
    let engine = zaqar.engine.clone();
    let stored = zaqar.write(move |tx| {
        check_pools(tx, engine.vault(), &list)?.map_err(|text| {
            Failure::bad(UNABLE, format!("Flavor {name} could not be created, error:{text}"))
        })?;
        flavors::store(tx, &name, &text)?;
        for pool in &list {
            pools::set_flavor(tx, pool, Some(&name))?;
        }
        Ok(())
    });
    stored.await?;
    Ok(located(empty(StatusCode::CREATED), &call.path))
}

fn refuse_empty(list: &[String], path: &str) -> Result<(), Failure> {
    if list.is_empty() { Err(Failure::bad(UNABLE, "Bad Request").header(LOCATION, path)) } else { Ok(()) }
}

/// The inner error says which pool there is not.
fn check_pools(tx: &mut Tx<'_>, vault: &Vault, list: &[String]) -> Result<Result<(), String>, Failure> {
    for pool in list {
        if pool.contains('\0') || pools::find(tx, vault, pool)?.is_none() {
            return Ok(Err(format!("Pool {pool} does not exist")));
        }
    }
    Ok(Ok(()))
}

/// One flavor.
pub(crate) async fn get(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let name = name_of(call);
    if call.version == Version::V1_1 {
        let detailed = call.query.flag("detailed")? == Some(true);
        let found = zaqar.read(move |tx| Ok(flavors::find(tx, &name)?)).await?;
        let text = found.ok_or_else(|| missing(call.param("flavor")))?;
        let capabilities = detailed.then(|| RawValue::from_string(text).ok()).flatten();
        return Ok(ok(&OldView { name: name_of(call), capabilities, href: call.path.clone() }));
    }
    let href = call.path.clone();
    let engine = zaqar.engine.clone();
    let found = zaqar.read(move |tx| view(tx, engine.vault(), &name, &href)).await?;
    Ok(ok(&found))
}

fn view(tx: &mut Tx<'_>, vault: &Vault, name: &str, href: &str) -> Result<View, Failure> {
    if flavors::find(tx, name)?.is_none() {
        return Err(missing(name));
    }
    let (pool_list, capabilities) = pools_of(tx, vault, name)?;
    Ok(View { name: name.to_owned(), capabilities, pool_list, href: href.to_owned() })
}

/// A page of flavors in the order of their names.
pub(crate) async fn list(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let is_v2 = call.version == Version::V2;
    let (limit, detailed) = (call.query.int("limit")?, call.query.flag("detailed")?);
    if is_v2 {
        validate::page(limit, zaqar.settings().max_flavors_per_page)?;
    }
    let size = limit.filter(|limit| *limit > 0).unwrap_or(10).min(LONGEST_PAGE);
    let marker = call.query.text("marker").map(str::to_owned);
    let after = marker.clone().unwrap_or_default();
    let engine = zaqar.engine.clone();
    let found = zaqar.read(move |tx| {
        let mut found = Vec::new();
        for (name, sent) in flavors::list(tx, &after, size)? {
            let (pools, capabilities) = pools_of(tx, engine.vault(), &name)?;
            found.push((name, sent, pools, capabilities));
        }
        Ok(found)
    });
    let found = found.await?;
    let links: Vec<Link> = found
        .last()
        .map(|(last, ..)| {
            let (early, late) =
                if marker.is_some() { (Some(last.as_str()), None) } else { (None, Some(last.as_str())) };
            let query = LinkQuery::default().text("marker", early).int("limit", limit);
            let query = match is_v2 {
                true => query.text("marker", late).flag("detailed", detailed),
                false => query.flag("detailed", detailed).text("marker", late),
            };
            Link::next(format!("{}{}", call.path, query.finish()))
        })
        .into_iter()
        .collect();
    let is_detailed = detailed == Some(true);
    let href = |name: &str| format!("{}/{name}", call.path);
    if is_v2 {
        let entry = |(name, _, pool_list, capabilities): (String, String, Vec<String>, Capabilities)| Entry {
            href: href(&name),
            name,
            pool_list,
            capabilities: is_detailed.then_some(capabilities),
        };
        return Ok(ok(&Page { links, flavors: found.into_iter().map(entry).collect() }));
    }
    let entry = |(name, sent, _, _): (String, String, Vec<String>, Capabilities)| {
        let capabilities = is_detailed.then(|| RawValue::from_string(sent).ok()).flatten();
        OldView { href: href(&name), name, capabilities }
    };
    Ok(ok(&Page { links, flavors: found.into_iter().map(entry).collect() }))
}

/// Gives a flavor other pools. v1.1 never does.
pub(crate) async fn update(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let body = schema::load(call).await?;
    if call.version == Version::V1_1 {
        return Err(Failure::body("`capabilities` needs to be specified"));
    }
    let Value::Object(map) = body else { return Err(Failure::body("`pool_list` needs to be specified")) };
    let Some(list) = schema::pool_list(&map)? else {
        return Err(Failure::body("`pool_list` needs to be specified"));
    };
    refuse_empty(&list, &call.path)?;
    let (name, href) = (name_of(call), call.path.clone());
    let engine = zaqar.engine.clone();
    let changed = zaqar.write(move |tx| {
        if flavors::find(tx, &name)?.is_none() {
            return Err(missing(&name));
        }
        check_pools(tx, engine.vault(), &list)?.map_err(|text| {
            Failure::bad("updatefail", format!("Flavor {name} cant be updated, error:{text}"))
        })?;
        for pool in pools::of_flavor(tx, &name)? {
            pools::set_flavor(tx, &pool, Some(""))?;
        }
        for pool in &list {
            pools::set_flavor(tx, pool, Some(&name))?;
        }
        view(tx, engine.vault(), &name, &href)
    });
    Ok(ok(&changed.await?))
}

/// Removes a flavor; one that does not exist, too.
pub(crate) async fn delete(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let name = name_of(call);
    zaqar.write(move |tx| Ok(flavors::delete(tx, &name)?)).await?;
    Ok(no_content())
}
