//! A program that runs within limits, as its server sees it.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::{KEEPER, Plan, UNUSABLE};

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// It never began: the limits could not be set or the program could not be run.
    Unable,
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        match (status.code(), status.signal()) {
            (Some(code), _) if code == i32::from(UNUSABLE) => Self::Unable,
            (Some(code), _) => Self::Code(code),
            (None, Some(signal)) => Self::Signal(signal),
            (None, None) => Self::Unable,
        }
    }
}

/// A running program. When dropped, it and all that it started are killed.
#[derive(Debug)]
pub struct Confined {
    child: Child,
    line: Option<ChildStdin>,
}

impl Confined {
    /// Starts a program; `helper` is a program that calls [`intercept`](super::intercept) first.
    ///
    /// # Errors
    /// If the helper cannot be started.
    pub fn start(helper: &Path, plan: &Plan, variables: &[(OsString, OsString)]) -> io::Result<Self> {
        let plan = serde_json::to_string(plan).map_err(io::Error::other)?;
        let mut command = Command::new(helper);
        command.arg(KEEPER).arg(plan).env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let line = child.stdin.take();
        Ok(Self { child, line })
    }

    /// The process that holds it; `None` once it has ended.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// What the program writes; once.
    pub fn output(&mut self) -> Option<(ChildStdout, ChildStderr)> {
        Some((self.child.stdout.take()?, self.child.stderr.take()?))
    }

    /// Asks the program and those in its process group to end.
    pub async fn ask_to_end(&mut self) {
        if let Some(line) = &mut self.line {
            // A keeper that is gone has nothing to end.
            let _ = line.write_all(b"t").await;
        }
    }

    /// Ends everything that the program started.
    pub fn kill(&mut self) {
        self.line = None;
    }

    /// Waits until the program and all that it started are gone. Cancel safe.
    ///
    /// # Errors
    /// If the system does not tell.
    pub async fn ended(&mut self) -> io::Result<Ended> {
        self.child.wait().await.map(Ended::from)
    }
}
