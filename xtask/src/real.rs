//! The other direction: our clients against the real Keystone and the real Trove.

use std::process::Command;

use crate::stages::Stages;
use crate::{Result, process, workspace};

/// The servers, each told by its name.
const SERVERS: [&str; 2] = ["keystone", "trove"];

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

/// What a whole run says of them: they are large Python services with versions of their own, so they are run by themselves.
pub(crate) fn left_out(stages: &mut Stages) {
    for (name, server) in [("real Keystone", SERVERS[0]), ("real Trove", SERVERS[1])] {
        stages.skip(name, &format!("by itself: `cargo xtask real {server}` installs and runs it"));
    }
}

fn is_closing(line: &str) -> bool {
    line.trim_start().starts_with("Summary [")
}
