//! Where the clusters of a server are.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::programs::Programs;

/// Where they are in the data directory.
pub(super) const FOLDER: &str = "instances.database";
/// What is there.
pub(super) const KINDS: [&str; 2] = ["instances", "backups"];
/// The longest folder in which systems take a socket: its whole path has little more than a hundred bytes.
const LONGEST_PLACE: usize = 85;
/// What the names of temporary folders begin with.
const TEMPORARY: &str = "pentad-database-";
/// Held, in a temporary folder, by the server whose folder it is.
const HELD: &str = "held";

/// Where the clusters are.
pub(super) struct Home {
    pub(super) programs: Programs,
    pub(super) folder: PathBuf,
    /// Where the service comes into the clusters: only who they run as enters it.
    pub(super) sockets: PathBuf,
    /// The folders that go away with the server.
    _temporary: Vec<Temporary>,
}

impl Home {
    /// Finds PostgreSQL, and makes the folders: in the data directory of the server if it has one.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub(super) fn make(data: Option<&Path>, given: Option<&Path>) -> Result<Self, String> {
        let programs = Programs::find(given)?;
        let told = |error: io::Error| format!("cannot make the folder of database instances: {error}");
        let mut temporary = Vec::new();
        let mut own = || {
            let made = Temporary::make(&programs).map_err(told)?;
            let path = made.path.clone();
            temporary.push(made);
            Ok::<_, String>(path)
        };
        let folder = match data {
            Some(data) => {
                // The programs run elsewhere.
                let data = &std::fs::canonicalize(data).map_err(told)?;
                programs.let_through(data).map_err(told)?;
                data.join(FOLDER)
            }
            None => own()?.join("database"),
        };
        let mut sockets = folder.join("sockets");
        if sockets.as_os_str().len() > LONGEST_PLACE {
            sockets = own()?.join("sockets");
        }
        for path in KINDS.iter().map(|name| folder.join(name)).chain([sockets.clone()]) {
            std::fs::create_dir_all(&path).map_err(told)?;
            programs.give(&path).map_err(told)?;
        }
        programs.give(&folder).map_err(told)?;
        Ok(Self { programs, folder, sockets, _temporary: temporary })
    }
}

/// A folder that goes away with the server, or after a server that was killed when the next one makes its own.
struct Temporary {
    path: PathBuf,
    _made: tempfile::TempDir,
    _held: File,
}

impl Temporary {
    fn make(programs: &Programs) -> io::Result<Self> {
        let base = std::fs::canonicalize(std::env::temp_dir())?;
        sweep(&base);
        let made = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(base)?;
        programs.let_through(made.path())?;
        // It has its name only when it is held: nobody takes the folder for one that was left.
        let new = made.path().join("new");
        let held = File::create_new(&new)?;
        flock(&held, FlockOperation::NonBlockingLockExclusive)?;
        std::fs::rename(new, made.path().join(HELD))?;
        Ok(Self { path: made.path().to_owned(), _made: made, _held: held })
    }
}

/// Removes the folders of servers that are no more. A cluster that still runs there ends when it finds that.
fn sweep(base: &Path) {
    for entry in std::fs::read_dir(base).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            continue;
        }
        let Ok(held) = File::open(entry.path().join(HELD)) else { continue };
        if flock(&held, FlockOperation::NonBlockingLockExclusive).is_ok()
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::debug!(%error, "the folder of an earlier server could not be removed");
        }
    }
}
