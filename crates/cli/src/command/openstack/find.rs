//! Things of the identity service by name.

use serde_json::Value;

use super::Run;
use crate::command::plan::{Effect, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

/// A kind of thing that is administered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// Word for people, and the member of answers that holds one.
    pub(super) noun: &'static str,
    /// Variable of the path.
    pub(super) arg: &'static str,
    pub(super) list: &'static str,
    pub(super) get: &'static str,
    pub(super) create: &'static str,
    pub(super) update: &'static str,
    pub(super) delete: &'static str,
    /// Columns of lists.
    pub(super) view: View,
}

macro_rules! kinds {
    ($($name:ident = $noun:literal [$($column:literal),+];)*) => {$(
        pub(super) const $name: Kind = Kind {
            noun: $noun,
            arg: $noun,
            list: concat!("openstack.", $noun, ".list"),
            get: concat!("openstack.", $noun, ".get"),
            create: concat!("openstack.", $noun, ".create"),
            update: concat!("openstack.", $noun, ".update"),
            delete: concat!("openstack.", $noun, ".delete"),
            view: View::of(&[$($column),+]),
        };
    )*};
}

kinds! {
    USER = "user" ["id", "name", "domain_id", "enabled", "email"];
    GROUP = "group" ["id", "name", "domain_id", "description"];
    PROJECT = "project" ["id", "name", "domain_id", "enabled", "description"];
    DOMAIN = "domain" ["id", "name", "enabled", "description"];
    ROLE = "role" ["id", "name", "domain_id"];
    SERVICE = "service" ["id", "name", "type", "enabled"];
    ENDPOINT = "endpoint" ["id", "region", "service_id", "enabled", "interface", "url"];
    REGION = "region" ["id", "parent_region_id", "description"];
}

/// The id of a thing by its name; what has no such name is taken for an id. A name in a call that is only shown stays.
pub(super) async fn id(run: &mut Run<'_>, kind: Kind, wanted: &str, domain: Option<&str>) -> Result<String> {
    if run.is_shown(&Effect::Change) || kind.noun == ENDPOINT.noun || kind.noun == REGION.noun {
        return Ok(wanted.to_owned());
    }
    let client = run.client(None).await?;
    let mut query = vec![("name", wanted)];
    query.extend(domain.map(|domain| ("domain_id", domain)));
    let found = client.pages(kind.list, &[], &query)?.all().await;
    let found = match found {
        Ok(found) => found,
        // Whoever may not list may still name by id.
        Err(error) if error.kind() == pentad_core::ErrorKind::Forbidden => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let mut ids =
        found.iter().filter(|thing| thing["name"] == wanted).filter_map(|thing| thing["id"].as_str());
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id.to_owned()),
        (Some(_), Some(_)) => {
            let why = "names are unique within a domain only";
            Err(Failure::usage(format!("several have the name {wanted}"), why).hint("name it by its id"))
        }
        (None, _) => Ok(wanted.to_owned()),
    }
}

/// As [`id`], where there may be nothing to look for.
pub(super) async fn maybe(run: &mut Run<'_>, kind: Kind, wanted: Option<&str>) -> Result<Option<String>> {
    match wanted {
        Some(wanted) => id(run, kind, wanted, None).await.map(Some),
        None => Ok(None),
    }
}

/// Sends a plan and shows what the answer wraps.
pub(super) async fn show(run: &mut Run<'_>, plan: Plan, key: &str) -> Result<Exit> {
    if run.shown(&plan)? {
        return Ok(Exit::Success);
    }
    run.confirmed(&plan.effect)?;
    let mut answer = run.send(&plan).await?;
    let mut thing = answer.get_mut(key).map_or(Value::Null, Value::take);
    if let Some(members) = thing.as_object_mut() {
        members.remove("links");
    }
    run.output.record(&thing, plan.view)?;
    Ok(Exit::Success)
}
