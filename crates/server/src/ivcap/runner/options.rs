//! What orders may take.

use std::path::PathBuf;

use serde::Deserialize;

use crate::confined::Limits;

/// Limits and places of orders: the option `orders` of the service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Options {
    /// Orders that run at once.
    pub(crate) parallel: u32,
    /// Seconds that an order may run.
    pub(crate) time: u32,
    /// Seconds of processor time of each process.
    pub(crate) cpu: u64,
    /// Bytes of memory of each process.
    pub(crate) memory: u64,
    /// Bytes of one file.
    pub(crate) file_size: u64,
    /// Bytes of all files in the directory of an order.
    pub(crate) disk: u64,
    /// Files and directories in the directory of an order.
    pub(crate) files: u64,
    /// Open files of each process.
    pub(crate) open_files: u64,
    /// Processes and threads of an order.
    pub(crate) processes: u64,
    /// Bytes of the log of an order.
    pub(crate) log: u64,
    /// The first of as many users as orders run at once; used by a server of root.
    pub(crate) user: u32,
    /// Whether a server of root gives orders users of their own.
    pub(crate) own_users: bool,
    /// The program that sets limits, if it is not the server's.
    pub(crate) helper: Option<PathBuf>,
    /// Where the directories of orders are made, if not where the system keeps temporary files.
    pub(crate) scratch: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            parallel: 4,
            time: 3600,
            cpu: 3600,
            memory: 4 << 30,
            file_size: 1 << 30,
            disk: 2 << 30,
            files: 10_000,
            open_files: 256,
            processes: 64,
            log: 4 << 20,
            user: 61_184,
            own_users: true,
            helper: None,
            scratch: None,
        }
    }
}

impl Options {
    /// What a process may take.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            cpu: self.cpu,
            memory: self.memory,
            file_size: self.file_size,
            open_files: self.open_files,
            processes: self.processes,
        }
    }
}
