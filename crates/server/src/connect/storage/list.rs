//! Pages of a collection: filter and order run in the database.

use pentad_rql::{Filter, Plan};
use pentad_store::{StoreError, ToValue, Tx};

use super::cells::Hot;
use super::collections::CollectionRow;
use super::filter::{Param, TooComplex, Translator};

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
    let everything = plan.filter().is_everything();
    let driver = if everything { None } else { driver(tx, collection, hot, plan)? };
    let total = if everything { collection.size } else { count(tx, collection, hot, plan, driver)? };
    let offset = i64::try_from(plan.offset()).unwrap_or(i64::MAX);
    if limit == 0 || offset >= total {
        return Ok(Page { bodies: Vec::new(), total });
    }
    let mut translator = Translator::new(collection.id, hot);
    let condition = condition(&mut translator, collection, plan, driver)?;
    let order = translator.ordering(plan.ordering());
    let (limit, offset) = (translator.bind(Param::Int(limit)), translator.bind(Param::Int(offset)));
    let sql = format!(
        "SELECT r.body FROM resources r WHERE {condition} ORDER BY {order} LIMIT {limit} \
         OFFSET {offset}"
    );
    let bodies = tx.query(&sql, &values(&translator.params), |row| row.text(0))?;
    Ok(Page { bodies, total })
}

fn count(
    tx: &mut Tx<'_>,
    collection: &CollectionRow,
    hot: &Hot,
    plan: &Plan,
    driver: Option<usize>,
) -> Result<i64, Fault> {
    let mut translator = Translator::new(collection.id, hot);
    if let (Some(0), Filter::Test(test)) = (driver, plan.filter()) {
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
