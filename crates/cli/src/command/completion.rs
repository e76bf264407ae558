//! `pentad completion`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Result;
use crate::output::Output;

#[derive(Args, Debug)]
pub(crate) struct CompletionArgs {
    /// The shell to complete in.
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes the script on stdout, e.g. for `pentad completion bash > ~/.local/share/bash-completion/completions/pentad`.
pub(crate) fn run(args: &CompletionArgs, output: &mut Output) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "pentad", &mut script);
    output.text(&String::from_utf8_lossy(&script))
}
