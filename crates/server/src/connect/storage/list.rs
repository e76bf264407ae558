//! Pages of a collection: filter and order run in the database.

use pentad_rql::{Filter, Plan};
use pentad_store::{StoreError, ToValue, Tx};

use super::cells::{Hot, path_id};
use super::collections::CollectionRow;
use super::filter::{Ordering, Param, TooComplex, Translator};

/// A page, with the size of the whole list.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// The objects as JSON.
    pub(crate) bodies: Vec<String>,
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

/// An index entry is worth following up to so many hits; beyond, the collection is read in its order.
const FEW: i64 = 20_000;

/// The resources that the plan asks for, from `offset` on, at most `limit`.
pub(crate) fn page(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    hot: &Hot,
    plan: &Plan,
    limit: i64,
) -> Result<Page, Fault> {
    let offset = i64::try_from(plan.offset()).unwrap_or(i64::MAX);
    if plan.filter().is_everything() {
        let total = collection.size;
        let is_empty = limit == 0 || offset >= total;
        let bodies = if is_empty { Vec::new() } else { walk(tx, collection, hot, plan, limit)? };
        return Ok(Page { bodies, total });
    }
    let driver = driver(tx, collection, hot, plan)?;
    if limit == 0 {
        return Ok(Page { bodies: Vec::new(), total: count(tx, collection, hot, plan, driver)? });
    }
    found(tx, collection, hot, plan, driver, limit)
}

/// A page of all resources: only as many are passed as lie before its end, if the order has an index.
fn walk(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    hot: &Hot,
    plan: &Plan,
    limit: i64,
) -> Result<Vec<String>, Fault> {
    let mut translator = Translator::new(collection.id, hot);
    let (rows, terms) = match plan.ordering() {
        [first, ..] if is_by_id(first) => {
            // Every resource has one id, which the index holds whole.
            let path = translator.bind(Param::Int(path_id(collection.id, "id")));
            let direction = if first.descending { "DESC" } else { "ASC" };
            let rows = format!(
                "SELECT c.resource AS id, c.head AS head FROM cells c WHERE c.hot = 1 AND c.path = {path}"
            );
            (rows, format!("head {direction}, "))
        }
        orders => {
            let own = translator.bind(Param::Int(collection.id));
            let ordering = translator.ordering(orders, "r.id");
            let Ordering { joins, keys, terms } = ordering;
            (format!("SELECT r.id AS id{keys} FROM resources r{joins} WHERE r.collection = {own}"), terms)
        }
    };
    let part = part(&mut translator, plan, limit);
    let sql = format!(
        "SELECT b.body FROM ({rows} ORDER BY {terms}id {part}) p JOIN resources b ON b.id = p.id ORDER BY {terms}p.id"
    );
    Ok(tx.query(&sql, &values(&translator.params), |row| row.text(0))?)
}

/// Whether the order is that of the ids, whatever they are.
fn is_by_id(order: &pentad_rql::Order) -> bool {
    order.path.as_str() == "id" && order.kind == pentad_rql::Kind::Any
}

fn part(translator: &mut Translator<'_>, plan: &Plan, limit: i64) -> String {
    let offset = i64::try_from(plan.offset()).unwrap_or(i64::MAX);
    let (limit, offset) = (translator.bind(Param::Int(limit)), translator.bind(Param::Int(offset)));
    format!("LIMIT {limit} OFFSET {offset}")
}

/// A page of what the filter finds, and how many that are: the filter is asked once.
fn found(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    hot: &Hot,
    plan: &Plan,
    driver: Option<usize>,
    limit: i64,
) -> Result<Page, Fault> {
    let mut translator = Translator::new(collection.id, hot);
    let condition = condition(&mut translator, collection, plan, driver)?;
    let Ordering { joins, keys, terms } = translator.ordering(plan.ordering(), "f.id");
    let part = part(&mut translator, plan, limit);
    let sql = format!(
        "WITH found AS MATERIALIZED (SELECT r.id AS id FROM resources r WHERE {condition}) \
         SELECT t.total, b.body FROM (SELECT COUNT(*) AS total FROM found) t \
         LEFT JOIN (SELECT f.id AS id{keys} FROM found f{joins} ORDER BY {terms}id {part}) p ON 1 = 1 \
         LEFT JOIN resources b ON b.id = p.id ORDER BY {terms}p.id"
    );
    let rows = tx.query(&sql, &values(&translator.params), |row| Ok((row.int(0)?, row.opt_text(1)?)))?;
    let total = rows.first().map_or(0, |(total, _)| *total);
    Ok(Page { bodies: rows.into_iter().filter_map(|(_, body)| body).collect(), total })
}

/// How many the filter finds.
fn count(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    hot: &Hot,
    plan: &Plan,
    driver: Option<usize>,
) -> Result<i64, Fault> {
    let mut translator = Translator::new(collection.id, hot);
    if let ([(0, test)], Filter::Test(_)) = (translator.drivers(plan.filter()).as_slice(), plan.filter()) {
        // The index alone tells.
        let rows = translator.indexed(test)?;
        let sql = format!("SELECT COUNT(DISTINCT c.resource) FROM cells c WHERE {rows}");
        return Ok(tx.query_one(&sql, &values(&translator.params), |row| row.int(0))?);
    }
    let condition = condition(&mut translator, collection, plan, driver)?;
    let sql = format!("SELECT COUNT(*) FROM resources r WHERE {condition}");
    Ok(tx.query_one(&sql, &values(&translator.params), |row| row.int(0))?)
}

/// What must hold for a resource. Rows of an index are of one collection, so a driver needs no word of that: it would
/// lead databases to read the collection in its order.
fn condition(
    translator: &mut Translator<'_>,
    collection: &CollectionRow,
    plan: &Plan,
    driver: Option<usize>,
) -> Result<String, TooComplex> {
    if driver.is_some() {
        return translator.condition(plan.filter(), driver);
    }
    let own = translator.bind(Param::Int(collection.id));
    let condition = translator.condition(plan.filter(), None)?;
    Ok(format!("r.collection = {own} AND {condition}"))
}

/// The part of the filter with the fewest hits in an index, if they are few.
fn driver(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    hot: &Hot,
    plan: &Plan,
) -> Result<Option<usize>, Fault> {
    let mut best: Option<(i64, usize)> = None;
    for (index, test) in Translator::new(collection.id, hot).drivers(plan.filter()) {
        let most = best.map_or(FEW, |(hits, _)| hits);
        let mut translator = Translator::new(collection.id, hot);
        let rows = translator.indexed(test)?;
        let most_place = translator.bind(Param::Int(most));
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 AS hit FROM cells c WHERE {rows} LIMIT {most_place}) few"
        );
        let hits = tx.query_one(&sql, &values(&translator.params), |row| row.int(0))?;
        if hits < most {
            best = Some((hits, index));
        }
    }
    Ok(best.map(|(_, index)| index))
}

fn values(params: &[Param]) -> Vec<&dyn ToValue> {
    params.iter().map(|param| param as &dyn ToValue).collect()
}
