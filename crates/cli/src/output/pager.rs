//! A pager between us and the terminal, for those who asked for one.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A running pager. Dropping it closes its input and waits until the reader has left.
#[derive(Debug)]
pub(super) struct Pager {
    child: Child,
    input: Option<ChildStdin>,
}

impl Pager {
    /// Starts what `PAGER` names, else `less`; none if there is no such program.
    pub(super) fn start() -> Option<Self> {
        let command = std::env::var("PAGER").ok().filter(|pager| !pager.is_empty());
        let command = command.unwrap_or_else(|| "less".to_owned());
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).stdin(Stdio::piped());
        if std::env::var_os("LESS").is_none() {
            // Short results stay on the screen, and colours are colours.
            shell.env("LESS", "FRX");
        }
        let mut child = shell.spawn().ok()?;
        let input = child.stdin.take();
        Some(Self { child, input })
    }
}

impl Write for Pager {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match &mut self.input {
            Some(input) => input.write(bytes),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.input.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        drop(self.input.take());
        // How the pager ended is between it and its user.
        let _ = self.child.wait();
    }
}
