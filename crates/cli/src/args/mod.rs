//! What can be typed: the tree of commands and the flags that all of them share.

mod global;
mod named;
mod value;

use std::mem::ManuallyDrop;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub(crate) use self::global::{Global, Language};
pub(crate) use self::named::Named;
pub(crate) use self::value::{attribute, exact, json_source, timeout};
use crate::command;

/// Five cloud-service APIs from one command line, with a local server for all of them.
///
/// With no endpoint configured, commands work on the server's data in your own data directory:
/// no port, no daemon, no set-up.
#[derive(Debug, Parser)]
#[command(name = "pentad", version, max_term_width = 110, arg_required_else_help = true)]
#[command(after_help = "Exit codes: `pentad help exit-codes`. First steps: `pentad tour`.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the words that the process was started with.
    ///
    /// # Errors
    /// What clap has to say, help and version included.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        // Taking the tree down again would cost as much as making it, and the process ends soon.
        let mut tree = ManuallyDrop::new(Self::command());
        let mut matches = tree.try_get_matches_from_mut(std::env::args_os())?;
        Self::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut tree))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// ARGO Messaging Service: topics, subscriptions, messages.
    Ams(Named<command::ams::AmsArgs>),
    /// CloudBlue Connect: any collection, resource or action by its path.
    Connect(Named<command::connect::ConnectArgs>),
    /// OpenStack databases (Trove): instances, backups, users, configurations.
    Db(Named<command::db::DbArgs>),
    /// IVCAP science platform: services, orders, artifacts, metadata.
    Ivcap(Named<command::ivcap::IvcapArgs>),
    /// OpenStack identity: tokens, the catalog, projects.
    Openstack(Named<command::openstack::OpenStackArgs>),
    /// OpenStack messaging (Zaqar): queues, messages, claims.
    Zaqar(Named<command::zaqar::ZaqarArgs>),
    /// Run the local server until it is told to stop.
    Serve(Box<command::serve::ServeArgs>),
    /// Show the main job of every service, live, on a server in memory.
    Tour(command::tour::TourArgs),
    /// Say what is configured from where, and what answers.
    Doctor,
    /// Measure an endpoint: rate and latencies.
    #[command(subcommand)]
    Bench(command::bench::BenchCommand),
    /// Named sets of endpoints and credentials.
    #[command(subcommand)]
    Context(Box<command::context::ContextCommand>),
    /// The configuration and where each value comes from.
    #[command(subcommand)]
    Config(command::config::ConfigCommand),
    /// Write the completion script of a shell.
    Completion(command::completion::CompletionArgs),
    /// Write the manual pages.
    Man(command::man::ManArgs),
    /// The exit codes and what they mean.
    #[command(name = "exit-codes", hide = true, after_help = crate::exit::table())]
    ExitCodes,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Args, CommandFactory};

    use super::*;

    /// What is called like a flag of all commands is read as that flag, too.
    #[test]
    fn no_argument_of_a_command_is_called_like_one_of_all() {
        fn look(command: &clap::Command, shared: &BTreeSet<&str>, path: &str, found: &mut Vec<String>) {
            for inner in command.get_subcommands() {
                let path = format!("{path} {}", inner.get_name());
                let own = inner.get_arguments().filter(|arg| !arg.is_global_set());
                let same = own.filter(|arg| shared.contains(arg.get_id().as_str()));
                found.extend(same.map(|arg| format!("{path}: {}", arg.get_id())));
                look(inner, shared, &path, found);
            }
        }
        let cli = Cli::command();
        let global = cli.get_arguments().filter(|arg| arg.is_global_set());
        let shared = global.map(|arg| arg.get_id().as_str()).collect();
        // The whole tree is made only of what the process was started with.
        let services = clap::Command::new("pentad").subcommands([
            command::ams::AmsArgs::augment_args(clap::Command::new("ams")),
            command::connect::ConnectArgs::augment_args(clap::Command::new("connect")),
            command::db::DbArgs::augment_args(clap::Command::new("db")),
            command::ivcap::IvcapArgs::augment_args(clap::Command::new("ivcap")),
            command::openstack::OpenStackArgs::augment_args(clap::Command::new("openstack")),
            command::zaqar::ZaqarArgs::augment_args(clap::Command::new("zaqar")),
        ]);
        let mut found = Vec::new();
        look(&cli, &shared, "pentad", &mut found);
        look(&services, &shared, "pentad", &mut found);
        assert!(found.is_empty(), "{found:#?}");
    }
}
