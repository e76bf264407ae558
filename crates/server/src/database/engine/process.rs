//! The processes of a cluster: whether they run, their start and their end.

use std::ffi::OsStr;
use std::path::Path;

use super::cluster::{Cluster, Made};
use super::{files, programs};

/// The lock of a server in its data folder: its process, folder and port.
pub(super) const LOCK: &str = "postmaster.pid";
/// Where the system tells of processes.
const PROCESSES: &str = "/proc";
/// A log that becomes longer begins anew; the one before it is kept.
const LONGEST_LOG: u64 = 16 << 20;
/// How much of the end of a log is looked at.
const END_OF_LOG: u64 = 8 << 10;
/// Bytes of log that a standby may lack and still catch up, in MB.
const KEPT_FOR_STANDBYS: u32 = 1024;

/// Who holds the lock of a data folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// Nobody, or a process that is no more.
    Nobody,
    /// The server of this folder.
    Server,
    /// A process that has got the number of a server that is no more: nobody may signal it.
    Stranger,
}

impl Cluster {
    /// Whether its server runs.
    pub(crate) fn runs(&self) -> bool {
        self.holder() == Holder::Server
    }

    fn holder(&self) -> Holder {
        let data = self.data();
        let Ok(text) = std::fs::read_to_string(data.join(LOCK)) else { return Holder::Nobody };
        let number = text.lines().next().and_then(|line| line.trim().parse::<u32>().ok());
        let Some(number) = number else { return Holder::Nobody };
        let data = std::fs::canonicalize(&data).unwrap_or(data);
        if !Path::new(PROCESSES).join("self").exists() {
            return told_by_ps(number, &data);
        }
        // A server works in its data folder, and nobody else does.
        match std::fs::read_link(Path::new(PROCESSES).join(number.to_string()).join("cwd")) {
            Ok(folder) if folder == data => Holder::Server,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Holder::Nobody,
            _ => Holder::Stranger,
        }
    }

    /// Ends what an earlier server left running.
    ///
    /// # Errors
    /// What pg_ctl says.
    pub(crate) async fn prepare(&self) -> Made<()> {
        match self.holder() {
            Holder::Server => self.control(&["-m".as_ref(), "immediate".as_ref(), "stop".as_ref()]).await,
            // The programs take the number of any process of the same user for that of a server.
            Holder::Stranger => self.forget_lock(),
            Holder::Nobody => Ok(()),
        }
    }

    /// Starts it; it answers when this returns.
    ///
    /// # Errors
    /// What pg_ctl and the log say; [`is_taken`] knows the one that another port helps against.
    pub(crate) async fn start(&self) -> Made<()> {
        self.turn_log().await;
        let before = self.log_length();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= -c password_encryption=scram-sha-256 \
             -c logging_collector=off -c max_wal_senders=40 -c max_replication_slots=40 \
             -c max_slot_wal_keep_size={KEPT_FOR_STANDBYS}",
            self.port
        );
        let log = self.log();
        let arguments: [&OsStr; 5] =
            ["-l".as_ref(), log.as_ref(), "-o".as_ref(), options.as_ref(), "start".as_ref()];
        match self.control(&arguments).await {
            Ok(()) => Ok(()),
            Err(why) => {
                let log = self.log_since(before).await;
                let said = programs::sentences(&log).unwrap_or_else(|| why.clone());
                Err(format!("{said}\n{why}\n{log}"))
            }
        }
    }

    fn forget_lock(&self) -> Made<()> {
        let path = self.data().join(LOCK);
        std::fs::remove_file(&path).map_err(|error| format!("cannot remove {}: {error}", path.display()))
    }

    async fn turn_log(&self) {
        let (log, before) = (self.log(), self.folder().join("log.before"));
        let turned = files::blocking(move || match std::fs::metadata(&log) {
            Ok(metadata) if metadata.len() > LONGEST_LOG => std::fs::rename(&log, &before),
            _ => Ok(()),
        });
        if let Err(error) = turned.await {
            tracing::warn!(%error, "the log of a database instance could not be put aside");
        }
    }

    /// Lets a log that has become long begin anew while its server writes on, which appends; what it writes in the moment
    /// between the copy and the cut is in neither.
    pub(crate) async fn cut_log(&self) {
        if self.log_length() <= LONGEST_LOG {
            return;
        }
        let (log, before) = (self.log(), self.folder().join("log.before"));
        let cut = files::blocking(move || {
            std::fs::copy(&log, &before)?;
            std::fs::File::options().write(true).open(&log)?.set_len(0)
        });
        if let Err(error) = cut.await {
            tracing::warn!(%error, "the log of a database instance could not be cut");
        }
    }

    /// What it wrote last about itself.
    pub(crate) async fn last_words(&self) -> String {
        self.log_since(0).await
    }

    fn log_length(&self) -> u64 {
        std::fs::metadata(self.log()).map_or(0, |metadata| metadata.len())
    }

    /// The last lines of the log behind a place in it.
    async fn log_since(&self, before: u64) -> String {
        let start = self.log_length().saturating_sub(END_OF_LOG).max(before);
        let read = files::part(self.log(), start, END_OF_LOG).await;
        let bytes = read.map(|(bytes, _)| bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }

    /// Stops it; nothing to do if it does not run.
    ///
    /// # Errors
    /// What pg_ctl says.
    pub(crate) async fn stop(&self) -> Made<()> {
        if !self.runs() {
            return Ok(());
        }
        self.control(&["-m".as_ref(), "fast".as_ref(), "stop".as_ref()]).await
    }

    /// Ends it at once, in a process that is ending itself.
    pub(crate) fn kill(&self) {
        if self.runs() {
            self.programs().kill(&self.data());
        }
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
        self.programs().run("pg_ctl", &all, None).await.map(drop)
    }

    /// Where the log of one that was stopped in good order ends.
    ///
    /// # Errors
    /// If it was not, or pg_controldata fails.
    pub(crate) async fn end(&self) -> Made<u64> {
        let data = self.data();
        let told = self.programs().run("pg_controldata", &["-D".as_ref(), data.as_ref()], None).await?;
        let line = |name: &str| {
            told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default()
        };
        let state = line("Database cluster state:");
        if !state.starts_with("shut down") {
            return Err(format!("the source was not stopped in good order: {state}"));
        }
        position(line("Latest checkpoint location:")).ok_or_else(|| "pg_controldata tells no end".to_owned())
    }
}

/// Whether a start failed because somebody else listens at the port.
pub(crate) fn is_taken(why: &str) -> bool {
    why.contains("could not create any TCP/IP sockets") || why.contains("Address already in use")
}

/// A position as it is written: two numbers in hexadecimal digits.
fn position(text: &str) -> Option<u64> {
    let (high, low) = text.split_once('/')?;
    Some(u64::from_str_radix(high, 16).ok()? << 32 | u64::from_str_radix(low, 16).ok()?)
}

/// Who holds a lock, where the system keeps no folder of its processes.
fn told_by_ps(number: u32, data: &Path) -> Holder {
    let mut ps = std::process::Command::new("ps");
    ps.args(["-ww", "-o", "command=", "-p"]).arg(number.to_string());
    let Ok(output) = ps.output() else { return Holder::Stranger };
    let text = String::from_utf8_lossy(&output.stdout);
    if text.trim().is_empty() {
        Holder::Nobody
    } else if text.contains(&*data.to_string_lossy()) {
        Holder::Server
    } else {
        Holder::Stranger
    }
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn positions_are_compared_as_one_number() {
        assert_eq!(position("0/3000060"), Some(0x0300_0060));
        assert_eq!(position("2A/FF"), Some(0x2A_0000_00FF));
        assert_eq!(position("none"), None);
    }
}
