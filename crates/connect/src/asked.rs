//! What is asked of a collection: condition, order, selection, search, positions. One for sets and for what a mock expects.

use std::ops::{Bound, RangeBounds};

use pentad_rql::Query;

use crate::filter::IntoFilter;

/// Why a question is refused: which argument, what about it.
pub(crate) type Refusal = (&'static str, &'static str);

/// A question about a collection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) query: Query,
    pub(crate) search: Option<String>,
    pub(crate) from: u64,
    /// The position behind the last one of a slice.
    pub(crate) to: Option<u64>,
    pub(crate) bad: Option<Refusal>,
}

impl Asked {
    pub(crate) fn filter(&mut self, condition: impl IntoFilter) {
        let query = std::mem::take(&mut self.query);
        self.query = query.filter(condition.into_filter());
    }

    pub(crate) fn order_by<S: Into<String>>(&mut self, fields: impl IntoIterator<Item = S>) {
        let query = std::mem::take(&mut self.query);
        self.query = query.order_by(fields);
    }

    pub(crate) fn select<S: Into<String>>(&mut self, fields: impl IntoIterator<Item = S>) {
        let query = std::mem::take(&mut self.query);
        self.query = query.select(fields);
    }

    pub(crate) fn search(&mut self, text: String) {
        self.search = Some(text).filter(|text| !text.is_empty());
    }

    /// Keeps the positions of this question's own answer: a slice of a slice counts from the slice's start.
    pub(crate) fn slice(&mut self, positions: impl RangeBounds<u64>) {
        let start = match positions.start_bound() {
            Bound::Unbounded => 0,
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
        };
        let end = match positions.end_bound() {
            Bound::Unbounded => None,
            Bound::Included(end) => Some(end.saturating_add(1)),
            Bound::Excluded(end) => Some(*end),
        };
        if end.is_some_and(|end| end < start) {
            self.bad.get_or_insert(("slice", "must not end before it starts"));
        }
        let to = end.map(|end| self.from.saturating_add(end));
        self.to = match (self.to, to) {
            (Some(outer), Some(inner)) => Some(outer.min(inner)),
            (outer, inner) => outer.or(inner),
        };
        self.from = self.from.saturating_add(start);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_of_a_slice_counts_from_its_start_and_never_leaves_it() {
        let mut asked = Asked::default();
        asked.slice(10..20);
        asked.slice(2..4);
        assert_eq!((asked.from, asked.to), (12, Some(14)));
        asked.slice(1..99);
        assert_eq!((asked.from, asked.to), (13, Some(14)));
        asked.slice(u64::MAX..);
        assert_eq!((asked.from, asked.bad), (u64::MAX, None));
        asked.slice((Bound::Included(5), Bound::Excluded(3)));
        assert_eq!(asked.bad.map(|bad| bad.0), Some("slice"));
    }
}
