//! One file per resource.

pub(super) mod aspects;
pub(super) mod document;
pub(super) mod metadata;
pub(super) mod record;
