//! The server on the user's own data, for commands without a configured endpoint.

mod local;

pub(crate) use self::local::{Local, listens};
