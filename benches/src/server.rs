//! A `pentad serve` of our own, found through its announcement.
#![expect(clippy::disallowed_methods, reason = "limits how long another program may take, in real time")]

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::Result;

/// How long a server may take until it announces itself, and until it stops.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server. It is killed when this value goes away.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Kept open: a server that cannot print would be another test.
    _stdout: BufReader<ChildStdout>,
    announcement: Value,
}

impl Server {
    /// Starts `command`, which must be a `pentad serve` or run one, and waits for the announcement.
    ///
    /// # Errors
    /// When the program cannot start, ends, or says nothing for a minute.
    pub async fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        timeout(PATIENCE, stdout.read_line(&mut line)).await??;
        if line.is_empty() {
            let status = child.wait().await?;
            return Err(format!("the server ended before it announced itself: {status}").into());
        }
        let announcement = serde_json::from_str(&line)?;
        Ok(Self { child, _stdout: stdout, announcement })
    }

    /// The command that runs `binary` as a server on free ports, with more `flags`.
    #[must_use]
    pub fn command(binary: &Path, flags: &[&str]) -> Command {
        let mut command = Command::new(binary);
        command.args(["serve", "--listen", "127.0.0.1:0", "--announce", "json"]).args(flags);
        // What it tells people would drown the results.
        command.stderr(Stdio::null());
        command
    }

    /// A text of the announcement, by JSON pointer.
    ///
    /// # Errors
    /// When the announcement has no such text.
    pub fn announced(&self, pointer: &str) -> Result<&str> {
        let found = self.announcement.pointer(pointer).and_then(Value::as_str);
        found.ok_or_else(|| format!("the announcement has no text at {pointer}").into())
    }

    /// The process id of the server itself.
    ///
    /// # Errors
    /// When the announcement does not hold one.
    pub fn pid(&self) -> Result<u64> {
        self.announcement["pid"].as_u64().ok_or_else(|| "the announcement has no pid".into())
    }

    /// Kills the server as a power failure of the process would: without a word.
    ///
    /// # Errors
    /// When it cannot be killed or waited for.
    pub async fn kill(mut self) -> Result<()> {
        self.child.start_kill()?;
        self.child.wait().await?;
        Ok(())
    }

    /// Asks the server to stop and waits until it did.
    ///
    /// # Errors
    /// When it does not stop in a minute or ends with a failure.
    pub async fn stop(mut self) -> Result<()> {
        let pid = self.pid()?.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().await?;
        let status = timeout(PATIENCE, self.child.wait()).await??;
        if status.success() { Ok(()) } else { Err(format!("the server ended badly: {status}").into()) }
    }
}
