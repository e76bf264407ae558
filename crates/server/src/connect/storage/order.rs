//! The part of a set of resources that makes a page, in the order that was asked for.

use pentad_rql::{Order, Plan};

use super::filter::{Ordering, Param, Translator, codes};
use super::find::{Finder, Ids, LIST, listed, values};
use super::id_list;
use super::list::Fault;

/// A resource with what it is compared by.
type Keyed = (Vec<String>, i64);

/// The numbers of the page.
pub(super) fn page(
    finder: &mut Finder<'_, '_>,
    found: &Ids,
    plan: &Plan,
    limit: usize,
) -> Result<Vec<i64>, Fault> {
    let skip = usize::try_from(plan.offset()).unwrap_or(usize::MAX);
    part(finder, found, plan.ordering(), skip, limit)
}

fn part(
    finder: &mut Finder<'_, '_>,
    found: &Ids,
    orders: &[Order],
    skip: usize,
    limit: usize,
) -> Result<Vec<i64>, Fault> {
    let Some((first, others)) = orders.split_first() else {
        let ids = found.iter().skip(skip).take(limit);
        return Ok(ids.filter_map(|id| i64::try_from(id).ok()).collect());
    };
    if limit == 0 || skip as u64 >= found.len() {
        return Ok(Vec::new());
    }
    if found.len() <= finder.way.few {
        let sorted = sorted(finder, found, orders)?;
        return Ok(sorted.into_iter().skip(skip).take(limit).map(|(_, id)| id).collect());
    }
    many(finder, found, (first, others), skip, limit)
}

/// Of many, those with the first value of the page, with the last one, and between: only these are sorted.
fn many(
    finder: &mut Finder<'_, '_>,
    found: &Ids,
    (first, others): (&Order, &[Order]),
    skip: usize,
    limit: usize,
) -> Result<Vec<i64>, Fault> {
    let mut keyed = column(finder, found, first)?;
    let compare = |left: &(Box<str>, u64), right: &(Box<str>, u64)| {
        let order = left.0.cmp(&right.0);
        if first.descending { order.reverse() } else { order }
    };
    let last = skip.saturating_add(limit).min(keyed.len()) - 1;
    let (_, low, _) = keyed.select_nth_unstable_by(skip, compare);
    let low = low.clone();
    let (_, high, _) = keyed.select_nth_unstable_by(last, compare);
    let high = high.clone();
    let (mut before, mut lowest, mut between, mut highest) = (0, Ids::new(), Ids::new(), Ids::new());
    for entry in &keyed {
        match (compare(entry, &low), compare(entry, &high)) {
            (std::cmp::Ordering::Less, _) => before += 1,
            (std::cmp::Ordering::Equal, _) => drop(lowest.insert(entry.1)),
            (_, std::cmp::Ordering::Less) => drop(between.insert(entry.1)),
            (_, std::cmp::Ordering::Equal) => drop(highest.insert(entry.1)),
            (..) => {}
        }
    }
    drop(keyed);
    let mut page = part(finder, &lowest, others, skip - before, limit)?;
    for (group, orders) in [(between, Some(first)), (highest, None)] {
        let left = limit - page.len();
        let more = match orders {
            // Fewer than a page holds.
            Some(_) => {
                let all: Vec<Order> = std::iter::once(first).chain(others).cloned().collect();
                part(finder, &group, &all, 0, left)?
            }
            None => part(finder, &group, others, 0, left)?,
        };
        page.extend(more);
    }
    Ok(page)
}

/// What each is compared by: one column. Those that have nothing to compare come first.
fn column(finder: &mut Finder<'_, '_>, found: &Ids, order: &Order) -> Result<Vec<(Box<str>, u64)>, Fault> {
    let path = super::cells::path_id(finder.collection, order.path.as_str());
    let (from, to) = codes(&order.kind);
    let sql = format!(
        "SELECT c.resource, c.head, c.rest FROM cells c WHERE c.path = $1 AND c.lead > 0 AND c.head >= '{from}' \
         AND c.head < '{to}' AND c.resource > $2 ORDER BY c.resource LIMIT $3"
    );
    let (mut keyed, mut rest) = (Vec::new(), found.clone());
    finder.parts(&sql, &[Param::Int(path)], &mut |id, row| {
        if rest.remove(id) {
            keyed.push(([row.text_ref(1)?, row.text_ref(2)?].concat().into_boxed_str(), id));
        }
        Ok(())
    })?;
    keyed.extend(rest.iter().map(|id| (Box::default(), id)));
    Ok(keyed)
}

/// Few, looked up one by one.
fn sorted(finder: &mut Finder<'_, '_>, found: &Ids, orders: &[Order]) -> Result<Vec<Keyed>, Fault> {
    let hot = super::cells::Hot::default();
    let mut keyed: Vec<Keyed> = Vec::new();
    for group in listed(found).chunks(LIST) {
        let mut translator = Translator::new(finder.collection, &hot);
        let Ordering { joins, keys } = translator.ordering(orders, "r.id");
        let mut params = translator.params;
        let (list, ids) = id_list(group, LIST, params.len() + 1);
        params.extend(ids.into_iter().map(Param::Int));
        let sql = format!("SELECT r.id{keys} FROM resources r{joins} WHERE r.id IN ({list})");
        finder.tx.query(&sql, &values(&params), |row| {
            let keys: Result<Vec<String>, _> = (1..=orders.len()).map(|column| row.text(column)).collect();
            keyed.push((keys?, row.int(0)?));
            Ok(())
        })?;
    }
    keyed.sort_by(|left, right| {
        let compared = orders
            .iter()
            .zip(left.0.iter().zip(&right.0))
            .map(|(order, (left, right))| if order.descending { right.cmp(left) } else { left.cmp(right) });
        compared.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(left.1.cmp(&right.1))
    });
    Ok(keyed)
}
