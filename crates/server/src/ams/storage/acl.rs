//! Who may use a topic or a subscription.

use std::collections::HashSet;

use pentad_store::Tx;

use super::Db;

/// Which kind of resource an ACL belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acl {
    /// A topic's ACL: publishers.
    Topic,
    /// A subscription's ACL: consumers.
    Subscription,
}

impl Acl {
    fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::Topic => ("topic_acl", "topic_id"),
            Self::Subscription => ("subscription_acl", "subscription_id"),
        }
    }

    /// Names of the listed users that still exist, in the order given.
    pub(crate) fn names(self, tx: &mut Tx<'_>, resource: i64) -> Db<Vec<String>> {
        let (table, key) = self.table();
        let sql = format!(
            "SELECT u.name FROM {table} a JOIN users u ON u.id = a.user_id WHERE a.{key} = $1 ORDER BY a.place"
        );
        tx.query(&sql, &[&resource], |row| row.text(0))
    }

    /// Ids of the listed users.
    pub(crate) fn ids(self, tx: &mut Tx<'_>, resource: i64) -> Db<HashSet<i64>> {
        let (table, key) = self.table();
        let sql = format!("SELECT user_id FROM {table} WHERE {key} = $1");
        Ok(tx.query(&sql, &[&resource], |row| row.int(0))?.into_iter().collect())
    }

    /// Replaces the list.
    pub(crate) fn replace(self, tx: &mut Tx<'_>, resource: i64, users: &[i64]) -> Db<()> {
        let (table, key) = self.table();
        tx.execute(&format!("DELETE FROM {table} WHERE {key} = $1"), &[&resource])?;
        let sql =
            format!("INSERT INTO {table} ({key}, user_id, place) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING");
        for (place, user) in (0_i64..).zip(users) {
            tx.execute(&sql, &[&resource, user, &place])?;
        }
        Ok(())
    }
}

/// Ids of the named users, or the names that are unknown or not members of the project.
pub(crate) fn member_ids(
    tx: &mut Tx<'_>,
    project: i64,
    names: &[String],
) -> Db<Result<Vec<i64>, Vec<String>>> {
    let mut ids = Vec::with_capacity(names.len());
    let mut unknown = Vec::new();
    for name in names {
        let id = tx.query_opt(
            "SELECT u.id FROM users u JOIN members m ON m.user_id = u.id WHERE u.name = $1 AND m.project_id = $2",
            &[name, &project],
            |row| row.int(0),
        )?;
        match id {
            Some(id) => ids.push(id),
            None => unknown.push(name.clone()),
        }
    }
    Ok(if unknown.is_empty() { Ok(ids) } else { Err(unknown) })
}
