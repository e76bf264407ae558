//! Things of the identity service by name.

use pentad_core::ErrorKind;
use pentad_openstack::manager::Resource;
use pentad_openstack::{Identity, Manager};
use serde_json::Value;

use super::Run;
use crate::command::plan::{Effect, Plan};
use crate::exit::Exit;
use crate::failure::Result;
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

/// The id of a thing by its id or its name, in this order: a name is free, and may be the id of another. A name in a call
/// that is only shown stays.
pub(super) async fn id(run: &mut Run<'_>, kind: Kind, wanted: &str) -> Result<String> {
    if run.is_shown(&Effect::Change) {
        return Ok(wanted.to_owned());
    }
    let client = run.client(None).await?;
    match looked_up(&client.identity(), kind, wanted).await {
        Ok(id) => Ok(id),
        // Whoever may not look may still name by id.
        Err(error) if error.kind() == ErrorKind::Forbidden => Ok(wanted.to_owned()),
        Err(error) => Err(error.into()),
    }
}

async fn looked_up(identity: &Identity, kind: Kind, wanted: &str) -> pentad_core::Result<String> {
    async fn of<T: Resource>(manager: Manager<T>, wanted: &str) -> pentad_core::Result<String> {
        Ok(manager.lookup_where(wanted, &[("name", wanted)]).await?.id().to_owned())
    }
    match kind.noun {
        "user" => of(identity.users(), wanted).await,
        "group" => of(identity.groups(), wanted).await,
        "project" => of(identity.projects(), wanted).await,
        "domain" => of(identity.domains(), wanted).await,
        "role" => of(identity.roles(), wanted).await,
        "service" => of(identity.services(), wanted).await,
        // Regions and endpoints have no names.
        _ => Ok(wanted.to_owned()),
    }
}

/// As [`id`], where there may be nothing to look for.
pub(super) async fn maybe(run: &mut Run<'_>, kind: Kind, wanted: Option<&str>) -> Result<Option<String>> {
    match wanted {
        Some(wanted) => id(run, kind, wanted).await.map(Some),
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
