//! What a query asks of a collection.

mod compile;
mod selection;

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::error::{FieldError, Problem};
use crate::expr::{Expr, Property, Sign, Signed};
use crate::filter::{Filter, any_candidate};
use crate::key::{Key, Kind};
use crate::schema::Schema;
use compile::Compiler;
pub use selection::Selection;

/// A query taken apart: filter, ordering, selection, page.
///
/// The truth about a query on a collection (reference 14.3). Types are settled here, so that errors do not depend on the
/// data and evaluation cannot fail. A store translates [`filter`](Self::filter) with [`Fold`](crate::Fold) and
/// [`ordering`](Self::ordering), and is right if it agrees with [`matches`](Self::matches) and [`compare`](Self::compare).
///
/// ```
/// use pentad_rql::{Plan, Schema, parse};
/// use serde_json::json;
///
/// let query = parse("select(-events)&ge(size,2)&ordering(-size)&limit=10").unwrap();
/// let plan = Plan::new(&query, &Schema::open()).unwrap();
/// let mut found: Vec<_> =
///     [json!({"size": 1}), json!({"size": 2, "events": {}}), json!({"size": 10})].into_iter().filter(|o| plan.matches(o)).collect();
/// found.sort_by(|a, b| plan.compare(a, b));
/// found.iter_mut().for_each(|object| plan.selection().apply(object));
/// assert_eq!(found, [json!({"size": 10}), json!({"size": 2})]);
/// assert_eq!((plan.limit(), plan.offset()), (Some(10), 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    filter: Filter,
    ordering: Vec<Order>,
    selection: Selection,
    limit: Option<u64>,
    offset: u64,
}

/// A field to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Where the value is.
    pub path: Property,
    /// How it is compared.
    pub kind: Kind,
    /// Largest first.
    pub descending: bool,
}

impl Plan {
    /// Takes a query apart and fits it to the declared fields.
    ///
    /// `limit`, `offset`, `ordering` and `select` count wherever they stand, also inside `and`, `or`, `not`, and are no
    /// conditions: combinations are as if they were not there. A limit that is not a number of 0 or more is as if none
    /// was given.
    ///
    /// # Errors
    /// [`FieldError`] for lookups and values that the fields do not take, for unknown fields in ordering and selection,
    /// for anything given twice that may be given once.
    pub fn new(query: &Expr, schema: &Schema) -> Result<Self, FieldError> {
        let mut compiler = Compiler::new(schema);
        let filter = compiler.filter(query, None)?.unwrap_or_else(Filter::everything);
        let found = compiler.found;
        Ok(Self {
            filter,
            ordering: ordering(found.ordering.unwrap_or_default(), schema)?,
            selection: Selection::new(found.select.unwrap_or_default(), schema)?,
            limit: found.limit.flatten(),
            offset: found.offset.flatten().unwrap_or(0),
        })
    }

    /// The condition.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The fields to sort by, first to last.
    pub fn ordering(&self) -> &[Order] {
        &self.ordering
    }

    /// What is shown.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The size of the page, if the query gives one.
    pub fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// How many matches to skip.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the object is a match.
    pub fn matches(&self, object: &Json) -> bool {
        self.filter.matches(object)
    }

    /// The order of two objects; equal where the ordering does not tell them apart.
    ///
    /// Per field the first value at the path counts (an array by its first element). No key (null, missing, not of the
    /// kind) comes before every key, ascending; different types come in the order of [`Key`]'s variants.
    pub fn compare(&self, left: &Json, right: &Json) -> Ordering {
        self.ordering
            .iter()
            .map(|order| {
                let compared = order.key(left).cmp(&order.key(right));
                if order.descending { compared.reverse() } else { compared }
            })
            .find(|compared| compared.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl Order {
    /// The key by which an object is sorted.
    pub fn key(&self, object: &Json) -> Option<Key> {
        let mut key = None;
        any_candidate(object, self.path.as_str(), &mut |value| {
            key = self.kind.key(value);
            true
        });
        key
    }
}

fn ordering(fields: Vec<Signed>, schema: &Schema) -> Result<Vec<Order>, FieldError> {
    let error = |problem, field: &Signed| FieldError {
        problem,
        filter: field.property.to_string(),
        lookup: "ordering",
        value: None,
    };
    if let Some(last) = fields.last().filter(|_| fields.len() > schema.max_ordering) {
        return Err(error(Problem::OrderingTooLong(schema.max_ordering), last));
    }
    fields
        .into_iter()
        .map(|field| {
            let kind = match schema.get(field.property.as_str()) {
                Some(declared) if !declared.unsortable => declared.kind.clone(),
                None if schema.open => Kind::Any,
                _ => return Err(error(Problem::Ordering, &field)),
            };
            Ok(Order { path: field.property, kind, descending: field.sign == Sign::Minus })
        })
        .collect()
}
