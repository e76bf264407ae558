//! What an installation starts with: the section `zaqar` of a seed file. Without one there is nothing.

use pentad_store::{Tx, Vault};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Zaqar;
use super::check::{PROJECT_ID, is_queue_name};
use super::error::Failure;
use super::handlers::subscriptions::check as check_subscription;
use super::handlers::topics;
use super::settings::Settings;
use super::storage::pools::Pool;
use super::storage::{flavors, pools, queues, subscriptions};
use super::validate::{self, BadMetadata};
use crate::{SeedError, TenantFault};

/// The form of the section.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    queues: Vec<SeedQueue>,
    subscriptions: Vec<SeedSubscription>,
    pools: Vec<SeedPool>,
    flavors: Vec<SeedFlavor>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedQueue {
    project: String,
    name: String,
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedSubscription {
    project: String,
    queue: String,
    subscriber: String,
    ttl: Option<i64>,
    #[serde(default)]
    options: Map<String, Value>,
    /// Nobody is asked.
    #[serde(default)]
    confirmed: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedPool {
    name: String,
    uri: String,
    weight: u32,
    #[serde(default)]
    options: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedFlavor {
    name: String,
    pool_list: Vec<String>,
}

fn refused(place: &str, why: impl std::fmt::Display) -> SeedError {
    SeedError::new(place, why)
}

/// Reads a section and looks through it.
fn read(zaqar: &Zaqar, section: Value) -> Result<Section, SeedError> {
    let section: Option<Section> = serde_json::from_value(section).map_err(|e| SeedError::new("zaqar", e))?;
    let section = section.unwrap_or_default();
    let settings = zaqar.settings();
    for (index, queue) in section.queues.iter().enumerate() {
        let place = format!("zaqar.queues[{index}]");
        check_names(&place, "name", &queue.project, &queue.name)?;
        if let Err(BadMetadata::Value(why) | BadMetadata::Exception(why)) =
            validate::metadata(&queue.metadata, &settings)
        {
            return Err(refused(&format!("{place}.metadata"), why));
        }
    }
    for (index, subscription) in section.subscriptions.iter().enumerate() {
        let place = format!("zaqar.subscriptions[{index}]");
        check_names(&place, "queue", &subscription.project, &subscription.queue)?;
        subscription.check(&settings, zaqar.time.now()).map_err(|failure| refused(&place, failure.text()))?;
    }
    check_pools(&section)?;
    Ok(section)
}

fn check_names(place: &str, name: &str, project: &str, queue: &str) -> Result<(), SeedError> {
    if !is_queue_name(queue) {
        let why = format!("\"{queue}\" is no name: up to 64 letters, digits, _, - and . are");
        return Err(refused(&format!("{place}.{name}"), why));
    }
    if project.contains('\0') || project.chars().count() > PROJECT_ID {
        return Err(refused(&format!("{place}.project"), "is no project: up to 256 characters are"));
    }
    Ok(())
}

/// No two pools have one URI, and flavors are made of pools of the section.
fn check_pools(section: &Section) -> Result<(), SeedError> {
    for (index, pool) in section.pools.iter().enumerate() {
        let place = format!("zaqar.pools[{index}]");
        if section.pools.iter().take(index).any(|other| other.uri == pool.uri) {
            return Err(refused(&format!("{place}.uri"), "The database URI is in use by another pool."));
        }
        if pool.name.is_empty() || pool.name.contains(['/', '\0']) || pool.uri.contains('\0') {
            return Err(refused(&place, "has a name or a URI that cannot be one"));
        }
    }
    for (index, flavor) in section.flavors.iter().enumerate() {
        let place = format!("zaqar.flavors[{index}]");
        let known = |name: &String| section.pools.iter().any(|pool| pool.name == *name);
        if let Some(unknown) = flavor.pool_list.iter().find(|name| !known(name)) {
            let why = format!("there is no pool \"{unknown}\" in zaqar.pools");
            return Err(refused(&format!("{place}.pool_list"), why));
        }
        if flavor.pool_list.is_empty() || flavor.name.is_empty() || flavor.name.contains(['/', '\0']) {
            return Err(refused(&place, "needs a name and a pool"));
        }
    }
    Ok(())
}

impl SeedSubscription {
    fn check(&self, settings: &Settings, now: jiff::Timestamp) -> Result<(), Failure> {
        let mut fields = Map::new();
        fields.insert("subscriber".to_owned(), Value::String(self.subscriber.clone()));
        fields.insert("options".to_owned(), Value::Object(self.options.clone()));
        if let Some(ttl) = self.ttl {
            fields.insert("ttl".to_owned(), Value::from(ttl));
        }
        check_subscription(&fields, settings, now)
    }
}

/// Whether a section would be taken.
pub(super) async fn check(zaqar: &Zaqar, section: Value) -> Result<(), SeedError> {
    read(zaqar, section).map(drop)
}

/// Creates what the section says. A queue that exists takes the metadata of the seed.
pub(super) async fn seed(zaqar: &Zaqar, section: Value) -> Result<(), SeedError> {
    let section = read(zaqar, section)?;
    let default = zaqar.settings().default_subscription_ttl;
    let sealed = |own: &SeedSubscription| zaqar.seal_options(&Value::Object(own.options.clone()).to_string());
    let sealed: Result<Vec<_>, _> = section.subscriptions.iter().map(sealed).collect();
    let failed = |failure: Failure| SeedError::new("zaqar", failure.text());
    let (sealed, engine) = (sealed.map_err(failed)?, zaqar.engine.clone());
    zaqar.write(move |tx| store(tx, engine.vault(), &section, &sealed, default)).await.map_err(failed)
}

fn store(
    tx: &mut Tx<'_>,
    vault: &Vault,
    section: &Section,
    sealed: &[Vec<u8>],
    default: i64,
) -> Result<(), Failure> {
    for queue in &section.queues {
        let text = Value::Object(queue.metadata.clone()).to_string();
        if !queues::create(tx, &queue.project, &queue.name, &text)? && !queue.metadata.is_empty() {
            queues::set_metadata(tx, &queue.project, &queue.name, &text)?;
        }
    }
    for (own, options) in section.subscriptions.iter().zip(sealed) {
        let SeedSubscription { project, queue, subscriber, .. } = own;
        if subscriptions::by_subscriber(tx, project, queue, subscriber)?.is_some() {
            continue;
        }
        let ttl = own.ttl.unwrap_or(default);
        let made = subscriptions::create(tx, project, queue, subscriber, ttl, options)?;
        if own.confirmed {
            subscriptions::confirm(tx, project, queue, &made.id, true)?;
        }
    }
    for own in &section.pools {
        let flavor = section.flavors.iter().find(|flavor| flavor.pool_list.contains(&own.name));
        let pool = Pool {
            name: own.name.clone(),
            uri: own.uri.clone(),
            weight: i64::from(own.weight),
            flavor: flavor.map(|flavor| flavor.name.clone()),
            options: Value::Object(own.options.clone()).to_string(),
        };
        if !pools::store(tx, vault, &pool)? {
            return Err(Failure::conflict("The database URI is in use by another pool."));
        }
    }
    for flavor in &section.flavors {
        flavors::store(tx, &flavor.name, "{}")?;
    }
    Ok(())
}

/// Removes what belongs to one project: queues with their messages, and subscriptions.
pub(super) async fn reset_tenant(zaqar: &Zaqar, project: &str) -> Result<(), TenantFault> {
    let project = project.to_owned();
    let known = zaqar.write(move |tx| {
        let subscriptions = tx.execute("DELETE FROM subscriptions WHERE project = $1", &[&project])?;
        let topics = queues::delete_all(tx, &topics::shelf(&project))?;
        Ok(queues::delete_all(tx, &project)? || subscriptions > 0 || topics)
    });
    let failed = |failure: Failure| TenantFault::Failed(SeedError::new("zaqar", failure.text()));
    if known.await.map_err(failed)? { Ok(()) } else { Err(TenantFault::Unknown) }
}
