//! Running a foreign program within limits, and none of its processes after it.
//!
//! Limits are set by a process for itself and handed on to what it becomes, so this program is started again in two
//! parts. The *keeper* is the ancestor of all that the program starts, also of what detaches itself; it takes
//! everything down when the program ends, when it is told to, and when the server is gone. The *inner* part sets the
//! limits, gives up its rights and becomes the program.
//!
//! A program calls [`intercept`] first thing in `main`; only such a program can run others.

mod cgroup;
mod inherited;
mod inner;
mod keeper;
mod probe;
mod process;
mod tree;
mod usage;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

pub use probe::{Hold, holds};
pub use process::{Confined, Ended};
pub use usage::{Usage, usage};

/// The word that makes this program a keeper.
const KEEPER: &str = "__keep";
/// The word that makes this program set limits and become another.
const INNER: &str = "__become";

/// Whether this process was started by a `main` that knows both words.
static KNOWN: AtomicBool = AtomicBool::new(false);

/// Does what a server that started this program asks for; `None` if it was started by somebody else. To be called
/// before anything else, while there is one thread.
pub fn intercept() -> Option<ExitCode> {
    KNOWN.store(true, Ordering::Relaxed);
    let mut words = std::env::args_os().skip(1);
    let part = words.next()?;
    if part == KEEPER || part == INNER {
        inherited::let_go();
    }
    let mut plan = || words.next().and_then(|plan| serde_json::from_slice(plan.as_encoded_bytes()).ok());
    match part.to_str()? {
        KEEPER => Some(plan().map_or(ExitCode::from(UNUSABLE), keeper::run)),
        INNER => Some(plan().map_or(ExitCode::from(UNUSABLE), |plan| inner::run(&plan))),
        _ => None,
    }
}

/// The exit code of a part that could not begin.
const UNUSABLE: u8 = 125;

/// The program that runs others: this one, if it can.
///
/// The path stays the running program's also after its file was replaced.
pub fn own_helper() -> Option<PathBuf> {
    if !KNOWN.load(Ordering::Relaxed) {
        return None;
    }
    if cfg!(target_os = "linux") {
        return Some(PathBuf::from("/proc/self/exe"));
    }
    std::env::current_exe().ok()
}

/// How much a program may take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processor time of each process in seconds.
    pub cpu: u64,
    /// Memory of each process in bytes, and of all together where control groups can be made.
    pub memory: u64,
    /// Bytes of each file.
    pub file_size: u64,
    /// Open files of each process.
    pub open_files: u64,
    /// Processes and threads.
    pub processes: u64,
}

/// What to run and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The working directory.
    pub dir: PathBuf,
    /// What is its standard input.
    pub stdin: PathBuf,
    /// The user and group to become; needs rights.
    pub user: Option<u32>,
    /// How much it may take.
    pub limits: Limits,
    /// The control group to enter, set by the keeper.
    pub cgroup: Option<PathBuf>,
}
