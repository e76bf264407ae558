//! What answers a route, one file per resource.

pub(crate) mod app_credentials;
pub(crate) mod assignments;
pub(crate) mod credentials;
pub(crate) mod discovery;
pub(crate) mod domains;
pub(crate) mod ec2;
pub(crate) mod federation;
pub(crate) mod grants;
pub(crate) mod groups;
pub(crate) mod limits;
pub(crate) mod oauth2;
pub(crate) mod policies;
pub(crate) mod projects;
pub(crate) mod roles;
pub(crate) mod services;
pub(crate) mod tokens;
pub(crate) mod trusts;
pub(crate) mod users;
pub(crate) mod v2;
