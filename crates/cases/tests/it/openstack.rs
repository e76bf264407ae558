//! The identity cases: against the embedded server, over TCP, with a token that the service itself lets end, and against
//! the cloud that `OS_*` or `clouds.yaml` name (`PENTAD_TEST_KEYSTONE=1`).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::future::join_all;
use jiff::SignedDuration;
use pentad_cases::openstack::{Stage, cases};
use pentad_core::auth::Token;
use pentad_core::timing::Timing;
use pentad_core::{Observer, Secret, Transport};
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_openstack::{Client, Clouds};
use pentad_server::{ListenOptions, Server, ServerOptions};

use crate::stage::database_of_its_own;

/// The announced user of a server of ours, which administers it.
fn stage(server: &Server, auth_url: &str, transport: Arc<dyn Transport>) -> Stage {
    let credentials = &server.credentials()["openstack"];
    let text = |name: &str| credentials[name].as_str().unwrap_or_else(|| panic!("no {name}")).to_owned();
    Stage {
        auth_url: auth_url.to_owned(),
        username: text("username"),
        password: Secret::new(text("password")),
        project_name: text("project_name"),
        domain: Domain::name(text("user_domain_name")),
        transport,
        many: 1000,
    }
}

/// Tells every case, and then which of them went otherwise.
async fn told(stage: &Stage) {
    let mut otherwise = Vec::new();
    for (name, case) in cases() {
        match tokio::spawn(case(stage.clone())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => otherwise.push(format!("{name}: {error}")),
            Err(panic) => otherwise.push(format!("{name}: {panic}")),
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
}

#[derive(Debug, Default)]
struct Logins(AtomicUsize);

impl Observer for Logins {
    fn finished(&self, timing: &Timing) {
        self.0.fetch_add(usize::from(timing.op == "openstack.token.issue"), Relaxed);
    }
}

#[tokio::test]
async fn embedded_identity_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    let stage = stage(&server, "http://pentad.local/identity/v3", server.door());
    // `PENTAD_TEST_CALLS=25000` revokes a token among a hundred thousand calls.
    let many = std::env::var("PENTAD_TEST_CALLS").ok().and_then(|many| many.parse().ok());
    told(&Stage { many: many.unwrap_or(stage.many), ..stage }).await;
    server.shutdown().await;
}

#[tokio::test]
async fn identity_over_tcp_behaves_as_every_case_says() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let url = server.announcement()["endpoints"]["identity"].as_str().unwrap().to_owned();
    let stage = Stage { many: 200, ..stage(&server, &url, pentad_transport::shared().unwrap()) };
    told(&stage).await;
    server.shutdown().await;
}

#[tokio::test]
async fn identity_on_postgres_behaves_as_every_case_says() {
    let Ok(url) = std::env::var("PENTAD_TEST_POSTGRES") else {
        eprintln!("skipped: PENTAD_TEST_POSTGRES is not set");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::dir(data.path());
    options.store = Some(database_of_its_own(&url, "identity_cases").await);
    let server = Server::builder(options).open().await.unwrap();
    let stage = stage(&server, "http://pentad.local/identity/v3", server.door());
    told(&Stage { many: 200, ..stage }).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_thousand_calls_with_a_token_that_the_service_let_end_cost_one_new_token() {
    let server = Server::builder(ServerOptions::memory()).open().await.unwrap();
    server.time().freeze(None);
    let stage = stage(&server, "http://pentad.local/identity/v3", server.door());
    let login = || {
        let user = User::name(&stage.username).of(stage.domain.clone());
        let login = Keystone::password(&stage.auth_url, user, stage.password.clone()).unwrap();
        login.scope(Scope::project(&stage.project_name, stage.domain.clone()))
    };
    let old = Client::new(login()).transport(server.door()).build().unwrap().issue().await.unwrap();
    server.time().advance(SignedDuration::from_hours(2));
    // The client does not know when it ends: each call learns it by a 401.
    let token = Token::new(old.secret, jiff::Timestamp::UNIX_EPOCH);
    let logins = Arc::new(Logins::default());
    let client = Client::new(login()).token(token).transport(server.door());
    let client = client.observer(Arc::clone(&logins) as _).build().unwrap();
    let calls = (0..1000).map(|_| std::future::IntoFuture::into_future(client.projects()));
    assert!(join_all(calls).await.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(logins.0.load(Relaxed), 1);
    server.shutdown().await;
}

#[tokio::test]
async fn real_keystone_behaves_as_every_case_says() {
    if std::env::var_os("PENTAD_TEST_KEYSTONE").is_none() {
        eprintln!("skipped: PENTAD_TEST_KEYSTONE is not set");
        return;
    }
    let cloud = Clouds::of_process().unwrap().cloud(None).unwrap();
    let option = |name: &str| cloud.auth(name).unwrap_or_else(|| panic!("OS_* lacks {name}"));
    let stage = Stage {
        auth_url: option("auth_url"),
        username: option("username"),
        password: Secret::new(option("password")),
        project_name: option("project_name"),
        domain: Domain::name(option("user_domain_name")),
        transport: cloud.transport().unwrap(),
        many: 32,
    };
    told(&stage).await;
}
