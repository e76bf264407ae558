//! Whole-system measurements: one command, one run, ratios against named peers.
//!
//! Every comparison runs in at least five interleaved rounds, and the number that counts is the median of
//! the ratios of the same round: the machine may slow down, but then for both.

mod arguments;
mod client;
mod cold;
mod connect;
mod document;
mod identity;
mod python;
mod records;
mod rql;
mod serving;
mod startup;
mod stored;
mod stub;
mod transfer;
mod zaqar;

use std::process::ExitCode;

use pentad_benches::{Result, say};

use crate::arguments::{Arguments, Part};

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match (std::env::args().nth(1).as_deref(), runtime) {
        (_, Err(e)) => Err(e.into()),
        (Some("stub"), Ok(runtime)) => runtime.block_on(stub::serve()),
        (_, Ok(runtime)) => {
            Arguments::parse(std::env::args().skip(1)).and_then(|a| runtime.block_on(run(&a)))
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&format!("benches: {why}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<()> {
    say(&format!("rounds: {}, medians of same-round ratios", arguments.rounds));
    if arguments.wants(Part::Startup) {
        startup::measure(arguments).await?;
    }
    if arguments.wants(Part::Cold) {
        cold::measure(arguments).await?;
    }
    if arguments.wants(Part::Client) {
        client::measure(arguments).await?;
    }
    if arguments.wants(Part::Python) {
        python::measure(arguments).await?;
    }
    if arguments.wants(Part::Server) {
        serving::measure(arguments).await?;
    }
    if arguments.wants(Part::Zaqar) {
        zaqar::measure(arguments).await?;
    }
    if arguments.wants(Part::Stored) {
        stored::measure(arguments).await?;
    }
    if arguments.wants(Part::Identity) {
        identity::measure(arguments).await?;
    }
    if arguments.wants(Part::Rql) {
        rql::measure(arguments)?;
    }
    if arguments.wants(Part::Document) {
        document::measure(arguments).await?;
    }
    if arguments.wants(Part::Connect) {
        connect::measure(arguments).await?;
    }
    if arguments.wants(Part::ConnectStored) {
        connect::measure_stored(arguments).await?;
    }
    if arguments.wants(Part::Records) {
        records::measure(arguments).await?;
    }
    if arguments.wants(Part::Transfer) {
        transfer::measure(arguments).await?;
    }
    Ok(())
}
