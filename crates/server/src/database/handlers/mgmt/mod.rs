//! What administrators call (OpenStack reference C19).

pub(crate) mod clusters;
pub(crate) mod instances;
pub(crate) mod parameters;
pub(crate) mod quotas;
pub(crate) mod versions;
