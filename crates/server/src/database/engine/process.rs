//! The processes of a cluster: whether they run, their start and their end.

use std::ffi::OsStr;
use std::path::Path;

use super::cluster::{Cluster, Made};
use super::files;

/// The lock of a server in its data folder: its process, folder and port.
pub(super) const LOCK: &str = "postmaster.pid";
/// Where the system tells of processes.
const PROCESSES: &str = "/proc";
/// A log that becomes longer begins anew; the one before it is kept.
const LONGEST_LOG: u64 = 16 << 20;
/// How much of the end of a log is looked at.
const END_OF_LOG: u64 = 8 << 10;
/// How many lines of it are told.
const LINES: usize = 8;
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
            Holder::Server => self.end().await,
            // The programs take the number of any process of the same user for that of a server.
            Holder::Stranger => self.forget_lock(),
            // A server that was killed and that nobody buries counts as one that runs.
            Holder::Nobody if self.data().join(LOCK).exists() && self.is_deserted() => self.forget_lock(),
            Holder::Nobody => Ok(()),
        }
    }

    /// Whether no process works in the data folder; the processes of a server outlive it for a moment.
    fn is_deserted(&self) -> bool {
        let (data, processes) = (self.data(), Path::new(PROCESSES));
        let data = std::fs::canonicalize(&data).unwrap_or(data);
        let Ok(all) = std::fs::read_dir(processes) else { return false };
        processes.join("self").exists()
            && !all.flatten().any(|entry| entry.path().join("cwd").read_link().is_ok_and(|cwd| cwd == data))
    }

    /// Starts it; it answers when this returns.
    ///
    /// # Errors
    /// What the log says, else pg_ctl; [`is_taken`] knows the one that another port helps against.
    pub(crate) async fn start(&self) -> Made<()> {
        self.furnish()?;
        self.clear_socket();
        self.turn_log().await;
        let begin = self.log_length();
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c password_encryption=scram-sha-256 \
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
                let text = self.end_of_log(begin).await;
                let said = if text.is_empty() { String::new() } else { sentence(&text) + "\n" };
                Err(format!("{said}{why}\n{text}"))
            }
        }
    }

    /// Takes the socket away that a server left which was killed: nobody else has this port.
    fn clear_socket(&self) {
        let name = format!(".s.PGSQL.{}", self.port);
        for name in [format!("{name}.lock"), name] {
            // There is none, as a rule.
            let _ = std::fs::remove_file(self.sockets().join(name));
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

    fn log_length(&self) -> u64 {
        std::fs::metadata(self.log()).map_or(0, |metadata| metadata.len())
    }

    /// The end of what it wrote from a place in its log on.
    async fn end_of_log(&self, begin: u64) -> String {
        let start = begin.max(self.log_length().saturating_sub(END_OF_LOG));
        let read = files::part(self.log(), start, END_OF_LOG).await;
        let bytes = read.map(|(bytes, _)| bytes).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }

    /// Why it does not run any more, as far as its log tells.
    pub(crate) async fn last_words(&self) -> String {
        let text = self.end_of_log(0).await;
        // Of fatal errors most are those of clients.
        let last = text.lines().rev().find(|line| line.contains("PANIC:  "));
        let why = last.map(|line| format!(" ({})", sentence(line))).unwrap_or_default();
        format!("The database ended without being asked to{why}.\n{text}")
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

    /// Ends it without order; it is to go away.
    ///
    /// # Errors
    /// What pg_ctl says.
    pub(crate) async fn end(&self) -> Made<()> {
        if !self.runs() {
            return Ok(());
        }
        self.control(&["-m".as_ref(), "immediate".as_ref(), "stop".as_ref()]).await
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
        self.programs().run("pg_ctl", &all).await.map(drop)
    }

    /// Where the log of one that was stopped in good order ends.
    ///
    /// # Errors
    /// If it was not, or pg_controldata fails.
    pub(crate) async fn written(&self) -> Made<u64> {
        let data = self.data();
        let told = self.programs().run("pg_controldata", &["-D".as_ref(), data.as_ref()]).await?;
        let line = |name: &str| {
            told.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default()
        };
        let state = line("Database cluster state:");
        if !state.starts_with("shut down") {
            return Err(format!(
                "The source did not end in good order ({state}), so nobody knows what a replica lacks: start it \
                 again (restart), or eject it (eject_replica_source)."
            ));
        }
        position(line("Latest checkpoint location:")).ok_or_else(|| "pg_controldata tells no end".to_owned())
    }
}

/// What PostgreSQL says of why it does not start, in one line: the complaint that came first, with what it adds to it.
pub(super) fn sentence(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let said = |line: &str| {
        let levels = ["FATAL:  ", "PANIC:  ", "LOG:  "];
        let from = levels.iter().find_map(|level| line.find(level).map(|at| at + level.len()));
        from.map_or(line, |from| &line[from..]).trim_start_matches("postgres: ").to_owned()
    };
    let is_end = |line: &&str| line.contains("FATAL:  ") || line.contains("PANIC:  ");
    let is_value = |line: &&str| {
        ["invalid value for", "is outside the valid range", "unrecognized configuration parameter"]
            .iter()
            .any(|part| line.contains(part))
    };
    let at = lines.iter().position(&is_value).or_else(|| lines.iter().position(is_end));
    let Some(at) = at else { return lines.last().map(|line| said(line)).unwrap_or_default() };
    let mut told = said(lines[at]);
    let starts = |line: &&&str| ["LOG:  ", "FATAL:  "].iter().any(|level| line.contains(level));
    let mut its = lines[at + 1..].iter().take_while(|line| !starts(line));
    let more = its.find_map(|line| line.split_once("HINT:  "));
    if let Some((_, hint)) = more.filter(|_| is_value(&lines[at])) {
        told = format!("{told}. {hint}");
    }
    told
}

/// Whether a start failed because somebody else listens at the port.
pub(crate) fn is_taken(why: &str) -> bool {
    why.contains("could not create any TCP/IP sockets") || why.contains("Address already in use")
}

/// Whether a start failed because processes of a server that was killed have not ended yet.
pub(crate) fn is_lingering(why: &str) -> bool {
    why.contains("pre-existing shared memory block")
        || why.contains("lock file \"postmaster.pid\" already exists")
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
    use super::{position, sentence};

    #[test]
    fn the_complaint_that_came_first_is_told_without_places_of_the_server() {
        for (text, told) in [
            (
                "2030 GMT [1] LOG:  invalid value for parameter \"log_statement\": \"x\"\n2030 GMT [1] HINT:  \
                 Available values: none, ddl, mod, all.\n2030 GMT [1] FATAL:  configuration file \
                 \"/secret/postgresql.conf\" contains errors\n",
                "invalid value for parameter \"log_statement\": \"x\". Available values: none, ddl, mod, all.",
            ),
            (
                "2030 GMT [1] FATAL:  could not map anonymous shared memory: Cannot allocate memory\n2030 GMT [1] \
                 HINT:  long\n2030 GMT [1] LOG:  database system is shut down",
                "could not map anonymous shared memory: Cannot allocate memory",
            ),
            (
                "postgres: superuser_reserved_connections (50) must be less than max_connections (10)\n",
                "superuser_reserved_connections (50) must be less than max_connections (10)",
            ),
        ] {
            assert_eq!(sentence(text), told);
        }
    }

    #[test]
    fn positions_are_compared_as_one_number() {
        assert_eq!(position("0/3000060"), Some(0x0300_0060));
        assert_eq!(position("2A/FF"), Some(0x2A_0000_00FF));
        assert_eq!(position("none"), None);
    }
}
