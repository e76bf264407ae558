//! The services of the command line, each named once for every purpose.

use super::ams;
use super::bench::BenchCommand;
use super::connect;
use super::db;
use super::ivcap;
use super::openstack;
use super::run::Desk;
use super::tour::Part;
use super::zaqar;
use crate::args::Command;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::settings::Table;

/// What can be configured per service: feeds `context add`, `config explain` and the check of the file.
pub(crate) const TABLES: &[&Table] =
    &[ams::TABLE, connect::TABLE, zaqar::TABLE, ivcap::TABLE, openstack::TABLE, db::TABLE];

/// What `pentad tour` shows, in this order.
pub(super) const PARTS: &[Part] =
    &[ams::tour::PART, connect::tour::PART, zaqar::tour::PART, ivcap::tour::PART, db::tour::PART];

/// True if the command ends in order at a signal: finishes what it began, tidies up.
pub(super) const fn ends_itself(command: &Command) -> bool {
    match command {
        Command::Ams(args) => args.0.ends_itself(),
        Command::Connect(args) => args.0.ends_itself(),
        Command::Zaqar(args) => args.0.ends_itself(),
        _ => false,
    }
}

/// Runs the command of a service.
pub(super) async fn act(command: Command, desk: Desk<'_>) -> Result<Exit> {
    match command {
        Command::Ams(args) => ams::run(*args.0, desk).await,
        Command::Connect(args) => connect::run(*args.0, desk).await,
        Command::Db(args) => db::run(*args.0, desk).await,
        Command::Ivcap(args) => ivcap::run(*args.0, desk).await,
        Command::Openstack(args) => openstack::run(*args.0, desk).await,
        Command::Zaqar(args) => zaqar::run(*args.0, desk).await,
        _ => Err(Failure::local("cannot run this here", "it is no command of a service")),
    }
}

/// Measures a service.
pub(super) async fn bench(command: BenchCommand, desk: Desk<'_>) -> Result<Exit> {
    match command {
        BenchCommand::Ams(args) => ams::bench::run(args, desk).await,
    }
}

/// Asks every service whether it answers, for `pentad doctor`.
pub(super) async fn check(mut desk: Desk<'_>) -> Vec<serde_json::Value> {
    vec![
        super::doctor::service::<ams::Ams>(desk.again()).await,
        super::doctor::service::<connect::Connect>(desk.again()).await,
        super::doctor::service::<ivcap::Ivcap>(desk.again()).await,
        super::doctor::service::<openstack::OpenStack>(desk.again()).await,
        super::doctor::service::<db::Db>(desk.again()).await,
        super::doctor::service::<zaqar::Zaqar>(desk.again()).await,
    ]
}
