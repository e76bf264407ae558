//! The query part of a page request: selection, filter, ordering.

use crate::build::R;
use crate::error::BuildError;

/// The RQL of a page request: `select(…)&<filter>&ordering(…)` (reference 8.3).
///
/// Parts stand in this order whatever the order of the calls; absent parts vanish. Names in `select` and `order_by` are
/// sent as given, unchecked. Limit, offset and search are plain parameters of the request and belong to the caller.
///
/// ```
/// use pentad_rql::{Query, field};
/// let query = Query::new().order_by(["-created"]).filter(field("a").eq(1)).select(["id", "-events"]);
/// assert_eq!(query.to_rql()?, "select(id,-events)&eq(a,1)&ordering(-created)");
/// # Ok::<(), pentad_rql::BuildError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    select: Vec<String>,
    filter: R,
    ordering: Vec<String>,
}

impl Query {
    /// No selection, no filter, no ordering.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds names to the selection; `-` leaves a field out.
    pub fn select<T: Into<String>>(mut self, fields: impl IntoIterator<Item = T>) -> Self {
        self.select.extend(fields.into_iter().map(Into::into));
        self
    }

    /// Adds a condition to those that must hold.
    pub fn filter(mut self, condition: R) -> Self {
        self.filter &= condition;
        self
    }

    /// Adds names to the ordering; `-` is descending.
    pub fn order_by<T: Into<String>>(mut self, fields: impl IntoIterator<Item = T>) -> Self {
        self.ordering.extend(fields.into_iter().map(Into::into));
        self
    }

    /// The condition so far.
    pub fn condition(&self) -> &R {
        &self.filter
    }

    /// Whether nothing was asked for: the text is empty.
    pub fn is_empty(&self) -> bool {
        self.select.is_empty() && self.ordering.is_empty() && self.filter.is_empty()
    }

    /// The text, not percent-encoded.
    ///
    /// # Errors
    /// The first bad argument of the filter.
    pub fn to_rql(&self) -> Result<String, BuildError> {
        let mut parts = Vec::with_capacity(3);
        if !self.select.is_empty() {
            parts.push(format!("select({})", self.select.join(",")));
        }
        if !self.filter.is_empty() {
            parts.push(self.filter.to_rql()?);
        }
        if !self.ordering.is_empty() {
            parts.push(format!("ordering({})", self.ordering.join(",")));
        }
        Ok(parts.join("&"))
    }
}
