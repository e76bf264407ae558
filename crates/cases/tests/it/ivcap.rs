//! The IVCAP cases: against the embedded server and over TCP, in each dialect.

use std::path::PathBuf;
use std::sync::Arc;

use pentad_cases::ivcap::{Stage, tell};
use pentad_core::Transport;
use pentad_ivcap::{Client, Dialect};
use pentad_server::{ListenOptions, Seed, Server, ServerOptions};
use serde_json::json;

/// The program that runs orders for a server inside of a test: the binary, if it was built.
fn helper() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let binary = own.parent()?.parent()?.join("pentad");
    binary.is_file().then_some(binary)
}

async fn server() -> Server {
    server_on(ServerOptions::memory()).await
}

async fn server_on(mut options: ServerOptions) -> Server {
    match helper() {
        Some(helper) => {
            let orders = json!({"options": {"orders": {"helper": helper}}});
            options.seed = Some(Seed::from_value(json!({ "ivcap": orders })).unwrap());
        }
        None => eprintln!("skipped: the cases that run orders; the binary is not built"),
    }
    Server::builder(options).open().await.unwrap()
}

fn stage(server: &Server, url: &str, dialect: Dialect, transport: &Arc<dyn Transport>) -> Stage {
    let announced = server.announcement()["credentials"]["ivcap"].clone();
    let text = |key: &str| announced[key].as_str().unwrap_or_else(|| panic!("{key}")).to_owned();
    let builder = Client::new(url).dialect(dialect).token(text("jwt")).account(text("account_id"));
    Stage { client: builder.transport(Arc::clone(transport)).build().unwrap(), runs: helper().is_some() }
}

async fn told(stage: Stage) {
    let dialect = stage.client.dialect();
    let count = tell(&stage).await.unwrap_or_else(|error| panic!("{dialect}: {error}"));
    assert!(count >= 8, "{dialect}: only {count} cases");
}

#[tokio::test]
async fn embedded_ivcap_behaves_as_every_case_says_in_every_dialect() {
    let server = server().await;
    for (dialect, url) in [
        (Dialect::L23, "http://pentad.local/ivcap/l23"),
        (Dialect::L28, "http://pentad.local/ivcap/l28"),
        (Dialect::Modern, "http://pentad.local/ivcap"),
    ] {
        told(stage(&server, url, dialect, &server.door())).await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn ivcap_on_postgres_behaves_as_every_case_says() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        return eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
    };
    let data = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::dir(data.path());
    options.store = Some(crate::stage::database_of_its_own(&url, "ivcap_cases").await);
    let server = server_on(options).await;
    told(stage(&server, "http://pentad.local/ivcap", Dialect::Modern, &server.door())).await;
    server.shutdown().await;
}

#[tokio::test]
async fn ivcap_over_tcp_behaves_as_every_case_says_and_says_which_dialect_it_speaks() {
    let server = server().await;
    server.listen(ListenOptions::any_port()).await.unwrap();
    let transport = pentad_transport::shared().unwrap();
    for (dialect, key) in
        [(Dialect::L23, "ivcap_l23"), (Dialect::L28, "ivcap_l28"), (Dialect::Modern, "ivcap")]
    {
        let url = server.announcement()["endpoints"][key].as_str().unwrap().to_owned();
        let stage = stage(&server, &url, dialect, &transport);
        let unsure = stage.client.in_dialect(Dialect::Modern);
        assert_eq!(unsure.detect().await.unwrap().dialect(), dialect);
        told(stage).await;
    }
    server.shutdown().await;
}
