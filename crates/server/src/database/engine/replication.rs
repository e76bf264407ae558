//! What a source and its standbys say of each other.

use super::cluster::{Cluster, Made, SLOTS, slot};
use super::sql::{FIRST, literal};

impl Cluster {
    async fn ask(&self, sql: &str) -> Made<Vec<tokio_postgres::Row>> {
        let told = |failure: super::super::error::Failure| failure.message().to_owned();
        let link = self.connect(FIRST).await.map_err(told)?;
        link.rows(sql).await.map_err(told)
    }

    /// Whether it is a standby.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn is_standby(&self) -> Made<bool> {
        let rows = self.ask("SELECT pg_is_in_recovery()").await?;
        Ok(rows.first().is_some_and(|row| row.get(0)))
    }

    /// Whether a replica gets all that this source writes, at this moment.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn is_followed_by(&self, replica: &str) -> Made<bool> {
        let sql = format!(
            "SELECT 1 FROM pg_replication_slots s JOIN pg_stat_replication r ON r.pid = s.active_pid \
             WHERE s.slot_name = {} AND r.state = 'streaming'",
            literal(&slot(replica))
        );
        Ok(!self.ask(&sql).await?.is_empty())
    }

    /// How far a standby has got: what it received, or replayed from its own folder.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn received(&self) -> Made<u64> {
        let sql = "SELECT (GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0')::bigint";
        let rows = self.ask(sql).await?;
        let at: Option<i64> = rows.first().and_then(|row| row.get(0));
        Ok(at.and_then(|at| u64::try_from(at).ok()).unwrap_or_default())
    }

    /// Ends what a source keeps for a replica.
    ///
    /// # Errors
    /// If it does not answer, or the replica still gets it.
    pub(crate) async fn drop_slot(&self, slot: &str) -> Made<()> {
        let sql = format!(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = {}",
            literal(slot)
        );
        self.ask(&sql).await.map(drop)
    }

    /// Ends what a source keeps for replicas that are not among these.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn keep_slots(&self, replicas: &[&str]) -> Made<()> {
        let mut sql = format!(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
             WHERE NOT active AND starts_with(slot_name, '{SLOTS}')"
        );
        for replica in replicas {
            sql.push_str(" AND slot_name <> ");
            sql.push_str(&literal(&slot(replica)));
        }
        self.ask(&sql).await.map(drop)
    }
}
