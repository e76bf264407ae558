//! One PostgreSQL cluster: its folder and its settings.
//!
//! A folder holds `data`, the password of the service's own superuser, and the log. The server listens on loopback
//! alone, and asks everybody for a password.

use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::names;
use super::files;
use super::programs::{self, Programs};

/// The superuser of the service.
pub(crate) const ADMIN: &str = "os_admin";
/// Settings of a configuration group.
const GROUP: &str = "group.conf";
/// What a standby follows.
const FOLLOW: &str = "follow.conf";
/// The file that makes a cluster a standby.
const STANDBY: &str = "standby.signal";

/// A cluster that may or may not run.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    programs: Programs,
    folder: PathBuf,
    pub(crate) port: u16,
}

pub(super) type Made<T> = Result<T, String>;

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

    /// Where it is, for somebody who listens at another port.
    pub(crate) fn on(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    pub(super) fn programs(&self) -> &Programs {
        &self.programs
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it writes about itself.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
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
        self.include(&[GROUP, FOLLOW])
    }

    /// Lets files count among the settings, unless they do already.
    fn include(&self, files: &[&str]) -> Made<()> {
        const NAME: &str = "postgresql.conf";
        let path = self.data().join(NAME);
        let mut text = std::fs::read_to_string(&path).map_err(|error| told("cannot read", &path, &error))?;
        for file in files {
            let line = format!("include_if_exists = '{file}'");
            if !text.lines().any(|known| known == line) {
                text.push_str(&line);
                text.push('\n');
            }
        }
        self.put(NAME, &text)
    }

    fn put(&self, name: &str, text: &str) -> Made<()> {
        let path = self.data().join(name);
        std::fs::write(&path, text).map_err(|error| told("cannot write", &path, &error))?;
        self.programs.give(&path).map_err(|error| told("cannot give away", &path, &error))
    }

    /// Writes the values of a configuration group; they count from the next start or reload on.
    ///
    /// # Errors
    /// Of the file system, or what PostgreSQL says of the values: then those that were there stay.
    pub(crate) async fn configure(&self, values: &Map<String, Value>) -> Made<()> {
        let line = |(name, value): (&String, &Value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            format!("{name} = '{}'\n", text.replace('\\', "\\\\").replace('\'', "''").replace('\n', " "))
        };
        let before = std::fs::read_to_string(self.data().join(GROUP)).unwrap_or_default();
        self.put(GROUP, &values.iter().map(line).collect::<String>())?;
        match self.check_settings().await {
            Ok(()) => Ok(()),
            Err(why) => {
                self.put(GROUP, &before)?;
                Err(why)
            }
        }
    }

    /// Asks PostgreSQL for what it takes its settings for: it refuses a start with others as well.
    async fn check_settings(&self) -> Made<()> {
        let most = self.setting("max_connections").await?;
        let reserved = self.setting("superuser_reserved_connections").await?;
        let is_less = |most: &str, reserved: &str| {
            let (most, reserved) = (most.trim().parse::<u32>(), reserved.trim().parse::<u32>());
            !matches!((most, reserved), (Ok(most), Ok(reserved)) if reserved >= most)
        };
        if is_less(&most, &reserved) {
            return Ok(());
        }
        let (most, reserved) = (most.trim(), reserved.trim());
        Err(format!("superuser_reserved_connections ({reserved}) must be less than max_connections ({most})"))
    }

    async fn setting(&self, name: &str) -> Made<String> {
        let data = self.data();
        let arguments = ["-D".as_ref(), data.as_os_str(), "-C".as_ref(), name.as_ref()];
        let told = self.programs.run("postgres", &arguments, None).await;
        told.map_err(|why| programs::sentences(&why).unwrap_or(why))
    }

    /// Copies a running cluster into this folder, to stand alone, or to replicate it under a name of its own.
    ///
    /// # Errors
    /// What pg_basebackup says.
    pub(crate) async fn copy_running(&self, source: &Self, replica: Option<&str>) -> Made<()> {
        let password = source.password()?;
        self.make_folder()?;
        self.write_password(&password)?;
        let (data, port) = (self.data(), source.port.to_string());
        let slot = replica.map(slot);
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
        if let Some(slot) = &slot {
            // The source keeps for it what it has not got yet, also while it does not run.
            source.drop_slot(slot).await?;
            arguments.extend(["--create-slot".as_ref(), "--slot".as_ref(), OsStr::new(slot)]);
        }
        self.programs.run("pg_basebackup", &arguments, Some(&password)).await?;
        self.include(&[GROUP, FOLLOW])?;
        let Some(slot) = slot else { return self.stand_alone() };
        self.follow(&slot, source.port, &password)?;
        self.put(STANDBY, "")
    }

    /// Lets the copy of a standby be none.
    fn stand_alone(&self) -> Made<()> {
        self.put(FOLLOW, "")?;
        let path = self.data().join(STANDBY);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(told("cannot remove", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// Says where the source of a standby is; it counts from the next start or reload on.
    fn follow(&self, slot: &str, port: u16, password: &str) -> Made<()> {
        let source = format!("host=127.0.0.1 port={port} user={ADMIN} password={password}");
        let text = format!("primary_conninfo = '{source}'\nprimary_slot_name = '{slot}'\n");
        self.put(FOLLOW, &text)
    }

    /// Says that the source of a standby has another port.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn follow_to(&self, replica: &str, port: u16) -> Made<()> {
        self.follow(&slot(replica), port, &self.password()?)
    }

    /// Copies a cluster that does not run, such as a backup, into this folder.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) async fn copy_folder(&self, from: &Path) -> Made<()> {
        self.make_folder()?;
        let copied = files::copy(from.to_owned(), self.folder.clone(), self.programs.clone()).await;
        copied.map_err(|error| told("cannot copy into", &self.folder, &error))
    }

    /// Removes it; it must not run.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) async fn remove(&self) -> Made<()> {
        let removed = files::remove(self.folder.clone()).await;
        removed.map_err(|error| told("cannot remove", &self.folder, &error))
    }

    /// A place for making it, which nobody has used; what earlier attempts left goes, as far as nobody writes there.
    pub(crate) async fn attempt(&self) -> Self {
        let attempts = self.beside(ATTEMPT);
        let (first, home) = (attempts.file_name().unwrap_or_default(), self.folder.parent());
        let entries = home.and_then(|home| std::fs::read_dir(home).ok()).into_iter().flatten().flatten();
        let left = entries
            .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(first.as_encoded_bytes()));
        for folder in left.map(|entry| entry.path()).collect::<Vec<_>>() {
            let _ = files::remove(folder).await;
        }
        let folder = self.beside(&format!("{ATTEMPT}{}", uuid::Uuid::new_v4().simple()));
        Self { folder, ..self.clone() }
    }

    /// Puts what was made in an attempt into its place.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn becomes(&self, place: &Self) -> Made<()> {
        std::fs::rename(&self.folder, &place.folder)
            .map_err(|error| told("cannot make", &place.folder, &error))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.folder.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        self.folder.with_file_name(name)
    }

    /// Puts it aside, so that another can be made in its place; what an attempt that was cut off made there goes.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) async fn set_aside(&self) -> Made<()> {
        let aside = self.beside(ASIDE);
        if aside.exists() {
            return self.remove().await;
        }
        match std::fs::rename(&self.folder, &aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(told("cannot put aside", &self.folder, &error))
            }
            _ => Ok(()),
        }
    }

    /// Takes the one that was put aside back, if there is one.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) async fn take_back(&self) -> Made<()> {
        let aside = self.beside(ASIDE);
        if !aside.exists() {
            return Ok(());
        }
        self.remove().await?;
        std::fs::rename(&aside, &self.folder).map_err(|error| told("cannot take back", &self.folder, &error))
    }

    /// Removes the one that was put aside: the one in its place is good.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) async fn forget_aside(&self) -> Made<()> {
        let (aside, gone) = (self.beside(ASIDE), self.beside(".gone"));
        // In one step it is none that could be taken back.
        match std::fs::rename(&aside, &gone) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(told("cannot remove", &aside, &error));
            }
            _ => {}
        }
        files::remove(gone.clone()).await.map_err(|error| told("cannot remove", &gone, &error))
    }

    /// The bytes that it takes on disk.
    pub(crate) async fn size(&self) -> u64 {
        files::size(self.folder.clone()).await.unwrap_or_default()
    }
}

/// What the ending of the folder of an attempt begins with.
const ATTEMPT: &str = ".new-";

/// The ending of a folder that was put aside.
const ASIDE: &str = ".aside";

/// Under what a source keeps what a replica has not got yet.
pub(super) fn slot(replica: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    format!("{SLOTS}{}", replica.chars().map(plain).collect::<String>())
}

/// What all those names begin with.
pub(super) const SLOTS: &str = "replica_";

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
