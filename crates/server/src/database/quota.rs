//! What a project may have, and what it has (OpenStack reference C3).

use std::collections::BTreeMap;

use pentad_store::Tx;

use super::error::{Answer, Failure};
use super::model::{Backup, Flavor, Instance, Quota};
use super::settings::Settings;
use super::storage::{Db, records};

/// The limit of each resource for a project, in the order in which they are listed.
pub(crate) fn limits(tx: &mut Tx<'_>, settings: &Settings, tenant: &str) -> Db<Vec<(&'static str, i64)>> {
    let said: Vec<Quota> = records::within(tx, tenant)?;
    let limit =
        |resource: &str| said.iter().find(|quota| quota.resource == resource).map(|quota| quota.limit);
    Ok(settings.quotas().into_iter().map(|(name, usual)| (name, limit(name).unwrap_or(usual))).collect())
}

/// What a project has of each resource.
pub(crate) fn usage(tx: &mut Tx<'_>, tenant: &str) -> Db<BTreeMap<&'static str, i64>> {
    let instances: Vec<Instance> = records::within(tx, tenant)?;
    let counted: Vec<&Instance> = instances.iter().filter(|instance| instance.counts()).collect();
    let mut ram = 0;
    for instance in &counted {
        ram += records::get::<Flavor>(tx, &instance.flavor)?.map_or(0, |flavor| flavor.ram);
    }
    let volumes = counted.iter().filter_map(|instance| instance.volume_size).sum();
    let backups: Vec<Backup> = records::within(tx, tenant)?;
    let backups = backups.iter().filter(|backup| !backup.is_leaving).count();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(BTreeMap::from([
        ("instances", number(counted.len())),
        ("ram", ram),
        ("volumes", volumes),
        ("backups", number(backups)),
    ]))
}

/// Refuses what would be more than a project may have.
///
/// # Errors
/// 413 naming the resources.
pub(crate) fn check(
    tx: &mut Tx<'_>,
    settings: &Settings,
    tenant: &str,
    more: &[(&'static str, i64)],
) -> Answer<()> {
    let (limits, usage) = (limits(tx, settings, tenant)?, usage(tx, tenant)?);
    let limit = |name: &str| limits.iter().find(|(known, _)| *known == name).map_or(-1, |(_, limit)| *limit);
    let is_over = |(name, delta): &&(&'static str, i64)| {
        let (limit, used) = (limit(name), usage.get(name).copied().unwrap_or(0));
        *delta > 0 && limit >= 0 && used.saturating_add(*delta) > limit
    };
    let mut over: Vec<String> = more.iter().filter(is_over).map(|(name, _)| format!("'{name}'")).collect();
    over.sort_unstable();
    if over.is_empty() {
        return Ok(());
    }
    Err(Failure::over(format!("Quota exceeded for resources: [{}].", over.join(", "))))
}
