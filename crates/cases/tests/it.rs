//! The cases against the embedded server, through its door.

use pentad_ams::Client;
use pentad_cases::ams::{Stage, cases};
use pentad_server::{Server, ServerOptions};

fn stage(server: &Server) -> Stage {
    let credentials = server.credentials();
    let client = |role: &str| {
        let token = credentials["ams"][role].as_str().unwrap_or_else(|| panic!("a token for {role}"));
        let builder = Client::new("http://pentad.local/ams", credentials["ams"]["project"].as_str().unwrap());
        builder.token(token.to_owned()).transport(server.door()).build().unwrap()
    };
    Stage {
        admin: client("project_admin"),
        publisher: client("publisher"),
        consumer: client("consumer"),
        service_admin: client("service_admin"),
    }
}

#[tokio::test]
async fn embedded_server_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    let stage = stage(&server);
    for (name, case) in cases() {
        case(stage.clone()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    server.shutdown().await;
}
