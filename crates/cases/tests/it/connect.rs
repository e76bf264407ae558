//! The Connect cases against the embedded server: through its door and over TCP, in memory and on a data directory.

use std::sync::Arc;

use pentad_cases::connect::{Stage, cases, seed};
use pentad_connect::{Client, ops};
use pentad_core::Transport;
use pentad_server::{ListenOptions, Seed, Server, ServerOptions};
use serde_json::json;

use crate::complete;
use crate::stage::Recorder;

/// The service answers no `OPTIONS`, which a case holds it to.
const REFUSED: [&str; 1] = ["connect.options"];

fn options(mut options: ServerOptions) -> ServerOptions {
    options.seed = Some(Seed::from_value(json!({ "connect": seed() })).unwrap());
    options
}

fn stage(server: &Server, root: &str, transport: &Arc<dyn Transport>) -> Stage {
    recorded(server, root, transport, &Arc::default())
}

fn recorded(server: &Server, root: &str, transport: &Arc<dyn Transport>, recorder: &Arc<Recorder>) -> Stage {
    let credentials = server.credentials();
    let key = credentials["connect"]["api_key"].as_str().unwrap();
    let key = if key.contains(' ') { key.to_owned() } else { format!("ApiKey {key}") };
    let client = |key: String| {
        let builder = Client::new(key).endpoint(format!("{root}/public/v1"));
        builder.transport(Arc::clone(transport)).observer(recorder.clone()).build().unwrap()
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
    let server = Server::builder(options(ServerOptions::memory())).open().await.unwrap();
    let recorder = Arc::default();
    tell(recorded(&server, "http://pentad.local/connect", &server.door(), &recorder)).await;
    complete::check(ops::OPS, &REFUSED, &recorder);
    server.shutdown().await;
}

#[tokio::test]
async fn connect_over_tcp_behaves_as_every_case_says() {
    let server = Server::builder(options(ServerOptions::memory())).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let root = server.announcement()["endpoints"]["connect"].as_str().unwrap().to_owned();
    let root = root.trim_end_matches('/').trim_end_matches("/public/v1").to_owned();
    tell(stage(&server, &root, &pentad_transport::shared().unwrap())).await;
    server.shutdown().await;
}

#[tokio::test]
async fn connect_on_a_data_directory_behaves_as_every_case_says() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::builder(options(ServerOptions::dir(data.path()))).open().await.unwrap();
    tell(stage(&server, "http://pentad.local/connect", &server.door())).await;
    server.shutdown().await;
}
