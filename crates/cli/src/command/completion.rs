//! `pentad completion`.

use clap::Args;
use clap_complete::env::Shells;

use crate::failure::{Failure, Result};
use crate::output::Output;

#[derive(Args, Debug)]
pub(crate) struct CompletionArgs {
    /// The shell to complete in.
    #[arg(value_parser = ["bash", "elvish", "fish", "powershell", "zsh"])]
    shell: String,
}

/// Writes the script on stdout, e.g. for `pentad completion bash > ~/.local/share/bash-completion/completions/pentad`.
/// The script asks `pentad` itself at each completion: it knows the names of things, and never goes out of date.
pub(crate) fn run(args: &CompletionArgs, output: &mut Output) -> Result<()> {
    let failed = |why: String| Failure::local("cannot write the completion script", why);
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell).ok_or_else(|| failed("there is none".to_owned()))?;
    let mut script = Vec::new();
    shell
        .write_registration(super::complete::VARIABLE, "pentad", "pentad", "pentad", &mut script)
        .map_err(|error| failed(error.to_string()))?;
    output.text(&String::from_utf8_lossy(&script))
}
