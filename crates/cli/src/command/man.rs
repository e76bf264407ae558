//! `pentad man`.

use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory};

use crate::args::Cli;
use crate::exit;
use crate::failure::{Failure, Result};
use crate::output::Output;

#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Write a page per command into this directory; without it the first page goes to stdout.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Writes the manual.
pub(crate) fn run(args: &ManArgs, output: &mut Output) -> Result<()> {
    let codes = format!("EXIT CODES\n{}", exit::table());
    let command = Cli::command().after_long_help(codes);
    match &args.dir {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            output.text(&String::from_utf8_lossy(&page))
        }
        Some(dir) => {
            let failed =
                |error: std::io::Error| Failure::local(format!("cannot write to {}", dir.display()), error);
            std::fs::create_dir_all(dir).map_err(failed)?;
            let mut command = command;
            // Fills in the full names of all subcommands.
            command.build();
            page(&command, "pentad", dir).map_err(failed)
        }
    }
}

fn page(command: &clap::Command, name: &str, dir: &Path) -> std::io::Result<()> {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone().name(name.to_owned())).render(&mut text)?;
    std::fs::write(dir.join(format!("{name}.1")), text)?;
    let visible = command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help");
    visible.into_iter().try_for_each(|sub| page(sub, &format!("{name}-{}", sub.get_name()), dir))
}
