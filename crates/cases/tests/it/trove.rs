//! The Trove cases: against the embedded server, over TCP, and against a real Trove in its own fake mode given by
//! `PENTAD_TEST_TROVE=URL` with version and project, where the project's name is the token of an administrator.

use std::sync::Arc;

use pentad_cases::trove::{Abilities, Stage, tell};
use pentad_core::{Authorize, Secret, Transport};
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_server::{ListenOptions, Server, ServerOptions};
use pentad_trove::Client;
use serde_json::Value;

/// A client that logs in as the credentials of the installation say, and finds the service by the catalog.
async fn stage(url: &str, credentials: &Value, transport: Arc<dyn Transport>) -> Stage {
    let text = |name: &str| credentials["openstack"][name].as_str().unwrap().to_owned();
    let user = User::name(text("username")).of(Domain::name(text("user_domain_name")));
    let scope = Scope::project(text("project_name"), Domain::name(text("project_domain_name")));
    let login = Keystone::password(url, user, Secret::new(text("password"))).unwrap().scope(scope);
    let identity = pentad_openstack::Client::new(login).transport(Arc::clone(&transport)).build().unwrap();
    let access = identity.issue().await.unwrap().access;
    // The same token serves the database.
    let authorize: Arc<dyn Authorize> = Arc::clone(identity.auth()) as Arc<dyn Authorize>;
    let client = Client::new("").authorize(authorize).transport(transport).build().unwrap();
    let project = access.project_id().unwrap().to_owned();
    Stage { client, project, abilities: Abilities::all() }
}

#[tokio::test]
async fn embedded_trove_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    let stage = stage("http://pentad.local/identity/v3", &server.credentials(), server.door()).await;
    tell(&stage).await.unwrap();
    server.shutdown().await;
}

#[tokio::test]
async fn trove_over_tcp_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let url = server.announcement()["endpoints"]["identity"].as_str().unwrap().to_owned();
    let stage = stage(&url, &server.credentials(), pentad_transport::shared().unwrap()).await;
    tell(&stage).await.unwrap();
    server.shutdown().await;
}

#[tokio::test]
async fn a_real_trove_behaves_as_every_case_says() {
    let Ok(url) = std::env::var("PENTAD_TEST_TROVE") else {
        eprintln!("skipped: PENTAD_TEST_TROVE is not set");
        return;
    };
    let project = url.rsplit('/').next().unwrap().to_owned();
    let client = Client::new(&url).token(project.as_str()).build().unwrap();
    tell(&Stage { client, project, abilities: Abilities::default() }).await.unwrap();
}
