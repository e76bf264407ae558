//! The cases against the embedded server: through its door and over TCP, on each back end.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::sync::Arc;

use pentad_ams::Client;
use pentad_cases::ams::{Stage, cases};
use pentad_core::Transport;
use pentad_server::{ListenOptions, Server, ServerOptions};

fn stage(server: &Server, endpoint: &str, transport: &Arc<dyn Transport>) -> Stage {
    let credentials = server.credentials();
    let client = |role: &str| {
        let token = credentials["ams"][role].as_str().unwrap_or_else(|| panic!("a token for {role}"));
        let builder = Client::new(endpoint, credentials["ams"]["project"].as_str().unwrap());
        builder.token(token.to_owned()).transport(Arc::clone(transport)).build().unwrap()
    };
    Stage {
        admin: client("project_admin"),
        publisher: client("publisher"),
        consumer: client("consumer"),
        service_admin: client("service_admin"),
    }
}

async fn tell(stage: Stage) {
    for (name, case) in cases() {
        case(stage.clone()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test]
async fn embedded_server_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    tell(stage(&server, "http://pentad.local/ams", &server.door())).await;
    server.shutdown().await;
}

#[tokio::test]
async fn server_over_tcp_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let endpoint = server.announcement()["endpoints"]["ams_plain"].as_str().unwrap().to_owned();
    tell(stage(&server, &endpoint, &pentad_transport::shared().unwrap())).await;
    server.shutdown().await;
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
    let server = Server::builder(options).open().await.unwrap();
    tell(stage(&server, "http://pentad.local/ams", &server.door())).await;
    server.shutdown().await;
}
