//! A control group (version 2) for one program, where they can be made: limits for all of its processes together.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Limits;

/// A group that goes away with the value, and all in it.
#[derive(Debug)]
pub(super) struct Group {
    dir: PathBuf,
}

impl Group {
    /// Makes a group below our own; `None` where that is not allowed or memory and processes cannot be limited.
    pub(super) fn make(limits: &Limits) -> Option<Self> {
        let group = Self { dir: own()?.join(format!("pentad-{}", std::process::id())) };
        fs::create_dir(&group.dir).ok()?;
        group.limit(limits).ok()?;
        Some(group)
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    fn limit(&self, limits: &Limits) -> io::Result<()> {
        fs::write(self.dir.join("memory.max"), limits.memory.to_string())?;
        fs::write(self.dir.join("memory.oom.group"), "1")?;
        fs::write(self.dir.join("pids.max"), limits.processes.to_string())?;
        // Absent where the system has no swap.
        let _ = fs::write(self.dir.join("memory.swap.max"), "0");
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // An older system has no such file; its processes were killed one by one.
        let _ = fs::write(self.dir.join("cgroup.kill"), "1");
        let _ = fs::remove_dir(&self.dir);
    }
}

/// The group that this process is in.
fn own() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let mount = mounts.lines().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        let (place, kind) = (words.next()?, words.next()?);
        (kind == "cgroup2").then(|| PathBuf::from(place))
    })?;
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let below = groups.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(mount.join(below))
}
