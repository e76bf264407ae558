//! The installed PostgreSQL: where its programs are, and as whom they run.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::clock::real_limit;

/// Real time that a program may take: copying a large cluster is the longest of them.
const LONGEST: Duration = Duration::from_secs(300);
/// Where Debian and its kin put the versions.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The programs of one installation.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// User and group of the clusters where we are root, as whom PostgreSQL does not run.
    other: Option<(u32, u32)>,
}

impl Programs {
    /// Looks for an installation: in a given folder, else on `PATH`, else the newest of the versions of the system.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(crate) fn find(given: Option<&Path>) -> Result<Self, String> {
        let folder = match given {
            Some(folder) if has(folder) => folder.to_owned(),
            Some(folder) => return Err(format!("there is no initdb in {}", folder.display())),
            None => on_path().or_else(newest).ok_or_else(|| {
                format!("no PostgreSQL is installed: there is no initdb on PATH or in {VERSIONS}/*/bin")
            })?,
        };
        Ok(Self { folder, other: unprivileged()? })
    }

    /// Gives a folder that we made, or one file, to whoever PostgreSQL runs as; nobody else enters it.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn give(&self, path: &Path) -> io::Result<()> {
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        match self.other {
            Some((user, group)) => chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// Gives a folder with all that is in it.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn give_all(&self, folder: &Path) -> io::Result<()> {
        self.give(folder)?;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => self.give_all(&entry.path())?,
                false => self.give(&entry.path())?,
            }
        }
        Ok(())
    }

    /// Lets PostgreSQL through a folder that is ours, if it runs as somebody else.
    ///
    /// # Errors
    /// Of the file system.
    pub(crate) fn let_through(&self, folder: &Path) -> io::Result<()> {
        if self.other.is_none() {
            return Ok(());
        }
        let mut permissions = std::fs::metadata(folder)?.permissions();
        permissions.set_mode(permissions.mode() | 0o011);
        std::fs::set_permissions(folder, permissions)
    }

    /// Ends a cluster without waiting for anything.
    pub(crate) fn kill(&self, data: &Path) {
        let mut command = std::process::Command::new(self.folder.join("pg_ctl"));
        command.args(["-s", "-W", "-m", "immediate", "stop", "-D"]).arg(data).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        if let Err(error) = command.status() {
            tracing::warn!(%error, "a database instance could not be ended");
        }
    }

    /// Runs a program to its end; what it wrote.
    ///
    /// # Errors
    /// What it wrote, or that it could not be started or did not end.
    pub(crate) async fn run(&self, program: &str, arguments: &[&OsStr]) -> Result<String, String> {
        let (done, text) = self.try_run(program, arguments).await?;
        if done { Ok(text) } else { Err(format!("{program} failed: {}", complaint(&text))) }
    }

    /// Runs a program to its end; whether it says that all went well, and what it wrote.
    ///
    /// # Errors
    /// That it could not be started or did not end.
    pub(crate) async fn try_run(
        &self,
        program: &str,
        arguments: &[&OsStr],
    ) -> Result<(bool, String), String> {
        let mut command = Command::new(self.folder.join(program));
        command.args(arguments).current_dir("/").stdin(Stdio::null()).kill_on_drop(true);
        command.env("LC_ALL", "C");
        if let Some((user, group)) = self.other {
            command.uid(user).gid(group);
        }
        let ended = real_limit(LONGEST, command.output()).await;
        let ended = ended.ok_or_else(|| format!("{program} did not end within {} s", LONGEST.as_secs()))?;
        let output = ended.map_err(|error| format!("{program} could not be started: {error}"))?;
        let done = output.status.success();
        let text = if done { output.stdout } else { [output.stdout, output.stderr].concat() };
        Ok((done, String::from_utf8_lossy(&text).into_owned()))
    }
}

/// The end of what a program wrote; the line that complains, else the last one, in front.
fn complaint(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let complains = |line: &&&str| ["error:", "FATAL:", "PANIC:"].iter().any(|word| line.contains(word));
    let Some(first) = lines.iter().find(complains).or(lines.last()) else {
        return "it does not say why".to_owned();
    };
    let mut told = vec![*first];
    told.extend(&lines[lines.len().saturating_sub(5)..]);
    told.join("\n")
}

fn has(folder: &Path) -> bool {
    folder.join("initdb").is_file()
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let initdb =
        std::env::split_paths(&path).map(|folder| folder.join("initdb")).find(|file| file.is_file())?;
    let real = std::fs::canonicalize(&initdb).unwrap_or(initdb);
    real.parent().map(Path::to_owned)
}

fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir(VERSIONS).ok()?.flatten().filter_map(|entry| {
        let number: u32 = entry.file_name().to_str()?.parse().ok()?;
        let folder = entry.path().join("bin");
        has(&folder).then_some((number, folder))
    });
    versions.max().map(|(_, folder)| folder)
}

/// Somebody without rights, if we are root.
fn unprivileged() -> Result<Option<(u32, u32)>, String> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd").map_err(|error| format!("/etc/passwd: {error}"))?;
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let found = of("postgres").or_else(|| of("nobody"));
    found.map(Some).ok_or_else(|| "PostgreSQL does not run as root, and there is no user nobody".to_owned())
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn the_line_that_complains_comes_first() {
        let text = "creating ...\nFATAL:  could not extend file: No space left on device\nchild exited\ninitdb: removing\n";
        assert!(complaint(text).starts_with("FATAL:  could not extend"), "{}", complaint(text));
        assert!(complaint("one\ntwo\n").starts_with("two"));
        assert_eq!(complaint(""), "it does not say why");
    }
}
