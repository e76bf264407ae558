//! The part that sets the limits and becomes the program.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};

use rustix::process::{Resource, Rlimit, Signal, setrlimit};

use super::{Limits, Plan, UNUSABLE};

/// Becomes the program of the plan; returns only if it cannot.
pub(super) fn run(plan: &Plan) -> ExitCode {
    let error = match prepare(plan) {
        Ok(mut command) => command.exec(),
        Err(error) => error,
    };
    complain(&format!("cannot run {}: {error}\n", plan.command.first().map_or("", String::as_str)));
    ExitCode::from(UNUSABLE)
}

fn complain(text: &str) {
    use std::io::Write;
    // Nobody is left to tell if even this fails.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn prepare(plan: &Plan) -> std::io::Result<Command> {
    if let Some(group) = &plan.cgroup {
        fs::write(group.join("cgroup.procs"), "0")?;
    }
    let (program, args) = plan.command.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(args).current_dir(&plan.dir).stdin(Stdio::from(File::open(&plan.stdin)?));
    if let Some(user) = plan.user {
        command.uid(user).gid(user);
    }
    limit(&plan.limits, plan.user)?;
    #[cfg(target_os = "linux")]
    {
        rustix::thread::set_no_new_privs(true)?;
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    Ok(command)
}

fn limit(limits: &Limits, user: Option<u32>) -> std::io::Result<()> {
    let both = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    setrlimit(Resource::Core, both(0))?;
    // A second between the signal that can be caught and the one that cannot.
    setrlimit(
        Resource::Cpu,
        Rlimit { current: Some(limits.cpu), maximum: Some(limits.cpu.saturating_add(1)) },
    )?;
    setrlimit(Resource::Fsize, both(limits.file_size))?;
    setrlimit(Resource::Nofile, both(limits.open_files))?;
    setrlimit(Resource::Nproc, both(limits.processes.saturating_add(tasks_of(user))))?;
    setrlimit(Resource::As, both(limits.memory))?;
    Ok(())
}

/// The processes and threads that count already: those of the same user, if it is not one for this program alone.
fn tasks_of(user: Option<u32>) -> u64 {
    if user.is_some() {
        return 0;
    }
    let own = rustix::process::getuid().as_raw();
    super::tree::statuses().filter(|status| status.user == own).map(|status| status.threads).sum()
}
