//! The client against scripts: what it sends, what it makes of answers, how it behaves over time.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod answers;
mod consume;
mod migration;
mod outbox;
mod websocket;
mod wire;

use pentad_testkit::{ManualClock, ScriptedTransport};
use pentad_zaqar::{Client, ClientId, Version};

/// The client id of the examples (Zaqar reference).
const ID: &str = "5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b";

fn client(transport: &ScriptedTransport, version: Version) -> Client {
    let builder = Client::new("http://zaqar.test:8888", version).project("acme");
    let builder = builder.client_id(ClientId::try_from(ID).unwrap());
    builder.transport(transport.shared()).clock(ManualClock::auto().shared()).build().unwrap()
}
