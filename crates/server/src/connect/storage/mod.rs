//! Connect data: plain functions over a transaction.
//!
//! A collection is known by its path (`products/PRD-1/items`), a resource by its collection and id. The stored object
//! is JSON text; what filters look at is taken out of it into [`cells`].

pub(crate) mod cells;
pub(crate) mod code;
pub(crate) mod collections;
pub(crate) mod filter;
pub(crate) mod list;
pub(crate) mod resources;
pub(crate) mod schema;
#[cfg(test)]
mod tests;

use pentad_store::StoreError;

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;
