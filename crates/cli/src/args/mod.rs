//! What can be typed: the tree of commands and the flags that all of them share.

mod global;
mod value;

use clap::{Parser, Subcommand};

pub(crate) use self::global::{Global, Language};
pub(crate) use self::value::{attribute, json_source, timeout};
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

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// ARGO Messaging Service: topics, subscriptions, messages.
    Ams(command::ams::AmsArgs),
    /// CloudBlue Connect: any collection, resource or action by its path.
    Connect(Box<command::connect::ConnectArgs>),
    /// OpenStack databases (Trove): instances, backups, users, configurations.
    Db(Box<command::db::DbArgs>),
    /// IVCAP science platform: services, orders, artifacts, metadata.
    Ivcap(Box<command::ivcap::IvcapArgs>),
    /// OpenStack identity: tokens, the catalog, projects.
    Openstack(Box<command::openstack::OpenStackArgs>),
    /// OpenStack messaging (Zaqar): queues, messages, claims.
    Zaqar(Box<command::zaqar::ZaqarArgs>),
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
