//! Which records a list shows: their ids, each found by a look into an index.
//!
//! A list is put together of strands, each in the order of ids: the present ones and those that have ended, for each of a few
//! schemas, of the caller's account and of each policy that lets the caller in. What has ended is told apart by how long it was valid: of
//! span n is what was so for 8^n microseconds up to eight times as long. So at a time only rows are looked at that began at most
//! that long before, of which a good part is valid then, however often the others were replaced.

use std::collections::BTreeSet;

use pentad_store::Tx;
use uuid::Uuid;

use super::{Db, Selection, Sql, uuid};
use crate::ivcap::auth::{Caller, policy};
use crate::ivcap::urn::{Kind, first_at, last_at};

/// Schemas, accounts or policies that are asked for one by one; beyond that rows are sifted.
const MERGED: usize = 16;
/// Spans: 8^21 microseconds are all there is.
const SPANS: i64 = 21;
/// The span of what ended before spans were told apart.
const UNKNOWN: i64 = 63;

const NOW: &str = "valid_to = 9223372036854775807";
const PAST: &str = "valid_to < 9223372036854775807";
/// What the indexes of what is shared leave out.
const SHARED: &str = "policy <> 'urn:ivcap:policy:ivcap.base.metadata'";

/// The span of a record.
pub(super) fn span(since: i64, until: i64) -> i64 {
    i64::from(until.saturating_sub(since).max(1).unsigned_abs().ilog2() / 3)
}

/// How far back a record of a span can have begun; `None` if any time.
fn reach(span: i64) -> Option<i64> {
    u32::try_from(span + 1).ok().and_then(|exponent| 8_i64.checked_pow(exponent))
}

/// Whose records a strand holds.
#[derive(Debug, Clone)]
enum Whose {
    Everyones,
    /// What this caller may read.
    Readable(Caller),
    /// An account's own.
    Own(String),
    /// Others' under a policy.
    Shared {
        policy: String,
        but: String,
    },
}

/// Which schemas a strand holds.
#[derive(Debug, Clone)]
enum Which {
    All,
    One(String),
    /// Those that begin so; what the patterns say beyond that is looked at afterwards.
    Stems(Vec<String>),
}

/// The ids of up to `limit` records after one, in the order of the list. Fewer only at its end.
pub(super) fn ids(tx: &mut Tx<'_>, select: &Selection, after: Option<Uuid>, limit: usize) -> Db<Vec<Uuid>> {
    let mut found = Vec::new();
    for ended in [false, true] {
        // The snapshot is older than this: what ended before it is known by now.
        if ended && !select.stamps.is_past(select.at) {
            break;
        }
        let spans: Vec<Option<i64>> =
            if ended { (0..SPANS).chain([UNKNOWN]).map(Some).collect() } else { vec![None] };
        let (all, whose) = (which(tx, select, ended)?, whose(tx, select, ended)?);
        for which in &all {
            for whose in &whose {
                for span in &spans {
                    found.extend(strand(tx, select, (which, whose, *span), after, limit)?);
                }
            }
        }
    }
    if select.desc {
        found.sort_unstable_by(|a, b| b.cmp(a));
    } else {
        found.sort_unstable();
    }
    found.truncate(limit);
    Ok(found)
}

fn strand(
    tx: &mut Tx<'_>,
    select: &Selection,
    (which, whose, span): (&Which, &Whose, Option<i64>),
    after: Option<Uuid>,
    limit: usize,
) -> Db<Vec<Uuid>> {
    let begun = span.and_then(reach).map(|reach| first_at(select.at.saturating_sub(reach)).into_bytes());
    let (latest, after) = (last_at(select.at).into_bytes(), after.map(Uuid::into_bytes));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let ends = match which {
        Which::Stems(stems) => stems.iter().map(|stem| (stem.clone(), format!("{stem}\u{10ffff}"))).collect(),
        _ => Vec::new(),
    };
    let mut sql = Sql::new("SELECT uid FROM aspects WHERE ");
    match &span {
        None => sql.text.push_str(NOW),
        Some(span) => {
            sql.text.push_str(PAST);
            sql.add(" AND span = ? AND valid_to > ?", &[span, &select.at]);
        }
    }
    sql.add(" AND uid <= ? AND valid_from <= ?", &[&latest, &select.at]);
    if let Some(begun) = &begun {
        sql.add(" AND uid >= ?", &[begun]);
    }
    if let Some(entity) = &select.entity {
        sql.add(" AND entity = ?", &[entity]);
    }
    if let Which::One(schema) = which {
        sql.add(" AND schema = ?", &[schema]);
    }
    for (number, (stem, end)) in ends.iter().enumerate() {
        sql.text.push_str(if number == 0 { " AND (" } else { " OR " });
        sql.add("(schema >= ? AND schema <= ?)", &[stem, end]);
    }
    sql.text.push_str(if ends.is_empty() { "" } else { ")" });
    match whose {
        Whose::Everyones => {}
        Whose::Readable(caller) => sql.readable(caller),
        Whose::Own(account) => sql.add(" AND account = ?", &[account]),
        Whose::Shared { policy, but } => {
            sql.add(&format!(" AND {SHARED} AND policy = ? AND account <> ?"), &[policy, but]);
        }
    }
    let (order, beyond) = if select.desc { ("DESC", "<") } else { ("ASC", ">") };
    if let Some(after) = &after {
        sql.add(&format!(" AND uid {beyond} ?"), &[after]);
    }
    sql.add(&format!(" ORDER BY uid {order} LIMIT ?"), &[&limit]);
    tx.query(&sql.text, &sql.values, |row| uuid(row.blob_ref(0)?))
}

/// The schemas that occur and fit, if they are few: each step is one look into an index.
fn which(tx: &mut Tx<'_>, select: &Selection, ended: bool) -> Db<Vec<Which>> {
    if let Some(only) = &select.schemas.only {
        return Ok(vec![Which::One(only.clone())]);
    }
    if select.schemas.is_all() && select.entity.is_none() {
        return Ok(vec![Which::All]);
    }
    let (mut found, mut looks) = (Vec::new(), 0);
    let stems: Vec<String> = select.schemas.stems().into_iter().map(str::to_owned).collect();
    for stem in &stems {
        let mut from = (stem.clone(), ">=");
        while let Some(schema) = next_schema(tx, select, ended, &from)? {
            looks += 1;
            if !schema.starts_with(stem) {
                break;
            }
            if select.schemas.fits(&schema) {
                found.push(Which::One(schema.clone()));
            }
            if found.len() > MERGED || looks > 4 * MERGED {
                let all = select.schemas.is_all();
                return Ok(vec![if all { Which::All } else { Which::Stems(stems) }]);
            }
            from = (schema, ">");
        }
    }
    Ok(found)
}

fn next_schema(
    tx: &mut Tx<'_>,
    select: &Selection,
    ended: bool,
    from: &(String, &str),
) -> Db<Option<String>> {
    let mut sql = Sql::new(&format!("SELECT schema FROM aspects WHERE {}", if ended { PAST } else { NOW }));
    sql.add(&format!(" AND schema {} ?", from.1), &[&from.0]);
    if let Some(entity) = &select.entity {
        sql.add(" AND entity = ?", &[entity]);
    }
    sql.text.push_str(" ORDER BY schema LIMIT 1");
    tx.query_opt(&sql.text, &sql.values, |row| row.text(0))
}

/// Whose records the caller may read. Those of one entity are few: they are looked through.
fn whose(tx: &mut Tx<'_>, select: &Selection, ended: bool) -> Db<Vec<Whose>> {
    let Some(caller) = select.caller.as_ref().filter(|caller| !caller.admin) else {
        if select.entity.is_some() {
            return Ok(vec![Whose::Everyones]);
        }
        let accounts = occurring(tx, "account", "", ended)?;
        let own = |accounts: BTreeSet<String>| accounts.into_iter().map(Whose::Own).collect();
        return Ok(accounts.map_or_else(|| vec![Whose::Everyones], own));
    };
    let usual = policy::default_of(Kind::Aspect);
    let policies = match select.entity.is_some() || caller.reads.contains(&usual) {
        true => None,
        false => occurring(tx, "policy", &format!(" AND {SHARED}"), ended)?,
    };
    let Some(policies) = policies else { return Ok(vec![Whose::Readable(caller.clone())]) };
    let shared = policies.into_iter().filter(|policy| caller.reads.contains(policy));
    let shared = shared.map(|policy| Whose::Shared { policy, but: caller.account.clone() });
    Ok(std::iter::once(Whose::Own(caller.account.clone())).chain(shared).collect())
}

/// The values of a column, if they are few: each step is one look into an index.
fn occurring(tx: &mut Tx<'_>, column: &str, more: &str, ended: bool) -> Db<Option<BTreeSet<String>>> {
    let mut found = BTreeSet::new();
    let time = if ended { PAST } else { NOW };
    let sql = format!(
        "SELECT {column} FROM aspects WHERE {time}{more} AND {column} > $1 ORDER BY {column} LIMIT 1"
    );
    let mut last = String::new();
    while let Some(next) = tx.query_opt(&sql, &[&last], |row| row.text(0))? {
        if found.len() >= MERGED {
            return Ok(None);
        }
        found.insert(next.clone());
        last = next;
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_valid_at_a_time_began_within_the_reach_of_its_span() {
        for length in (0..60).flat_map(|bits| [(1_i64 << bits) - 1, 1 << bits, (1 << bits) + 1]) {
            let span = span(1000, 1000 + length);
            assert!((0..SPANS).contains(&span), "{length}");
            assert!(reach(span).is_none_or(|reach| length < reach), "{length}");
        }
        assert_eq!(reach(UNKNOWN), None);
    }
}
