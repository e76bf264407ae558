//! One failure for several who waited for the same exchange.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Sent};

/// The failure of what was sent together.
#[derive(Debug)]
struct Together(Arc<Error>);

impl fmt::Display for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its batch failed: {}", self.0)
    }
}

impl std::error::Error for Together {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&*self.0)
    }
}

impl Error {
    /// The same failure for one of several who waited for it; the original stays reachable as its source.
    pub fn shared(error: &Arc<Self>) -> Self {
        let sent = if error.may_have_applied() { Sent::Maybe } else { error.sent() };
        let mut copy = Self::new(error.kind(), error.message().to_owned()).with_sent(sent);
        if let Some(op) = error.op() {
            copy = copy.with_op(op);
        }
        if let Some(api) = error.api() {
            copy = copy.with_api(api.clone());
        }
        if let Some(status) = error.status() {
            copy = copy.with_status(status);
        }
        if let Some(hint) = error.hint() {
            copy = copy.with_hint(hint.to_owned());
        }
        copy.with_source(Together(Arc::clone(error)))
    }
}
