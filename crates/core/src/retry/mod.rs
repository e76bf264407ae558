//! Sending again: policy (data), verdict (pure), budget (shared), and the one loop.

mod after;
mod attempt;
mod budget;
mod policy;
pub(crate) mod run;
mod verdict;

pub(crate) use after::retry_after;
pub(crate) use attempt::race;
pub use budget::Budget;
pub use policy::{Networks, RetryPolicy, Schedule, Scope};
pub use verdict::{History, Stop, Verdict};
