//! The Zaqar cases: against the embedded server, over TCP, and against a real Zaqar given by
//! `PENTAD_TEST_ZAQAR=URL` (`PENTAD_TEST_ZAQAR_VERSIONS=1,1.1,2`, default 2).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use pentad_cases::ams::Time;
use pentad_cases::zaqar::{Abilities, Stage, tell};
use pentad_core::{Result, Transport};
use pentad_server::{ListenOptions, Server, ServerOptions};
use pentad_zaqar::{Client, Version};

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
    let client = || {
        let builder = Client::new(url, version).project(project).roles("admin");
        builder.transport(Arc::clone(transport)).build().unwrap()
    };
    Stage { client: client(), other: client(), abilities: Abilities::all(), time: None }
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
    for version in Version::ALL {
        let mut stage = stage("http://pentad.local/zaqar", version, &server.door(), "cases");
        stage.time = Some(Arc::new(Inside(Arc::clone(&server))));
        told(stage).await;
    }
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
