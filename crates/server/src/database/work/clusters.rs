//! The ends of the tasks of clusters.

use pentad_store::Tx;

use super::super::error::Answer;
use super::super::model::{Cluster, ClusterTask, Health, Instance, ServerState, Task};
use super::super::storage::{now, records};

/// The members are ready.
pub(super) fn ready(tx: &mut Tx<'_>, id: &str) -> Answer<()> {
    let Some(mut cluster) = records::get::<Cluster>(tx, id)? else { return Ok(()) };
    let at = now(tx);
    for mut member in records::owned::<Instance>(tx, id)? {
        if member.task == Task::Deleting {
            continue;
        }
        member.task = Task::None;
        member.server = ServerState::Active;
        member.version.clone_from(&cluster.version);
        member.set_health(Health::Healthy, at);
        member.updated = at;
        records::put(tx, &member)?;
    }
    cluster.task = ClusterTask::None;
    cluster.updated = at;
    Ok(records::put(tx, &cluster)?)
}

/// The cluster is gone; its members go on their own.
pub(super) fn remove(tx: &mut Tx<'_>, id: &str) -> Answer<()> {
    let Some(mut cluster) = records::get::<Cluster>(tx, id)? else { return Ok(()) };
    let at = now(tx);
    cluster.task = ClusterTask::None;
    cluster.updated = at;
    cluster.deleted_at = Some(at);
    Ok(records::put(tx, &cluster)?)
}
