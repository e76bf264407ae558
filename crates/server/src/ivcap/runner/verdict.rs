//! How an order ended (IVCAP reference 6.2): `failed` is what the service says of itself, `error` is what happened to it.

use std::time::Duration;

use super::options::Options;
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
    /// It ran for longer than this.
    Time(Duration),
    /// It filled the disk.
    Disk,
    /// The server stops.
    Shutdown,
}

/// It has stored more than it may.
pub(super) fn full(limits: &Options) -> Verdict {
    Verdict::error(format!("it stored more than {} bytes or {} files", limits.disk, limits.files))
}

/// What an end of a program means. `last` is what it complained about last.
pub(super) fn of(ended: Ended, stopped: Option<Stopped>, limits: &Options, last: &str) -> Verdict {
    match (stopped, ended) {
        (Some(Stopped::Time(limit)), _) => {
            Verdict::error(format!("it ran longer than {} seconds", limit.as_secs()))
        }
        (Some(Stopped::Disk), _) => full(limits),
        (Some(Stopped::Shutdown), _) => Verdict::error("the server stopped while it ran"),
        (None, Ended::Code(0)) => Verdict { status: Status::Succeeded, message: None },
        (None, Ended::Code(code)) => Verdict::failed(complaint(&format!("it ended with code {code}"), last)),
        (None, Ended::Signal(CPU)) => {
            Verdict::error(format!("it took more than {} seconds of processor time", limits.cpu))
        }
        (None, Ended::Signal(FILE_SIZE)) => {
            Verdict::error(format!("it wrote a file of more than {} bytes", limits.file_size))
        }
        (None, Ended::Signal(KILL)) => {
            let (seconds, bytes) = (limits.cpu, limits.memory);
            Verdict::error(format!(
                "the system killed it, as it does what takes more than {seconds} seconds of processor time or {bytes} bytes of memory"
            ))
        }
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
        let limits = Options::default();
        let status = |ended| of(ended, None, &limits, "").status;
        assert_eq!(status(Ended::Code(0)), Status::Succeeded);
        assert_eq!(status(Ended::Code(3)), Status::Failed);
        assert_eq!(status(Ended::Signal(11)), Status::Failed);
        for ended in [Ended::Signal(KILL), Ended::Signal(CPU), Ended::Signal(FILE_SIZE), Ended::Unable] {
            assert_eq!(status(ended), Status::Error, "{ended:?}");
        }
        for stopped in [Stopped::Time(Duration::from_secs(7)), Stopped::Disk, Stopped::Shutdown] {
            assert_eq!(of(Ended::Code(0), Some(stopped), &limits, "").status, Status::Error);
        }
        let limit = of(Ended::Code(0), Some(Stopped::Time(Duration::from_secs(7))), &limits, "").message;
        assert_eq!(limit.as_deref(), Some("it ran longer than 7 seconds"));
        let said = of(Ended::Code(2), None, &limits, "no such region\n").message;
        assert_eq!(said.as_deref(), Some("it ended with code 2: no such region"));
    }
}
