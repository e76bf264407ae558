//! Things with versions: services, orders, jobs, artifacts, queues, projects, packages.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use pentad_store::{Row, Tx};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::stamps::Stamps;
use super::{Change, Db, OPEN, Sql, ended, unreadable};
use crate::ivcap::auth::Caller;
use crate::ivcap::urn::Kind;

const COLUMNS: &str = "id, account, policy, name, parent, created, valid_from, valid_to, doc";

/// What a kind of thing keeps beside what every thing has.
pub(crate) trait Thing: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The kind in its URN.
    const KIND: Kind;
}

/// One version of a thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held<T> {
    /// Its URN.
    pub(crate) id: String,
    /// Who it belongs to.
    pub(crate) account: String,
    /// Who else may do something with it.
    pub(crate) policy: String,
    /// What it can be found by within its account; empty if nothing.
    pub(crate) name: String,
    /// What it belongs to, such as the service of a job; empty if nothing.
    pub(crate) parent: String,
    /// When its first version began.
    pub(crate) created: Timestamp,
    /// When this version began.
    pub(crate) since: Timestamp,
    /// When this version ended.
    pub(crate) until: Option<Timestamp>,
    /// All else.
    pub(crate) doc: T,
}

impl<T> Held<T> {
    /// A thing that is yet to be created; that sets its times.
    pub(crate) fn new(id: String, account: &str, policy: String, doc: T) -> Self {
        let (name, parent, start) = (String::new(), String::new(), Timestamp::UNIX_EPOCH);
        let account = account.to_owned();
        Self { id, account, policy, name, parent, created: start, since: start, until: None, doc }
    }

    /// Sets what it can be found by.
    #[must_use]
    pub(crate) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Sets what it belongs to.
    #[must_use]
    pub(crate) fn below(mut self, parent: &str) -> Self {
        parent.clone_into(&mut self.parent);
        self
    }
}

/// Creates a thing; `false` if its id was ever given.
pub(crate) fn create<T: Thing>(change: &mut Change<'_, '_>, held: &Held<T>) -> Db<bool> {
    if last::<Value>(change, T::KIND, &held.id)?.is_some() {
        return Ok(false);
    }
    open(change, held, change.micros())?;
    Ok(true)
}

fn open<T: Thing>(change: &mut Change<'_, '_>, held: &Held<T>, created: i64) -> Db<()> {
    let stamp = change.micros();
    let doc = text(&held.doc)?;
    change.execute(
        "INSERT INTO things (kind, id, valid_from, valid_to, created, account, policy, name, parent, doc)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            &T::KIND.as_str(),
            &held.id,
            &stamp,
            &OPEN,
            &created,
            &held.account,
            &held.policy,
            &held.name,
            &held.parent,
            &doc,
        ],
    )?;
    Ok(())
}

/// Ends the present version and begins one with this name, policy and document. Several updates in one change are one.
pub(crate) fn update<T: Thing>(change: &mut Change<'_, '_>, held: &Held<T>) -> Db<()> {
    let (stamp, doc) = (change.micros(), text(&held.doc)?);
    let again = change.execute(
        "UPDATE things SET policy = $4, name = $5, parent = $6, doc = $7
         WHERE kind = $1 AND id = $2 AND valid_from = $3 AND valid_to = 9223372036854775807",
        &[&T::KIND.as_str(), &held.id, &stamp, &held.policy, &held.name, &held.parent, &doc],
    )?;
    if again == 0 {
        end(change, T::KIND, &held.id)?;
        open(change, held, held.created.as_microsecond())?;
    }
    Ok(())
}

/// Ends a thing; `false` if there is none now.
pub(crate) fn end(change: &mut Change<'_, '_>, kind: Kind, id: &str) -> Db<bool> {
    let (kind, stamp) = (kind.as_str(), change.micros());
    // Only the newest version can be open: however many there were, this is one look.
    let sql = "SELECT valid_from FROM things WHERE kind = $1 AND id = $2 ORDER BY valid_from DESC LIMIT 1";
    let Some(since) = change.query_opt(sql, &[&kind, &id], |row| row.int(0))? else { return Ok(false) };
    let closed = change.execute(
        "UPDATE things SET valid_to = $4 WHERE kind = $1 AND id = $2 AND valid_from = $3
         AND valid_to = 9223372036854775807",
        &[&kind, &id, &since, &stamp],
    )?;
    Ok(closed > 0)
}

/// The present version.
pub(crate) fn get<T: Thing>(tx: &mut Tx<'_>, id: &str) -> Db<Option<Held<T>>> {
    Ok(last::<T>(tx, T::KIND, id)?.filter(|held| held.until.is_none()))
}

/// The version at a time.
pub(crate) fn at<T: Thing>(tx: &mut Tx<'_>, id: &str, at: i64) -> Db<Option<Held<T>>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM things WHERE kind = $1 AND id = $2 AND valid_from <= $3 AND valid_to > $3
         ORDER BY valid_from DESC LIMIT 1"
    );
    tx.query_opt(&sql, &[&T::KIND.as_str(), &id, &at], held)
}

/// The newest version, ended or not.
pub(crate) fn last<T: DeserializeOwned>(tx: &mut Tx<'_>, kind: Kind, id: &str) -> Db<Option<Held<T>>> {
    let sql =
        format!("SELECT {COLUMNS} FROM things WHERE kind = $1 AND id = $2 ORDER BY valid_from DESC LIMIT 1");
    tx.query_opt(&sql, &[&kind.as_str(), &id], held)
}

/// The present version of the thing with this name in an account.
pub(crate) fn named<T: Thing>(tx: &mut Tx<'_>, account: &str, name: &str) -> Db<Option<Held<T>>> {
    // Expressions where an index would lead to all things of an account: few have a name.
    let sql = format!(
        "SELECT {COLUMNS} FROM things WHERE kind = $1 AND account = $2 AND name = $3 AND name <> ''
         AND valid_to = 9223372036854775807 ORDER BY created + 0, id LIMIT 1"
    );
    tx.query_opt(&sql, &[&T::KIND.as_str(), &account, &name], held)
}

/// Where a list stands: the creation and the id of its last thing.
pub(crate) type Mark = (i64, String);

/// What a list is made of.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    /// Only what belongs to this.
    pub(crate) parent: Option<String>,
    /// Only what this caller may read; all if absent.
    pub(crate) caller: Option<Caller>,
    /// The moment.
    pub(crate) at: i64,
    /// Tells whether something has ended since that moment.
    pub(crate) stamps: Arc<Stamps>,
    /// Whether the newest come first.
    pub(crate) desc: bool,
}

/// Whose things a strand of a list holds.
enum Whose<'s> {
    /// What the caller may read.
    Readable,
    Own(&'s str),
    /// Others' under a policy.
    Shared(&'s str, &'s str),
}

/// Shows up to `limit` things of a kind after `mark`, in the order of their creation, with the bytes of their documents, until
/// `each` breaks off; one at a time is in memory. Gives the last one that was looked at; `None` at the end of the list.
pub(crate) fn list<T: DeserializeOwned>(
    tx: &mut Tx<'_>,
    kind: Kind,
    select: &Selection,
    mark: Option<&Mark>,
    limit: usize,
    each: &mut dyn FnMut(Held<T>, usize) -> Db<ControlFlow<()>>,
) -> Db<Option<Mark>> {
    let mut found: Vec<(i64, String, i64)> = Vec::new();
    let policies = policies(tx, kind, select)?;
    let caller = select.caller.as_ref().filter(|_| policies.is_some());
    let mut strands = vec![(false, caller.map_or(Whose::Readable, |caller| Whose::Own(&caller.account)))];
    for (caller, policy) in
        caller.into_iter().flat_map(|caller| policies.iter().flatten().map(move |one| (caller, one)))
    {
        strands.push((false, Whose::Shared(policy, &caller.account)));
    }
    strands.push((true, Whose::Readable));
    for (ended, whose) in &strands {
        // The snapshot is older than this: what ended before it is known by now.
        if *ended && !select.stamps.is_past(select.at) {
            continue;
        }
        found.extend(strand(tx, kind, select, (*ended, whose), mark, limit)?);
    }
    found.sort_unstable();
    if select.desc {
        found.reverse();
    }
    found.truncate(limit);
    let last = found.last().filter(|_| found.len() >= limit).map(|(created, id, _)| (*created, id.clone()));
    let sql = format!("SELECT {COLUMNS} FROM things WHERE kind = $1 AND id = $2 AND valid_from = $3");
    for (_, id, since) in found {
        let held = tx.query_opt(&sql, &[&kind.as_str(), &id, &since], |row| {
            // At the moment of the list nothing was known of a later end.
            Ok((Held { until: None, ..held(row)? }, row.text_ref(8)?.len()))
        });
        if let Some((held, bytes)) = held?
            && each(held, bytes)?.is_break()
        {
            break;
        }
    }
    Ok(last)
}

/// The policies of a kind that let the caller in, if what a list is about can be told apart by them and they are few.
fn policies(tx: &mut Tx<'_>, kind: Kind, select: &Selection) -> Db<Option<Vec<String>>> {
    let caller = select.caller.as_ref().filter(|caller| !caller.admin && select.parent.is_none());
    let Some(caller) = caller else { return Ok(None) };
    let (mut found, mut last) = (Vec::new(), String::new());
    let sql = "SELECT policy FROM things WHERE kind = $1 AND policy > $2 AND valid_to = 9223372036854775807
               ORDER BY policy LIMIT 1";
    while let Some(next) = tx.query_opt(sql, &[&kind.as_str(), &last], |row| row.text(0))? {
        if found.len() >= MERGED {
            return Ok(None);
        }
        if caller.reads.contains(&next) {
            found.push(next.clone());
        }
        last = next;
    }
    Ok(Some(found))
}

/// Policies that are asked for one by one.
const MERGED: usize = 16;

fn strand(
    tx: &mut Tx<'_>,
    kind: Kind,
    select: &Selection,
    (ended, whose): (bool, &Whose<'_>),
    mark: Option<&Mark>,
    limit: usize,
) -> Db<Vec<(i64, String, i64)>> {
    let (kind, at, limit) = (kind.as_str(), select.at, i64::try_from(limit).unwrap_or(i64::MAX));
    let mut sql = Sql::new("SELECT created, id, valid_from FROM things WHERE ");
    sql.add("kind = ? AND valid_from <= ?", &[&kind, &at]);
    if ended {
        sql.add(" AND valid_to < 9223372036854775807 AND valid_to > ?", &[&at]);
    } else {
        sql.text.push_str(" AND valid_to = 9223372036854775807");
    }
    if let Some(parent) = &select.parent {
        sql.add(" AND parent = ? AND parent <> ''", &[parent]);
    }
    match whose {
        Whose::Readable => {
            if let Some(caller) = &select.caller {
                sql.readable(caller);
            }
        }
        Whose::Own(account) => sql.add(" AND account = ?", &[account]),
        Whose::Shared(policy, but) => sql.add(" AND policy = ? AND account <> ?", &[policy, but]),
    }
    let (order, beyond) = if select.desc { ("DESC", "<") } else { ("ASC", ">") };
    if let Some((created, id)) = mark {
        sql.add(&format!(" AND (created, id) {beyond} (?, ?)"), &[created, id]);
    }
    sql.add(&format!(" ORDER BY created {order}, id {order} LIMIT ?"), &[&limit]);
    tx.query(&sql.text, &sql.values, |row| Ok((row.int(0)?, row.text(1)?, row.int(2)?)))
}

/// Up to `limit` present things below `parent`, in the order of their creation.
pub(crate) fn below<T: Thing>(tx: &mut Tx<'_>, parent: &str, limit: i64) -> Db<Vec<Held<T>>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM things WHERE parent = $1 AND parent <> '' AND kind = $2
         AND valid_to = 9223372036854775807 ORDER BY created, id LIMIT $3"
    );
    tx.query(&sql, &[&parent, &T::KIND.as_str(), &limit], held)
}

/// The last stamp in the table.
pub(crate) fn newest(tx: &mut Tx<'_>) -> Db<i64> {
    let from = tx.query_one("SELECT MAX(valid_from) FROM things", &[], |row| row.opt_int(0))?;
    let sql = "SELECT MAX(valid_to) FROM things WHERE valid_to < 9223372036854775807";
    let to = tx.query_one(sql, &[], |row| row.opt_int(0))?;
    Ok(from.unwrap_or(0).max(to.unwrap_or(0)))
}

fn held<T: DeserializeOwned>(row: &Row<'_>) -> Db<Held<T>> {
    let broken = |error| unreadable("thing", &error);
    Ok(Held {
        id: row.text(0)?,
        account: row.text(1)?,
        policy: row.text(2)?,
        name: row.text(3)?,
        parent: row.text(4)?,
        created: row.time(5)?,
        since: row.time(6)?,
        until: ended(row.int(7)?),
        doc: serde_json::from_str(row.text_ref(8)?).map_err(broken)?,
    })
}

fn text<T: Serialize>(doc: &T) -> Db<String> {
    serde_json::to_string(doc).map_err(|error| unreadable("thing", &error))
}

/// The mark of a thing in a list.
pub(crate) fn mark<T>(held: &Held<T>) -> Mark {
    (held.created.as_microsecond(), held.id.clone())
}
