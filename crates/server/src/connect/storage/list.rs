//! Pages of a collection: filter and order run in the database.

use std::collections::HashMap;

use pentad_rql::{Filter, Kind, Order, Plan};
use pentad_store::{StoreError, Tx};

use super::cells::path_id;
use super::collections::CollectionRow;
use super::filter::{Param, TooComplex, Translator, codes};
use super::find::{Finder, LIST, Way, values};
use super::{id_list, order};

/// Bytes of objects that are in memory at once for one answer.
const MOST_BYTES: i64 = 1 << 20;

/// A page, with the size of the whole list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The first objects as JSON.
    pub(crate) bodies: Vec<String>,
    /// The numbers of those behind them, which would take too much memory; [`more`] gets them.
    pub(crate) rest: Vec<i64>,
    pub(crate) total: i64,
}

/// Why there is no page.
#[derive(Debug)]
pub(crate) enum Fault {
    TooComplex,
    Store(StoreError),
}

impl From<TooComplex> for Fault {
    fn from(_: TooComplex) -> Self {
        Self::TooComplex
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The resources that the plan asks for, from `offset` on, at most `limit`.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    plan: &Plan,
    limit: i64,
) -> Result<Page, Fault> {
    page_by(tx, collection, plan, limit, Way::default())
}

/// The same, with the way to go.
pub(super) fn page_by(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    plan: &Plan,
    limit: i64,
    way: Way,
) -> Result<Page, Fault> {
    let everything = plan.filter().is_everything();
    let offset = i64::try_from(plan.offset()).unwrap_or(i64::MAX);
    if everything && (limit == 0 || offset >= collection.size) {
        return Ok(Page { total: collection.size, ..Page::default() });
    }
    if everything && let Some(rows) = walk(collection, plan.ordering()) {
        let sql = format!("{rows} LIMIT $2 OFFSET $3");
        let first = if plan.ordering().is_empty() { collection.id } else { path_id(collection.id, "id") };
        let ids = tx.query(&sql, &[&first, &limit, &offset], |row| row.int(0))?;
        return Ok(Page { total: collection.size, ..more(tx, ids)? });
    }
    if limit == 0
        && let Some(total) = count(tx, collection, plan.filter())?
    {
        return Ok(Page { total, ..Page::default() });
    }
    let mut finder = Finder::new(tx, collection.id, collection.trusted(), way);
    let found = if everything { finder.all()?.clone() } else { finder.find(plan.filter())? };
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let ids = order::page(&mut finder, &found, plan, usize::try_from(limit).unwrap_or(0))?;
    Ok(Page { total, ..more(tx, ids)? })
}

/// All resources in an order that an index has, of which only as many are passed as lie before the page: that of creation
/// and that of the ids.
fn walk(collection: &CollectionRow, orders: &[Order]) -> Option<String> {
    let Some(first) = orders.first() else {
        return Some("SELECT r.id FROM resources r WHERE r.collection = $1 ORDER BY r.id".to_owned());
    };
    // Every resource has one id, which the index holds whole; beside its code stand those of the day or instant that
    // it may be.
    let by_id = first.path.as_str() == "id" && first.kind == Kind::Any && collection.trusted().has("id");
    let (from, to) = codes(&Kind::Any);
    let direction = if first.descending { "DESC" } else { "ASC" };
    by_id.then(|| {
        format!(
            "SELECT c.resource FROM cells c WHERE c.hot = 1 AND c.path = $1 AND c.head >= '{from}' AND c.head < '{to}' \
             ORDER BY c.head {direction}, c.resource"
        )
    })
}

/// How many a single condition finds, if an index alone tells.
fn count(tx: &mut Tx<'_>, collection: &CollectionRow, filter: &Filter) -> Result<Option<i64>, Fault> {
    let hot = collection.trusted();
    let mut translator = Translator::new(collection.id, &hot);
    let Filter::Test(test) = filter else { return Ok(None) };
    if translator.drivers(filter).is_empty() {
        return Ok(None);
    }
    let rows = translator.indexed(test)?;
    let sql = format!("SELECT COUNT(DISTINCT c.resource) FROM cells c WHERE {rows}");
    Ok(Some(tx.query_one(&sql, &values(&translator.params), |row| row.int(0))?))
}

/// The first objects of these numbers, as many as fit into [`MOST_BYTES`] and at least one, and the numbers of the others.
pub(crate) fn more(tx: &mut Tx<'_>, mut ids: Vec<i64>) -> Result<Page, StoreError> {
    let fitting = fitting(tx, &ids)?;
    let rest = ids.split_off(fitting);
    Ok(Page { bodies: bodies(tx, &ids)?, rest, total: 0 })
}

/// How many of the first of these are read at once.
fn fitting(tx: &mut Tx<'_>, ids: &[i64]) -> Result<usize, StoreError> {
    let (mut count, mut bytes) = (0, 0);
    for group in ids.chunks(LIST) {
        let (list, params) = id_list(group, LIST, 1);
        let params: Vec<Param> = params.into_iter().map(Param::Int).collect();
        let sql = format!("SELECT r.id, OCTET_LENGTH(r.body) FROM resources r WHERE r.id IN ({list})");
        let rows = tx.query(&sql, &values(&params), |row| Ok((row.int(0)?, row.int(1)?)))?;
        let lengths: HashMap<i64, i64> = rows.into_iter().collect();
        for id in group {
            bytes += lengths.get(id).copied().unwrap_or_default();
            if bytes > MOST_BYTES && count > 0 {
                return Ok(count);
            }
            count += 1;
        }
    }
    Ok(count)
}

/// The objects of these numbers, in their order.
fn bodies(tx: &mut Tx<'_>, ids: &[i64]) -> Result<Vec<String>, StoreError> {
    let mut found: HashMap<i64, String> = HashMap::with_capacity(ids.len());
    for group in ids.chunks(LIST) {
        let (list, group) = id_list(group, LIST, 1);
        let params: Vec<Param> = group.into_iter().map(Param::Int).collect();
        let sql = format!("SELECT r.id, r.body FROM resources r WHERE r.id IN ({list})");
        let rows = tx.query(&sql, &values(&params), |row| Ok((row.int(0)?, row.text(1)?)))?;
        found.extend(rows);
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}
