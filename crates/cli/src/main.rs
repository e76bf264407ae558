//! The `pentad` command line: typed arguments, resolved settings, calls, one output.

mod args;
mod command;
mod connect;
mod exit;
mod failure;
mod output;
mod settings;
mod signal;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = pentad_server::confined::intercept() {
        return code;
    }
    if asks_for_version() {
        return exit::version();
    }
    command::run().into()
}

/// `pentad --version` is asked for by scripts and prompts: answered before anything else is looked at.
fn asks_for_version() -> bool {
    let mut words = std::env::args_os().skip(1);
    let first = words.next();
    words.next().is_none() && first.is_some_and(|word| word == "--version" || word == "-V")
}
