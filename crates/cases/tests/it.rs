//! The cases against the embedded server: through its door and over TCP, on each back end.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

#[path = "it/complete.rs"]
mod complete;
#[path = "it/connect.rs"]
mod connect;
#[path = "it/ivcap.rs"]
mod ivcap;
#[path = "it/openstack.rs"]
mod openstack;
#[path = "../../server/tests/ams/receiver.rs"]
#[expect(dead_code, reason = "the server's own tests look closer at what arrives")]
mod receiver;
#[path = "it/stage.rs"]
mod stage;
#[path = "it/trove.rs"]
mod trove;
#[path = "it/zaqar.rs"]
mod zaqar;

use std::sync::Arc;

use pentad_server::{ListenOptions, Server, ServerOptions};

use self::stage::{Theatre, tell};

/// The exchange of a certificate for a token needs a TLS listener; the tests of the facade and of conformance log in with it.
const ELSEWHERE: [&str; 1] = ["ams.authn"];

#[tokio::test]
async fn embedded_server_behaves_as_every_case_says_and_every_operation_is_in_one() {
    let theatre = Theatre::new(ServerOptions::memory()).await;
    let endpoint = "http://pentad.local/ams";
    tell(theatre.stage(endpoint, &theatre.server.door(), theatre.server_time())).await;
    complete::check(pentad_ams::ops::OPS, &ELSEWHERE, &theatre.recorder);
    theatre.server.shutdown().await;
}

#[tokio::test]
async fn server_over_tcp_behaves_as_every_case_says() {
    let theatre = Theatre::new(ServerOptions::memory()).await;
    theatre.server.listen(ListenOptions::any_port()).await.unwrap();
    let endpoint = |server: &Server, key: &str| {
        server.announcement()["endpoints"][key].as_str().unwrap_or_else(|| panic!("{key}")).to_owned()
    };
    let transport = pentad_transport::shared().unwrap();
    let control = stage::Control::new(&endpoint(&theatre.server, "control"), Arc::clone(&transport));
    let ams = endpoint(&theatre.server, "ams_plain");
    tell(theatre.stage(&ams, &transport, Arc::new(control))).await;
    theatre.server.shutdown().await;
}

#[tokio::test]
async fn server_on_a_data_directory_behaves_as_every_case_says() {
    let data = tempfile::tempdir().unwrap();
    let theatre = Theatre::new(ServerOptions::dir(data.path())).await;
    tell(theatre.stage("http://pentad.local/ams", &theatre.server.door(), theatre.server_time())).await;
    theatre.server.shutdown().await;
}

#[tokio::test]
async fn server_on_postgres_behaves_as_every_case_says() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::dir(data.path());
    options.store = Some(url);
    let theatre = Theatre::new(options).await;
    tell(theatre.stage("http://pentad.local/ams", &theatre.server.door(), theatre.server_time())).await;
    theatre.server.shutdown().await;
}
