//! The client against scripts: what it sends in each dialect, what it makes of answers, how uploads and downloads live
//! through interruptions.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail the test")]

mod answers;
mod download;
mod local;
mod migration;
mod platform;
mod upload;
mod wire;

use pentad_ivcap::{Client, Dialect};
use pentad_testkit::{ManualClock, ScriptedTransport};

const ACCOUNT: &str = "urn:ivcap:account:1c";

fn client(transport: &ScriptedTransport, dialect: Dialect) -> Client {
    let builder =
        Client::new("http://ivcap.test:8088").dialect(dialect).token("t".to_owned()).account(ACCOUNT);
    builder.transport(transport.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}
