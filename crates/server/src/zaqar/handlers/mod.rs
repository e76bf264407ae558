//! What answers each route, one file per resource.

pub(crate) mod ping;
