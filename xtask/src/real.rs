//! The other direction: our clients against the real Keystone and the real Trove.

use std::path::PathBuf;
use std::process::Command;

use crate::stages::Stages;
use crate::test::Place;
use crate::{Result, process, workspace};

/// The servers, each told by its name.
const SERVERS: [&str; 2] = ["keystone", "trove"];

/// Where they are installed: `LAB`, else the user's cache.
fn lab() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    let cache = || folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    folder("LAB").or_else(|| Some(cache()?.join("pentad-real")))
}

fn is_installed(server: &str) -> bool {
    lab().is_some_and(|lab| process::is_program(&lab.join(server).join("bin").join("gunicorn")))
}

/// Installs what is missing and tells all cases, or those of the servers that `arguments` name.
///
/// # Errors
/// When a server cannot be installed or started, or a case fails.
pub(crate) fn run(arguments: &[String]) -> Result<Vec<String>> {
    if let Some(other) = arguments.iter().find(|name| !SERVERS.contains(&name.as_str())) {
        return Err(format!("there is no real {other} here: {}", SERVERS.join(", ")));
    }
    let script = workspace::root().join("conformance").join("real").join("run.sh");
    let mut closing = Vec::new();
    let all: Vec<&str> = match arguments {
        [] => SERVERS.to_vec(),
        some => some.iter().map(String::as_str).collect(),
    };
    for server in all {
        closing.extend(process::run(Command::new("bash").arg(&script).arg(server), is_closing)?);
    }
    Ok(closing)
}

/// The stage of a whole run. At a desk, servers that are not installed are reported as skipped.
///
/// # Errors
/// As [`run`].
pub(crate) fn stage(stages: &mut Stages, place: Place) -> Result<()> {
    for (name, server) in [("real Keystone", SERVERS[0]), ("real Trove", SERVERS[1])] {
        if place == Place::Desk && !is_installed(server) {
            stages.skip(name, &format!("not installed: `cargo xtask real {server}` installs and runs it"));
            continue;
        }
        stages.run(name, || run(&[server.to_owned()]))?;
    }
    Ok(())
}

fn is_closing(line: &str) -> bool {
    line.trim_start().starts_with("Summary [")
}
