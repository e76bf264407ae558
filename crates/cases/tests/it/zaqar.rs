//! The Zaqar cases: against the embedded server, over TCP, and against a real Zaqar given by
//! `PENTAD_TEST_ZAQAR=URL` (`PENTAD_TEST_ZAQAR_VERSIONS=1,1.1,2`, default 2), and over websocket by `PENTAD_TEST_ZAQAR_WS=URL`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use pentad_cases::ams::Time;
use pentad_cases::zaqar::{Abilities, Stage, tell, tell_over_websocket};
use pentad_core::{ErrorKind, Result, Transport};
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_server::{ListenOptions, Seed, Server, ServerOptions};
use pentad_zaqar::{Client, ClientBuilder, Version, ops};
use serde_json::json;

use crate::stage::{Recorder, database_of_its_own};

/// The time of a server in this process.
#[derive(Debug)]
struct Inside(Arc<Server>);

impl Time for Inside {
    fn advance(&self, by: Duration) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.0.time().advance(SignedDuration::try_from(by).unwrap());
            self.0.time().settle().await;
            Ok(())
        })
    }
}

fn stage(url: &str, version: Version, transport: &Arc<dyn Transport>, project: &str) -> Stage {
    recorded(url, version, transport, project, &Arc::default())
}

fn recorded(
    url: &str,
    version: Version,
    transport: &Arc<dyn Transport>,
    project: &str,
    recorder: &Arc<Recorder>,
) -> Stage {
    let client = || {
        let builder = Client::new(url, version).project(project).roles("admin");
        builder.transport(Arc::clone(transport)).observer(recorder.clone()).build().unwrap()
    };
    Stage { client: client(), other: client(), abilities: Abilities::all(), time: None }
}

/// Two clients over websocket.
fn sockets(url: &str, project: &str, adjust: impl Fn(ClientBuilder) -> ClientBuilder) -> Stage {
    let client = || adjust(Client::new(url, Version::V2).project(project)).build().unwrap();
    let mut abilities = Abilities::all();
    // Its lists know no filter.
    abilities.filters = false;
    Stage { client: client(), other: client(), abilities, time: None }
}

/// What websocket has no action for.
const HTTP_ONLY: [&str; 4] = [
    "v2_metadata_is_patched_and_replaced",
    "a_signed_url_admits_what_it_says",
    "the_service_tells_its_state",
    "pools_and_flavors_are_registered",
];

async fn told_over_websocket(stage: Stage) {
    let (told, others) = tell_over_websocket(&stage).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(told > 15, "only {told} cases");
    assert!(others.iter().all(|name| HTTP_ONLY.contains(name)), "{others:?}");
}

async fn told(stage: Stage) {
    let version = stage.client.version();
    let count = tell(&stage).await.unwrap_or_else(|error| panic!("{version}: {error}"));
    assert!(count > 15, "{version}: only {count} cases");
}

#[tokio::test]
async fn embedded_zaqar_behaves_as_every_case_says_in_every_version() {
    let server = Arc::new(Server::builder(ServerOptions::memory()).open().await.unwrap());
    server.time().freeze(None);
    let recorder = Arc::new(Recorder::default());
    for version in Version::ALL {
        let mut stage = recorded("http://pentad.local/zaqar", version, &server.door(), "cases", &recorder);
        stage.time = Some(Arc::new(Inside(Arc::clone(&server))));
        told(stage).await;
    }
    let seen = recorder.seen();
    let missing: Vec<_> = ops::OPS.iter().map(|op| op.id).filter(|id| !seen.contains(id)).collect();
    assert!(missing.is_empty(), "no case has a good answer of {missing:?}");
    server.shutdown().await;
}

#[tokio::test]
async fn embedded_zaqar_behaves_as_every_case_says_over_websocket_in_text_and_in_binary() {
    let server = Arc::new(Server::builder(ServerOptions::memory()).open().await.unwrap());
    server.time().freeze(None);
    for binary in [false, true] {
        let project = format!("binary-{binary}");
        let through = |builder: ClientBuilder| builder.socket(server.sockets()).message_pack(binary);
        let mut stage = sockets("ws://pentad.local/zaqar/ws", &project, through);
        stage.time = Some(Arc::new(Inside(Arc::clone(&server))));
        told_over_websocket(stage).await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn zaqar_over_tcp_behaves_as_every_case_says_over_websocket() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let url = server.announcement()["endpoints"]["zaqar_ws"].as_str().unwrap().to_owned();
    told_over_websocket(sockets(&url, "cases", |builder| builder)).await;
    server.shutdown().await;
}

/// With the password of the announced user, at the endpoints of the announced catalog.
#[tokio::test]
async fn a_keystone_login_opens_zaqar_over_http_and_websocket_and_a_stranger_gets_nothing() {
    let mut options = ServerOptions::memory();
    options.seed = Some(Seed::from_value(json!({"zaqar": {"options": {"auth": "keystone"}}})).unwrap());
    let server = Server::builder(options).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let announced = server.announcement();
    let openstack = &server.credentials()["openstack"];
    let text = |name: &str| openstack[name].as_str().unwrap().to_owned();
    let client = || {
        let user = User::name(text("username")).of(Domain::id("default"));
        let login = Keystone::password(&text("auth_url"), user, text("password")).unwrap();
        let login = login.scope(Scope::project(text("project_name"), Domain::id("default")));
        Client::new("", Version::V2).keystone(login).build().unwrap()
    };
    let stage = Stage { client: client(), other: client(), abilities: Abilities::default(), time: None };
    told(stage).await;
    let url = announced["endpoints"]["zaqar"].as_str().unwrap();
    let stranger = Client::new(url, Version::V2).project("demo").build().unwrap();
    let refused = stranger.queue("jobs").create().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    let socket = announced["endpoints"]["zaqar_ws"].as_str().unwrap();
    let stranger = Client::new(socket, Version::V2).project("demo").build().unwrap();
    let refused = stranger.queue("jobs").create().await.unwrap_err();
    assert_eq!((refused.kind(), refused.message()), (ErrorKind::Forbidden, "Not authentified."));
    server.shutdown().await;
}

#[tokio::test]
async fn zaqar_over_tcp_behaves_as_every_case_says_in_every_version() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let url = server.announcement()["endpoints"]["zaqar"].as_str().unwrap().to_owned();
    for version in Version::ALL {
        told(stage(&url, version, &pentad_transport::shared().unwrap(), "cases")).await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn zaqar_on_postgres_behaves_as_every_case_says_in_every_version() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::dir(data.path());
    options.store = Some(database_of_its_own(&url, "zaqar_cases").await);
    let server = Arc::new(Server::builder(options).open().await.unwrap());
    server.time().freeze(None);
    for version in Version::ALL {
        let mut stage = stage("http://pentad.local/zaqar", version, &server.door(), "cases");
        stage.time = Some(Arc::new(Inside(Arc::clone(&server))));
        told(stage).await;
    }
    server.shutdown().await;
}

/// What one client does goes to one node, and what the other does to another.
#[tokio::test]
async fn two_nodes_on_one_postgres_behave_as_every_case_says_of_one() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
        return;
    };
    let store = database_of_its_own(&url, "zaqar_nodes").await;
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = async |data: &std::path::Path| {
        let mut options = ServerOptions::dir(data);
        options.store = Some(store.clone());
        let server = Server::builder(options).open().await.unwrap();
        server.listen(ListenOptions::any_port()).await.unwrap();
        server
    };
    let one = open(first.path()).await;
    // What one node seals the other opens.
    std::fs::copy(first.path().join("key"), second.path().join("key")).unwrap();
    let two = open(second.path()).await;
    let place =
        |server: &Server, key: &str| server.announcement()["endpoints"][key].as_str().unwrap().to_owned();
    let transport = pentad_transport::shared().unwrap();
    for version in Version::ALL {
        let mut both = stage(&place(&one, "zaqar"), version, &transport, "nodes");
        both.other = stage(&place(&two, "zaqar"), version, &transport, "nodes").client;
        told(both).await;
    }
    for (listens, posts) in [(&one, &two), (&two, &one)] {
        let mut both = sockets(&place(listens, "zaqar_ws"), "nodes", |builder| builder);
        both.other = sockets(&place(posts, "zaqar_ws"), "nodes", |builder| builder).client;
        told_over_websocket(both).await;
    }
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_real_zaqar_behaves_as_every_case_says() {
    let Ok(url) = std::env::var("PENTAD_TEST_ZAQAR") else {
        eprintln!("skipped: PENTAD_TEST_ZAQAR is not set");
        return;
    };
    let versions = std::env::var("PENTAD_TEST_ZAQAR_VERSIONS").unwrap_or_else(|_| "2".to_owned());
    for version in versions.split(',') {
        let version = version.parse().unwrap();
        // Nothing of an earlier run is there.
        let project = format!("cases-{}", pentad_zaqar::ClientId::random());
        let mut stage = stage(&url, version, &pentad_transport::shared().unwrap(), &project);
        stage.abilities = Abilities::default();
        told(stage).await;
    }
}

#[tokio::test]
async fn a_real_zaqar_behaves_as_every_case_says_over_websocket() {
    let Ok(url) = std::env::var("PENTAD_TEST_ZAQAR_WS") else {
        eprintln!("skipped: PENTAD_TEST_ZAQAR_WS is not set");
        return;
    };
    let project = format!("cases-{}", pentad_zaqar::ClientId::random());
    for binary in [false, true] {
        let mut stage = sockets(&url, &project, |builder| builder.message_pack(binary));
        stage.abilities = Abilities::default();
        told_over_websocket(stage).await;
    }
}
