//! What is to happen at a moment of service time.

use pentad_store::{StoreError, StoreErrorKind, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Db, now, records};

/// Key touched whenever there is a new job.
pub(crate) const CHANGED: &str = "jobs";

/// What ends a task of an instance, a backup or a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub(crate) enum Job {
    /// A new instance is ready.
    Build {
        /// What a real database must know once: its passwords.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sealed: Option<String>,
        /// Whether it is made of the files of a backup.
        #[serde(default)]
        is_saved: bool,
    },
    /// A restart or reboot is over.
    Restart,
    /// The instance has its new flavor.
    ResizeFlavor { flavor: String },
    /// The instance has its new volume.
    ResizeVolume { size: i64 },
    /// The instance is on its new version.
    Upgrade { version: String },
    /// The instance was rebuilt.
    Rebuild,
    /// The instance was moved.
    Migrate,
    /// The replica stands on its own.
    Detach,
    /// The replica is the source now.
    Promote,
    /// The source was cut off.
    Eject,
    /// The exposure was changed.
    Access,
    /// The instance is gone.
    Delete,
    /// The database process was stopped.
    Stop,
    /// The agent tells how the database is, of which nobody knew.
    Report {
        /// Whether somebody had stopped it before.
        #[serde(default)]
        was_down: bool,
    },
    /// A real database has the values of its configuration group.
    Configure,
    /// The backup is written.
    Backup,
    /// The backup is removed.
    DeleteBackup,
    /// The members of the cluster are ready.
    ClusterReady,
    /// The cluster is gone.
    DeleteCluster,
}

/// A job at its moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) id: String,
    /// The instance, backup or cluster.
    pub(crate) target: String,
    pub(crate) job: Job,
}

/// Plans a job, `delay` microseconds from now.
pub(crate) fn plan(tx: &mut Tx<'_>, target: &str, job: &Job, delay: i64) -> Db<()> {
    let doc = serde_json::to_string(job)
        .map_err(|error| StoreError::new(StoreErrorKind::Statement, format!("a job: {error}")))?;
    let (id, due_at) = (Uuid::new_v4().to_string(), now(tx).saturating_add(delay));
    let seq = records::next_seq(tx)?;
    let sql = "INSERT INTO jobs (id, due_at, seq, target, doc) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(sql, &[&id, &due_at, &seq, &target, &doc])?;
    tx.touch(CHANGED);
    Ok(())
}

/// Forgets what was to happen to something.
pub(crate) fn forget(tx: &mut Tx<'_>, target: &str) -> Db<()> {
    tx.execute("DELETE FROM jobs WHERE target = $1", &[&target]).map(drop)
}

/// The moment of the first job that is still to come.
pub(crate) fn next(tx: &mut Tx<'_>) -> Db<Option<i64>> {
    let sql = "SELECT due_at FROM jobs WHERE due_at > $1 ORDER BY due_at, seq LIMIT 1";
    tx.query_opt(sql, &[&now(tx)], |row| row.int(0))
}

/// A hundred jobs whose moment has come, in order, after so many others. They stay until they are done.
pub(crate) fn due(tx: &mut Tx<'_>, after: i64) -> Db<Vec<Due>> {
    let sql = "SELECT id, target, doc FROM jobs WHERE due_at <= $1 ORDER BY due_at, seq LIMIT 100 OFFSET $2";
    tx.query(sql, &[&now(tx), &after], |row| {
        let job = serde_json::from_str(row.text_ref(2)?)
            .map_err(|error| StoreError::new(StoreErrorKind::Decode, format!("a stored job: {error}")))?;
        Ok(Due { id: row.text(0)?, target: row.text(1)?, job })
    })
}

/// Forgets what was to happen to something, but for its creation.
pub(crate) fn forget_changes(tx: &mut Tx<'_>, target: &str) -> Db<()> {
    let sql = "DELETE FROM jobs WHERE target = $1 AND doc NOT LIKE '{\"job\":\"build\"%'";
    tx.execute(sql, &[&target]).map(drop)
}

/// Takes a job out; `false` if somebody else did, or it was forgotten.
pub(crate) fn take(tx: &mut Tx<'_>, id: &str) -> Db<bool> {
    Ok(tx.execute("DELETE FROM jobs WHERE id = $1", &[&id])? > 0)
}
