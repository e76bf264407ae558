//! A PostgreSQL server for the length of one run: own data directory, loopback only, gone afterwards.
#![expect(clippy::disallowed_methods, reason = "waits for another program to come up, in real time")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Result, process};

/// How long the server may take until it accepts connections.
const START: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// Runs the server until standard input ends, which also happens when this process is killed: the
/// server never outlives its owner. Signals of the terminal are left to the owner.
const KEEPER: &str = r#"
trap '' INT TERM HUP
dir=$1; shift
"$@" </dev/null >"$dir/log" 2>&1 &
server=$!
cat >/dev/null
kill -INT "$server" 2>/dev/null
wait "$server"
rm -rf "$dir"
"#;

/// A running server.
pub(crate) struct Postgres {
    keeper: Child,
    /// Where tests connect: `postgres://…`.
    pub(crate) url: String,
    /// A second, empty database, for a server whose keys the first one's data do not fit.
    pub(crate) other_url: String,
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(e) = self.keeper.wait() {
            process::say(&format!("xtask: PostgreSQL did not stop: {e}"));
        }
    }
}

/// The folder with `initdb` and `postgres`: on the search path, or where Debian and its kin put it.
pub(crate) fn programs() -> Option<PathBuf> {
    if let Some(initdb) = process::which("initdb") {
        let real = fs::canonicalize(&initdb).unwrap_or(initdb);
        return real.parent().map(Path::to_owned);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            process::is_program(&folder.join("initdb")).then_some((version, folder))
        })
        .collect();
    found.sort();
    found.pop().map(|(_, folder)| folder)
}

/// Installs PostgreSQL from the system's packages. Needs the administrator.
///
/// # Errors
/// When `apt-get` is missing or fails.
pub(crate) fn install() -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        process::run(&mut command, process::nothing)
    };
    apt(&["update", "--quiet"])?;
    apt(&["install", "--quiet", "--yes", "--no-install-recommends", "postgresql"]).map(drop)
}

/// Creates a data directory and starts a server on a free loopback port.
///
/// # Errors
/// When a program is missing, or the server does not come up; its log is part of the message.
pub(crate) fn start(programs: &Path) -> Result<Postgres> {
    let user = Unprivileged::find()?;
    let folder = fresh_folder()?;
    user.give(&folder)?;
    let data = folder.join("data");
    process::read(
        user.command(&programs.join("initdb"))
            .args(["--username=pentad", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"])
            .arg(&data),
    )?;
    let port = free_port()?;
    let keeper = user
        .command(Path::new("sh"))
        .args(["-c", KEEPER, "postgres-keeper"])
        .arg(&folder)
        .arg(programs.join("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "max_connections=200"])
        .args(["-c", &format!("port={port}")])
        .args(["-c", &format!("unix_socket_directories={}", folder.display())])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|e| format!("cannot start PostgreSQL: {e}"))?;
    let url = |database: &str| format!("postgres://pentad@127.0.0.1:{port}/{database}");
    let server = Postgres { keeper, url: url("postgres"), other_url: url("conformance") };
    wait_until_ready(programs, port).map_err(|why| {
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        format!("{why}\n{}", log.trim_end())
    })?;
    let mut create = Command::new(programs.join("createdb"));
    create.args(["--host=127.0.0.1", "--username=pentad", &format!("--port={port}"), "conformance"]);
    process::read(&mut create)?;
    Ok(server)
}

fn wait_until_ready(programs: &Path, port: u16) -> Result<()> {
    let mut waited = Duration::ZERO;
    while waited < START {
        let mut question = Command::new(programs.join("pg_isready"));
        question.args(["--quiet", "--host=127.0.0.1", "--username=pentad", &format!("--port={port}")]);
        if process::read(&mut question).is_ok() {
            return Ok(());
        }
        thread::sleep(PAUSE);
        waited += PAUSE;
    }
    Err(format!("PostgreSQL did not accept connections within {} s", START.as_secs()))
}

fn fresh_folder() -> Result<PathBuf> {
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let folder = std::env::temp_dir().join(format!("pentad-postgres-{}-{nanos}", std::process::id()));
    fs::create_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

/// A port that nobody listens on now. Another program may take it before the server does; then the
/// start fails with the server's own log.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("no free port: {e}"))?;
    listener.local_addr().map(|address| address.port()).map_err(|e| format!("no free port: {e}"))
}

/// The account under which PostgreSQL runs: it refuses to run as the administrator.
enum Unprivileged {
    Ourselves,
    Other { name: &'static str, switch: &'static str },
}

impl Unprivileged {
    fn find() -> Result<Self> {
        if !process::is_root() {
            return Ok(Self::Ourselves);
        }
        let exists = |name: &&'static str| process::read(Command::new("id").args(["-u", name])).is_ok();
        let name = ["postgres", "nobody"].into_iter().find(exists).ok_or("no unprivileged account exists")?;
        let switch = ["runuser", "su"].into_iter().find(|program| process::which(program).is_some());
        let switch = switch.ok_or("neither runuser nor su is installed")?;
        Ok(Self::Other { name, switch })
    }

    /// `program` under this account; arguments can be added.
    fn command(&self, program: &Path) -> Command {
        match self {
            Self::Ourselves => Command::new(program),
            Self::Other { name, switch } if *switch == "runuser" => {
                let mut command = Command::new(switch);
                command.args(["-u", name, "--"]).arg(program);
                command
            }
            Self::Other { name, switch } => {
                let mut command = Command::new(switch);
                command.args(["-s", "/bin/sh", name, "-c", r#"exec "$0" "$@""#, "--"]).arg(program);
                command
            }
        }
    }

    fn give(&self, folder: &Path) -> Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { name, .. } => process::read(Command::new("chown").arg(name).arg(folder)).map(drop),
        }
    }
}
