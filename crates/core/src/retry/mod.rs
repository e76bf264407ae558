//! Sending again: [`RetryPolicy`] (plain data) and its pure verdict, a shared [`Budget`], and [`Reconnect`] for what
//! outlives calls.

mod after;
mod attempt;
mod budget;
mod outage;
mod policy;
pub(crate) mod run;
mod verdict;

pub(crate) use after::retry_after;
pub(crate) use attempt::race;
pub use budget::Budget;
pub use outage::{Outage, Reconnect};
pub use policy::{Networks, RetryPolicy, Schedule, Scope};
pub use verdict::{History, Stop, Verdict};
