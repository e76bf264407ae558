//! Lists (IVCAP reference 5): what is asked for, and pages of it.
//!
//! The first request of a list fixes its moment; the cursor of each page carries the whole question, that moment and
//! the place of the last record, sealed. So pages neither skip nor repeat what changes meanwhile.

pub(crate) mod cursor;
pub(crate) mod filter;
mod page;
mod query;
pub(crate) mod value;

pub(crate) use page::{Each, Entry, Kept, Mark, Marked, Page, slice, some_things, things, walk};
pub(crate) use query::{Kind, Query};
