//! Connect data: plain functions over a transaction.
//!
//! A collection is known by its path (`products/PRD-1/items`), a resource by its collection and id. The stored object
//! is JSON text; what filters look at is taken out of it into [`cells`], which are stored by path like the columns of a
//! table. A *hot* path has an index of its values beside. [`find`] answers a filter, [`order`] sorts what was
//! found, [`list`] makes the page.

pub(crate) mod cells;
pub(crate) mod code;
pub(crate) mod collections;
pub(crate) mod declarations;
pub(crate) mod filter;
mod find;
pub(crate) mod list;
mod order;
pub(crate) mod resources;
pub(crate) mod schema;
#[cfg(test)]
mod tests;

use pentad_store::StoreError;

/// Result of a storage function.
pub(crate) type Db<T> = Result<T, StoreError>;

/// Numbers for `IN (…)`: the places from `$first` on and what to bind. Always one of few lengths, up to `most`, so that
/// few statements are prepared: the last number stands for the missing ones.
fn id_list(ids: &[i64], most: usize, first: usize) -> (String, Vec<i64>) {
    let length =
        [1, 8, 64].into_iter().find(|length| ids.len() <= *length && *length <= most).unwrap_or(most);
    let mut ids = ids.to_vec();
    if let Some(last) = ids.last().copied() {
        ids.resize(length.max(ids.len()), last);
    }
    let places: Vec<String> = (first..first + ids.len()).map(|place| format!("${place}")).collect();
    (places.join(", "), ids)
}
