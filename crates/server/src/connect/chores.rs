//! What is left to do after an answer: what was below removed resources goes away, and what is stored is indexed by the
//! paths that are declared now.

use std::sync::Arc;

use pentad_store::StoreError;
use tokio_util::sync::CancellationToken;

use super::storage::cells::Hot;
use super::storage::collections::{self, CollectionRow};
use super::{Connect, segments_of};

/// Does what is left, at once and whenever there is more, until `stop`. A crash in between is made up for at the start.
pub(crate) async fn run(connect: Arc<Connect>, stop: CancellationToken) {
    let mut removed = connect.store.changed(collections::CHORES);
    let (mut clean, mut index) = (true, true);
    loop {
        let work = async {
            if clean {
                remove(&connect, &stop).await?;
            }
            if index {
                adopt_all(&connect, &stop).await?;
            }
            Ok::<_, StoreError>(())
        };
        if let Err(error) = work.await {
            tracing::warn!(%error, "work of Connect waits for the next occasion");
        }
        tokio::select! {
            () = removed.wait() => (clean, index) = (true, false),
            () = connect.declared.notified() => (clean, index) = (true, true),
            () = stop.cancelled() => return,
        }
    }
}

async fn remove(connect: &Connect, stop: &CancellationToken) -> Result<(), StoreError> {
    while !stop.is_cancelled() && connect.store.write(collections::clean).await? {}
    Ok(())
}

/// Brings every collection to the index that is declared for it.
async fn adopt_all(connect: &Connect, stop: &CancellationToken) -> Result<(), StoreError> {
    let registry = connect.registry();
    let mut last = 0;
    while !stop.is_cancelled() {
        let from = last;
        let some = connect.store.read(move |tx| collections::after(tx, from)).await?;
        let Some(end) = some.last().map(|row| row.id) else { return Ok(()) };
        for row in some {
            // Where nothing is declared, what was begun is ended.
            let hot = registry.declared_hot(&segments_of(&row.path)).unwrap_or_else(|| row.marked());
            if row.marked() != hot || row.trusted() != hot {
                adopt(connect, &row, hot, stop).await?;
            }
        }
        last = end;
    }
    Ok(())
}

async fn adopt(
    connect: &Connect,
    row: &CollectionRow,
    hot: Hot,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let (id, wanted) = (row.id, hot.clone());
    let mut left = connect.store.write(move |tx| collections::mark(tx, id, &wanted)).await?;
    let mut last = 0;
    while left && !stop.is_cancelled() {
        let wanted = hot.clone();
        match connect.store.write(move |tx| collections::adopt(tx, id, &wanted, last)).await? {
            Some(behind) => last = behind,
            None => left = false,
        }
    }
    Ok(())
}
