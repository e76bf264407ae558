//! What the process says when it ends: the one table of exit codes.

use std::io::Write;
use std::process::ExitCode;

use pentad_core::{Error, ErrorKind};

/// The outcome of a run. The numbers are a stable promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Success,
    Failure,
    Usage,
    NotFound,
    Denied,
    Conflict,
    RateLimited,
    Server,
    Network,
    Timeout,
    Partial,
    HungUp,
    Interrupted,
    Terminated,
}

/// Every exit code with its meaning, in order; printed by `pentad help exit-codes` and the man page.
pub(crate) const TABLE: &[(Exit, &str)] = &[
    (Exit::Success, "success"),
    (Exit::Failure, "failure"),
    (Exit::Usage, "usage or configuration error: nothing was sent"),
    (Exit::NotFound, "not found"),
    (Exit::Denied, "authentication or authorization failed"),
    (Exit::Conflict, "conflict or failed precondition"),
    (Exit::RateLimited, "rate limited"),
    (Exit::Server, "server error"),
    (Exit::Network, "network, TLS or name resolution failed"),
    (Exit::Timeout, "timeout, or a wait condition was not reached"),
    (Exit::Partial, "partial success in a bulk run"),
    (Exit::HungUp, "hung up: the terminal was closed (SIGHUP)"),
    (Exit::Interrupted, "interrupted (SIGINT)"),
    (Exit::Terminated, "terminated (SIGTERM)"),
];

impl Exit {
    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
            Self::Conflict => 5,
            Self::RateLimited => 6,
            Self::Server => 7,
            Self::Network => 8,
            Self::Timeout => 9,
            Self::Partial => 10,
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// Exit and stable error code for what a library error says to do next.
    pub(crate) fn of(error: &Error) -> (Self, &'static str) {
        let answered = error.status();
        match error.kind() {
            // A certificate that is not trusted is a matter of the connection, anything else of the settings.
            ErrorKind::Config if is_tls(error) => (Self::Network, "tls"),
            ErrorKind::Config => (Self::Usage, "config"),
            // "Usage" promises that nothing was sent: a refusal by the service is a failure.
            ErrorKind::Invalid if answered.is_some() => (Self::Failure, "invalid"),
            ErrorKind::Invalid => (Self::Usage, "invalid"),
            ErrorKind::Failed if answered.is_some_and(|status| status.is_server_error()) => {
                (Self::Server, "failed")
            }
            ErrorKind::Unauthenticated => (Self::Denied, "unauthenticated"),
            ErrorKind::Forbidden => (Self::Denied, "forbidden"),
            ErrorKind::NotFound => (Self::NotFound, "not_found"),
            ErrorKind::Conflict => (Self::Conflict, "conflict"),
            ErrorKind::Precondition => (Self::Conflict, "precondition"),
            ErrorKind::TooLarge => (Self::Failure, "too_large"),
            ErrorKind::RateLimited => (Self::RateLimited, "rate_limited"),
            ErrorKind::Unavailable => (Self::Server, "unavailable"),
            ErrorKind::Timeout => (Self::Timeout, "timeout"),
            ErrorKind::Connection => (Self::Network, "connection"),
            ErrorKind::Decode => (Self::Server, "decode"),
            ErrorKind::Unsupported => (Self::Failure, "unsupported"),
            ErrorKind::Failed => (Self::Failure, "failed"),
            _ => (Self::Server, "unexpected"),
        }
    }
}

/// True if TLS failed, wherever in the chain of causes it says so.
fn is_tls(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.is::<rustls::Error>() {
            return true;
        }
        // An input/output error hides what is in it from the chain.
        cause = match inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => inner.source(),
        };
    }
    false
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table as text, one code per line.
pub(crate) fn table() -> String {
    TABLE.iter().map(|(exit, meaning)| format!("{:>5}  {meaning}\n", exit.code())).collect()
}

/// Prints the version. A reader that has gone is no failure.
pub(crate) fn version() -> ExitCode {
    let line = concat!("pentad ", env!("CARGO_PKG_VERSION"), "\n");
    match std::io::stdout().write_all(line.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Exit::Failure.into(),
        _ => Exit::Success.into(),
    }
}
