//! Which limits hold on this machine.

use serde::Serialize;

use super::Limits;
use super::cgroup::Group;

/// One limit and whether it holds here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// What is limited.
    pub what: &'static str,
    /// Whether it is.
    pub holds: bool,
    /// How, or why not.
    pub how: &'static str,
}

/// Which limits hold for programs that this process runs.
pub fn holds() -> Vec<Hold> {
    let linux = cfg!(target_os = "linux");
    let root = rustix::process::geteuid().is_root();
    let probe = Limits { cpu: 1, memory: 64 << 20, file_size: 1 << 20, open_files: 16, processes: 16 };
    let grouped = linux && Group::make(&probe).is_some();
    let hold = |what, holds, yes, no| Hold { what, holds, how: if holds { yes } else { no } };
    vec![
        hold("time", true, "the server ends what runs too long", ""),
        hold("processor time", true, "of each process", ""),
        hold(
            "memory of a process",
            linux,
            "address space of each process",
            "the system does not limit address space",
        ),
        hold(
            "memory of an order",
            grouped,
            "of all its processes, by a control group",
            "no control group can be made here",
        ),
        hold("size of a file", true, "of each file, wherever it is", ""),
        hold("open files", true, "of each process", ""),
        hold("processes", linux, processes(root), "the system has no such limit for others than the user"),
        hold("disk", true, "of its own directory, looked at four times a second", ""),
        hold(
            "user",
            root,
            "another user for each order",
            "it runs as the server's user: only a server started by root can change that",
        ),
        hold(
            "leftovers",
            linux,
            "all that an order started ends with it, also what detached itself",
            "what leaves its process group stays",
        ),
    ]
}

const fn processes(root: bool) -> &'static str {
    if root { "of the order's user" } else { "beyond those that the server's user has already" }
}
