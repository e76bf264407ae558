//! Instances: lists, one, delete (OpenStack reference C7).

use futures_util::future::BoxFuture;
use pentad_store::Tx;
use serde_json::{Map, Value, json};

use super::super::Trove;
use super::super::call::{Call, Done, Page};
use super::super::defaults;
use super::super::error::{Answer, Failure};
use super::super::find;
use super::super::model::{
    Applied, Backup, Cluster, ClusterTask, Flavor, Guest, Instance, ServerState, Task, Version,
};
use super::super::storage::jobs::{self, Job};
use super::super::storage::records::Select;
use super::super::storage::{now, records};
use super::super::view;
use super::backups;

/// `GET /instances`
pub(crate) fn list(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    listed(tx, call, |tx, call, instance| Ok(view::summary(tx, call, instance)?))
}

/// `GET /instances/detail`
pub(crate) fn detailed(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    listed(tx, call, |tx, call, instance| Ok(view::detail(tx, call, instance, None, None)?))
}

type View = fn(&mut Tx<'_>, &Call, &Instance) -> Answer<Value>;

fn listed(tx: &mut Tx<'_>, call: &Call, view: View) -> Answer<Done> {
    let clustered = call.says_true("include_clustered");
    let keep = |instance: &Instance| clustered || instance.cluster.is_none();
    let page = call.stored_page(tx, Select::within(&call.caller.project), keep)?;
    shown(tx, call, page, view)
}

/// A page of instances: cut in the order of their ids, newest first within.
pub(crate) fn shown(tx: &mut Tx<'_>, call: &Call, mut page: Page<Instance>, view: View) -> Answer<Done> {
    page.items.sort_by_key(|instance| std::cmp::Reverse(instance.created));
    let views: Answer<Vec<Value>> = page.items.iter().map(|one| view(tx, call, one)).collect();
    Ok(call.paged("instances", views?, page.next.as_deref()))
}

/// `GET /instances/{id}`
pub(crate) fn show<'a>(trove: &'a Trove, call: &'a Call) -> BoxFuture<'a, Answer<Done>> {
    Box::pin(async move {
        let asked = call.clone();
        let found = trove.read(move |tx| {
            let instance = find::instance(tx, &asked, asked.param("id"))?;
            let used = used(tx, &instance)?;
            Ok((view::detail(tx, &asked, &instance, used, None)?, instance))
        });
        let (mut out, instance) = found.await?;
        if instance.is_real && view::agent_answers(&instance) {
            view::add_usage(&instance, trove.engine.used(&instance).await, &mut out);
        }
        Ok(Done::ok(json!({"instance": out})))
    })
}

/// The GB that the data of an instance take, if its agent is asked.
pub(crate) fn used(tx: &mut Tx<'_>, instance: &Instance) -> Answer<Option<f64>> {
    if !view::agent_answers(instance) {
        return Ok(None);
    }
    let guest: Option<Guest> = records::get(tx, &instance.id)?;
    let things = guest.map_or(0, |guest| guest.contents.databases.len());
    #[expect(clippy::cast_precision_loss, reason = "a few databases")]
    let used = 0.16 + 0.01 * things as f64;
    Ok(Some((used * 100.0).round() / 100.0))
}

/// `DELETE /instances/{id}`
pub(crate) fn delete(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::instance(tx, call, call.param("id"))?;
    remove(tx, call, instance)?;
    Ok(Done::accepted())
}

/// Begins to delete an instance.
///
/// # Errors
/// 422 while it is built, 501 for a member of a cluster that stays, 403 for a source of replicas.
pub(crate) fn remove(tx: &mut Tx<'_>, call: &Call, mut instance: Instance) -> Answer<()> {
    for applied in records::owned::<Applied>(tx, &instance.id)? {
        records::delete::<Applied>(tx, &applied.id)?;
    }
    let word = instance.status(false);
    if word == "BUILD" {
        return Err(Failure::unprocessable(format!(
            "Instance {} is not ready. (Status is {word}).",
            instance.id
        )));
    }
    if let Some(cluster) = &instance.cluster {
        let cluster: Option<Cluster> = records::get(tx, cluster)?;
        let leaves = [ClusterTask::Deleting, ClusterTask::Shrinking];
        if cluster.is_some_and(|cluster| !leaves.contains(&cluster.task)) {
            return Err(Failure::in_cluster());
        }
    }
    if !view::replicas(tx, &instance)?.is_empty() {
        return Err(Failure::forbidden("Detach replicas before deleting replica source."));
    }
    if instance.task == Task::BuildingFailed {
        instance.server = ServerState::Shutdown;
    }
    instance.task = Task::Deleting;
    instance.configuration = None;
    instance.updated = now(tx);
    records::put(tx, &instance)?;
    jobs::forget(tx, &instance.id)?;
    find::plan(tx, call, &instance.id, &Job::Delete)
}

/// `GET /instances/{id}/configuration`: what the template gives a machine of this size.
pub(crate) fn configuration(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::built(tx, call, call.param("id"))?;
    let version: Option<Version> = records::get(tx, &instance.version)?;
    let flavor: Option<Flavor> = records::get(tx, &instance.flavor)?;
    let manager = version.map(|version| version.manager).unwrap_or_default();
    let ram = flavor.map_or(512, |flavor| flavor.ram);
    let values: Map<String, Value> = defaults::template(&manager, ram)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    Ok(Done::ok(json!({"instance": {"configuration": values}})))
}

/// `GET /instances/{id}/backups`
pub(crate) fn backups(tx: &mut Tx<'_>, call: &Call) -> Answer<Done> {
    let instance = find::built(tx, call, call.param("id"))?;
    let sees = |backup: &Backup| call.sees(&backup.tenant);
    backups::page_of(tx, call, Select::owned(&instance.id), Some(sees))
}
