//! Aspects, which the older API calls metadata records: JSON about an entity, under a schema, valid for a time.

use jiff::Timestamp;
use pentad_store::{Row, StoreError, StoreErrorKind, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::{Change, Db, OPEN, Sql, ended, unreadable};
use crate::ivcap::auth::Caller;
use crate::ivcap::urn;

const HEAD: &str =
    "uid, entity, schema, account, policy, asserter, retracter, replaces, valid_from, valid_to";
/// Schemas that are asked for one by one, each in the order of its index; beyond that rows are sorted or sifted.
const MERGED: usize = 16;

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aspect {
    pub(crate) uid: Uuid,
    pub(crate) entity: String,
    pub(crate) schema: String,
    pub(crate) account: String,
    pub(crate) policy: String,
    pub(crate) asserter: String,
    pub(crate) retracter: Option<String>,
    /// The record in whose place this one stands.
    pub(crate) replaces: Option<Uuid>,
    pub(crate) since: Timestamp,
    pub(crate) until: Option<Timestamp>,
    /// The JSON; `null` where it was not asked for.
    pub(crate) content: Value,
}

/// What is to be added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewAspect<'a> {
    pub(crate) entity: &'a str,
    pub(crate) schema: &'a str,
    pub(crate) account: &'a str,
    pub(crate) policy: &'a str,
    /// Who says so.
    pub(crate) asserter: &'a str,
    /// JSON text.
    pub(crate) content: &'a str,
    pub(crate) replaces: Option<Uuid>,
}

/// Adds a record.
pub(crate) fn add(change: &mut Change<'_, '_>, new: &NewAspect<'_>) -> Db<Uuid> {
    let uid = urn::timely(change.stamp());
    let (stamp, replaces) = (change.micros(), new.replaces.map(Uuid::into_bytes));
    change.execute(
        "INSERT INTO aspects (uid, entity, schema, valid_from, valid_to, account, policy, asserter, replaces, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            uid.as_bytes(),
            &new.entity,
            &new.schema,
            &stamp,
            &OPEN,
            &new.account,
            &new.policy,
            &new.asserter,
            &replaces,
            &new.content,
        ],
    )?;
    Ok(uid)
}

/// Ends a record; `false` if there is none or it has ended.
pub(crate) fn retract(change: &mut Change<'_, '_>, uid: Uuid, retracter: &str) -> Db<bool> {
    let stamp = change.micros();
    let sql = "UPDATE aspects SET valid_to = $2, retracter = $3
               WHERE uid = $1 AND valid_to = 9223372036854775807";
    Ok(change.execute(sql, &[uid.as_bytes(), &stamp, &retracter])? > 0)
}

/// A record, ended or not.
pub(crate) fn get(tx: &mut Tx<'_>, uid: Uuid) -> Db<Option<Aspect>> {
    let sql = format!("SELECT {HEAD}, content FROM aspects WHERE uid = $1");
    tx.query_opt(&sql, &[uid.as_bytes()], aspect)
}

/// The ids of an account's present records about an entity under exactly this schema; at most `limit`.
pub(crate) fn exactly(
    tx: &mut Tx<'_>,
    account: &str,
    entity: &str,
    schema: &str,
    limit: i64,
) -> Db<Vec<Uuid>> {
    tx.query(
        "SELECT uid FROM aspects WHERE entity = $1 AND schema = $2 AND account = $3
         AND valid_to = 9223372036854775807 LIMIT $4",
        &[&entity, &schema, &account, &limit],
        |row| uuid(&row.blob(0)?),
    )
}

/// Schemas that a list is about: one of several texts, each the beginning of a schema, in which `%` stands for anything;
/// or exactly one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Schemas {
    patterns: Vec<String>,
    only: Option<String>,
}

impl Schemas {
    /// Reads a comma-separated list; an empty one is about all schemas.
    pub(crate) fn parse(text: &str) -> Self {
        let patterns = text.split(',').map(str::trim).filter(|one| !one.is_empty());
        Self { patterns: patterns.map(str::to_owned).collect(), only: None }
    }

    /// Exactly this one.
    pub(crate) fn only(schema: String) -> Self {
        Self { patterns: Vec::new(), only: Some(schema) }
    }

    fn is_all(&self) -> bool {
        self.patterns.is_empty() && self.only.is_none()
    }

    fn fits(&self, schema: &str) -> bool {
        if let Some(only) = &self.only {
            return only == schema;
        }
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| like(pattern, schema, true))
    }

    /// What every schema that fits begins with.
    fn stems(&self) -> Vec<&str> {
        if let Some(only) = &self.only {
            return vec![only];
        }
        let mut stems: Vec<&str> =
            self.patterns.iter().map(|one| one.split('%').next().unwrap_or_default()).collect();
        if stems.is_empty() {
            stems.push("");
        }
        stems.sort_unstable();
        // A stem that begins with an earlier one says nothing new.
        stems.dedup_by(|later, earlier| later.starts_with(*earlier));
        stems
    }
}

/// Whether a text fits a pattern with `%`; an open pattern need fit only the beginning.
pub(crate) fn like(pattern: &str, text: &str, open: bool) -> bool {
    let mut parts = pattern.split('%');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(middle) = last.replace(part) {
            let Some(at) = str::find(rest, middle) else { return false };
            rest = &rest[at + middle.len()..];
        }
    }
    match last {
        None => open || rest.is_empty(),
        Some(part) if open => rest.contains(part),
        Some(part) => rest.ends_with(part),
    }
}

/// What a list is made of.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) entity: Option<String>,
    pub(crate) schemas: Schemas,
    /// Only what this caller may read; all if absent.
    pub(crate) caller: Option<Caller>,
    /// The moment.
    pub(crate) at: i64,
    /// Whether the newest come first.
    pub(crate) desc: bool,
    /// Whether the content is wanted.
    pub(crate) content: bool,
}

/// Where a list stands: the start and the id of its last record.
pub(crate) type Mark = (i64, Uuid);

/// Up to `limit` records after `mark`, in the order of their start. Fewer than `limit` only at the end of the list.
pub(crate) fn list(tx: &mut Tx<'_>, select: &Selection, mark: Option<&Mark>, limit: i64) -> Db<Vec<Aspect>> {
    if select.schemas.is_all() && select.entity.is_none() {
        return rows(tx, select, Narrow::No, mark, limit);
    }
    if let Some(only) = &select.schemas.only {
        return rows(tx, select, Narrow::Schema(only), mark, limit);
    }
    let Some(schemas) = schemas(tx, select)? else {
        let narrow = if select.schemas.is_all() { Narrow::No } else { Narrow::Stems };
        return sifted(tx, select, narrow, mark, limit);
    };
    let mut found = Vec::new();
    for schema in &schemas {
        found.extend(rows(tx, select, Narrow::Schema(schema), mark, limit)?);
    }
    if schemas.len() > 1 {
        found.sort_unstable_by_key(mark_of);
        if select.desc {
            found.reverse();
        }
        found.truncate(usize::try_from(limit).unwrap_or(0));
    }
    Ok(found)
}

/// The mark of a record in a list.
pub(crate) fn mark_of(aspect: &Aspect) -> Mark {
    (aspect.since.as_microsecond(), aspect.uid)
}

/// The schemas that occur and fit, if they are few: each step is one look into an index.
fn schemas(tx: &mut Tx<'_>, select: &Selection) -> Db<Option<Vec<String>>> {
    let mut found = Vec::new();
    let mut looks = 0;
    for stem in select.schemas.stems() {
        let mut from = (stem.to_owned(), ">=");
        while let Some(schema) = next_schema(tx, select, &from)? {
            looks += 1;
            if !schema.starts_with(stem) {
                break;
            }
            if select.schemas.fits(&schema) {
                found.push(schema.clone());
            }
            if found.len() > MERGED || looks > 4 * MERGED {
                return Ok(None);
            }
            from = (schema, ">");
        }
    }
    Ok(Some(found))
}

fn next_schema(tx: &mut Tx<'_>, select: &Selection, from: &(String, &str)) -> Db<Option<String>> {
    let mut sql = Sql::new("SELECT schema FROM aspects WHERE ");
    sql.add(&format!("schema {} ?", from.1), &[&from.0]);
    if let Some(entity) = &select.entity {
        sql.add(" AND entity = ?", &[entity]);
    }
    sql.text.push_str(" ORDER BY schema LIMIT 1");
    tx.query_opt(&sql.text, &sql.values, |row| row.text(0))
}

/// How a statement narrows schemas down.
#[derive(Clone, Copy)]
enum Narrow<'n> {
    No,
    Schema(&'n str),
    /// By what the patterns begin with; what they say beyond that is looked at afterwards.
    Stems,
}

/// Reads on until `limit` rows fit.
fn sifted(
    tx: &mut Tx<'_>,
    select: &Selection,
    narrow: Narrow<'_>,
    mark: Option<&Mark>,
    limit: i64,
) -> Db<Vec<Aspect>> {
    let wanted = usize::try_from(limit).unwrap_or(0);
    let (mut found, mut mark) = (Vec::new(), mark.copied());
    loop {
        let more = rows(tx, select, narrow, mark.as_ref(), limit)?;
        let all = more.len() < wanted;
        mark = more.last().map(mark_of).or(mark);
        found.extend(more.into_iter().filter(|aspect| select.schemas.fits(&aspect.schema)));
        if all || found.len() >= wanted {
            found.truncate(wanted);
            return Ok(found);
        }
    }
}

fn rows(
    tx: &mut Tx<'_>,
    select: &Selection,
    narrow: Narrow<'_>,
    mark: Option<&Mark>,
    limit: i64,
) -> Db<Vec<Aspect>> {
    let content = if select.content { "content" } else { "'null'" };
    let mut sql = Sql::new(&format!("SELECT {HEAD}, {content} FROM aspects WHERE "));
    sql.add("valid_to > ?", &[&select.at]);
    if let Some(entity) = &select.entity {
        sql.add(" AND entity = ?", &[entity]);
    }
    let stems = select.schemas.stems();
    let ends: Vec<String> = stems.iter().map(|stem| format!("{stem}\u{10ffff}")).collect();
    match &narrow {
        Narrow::No => {}
        Narrow::Schema(schema) => sql.add(" AND schema = ?", &[schema]),
        Narrow::Stems => {
            for (number, (stem, end)) in stems.iter().zip(&ends).enumerate() {
                sql.text.push_str(if number == 0 { " AND (" } else { " OR " });
                sql.add("(schema >= ? AND schema <= ?)", &[stem, end]);
            }
            sql.text.push(')');
        }
    }
    if let Some(caller) = &select.caller {
        sql.readable(caller);
    }
    let (order, beyond) = if select.desc { ("DESC", "<") } else { ("ASC", ">") };
    if mark.is_none() || !select.desc {
        sql.add(" AND valid_from <= ?", &[&select.at]);
    }
    let after = mark.map(|(since, uid)| (since, uid.into_bytes()));
    if let Some((since, uid)) = &after {
        sql.add(&format!(" AND (valid_from, uid) {beyond} (?, ?)"), &[since, uid]);
    }
    sql.add(&format!(" ORDER BY valid_from {order}, uid {order} LIMIT ?"), &[&limit]);
    // At the moment of the list nothing was known of a later end.
    tx.query(&sql.text, &sql.values, |row| Ok(Aspect { until: None, retracter: None, ..aspect(row)? }))
}

/// The last stamp in the table.
pub(crate) fn newest(tx: &mut Tx<'_>) -> Db<i64> {
    let from = tx.query_one("SELECT MAX(valid_from) FROM aspects", &[], |row| row.opt_int(0))?;
    let sql = "SELECT MAX(valid_to) FROM aspects WHERE valid_to < 9223372036854775807";
    let to = tx.query_one(sql, &[], |row| row.opt_int(0))?;
    Ok(from.unwrap_or(0).max(to.unwrap_or(0)))
}

fn aspect(row: &Row<'_>) -> Db<Aspect> {
    Ok(Aspect {
        uid: uuid(row.blob_ref(0)?)?,
        entity: row.text(1)?,
        schema: row.text(2)?,
        account: row.text(3)?,
        policy: row.text(4)?,
        asserter: row.text(5)?,
        retracter: row.opt_text(6)?,
        replaces: row.opt_blob(7)?.map(|bytes| uuid(&bytes)).transpose()?,
        since: row.time(8)?,
        until: ended(row.int(9)?),
        content: serde_json::from_str(row.text_ref(10)?).map_err(|error| unreadable("aspect", &error))?,
    })
}

fn uuid(bytes: &[u8]) -> Db<Uuid> {
    Uuid::from_slice(bytes).map_err(|_| StoreError::new(StoreErrorKind::Decode, "a stored id is no UUID"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_fits_by_its_beginning_and_by_wildcards() {
        let fits = |patterns: &str, schema: &str| Schemas::parse(patterns).fits(schema);
        assert!(fits("", "urn:a"));
        assert!(fits("urn:a:", "urn:a:b"));
        assert!(fits("urn:a:%", "urn:a:b"));
        assert!(fits("%label%", "urn:a:label.1"));
        assert!(fits("urn:%:label", "urn:a:label.1"));
        assert!(fits("urn:x,urn:a", "urn:a:label.1"));
        assert!(!fits("urn:b", "urn:a:label.1"));
        assert!(!fits("urn:%:lable", "urn:a:label.1"));
    }

    #[test]
    fn a_closed_pattern_covers_the_whole_text() {
        assert!(like("fire%", "fire-risk", false));
        assert!(like("%risk", "fire-risk", false));
        assert!(like("%a%a", "aa", false));
        assert!(!like("%aa", "a", false));
        assert!(!like("fire", "fire-risk", false));
        assert!(!like("%ab%ab", "ab", false));
    }

    #[test]
    fn stems_do_not_repeat_each_other() {
        assert_eq!(Schemas::parse("urn:a:%b,urn:a:b,urn:c").stems(), ["urn:a:", "urn:c"]);
        assert_eq!(Schemas::parse("%x,urn:a").stems(), [""]);
        assert_eq!(Schemas::default().stems(), [""]);
    }
}
