//! `--exec COMMAND`: one command of the user's per message.

use std::process::Stdio;

use bytes::Bytes;
use clap::Args;
use tokio::io::AsyncWriteExt;

use crate::failure::{Failure, Result};

/// A command per message.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ExecArgs {
    /// Run this shell command for each message in place of writing it: the data is its standard input, PENTAD_MESSAGE_*
    /// its variables. The message is acknowledged if the command succeeds, and comes again if not.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,
    /// Run up to so many of these commands at a time.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "exec")]
    pub(crate) parallel: usize,
}

/// Runs the command to its end; says whether it succeeded, and in which words it did not.
///
/// # Errors
/// A local failure if no shell can be started.
pub(crate) async fn exec(
    command: &str,
    data: Bytes,
    variables: Vec<(String, String)>,
) -> Result<std::result::Result<(), String>> {
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", command]).envs(variables).stdin(Stdio::piped());
    // Ctrl-C is for us: a command that runs may end its message.
    #[cfg(unix)]
    shell.process_group(0);
    let failed = |error: std::io::Error| Failure::local("cannot run the command", error);
    let mut child = shell.spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        // A command need not read what it is given.
        let _ = input.write_all(&data).await;
    }
    let status = child.wait().await.map_err(failed)?;
    Ok(if status.success() { Ok(()) } else { Err(status.to_string()) })
}
