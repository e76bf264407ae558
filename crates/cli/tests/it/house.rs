//! A scratch home in which the binary runs, and what its runs say.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--announce", "json"];

/// A home directory of its own, removed at the end.
pub(crate) struct House {
    home: tempfile::TempDir,
    env: Vec<(String, String)>,
}

/// The end of one run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl House {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data/pentad")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.home.path().join("config/pentad/config.toml")
    }

    /// Writes a file with this mode into the home.
    pub(crate) fn file(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.program(env!("CARGO_BIN_EXE_pentad"), words)
    }

    fn program(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(words).env_clear().current_dir(self.path());
        command.env("HOME", self.path());
        command.env("XDG_CONFIG_HOME", self.path().join("config"));
        command.env("XDG_DATA_HOME", self.path().join("data"));
        command.env("XDG_STATE_HOME", self.path().join("state"));
        command.env("XDG_RUNTIME_DIR", self.path().join("run"));
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Run {
        self.command(words).output().unwrap().into()
    }

    /// Runs with this text on standard input.
    pub(crate) fn feed(&self, words: &[&str], input: &str) -> Run {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        // The process may end before it has read everything: that is its business.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }

    /// Runs and expects success.
    pub(crate) fn ok(&self, words: &[&str]) -> Run {
        let run = self.run(words);
        assert_eq!(run.code, 0, "pentad {words:?}\nstdout: {}\nstderr: {}", run.out, run.err);
        run
    }

    /// Starts `pentad serve` and waits for its announcement.
    pub(crate) fn serve(&self, words: &[&str]) -> Served {
        Self::announced(self.command(&[&SERVE[..], words].concat()))
    }

    /// The same as under `nohup`: the end of the terminal is ignored.
    pub(crate) fn serve_on(&self) -> Served {
        let shell = ["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_pentad")];
        Self::announced(self.program("/bin/sh", &[&shell[..], &SERVE].concat()))
    }

    fn announced(mut command: Command) -> Served {
        use std::io::{BufRead, BufReader};
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        if line.is_empty() {
            let output = child.wait_with_output().unwrap();
            panic!("no announcement: {}", String::from_utf8_lossy(&output.stderr));
        }
        let announcement = serde_json::from_str(&line).unwrap();
        Served { child: Some(child), lines, announcement }
    }
}

/// A running server; killed if a test forgets it.
pub(crate) struct Served {
    child: Option<Child>,
    lines: std::io::BufReader<std::process::ChildStdout>,
    pub(crate) announcement: Value,
}

impl Served {
    /// Sends SIGTERM and gives the end of the process; `out` is what came on stdout after the announcement.
    pub(crate) fn stop(self) -> Run {
        self.stop_by(rustix::process::Signal::TERM)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(self.child.as_ref().unwrap());
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// The same with another signal.
    pub(crate) fn stop_by(mut self, signal: rustix::process::Signal) -> Run {
        use std::io::Read;
        self.signal(signal);
        let child = self.child.take().unwrap();
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        let output = child.wait_with_output().unwrap();
        let mut run = Run::from(output);
        run.out = rest;
        run
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
