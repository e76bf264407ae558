//! The Connect cases against the embedded server: through its door and over TCP, in memory and on a data directory.

use std::sync::Arc;

use pentad_cases::connect::{Stage, cases};
use pentad_connect::Client;
use pentad_core::Transport;
use pentad_server::{ListenOptions, Server, ServerOptions};

fn stage(server: &Server, root: &str, transport: &Arc<dyn Transport>) -> Stage {
    let credentials = server.credentials();
    let key = credentials["connect"]["api_key"].as_str().unwrap();
    let key = if key.contains(' ') { key.to_owned() } else { format!("ApiKey {key}") };
    let client = |key: String| {
        let builder = Client::new(key).endpoint(format!("{root}/public/v1"));
        builder.transport(Arc::clone(transport)).build().unwrap()
    };
    Stage { client: client(key), stranger: client("ApiKey SU-999-999-999:nobody".to_owned()) }
}

async fn tell(stage: Stage) {
    for (name, case) in cases() {
        if let Err(error) = case(stage.clone()).await {
            panic!("{name}: {error}");
        }
    }
}

#[tokio::test]
async fn embedded_connect_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    tell(stage(&server, "http://pentad.local/connect", &server.door())).await;
    server.shutdown().await;
}

#[tokio::test]
async fn connect_over_tcp_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let root = server.announcement()["endpoints"]["connect"].as_str().unwrap().to_owned();
    let root = root.trim_end_matches('/').trim_end_matches("/public/v1").to_owned();
    tell(stage(&server, &root, &pentad_transport::shared().unwrap())).await;
    server.shutdown().await;
}

#[tokio::test]
async fn connect_on_a_data_directory_behaves_as_every_case_says() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder(ServerOptions::dir(data.path())).open().await.unwrap();
    tell(stage(&server, "http://pentad.local/connect", &server.door())).await;
    server.shutdown().await;
}
