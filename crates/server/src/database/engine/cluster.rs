//! One PostgreSQL cluster: its folder and its settings.
//!
//! A folder holds `data` and the log. The cluster listens on loopback, where it asks everybody for a password, and on a
//! socket in a folder that nobody else enters: the service itself comes that way, without one.

use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::files;
use super::programs::Programs;
use super::values;

/// The superuser of the service.
pub(crate) const ADMIN: &str = "os_admin";
/// Settings of a configuration group.
pub(super) const GROUP: &str = "group.conf";
/// What a standby follows.
const FOLLOW: &str = "follow.conf";
/// Where the service comes in.
const PLACE: &str = "place.conf";
/// The file that makes a cluster a standby.
const STANDBY: &str = "standby.signal";
/// Who is let in: the service by its socket alone, users from this machine with their passwords.
const DOORS: &str = "local all os_admin trust
local replication os_admin trust
host all os_admin all reject
host all all 127.0.0.1/32 scram-sha-256
";

/// A cluster that may or may not run.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    programs: Programs,
    /// Where the sockets of all clusters are.
    sockets: PathBuf,
    folder: PathBuf,
    pub(crate) port: u16,
}

pub(super) type Made<T> = Result<T, String>;

pub(super) fn told(what: &str, path: &Path, error: &io::Error) -> String {
    format!("{what} {}: {error}", path.display())
}

impl Cluster {
    /// The cluster in a folder.
    pub(crate) fn at(programs: &Programs, sockets: &Path, folder: PathBuf, port: u16) -> Self {
        Self { programs: programs.clone(), sockets: sockets.to_owned(), folder, port }
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

    pub(super) fn sockets(&self) -> &Path {
        &self.sockets
    }

    /// Whether it was made.
    pub(crate) fn exists(&self) -> bool {
        self.data().join("PG_VERSION").is_file()
    }

    /// Whether it is made to follow another.
    pub(super) fn is_to_follow(&self) -> bool {
        self.data().join(STANDBY).exists()
    }

    fn make_folder(&self) -> Made<()> {
        std::fs::create_dir_all(&self.folder).map_err(|error| told("cannot make", &self.folder, &error))?;
        self.programs.give(&self.folder).map_err(|error| told("cannot give away", &self.folder, &error))
    }

    /// Makes an empty cluster.
    ///
    /// # Errors
    /// What initdb says.
    pub(crate) async fn init(&self) -> Made<()> {
        self.make_folder()?;
        let data = self.data();
        let user = format!("--username={ADMIN}");
        let arguments: [&OsStr; 7] = [
            user.as_ref(),
            "--auth=reject".as_ref(),
            "--encoding=UTF8".as_ref(),
            "--no-locale".as_ref(),
            "--no-sync".as_ref(),
            "-D".as_ref(),
            data.as_ref(),
        ];
        self.programs.run("initdb", &arguments).await.map(drop)
    }

    /// Says who is let in, and where; it counts from the next start on.
    ///
    /// # Errors
    /// Of the file system.
    pub(super) fn furnish(&self) -> Made<()> {
        self.include(&[GROUP, FOLLOW, PLACE])?;
        self.put("pg_hba.conf", DOORS)?;
        let folder = format!("\"{}\"", self.sockets.display().to_string().replace('"', "\"\""));
        let place = format!(
            "unix_socket_directories = {}\nunix_socket_permissions = 0700\n",
            values::quoted(&folder)
        );
        // Earlier builds kept a password there, with which nobody is let in any more.
        let _ = std::fs::remove_file(self.folder.join("password"));
        self.put(PLACE, &place)
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

    pub(super) fn put(&self, name: &str, text: &str) -> Made<()> {
        let path = self.data().join(name);
        std::fs::write(&path, text).map_err(|error| told("cannot write", &path, &error))?;
        self.programs.give(&path).map_err(|error| told("cannot give away", &path, &error))
    }

    /// Copies a running cluster into this folder, to stand alone, or to replicate it under a name of its own.
    ///
    /// # Errors
    /// What pg_basebackup says.
    pub(crate) async fn copy_running(&self, source: &Self, replica: Option<&str>) -> Made<()> {
        self.make_folder()?;
        let (data, port) = (self.data(), source.port.to_string());
        let slot = replica.map(slot);
        let mut arguments: Vec<&OsStr> = vec![
            "--no-password".as_ref(),
            "--host".as_ref(),
            source.sockets.as_ref(),
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
        self.programs.run("pg_basebackup", &arguments).await?;
        let Some(slot) = slot else { return self.stand_alone() };
        self.follow(&slot, source.port)?;
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
    fn follow(&self, slot: &str, port: u16) -> Made<()> {
        let folder = self.sockets.display().to_string().replace('\\', "\\\\").replace('\'', "\\'");
        let source = values::quoted(&format!("host='{folder}' port={port} user={ADMIN}"));
        let text = format!("primary_conninfo = {source}\nprimary_slot_name = '{slot}'\n");
        self.put(FOLLOW, &text)
    }

    /// Says that the source of a standby has another port.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn follow_to(&self, replica: &str, port: u16) -> Made<()> {
        self.follow(&slot(replica), port)
    }

    /// Says it of a standby that was down when the sockets of its source got into another folder.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn follow_here(&self, replica: &str, port: u16) -> Made<()> {
        let path = self.data().join(FOLLOW);
        let text = std::fs::read_to_string(&path).map_err(|error| told("cannot read", &path, &error))?;
        if text.contains(&*self.sockets.display().to_string()) {
            return Ok(());
        }
        self.follow_to(replica, port)
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
    /// Of the file system, if it stays where it is.
    pub(crate) async fn remove(&self) -> Made<()> {
        self.drop_folder(&self.folder).await
    }

    /// Takes a folder out of its place in one step, whoever still writes there, and removes what it can of it.
    async fn drop_folder(&self, folder: &Path) -> Made<()> {
        let gone = self.beside(&unique(GONE));
        match std::fs::rename(folder, &gone) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            renamed => renamed.map_err(|error| told("cannot remove", folder, &error))?,
        }
        if let Err(error) = files::remove(gone.clone()).await {
            // The next server tries again.
            tracing::warn!(%error, folder = %gone.display(), "a folder could not be removed");
        }
        Ok(())
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.folder.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        self.folder.with_file_name(name)
    }

    /// The same cluster in a folder for one attempt to make it: programs of a server that was killed may go on in theirs.
    pub(crate) fn attempt(&self) -> Self {
        Self { folder: self.beside(&unique(ATTEMPT)), ..self.clone() }
    }

    /// Ends an attempt that came to its end: puts it where the cluster belongs, or removes it.
    ///
    /// # Errors
    /// Why it failed, or of the file system.
    pub(crate) async fn settle(&self, made: Made<()>, place: &Self) -> Made<()> {
        let rename = || std::fs::rename(&self.folder, &place.folder);
        let settled =
            made.and_then(|()| rename().map_err(|error| told("cannot make", &place.folder, &error)));
        if settled.is_err() {
            self.remove().await?;
        }
        settled
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
        self.drop_folder(&self.beside(ASIDE)).await
    }

    /// The bytes that it takes on disk.
    pub(crate) async fn size(&self) -> u64 {
        files::size(self.folder.clone()).await.unwrap_or_default()
    }
}

/// The ending of a folder that was put aside.
const ASIDE: &str = ".aside";
/// What the endings of folders begin with in which something is made, or was.
const ATTEMPT: &str = ".new.";
const GONE: &str = ".gone.";

fn unique(ending: &str) -> String {
    format!("{ending}{}", Uuid::new_v4().simple())
}

/// Whether a folder is one that an earlier server did not come to an end with.
pub(super) fn is_left_over(name: &str) -> bool {
    name.contains(ATTEMPT) || name.contains(GONE)
}

/// Under what a source keeps what a replica has not got yet.
pub(super) fn slot(replica: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    format!("{SLOTS}{}", replica.chars().map(plain).collect::<String>())
}

/// What all those names begin with.
pub(super) const SLOTS: &str = "replica_";

/// A port that nobody listens on, and that is none of those: `wanted` if it is one.
///
/// # Errors
/// If there is none.
pub(crate) fn free_port(wanted: Option<u16>, taken: &[u16]) -> Made<u16> {
    let bind = |port: u16| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        Ok::<_, io::Error>((listener.local_addr()?.port(), listener))
    };
    if let Some(Ok((port, _))) = wanted.filter(|port| !taken.contains(port)).map(bind) {
        return Ok(port);
    }
    // Held until one is found, so that the same one is not offered again.
    let mut held = Vec::new();
    loop {
        let (port, listener) = bind(0).map_err(|error| format!("there is no free port: {error}"))?;
        if !taken.contains(&port) {
            return Ok(port);
        }
        held.push(listener);
    }
}
