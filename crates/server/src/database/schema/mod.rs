//! Checking bodies against schemas of draft 4, with the sentences of the validator that Trove uses
//! (OpenStack reference C2.1).

pub(crate) mod bodies;
mod check;

pub(crate) use check::check;
