//! Counters for metrics and reports (AMS reference 8).

use pentad_store::Tx;

use super::Db;

/// Days shown by daily counters.
const DAYS: i64 = 30;

/// Messages per day of a topic, newest first, at most 30 days.
pub(crate) fn topic_days(tx: &mut Tx<'_>, project: i64, topic: i64) -> Db<Vec<(String, i64)>> {
    tx.query(
        "SELECT day, count FROM daily WHERE project_id = $1 AND topic_id = $2 ORDER BY day DESC LIMIT $3",
        &[&project, &topic, &DAYS],
        |row| Ok((row.text(0)?, row.int(1)?)),
    )
}

/// Messages per day of a project, newest first, at most 30 days.
pub(crate) fn project_days(tx: &mut Tx<'_>, project: i64) -> Db<Vec<(String, i64)>> {
    tx.query(
        "SELECT day, CAST(SUM(count) AS BIGINT) FROM daily WHERE project_id = $1 GROUP BY day ORDER BY day DESC LIMIT $2",
        &[&project, &DAYS],
        |row| Ok((row.text(0)?, row.int(1)?)),
    )
}

/// Messages of a project between two days, both included; `None` without any counter.
pub(crate) fn messages_between(tx: &mut Tx<'_>, project: i64, from: &str, to: &str) -> Db<Option<i64>> {
    tx.query_one(
        "SELECT CAST(SUM(count) AS BIGINT) FROM daily WHERE project_id = $1 AND day >= $2 AND day <= $3",
        &[&project, &from, &to],
        |row| row.opt_int(0),
    )
}

/// Topics and subscriptions of a project created in a period, and users of it created in the period.
pub(crate) fn created_between(tx: &mut Tx<'_>, project: i64, from: i64, to: i64) -> Db<[i64; 3]> {
    let mut counts = [0; 3];
    let statements = [
        "SELECT COUNT(*) FROM topics WHERE project_id = $1 AND created_at >= $2 AND created_at <= $3",
        "SELECT COUNT(*) FROM subscriptions WHERE project_id = $1 AND created_at >= $2 AND created_at <= $3",
        "SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id \
         WHERE m.project_id = $1 AND u.created_at >= $2 AND u.created_at <= $3",
    ];
    for (count, sql) in counts.iter_mut().zip(statements) {
        *count = tx.query_one(sql, &[&project, &from, &to], |row| row.int(0))?;
    }
    Ok(counts)
}

/// Users created in a period, whatever their projects.
pub(crate) fn users_between(tx: &mut Tx<'_>, from: i64, to: i64) -> Db<i64> {
    let sql = "SELECT COUNT(*) FROM users WHERE created_at >= $1 AND created_at <= $2";
    tx.query_one(sql, &[&from, &to], |row| row.int(0))
}

/// Users of a project with the number of topics that list them.
pub(crate) fn topics_per_user(tx: &mut Tx<'_>, project: i64) -> Db<Vec<(String, i64)>> {
    tx.query(
        "SELECT u.name, COUNT(*) FROM topic_acl a JOIN topics t ON t.id = a.topic_id JOIN users u ON u.id = a.user_id \
         WHERE t.project_id = $1 GROUP BY u.id, u.name ORDER BY u.id",
        &[&project],
        |row| Ok((row.text(0)?, row.int(1)?)),
    )
}

/// Users of a project with the number of subscriptions that list them.
pub(crate) fn subscriptions_per_user(tx: &mut Tx<'_>, project: i64) -> Db<Vec<(String, i64)>> {
    tx.query(
        "SELECT u.name, COUNT(*) FROM subscription_acl a JOIN subscriptions s ON s.id = a.subscription_id \
         JOIN users u ON u.id = a.user_id WHERE s.project_id = $1 GROUP BY u.id, u.name ORDER BY u.id",
        &[&project],
        |row| Ok((row.text(0)?, row.int(1)?)),
    )
}
