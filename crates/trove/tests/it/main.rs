//! The client against scripts: what it sends, what it makes of answers, how it behaves over time.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod answers;
mod cloud;
mod migration;
mod wait;
mod wire;

use pentad_testkit::{ManualClock, ScriptedTransport};
use pentad_trove::Client;

/// Where the service of the stories is.
const URL: &str = "http://db.test:8779/v1.0/9f2c";
/// An id as the service makes them.
const ID: &str = "44b277eb-39be-4921-be31-3d61b43651d7";

fn client(transport: &ScriptedTransport) -> Client {
    let builder = Client::new(URL).token("t").transport(transport.shared());
    let builder = builder.object_store("http://store.test/v1/AUTH_9f2c").workflow("http://flow.test/v2");
    builder.clock(ManualClock::auto().shared()).build().unwrap()
}
