//! What answers each route, one file per resource.

pub(crate) mod ack;
pub(crate) mod acl;
pub(crate) mod authn;
pub(crate) mod members;
pub(crate) mod metrics;
pub(crate) mod offsets;
pub(crate) mod projects;
pub(crate) mod publish;
pub(crate) mod pull;
pub(crate) mod push_config;
pub(crate) mod registrations;
pub(crate) mod reports;
pub(crate) mod schemas;
pub(crate) mod status;
pub(crate) mod subscriptions;
pub(crate) mod topics;
pub(crate) mod user_view;
pub(crate) mod users;
