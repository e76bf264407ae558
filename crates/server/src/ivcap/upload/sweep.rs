//! Contents that belong to nothing: the process ended between storing one and recording it, or between ending a record and
//! removing its content.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::ivcap::core::Core;
use crate::ivcap::error::Answer;
use crate::ivcap::model::Artifact;
use crate::ivcap::storage::{parts, things};
use crate::ivcap::urn::Kind;

/// Contents that are looked at in one snapshot.
const SLICE: usize = 500;

/// Removes what an earlier process left; gives how many. `listed` is told when everything that comes from then on is safe,
/// whether recorded yet or not; `over` ends it.
///
/// Where several processes may share the contents nothing is removed: another one may be about to record them.
pub(crate) async fn sweep(
    core: &Arc<Core>,
    listed: oneshot::Sender<()>,
    over: &CancellationToken,
) -> Answer<usize> {
    if core.is_shared() {
        return Ok(0);
    }
    let keys = core.blobs.keys().await?;
    // Whoever does not wait needs not be told.
    let _ = listed.send(());
    let mut removed = 0;
    for slice in keys.chunks(SLICE) {
        let slice = slice.to_vec();
        let orphans = core.read(move |tx| {
            let parts = parts::keys(tx)?;
            let mut orphans = Vec::new();
            for key in &slice {
                let found = things::last::<Artifact>(tx, Kind::Artifact, &Kind::Artifact.urn(key))?;
                if !parts.contains(key) && found.is_none_or(|held| held.doc.removed) {
                    orphans.push(key.clone());
                }
            }
            Ok(orphans)
        });
        for key in orphans.await? {
            // Other data is in the place of what was looked at.
            if over.is_cancelled() {
                return Ok(removed);
            }
            if let Some(turn) = core.work.uploads.turn_if_free(&key) {
                removed += usize::from(turn.remove().await?);
            }
        }
    }
    Ok(removed)
}
