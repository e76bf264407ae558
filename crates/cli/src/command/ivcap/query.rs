//! What all listings can be asked for.

use clap::Args;
use jiff::Timestamp;
use pentad_ivcap::ListQuery;

use super::time;
use crate::command::plan::Paging;

/// Filter, order, moment and pages of a listing.
#[derive(Args, Clone, Debug)]
pub(super) struct Query {
    /// Only what fits this expression, e.g. "name ~= 'fire%'".
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// In the order of this field.
    #[arg(long, value_name = "FIELD")]
    order_by: Option<String>,
    /// From large to small.
    #[arg(long)]
    desc: bool,
    /// What there was at this moment, e.g. 2024-05-01 or 2024-05-01T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    #[command(flatten)]
    paging: Paging,
}

impl Query {
    pub(super) fn list(&self) -> ListQuery {
        let query = ListQuery::new().descending(self.desc);
        let query = self.filter.iter().fold(query, |query, filter| query.filter(filter.as_str()));
        let query = self.order_by.iter().fold(query, |query, field| query.order_by(field.as_str()));
        self.at.into_iter().fold(query, ListQuery::at)
    }

    pub(super) const fn paging(&self) -> Paging {
        super::pages(&self.paging)
    }
}
