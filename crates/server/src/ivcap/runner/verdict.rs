//! How an order ended (IVCAP reference 6.2): `failed` is what the service says of itself, `error` is what happened to it.

use crate::confined::Ended;
use crate::ivcap::model::Status;

/// The signals by which the system enforces limits.
const KILL: i32 = 9;
const CPU: i32 = 24;
const FILE_SIZE: i32 = 25;

/// An end, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) status: Status,
    pub(crate) message: Option<String>,
}

impl Verdict {
    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self { status: Status::Error, message: Some(message.into()) }
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { status: Status::Failed, message: Some(message.into()) }
    }
}

/// Why the server ended an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It ran for too long.
    Time,
    /// It filled the disk.
    Disk,
    /// The server stops.
    Shutdown,
}

/// What an end of a program means. `last` is what it complained about last.
pub(super) fn of(ended: Ended, stopped: Option<Stopped>, last: &str) -> Verdict {
    match (stopped, ended) {
        (Some(Stopped::Time), _) => Verdict::error("it ran longer than it may"),
        (Some(Stopped::Disk), _) => Verdict::error("it stored more than it may"),
        (Some(Stopped::Shutdown), _) => Verdict::error("the server stopped while it ran"),
        (None, Ended::Code(0)) => Verdict { status: Status::Succeeded, message: None },
        (None, Ended::Code(code)) => Verdict::failed(complaint(&format!("it ended with code {code}"), last)),
        (None, Ended::Signal(CPU)) => Verdict::error("it took more processor time than it may"),
        (None, Ended::Signal(FILE_SIZE)) => Verdict::error("it wrote a larger file than it may"),
        (None, Ended::Signal(KILL)) => Verdict::error("the system killed it: it took more than it may"),
        (None, Ended::Signal(signal)) => {
            Verdict::failed(complaint(&format!("signal {signal} ended it"), last))
        }
        (None, Ended::Unable) => Verdict::error(complaint("it could not be started", last)),
    }
}

fn complaint(what: &str, last: &str) -> String {
    match last.trim() {
        "" => what.to_owned(),
        last => format!("{what}: {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_does_is_failure_and_what_happens_to_it_is_error() {
        let status = |ended| of(ended, None, "").status;
        assert_eq!(status(Ended::Code(0)), Status::Succeeded);
        assert_eq!(status(Ended::Code(3)), Status::Failed);
        assert_eq!(status(Ended::Signal(11)), Status::Failed);
        for ended in [Ended::Signal(KILL), Ended::Signal(CPU), Ended::Signal(FILE_SIZE), Ended::Unable] {
            assert_eq!(status(ended), Status::Error, "{ended:?}");
        }
        for stopped in [Stopped::Time, Stopped::Disk, Stopped::Shutdown] {
            assert_eq!(of(Ended::Code(0), Some(stopped), "").status, Status::Error);
        }
        let said = of(Ended::Code(2), None, "no such region\n").message;
        assert_eq!(said.as_deref(), Some("it ended with code 2: no such region"));
    }
}
