//! One PostgreSQL cluster: its folder, its processes.
//!
//! A folder holds `data`, the password of the service's own superuser, and the log. The server listens on loopback
//! alone, and asks everybody for a password.

use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::names;
use super::programs::Programs;

/// The superuser of the service.
pub(crate) const ADMIN: &str = "os_admin";

/// A cluster that may or may not run.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    programs: Programs,
    folder: PathBuf,
    pub(crate) port: u16,
}

type Made<T> = Result<T, String>;

fn told(what: &str, path: &Path, error: &io::Error) -> String {
    format!("{what} {}: {error}", path.display())
}

impl Cluster {
    /// The cluster in a folder.
    pub(crate) fn at(programs: &Programs, folder: PathBuf, port: u16) -> Self {
        Self { programs: programs.clone(), folder, port }
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends it at once, in a process that is ending itself.
    pub(crate) fn kill(&self) {
        self.programs.kill(&self.data());
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }

    /// The password of the superuser.
    ///
    /// # Errors
    /// If there is none: there is no such cluster.
    pub(crate) fn password(&self) -> Made<String> {
        let path = self.password_file();
        std::fs::read_to_string(&path).map_err(|error| told("cannot read", &path, &error))
    }

    /// Whether it was made.
    pub(crate) fn exists(&self) -> bool {
        self.data().join("PG_VERSION").is_file()
    }

    fn make_folder(&self) -> Made<()> {
        std::fs::create_dir_all(&self.folder).map_err(|error| told("cannot make", &self.folder, &error))?;
        self.programs.give(&self.folder).map_err(|error| told("cannot give away", &self.folder, &error))
    }

    fn write_password(&self, password: &str) -> Made<()> {
        let path = self.password_file();
        std::fs::write(&path, password).map_err(|error| told("cannot write", &path, &error))?;
        self.programs.give(&path).map_err(|error| told("cannot give away", &path, &error))
    }

    /// Makes an empty cluster.
    ///
    /// # Errors
    /// What initdb says.
    pub(crate) async fn init(&self) -> Made<()> {
        self.make_folder()?;
        self.write_password(&names::password())?;
        let (data, file) = (self.data(), self.password_file());
        let user = format!("--username={ADMIN}");
        let arguments: [&OsStr; 9] = [
            user.as_ref(),
            "--auth=scram-sha-256".as_ref(),
            "--encoding=UTF8".as_ref(),
            "--no-locale".as_ref(),
            "--no-sync".as_ref(),
            "--pwfile".as_ref(),
            file.as_ref(),
            "-D".as_ref(),
            data.as_ref(),
        ];
        self.programs.run("initdb", &arguments, None).await?;
        self.append("postgresql.conf", "include_if_exists = 'group.conf'\n")
    }

    fn append(&self, name: &str, text: &str) -> Made<()> {
        let path = self.data().join(name);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        self.put(name, &format!("{before}{text}"))
    }

    fn put(&self, name: &str, text: &str) -> Made<()> {
        let path = self.data().join(name);
        std::fs::write(&path, text).map_err(|error| told("cannot write", &path, &error))?;
        self.programs.give(&path).map_err(|error| told("cannot give away", &path, &error))
    }

    /// Writes the values of a configuration group; they count from the next start or reload on.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn configure(&self, values: &Map<String, Value>) -> Made<()> {
        let line = |(name, value): (&String, &Value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            format!("{name} = '{}'\n", text.replace('\\', "\\\\").replace('\'', "''").replace('\n', " "))
        };
        self.put("group.conf", &values.iter().map(line).collect::<String>())
    }

    /// Copies a running cluster into this folder; as a standby of it, or to stand alone.
    ///
    /// # Errors
    /// What pg_basebackup says.
    pub(crate) async fn copy_running(&self, source: &Self, as_standby: bool) -> Made<()> {
        let password = source.password()?;
        self.make_folder()?;
        self.write_password(&password)?;
        let (data, port) = (self.data(), source.port.to_string());
        let mut arguments: Vec<&OsStr> = vec![
            "--host=127.0.0.1".as_ref(),
            "--port".as_ref(),
            port.as_ref(),
            "--username".as_ref(),
            ADMIN.as_ref(),
            "--checkpoint=fast".as_ref(),
            "--wal-method=stream".as_ref(),
            "--no-sync".as_ref(),
            "-D".as_ref(),
            data.as_ref(),
        ];
        if as_standby {
            arguments.push("--write-recovery-conf".as_ref());
        }
        self.programs.run("pg_basebackup", &arguments, Some(&password)).await
    }

    /// Copies a cluster that does not run, such as a backup, into this folder.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) async fn copy_folder(&self, from: &Path) -> Made<()> {
        self.make_folder()?;
        let (programs, from, to) = (self.programs.clone(), from.to_owned(), self.folder.clone());
        let copied = tokio::task::spawn_blocking(move || {
            copy(&from, &to)?;
            programs.give_all(&to)
        });
        let copied = copied.await.map_err(|error| error.to_string())?;
        copied.map_err(|error| told("cannot copy into", &self.folder, &error))
    }

    /// Starts it; it answers when this returns. One that an earlier server left running is stopped first.
    ///
    /// # Errors
    /// What pg_ctl and the log say.
    pub(crate) async fn start(&self) -> Made<()> {
        if self.data().join("postmaster.pid").exists() {
            // Nothing runs if this fails: then the file is old.
            let _ = self.control(&["-m".as_ref(), "immediate".as_ref(), "stop".as_ref()]).await;
        }
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= -c password_encryption=scram-sha-256 \
             -c logging_collector=off",
            self.port
        );
        let log = self.folder.join("log");
        let arguments: [&OsStr; 5] =
            ["-l".as_ref(), log.as_ref(), "-o".as_ref(), options.as_ref(), "start".as_ref()];
        let started = self.control(&arguments).await;
        started.map_err(|why| {
            let text = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!("{why}\n{}", lines[lines.len().saturating_sub(5)..].join("\n"))
        })
    }

    /// Stops it; nothing to do if it does not run.
    ///
    /// # Errors
    /// What pg_ctl says.
    pub(crate) async fn stop(&self) -> Made<()> {
        if !self.data().join("postmaster.pid").exists() {
            return Ok(());
        }
        self.control(&["-m".as_ref(), "fast".as_ref(), "stop".as_ref()]).await
    }

    /// Makes a standby stand on its own.
    ///
    /// # Errors
    /// What pg_ctl says.
    pub(crate) async fn promote(&self) -> Made<()> {
        self.control(&["promote".as_ref()]).await
    }

    async fn control(&self, arguments: &[&OsStr]) -> Made<()> {
        let data = self.data();
        let mut all: Vec<&OsStr> =
            vec!["-D".as_ref(), data.as_ref(), "-w".as_ref(), "-s".as_ref(), "-t".as_ref(), "60".as_ref()];
        all.extend(arguments);
        self.programs.run("pg_ctl", &all, None).await
    }

    /// Removes it; it must not run.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn remove(&self) -> Made<()> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(told("cannot remove", &self.folder, &error))
            }
            _ => Ok(()),
        }
    }

    /// The bytes that it takes on disk.
    pub(crate) fn size(&self) -> u64 {
        size(&self.folder)
    }
}

/// A port that nobody listens on: `wanted` if it is one.
///
/// # Errors
/// If there is none.
pub(crate) fn free_port(wanted: Option<u16>) -> Made<u16> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let listener = match wanted.map(bind) {
        Some(Ok(listener)) => listener,
        _ => bind(0).map_err(|error| format!("there is no free port: {error}"))?,
    };
    listener.local_addr().map(|addr| addr.port()).map_err(|error| error.to_string())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else if entry.file_name() != "postmaster.pid" {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}
