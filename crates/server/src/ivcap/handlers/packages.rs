//! Packages (IVCAP reference 7.13): the container images that an account may name. None is ever run here.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Query};
use crate::ivcap::storage::things::{self, Held, Thing};
use crate::ivcap::urn::Kind;

const LIST: list::Kind = list::Kind { keys: &[&["tag"]], desc: Some(false), ..list::Kind::new("packages") };

/// A container image; its name is its tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Package {}

impl Thing for Package {
    const KIND: Kind = Kind::Package;
}

/// `GET /1/packages/list`: `tag` is a part of what is looked for.
pub(crate) async fn list(mut call: Call) -> Answer<Reply> {
    if let Some(tag) = call.text("tag").map(str::to_owned) {
        let quoted = tag.replace('\\', "\\\\").replace('\'', "\\'").replace('%', "");
        call.query.retain(|(name, _)| name != "filter");
        call.query.push(("filter".to_owned(), format!("name ~= '{quoted}'")));
    }
    let query = Query::of(&call, LIST)?;
    let page = list::things::<Package>(&call, &query, None, |held, _| json!({"name": held.name})).await?;
    let links = page.links(&call);
    let tags: Vec<_> = page.items.iter().filter_map(|item| item.get("name")).collect();
    Ok(call::ok(&json!({"items": tags, "links": links})))
}

/// `DELETE /1/packages/remove`
pub(crate) async fn remove(call: Call) -> Answer<Reply> {
    let tag = call.needed("tag")?.to_owned();
    let account = call.caller.account.clone();
    let removed = call.core.write(move |change| {
        let found: Option<Held<Package>> = things::named(change, &account, &tag)?;
        let held = found.ok_or_else(|| Failure::invalid("tag", &tag, "there is no such package"))?;
        Ok(things::end(change, Kind::Package, &held.id)?)
    });
    removed.await?;
    Ok(call::empty())
}
