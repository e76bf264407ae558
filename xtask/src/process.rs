//! Running other programs: output goes through to the caller, and the runner's closing lines are kept.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use crate::Result;

/// How long the output of a program that ended may stay open. Longer means that something it started
/// still lives, which is a failure of its own: no stage leaves a server behind.
const GRACE: Duration = Duration::from_secs(10);

/// Writes one line for the person who watches. A closed pipe is no reason to stop.
pub(crate) fn say(line: &str) {
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Runs `command`, shows what it prints and returns the lines that `closing` picks.
///
/// # Errors
/// When the program is missing, ends with a failure, or leaves a process behind that holds its output.
pub(crate) fn run(command: &mut Command, closing: fn(&str) -> bool) -> Result<Vec<String>> {
    let name = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start `{name}`: {e}"))?;
    let (lines, kept) = channel();
    let (done, finished) = channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|stream| Box::new(stream) as _),
        child.stderr.take().map(|stream| Box::new(stream) as _),
    ];
    for stream in streams.into_iter().flatten() {
        let (lines, done) = (lines.clone(), done.clone());
        thread::spawn(move || {
            follow(stream, closing, &lines);
            // The receiver may have given up on us; there is nobody left to tell.
            let _ = done.send(());
        });
    }
    drop(lines);
    let status = child.wait().map_err(|e| format!("cannot wait for `{name}`: {e}"))?;
    for _ in 0..2 {
        if finished.recv_timeout(GRACE).is_err() {
            return Err(format!("`{name}` ended but a process that it started still runs"));
        }
    }
    if status.success() { Ok(kept.try_iter().collect()) } else { Err(format!("`{name}` failed: {status}")) }
}

fn follow(stream: impl Read, closing: fn(&str) -> bool, lines: &Sender<String>) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        say(&text);
        if closing(&text) {
            drop(lines.send(text.trim().to_owned()));
        }
        line.clear();
    }
}

/// Runs `command` and returns what it wrote to standard output.
///
/// # Errors
/// When the program is missing or fails; its standard error is part of the message.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let name = describe(command);
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("cannot start `{name}`: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let errors = String::from_utf8_lossy(&output.stderr);
        Err(format!("`{name}` failed: {}\n{}", output.status, errors.trim_end()))
    }
}

/// Finds a program on the search path.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| is_program(file))
}

/// Whether `file` exists and is not a folder.
pub(crate) fn is_program(file: &Path) -> bool {
    file.is_file()
}

/// Whether this process runs as the administrator.
pub(crate) fn is_root() -> bool {
    read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}

/// Picks no line: for programs whose closing line says nothing.
pub(crate) fn nothing(_: &str) -> bool {
    false
}
