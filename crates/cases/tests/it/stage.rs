//! What a case needs, made from a server of this process.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, StatusCode};
use jiff::SignedDuration;
use pentad_ams::Client;
use pentad_cases::ams::{Receiver as Receives, Stage, Time, cases};
use pentad_core::{Api, Observer, Op, Result, Session, Target, Transport, decode};
use pentad_server::{Server, ServerOptions};
use pentad_transport::SystemClock;
use serde_json::json;

use crate::receiver::{Hit, Receiver};

/// Remembers which operations were answered well.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<BTreeSet<&'static str>>);

impl Recorder {
    pub(crate) fn seen(&self) -> BTreeSet<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

impl Observer for Recorder {
    fn answered(&self, op: &Op, status: StatusCode, _: &HeaderMap, _: u32) {
        // The versions of a service are the choices of this status.
        if status.is_success() || status == StatusCode::MULTIPLE_CHOICES {
            self.0.lock().unwrap().insert(op.id);
        }
    }
}

#[derive(Debug)]
struct Hook(Receiver);

impl Receives for Hook {
    fn url(&self, path: &str) -> String {
        self.0.url(&format!("/{path}"))
    }

    fn show(&self, hash: &str) {
        self.0.show(200, hash);
    }

    fn script(&self, statuses: &[u16]) {
        self.0.script(statuses);
    }

    fn take(&self) -> Vec<Vec<String>> {
        self.0.take().iter().map(Hit::ids).collect()
    }
}

/// A new database beside the given one, where a server keeps its data under a key of its own.
pub(crate) async fn database_of_its_own(url: &str, name: &str) -> String {
    let name = format!("{name}_{}", std::process::id());
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

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

static ADVANCE: Op = control("control.advance", &[(Api("v1"), Method::POST, "/clock/advance")]);
static SETTLE: Op = control("control.settle", &[(Api("v1"), Method::POST, "/clock/settle")]);

const fn control(id: &'static str, routes: &'static [(Api, Method, &'static str)]) -> Op {
    Op { id, routes, idempotent: false, patience: Duration::from_secs(60), source: "control API" }
}

/// The time of a server behind its control API.
#[derive(Debug)]
pub(crate) struct Control(Session);

impl Control {
    pub(crate) fn new(endpoint: &str, transport: Arc<dyn Transport>) -> Self {
        let target = Target::parse(endpoint).unwrap();
        Self(Session::builder(transport, Arc::new(SystemClock), target).api(Api("v1")).build())
    }
}

impl Time for Control {
    fn advance(&self, by: Duration) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let seconds = json!({ "seconds": by.as_secs_f64() });
            self.0.op(&ADVANCE).json(&seconds).call(decode::value).await?;
            self.0.op(&SETTLE).json(&json!({})).call(decode::value).await?;
            Ok(())
        })
    }
}

/// A server whose time stands still until a case moves it, with a receiver that it trusts.
pub(crate) struct Theatre {
    pub(crate) server: Arc<Server>,
    pub(crate) recorder: Arc<Recorder>,
    receiver: Arc<Hook>,
}

impl Theatre {
    pub(crate) async fn new(mut options: ServerOptions) -> Self {
        let receiver = Receiver::start().await;
        options.push_ca = vec![receiver.ca()];
        let server = Arc::new(Server::builder(options).open().await.unwrap());
        server.time().freeze(None);
        Self { server, recorder: Arc::default(), receiver: Arc::new(Hook(receiver)) }
    }

    pub(crate) fn server_time(&self) -> Arc<dyn Time> {
        Arc::new(Inside(Arc::clone(&self.server)))
    }

    pub(crate) fn stage(&self, endpoint: &str, transport: &Arc<dyn Transport>, time: Arc<dyn Time>) -> Stage {
        let credentials = self.server.credentials();
        let client = |role: &str| {
            let token = credentials["ams"][role].as_str().unwrap_or_else(|| panic!("a token for {role}"));
            let builder = Client::new(endpoint, credentials["ams"]["project"].as_str().unwrap());
            let client = builder.token(token.to_owned()).transport(Arc::clone(transport)).build().unwrap();
            client.with(|session| session.observer(self.recorder.clone()))
        };
        Stage {
            admin: client("project_admin"),
            publisher: client("publisher"),
            consumer: client("consumer"),
            service_admin: client("service_admin"),
            time,
            receiver: self.receiver.clone(),
        }
    }
}

pub(crate) async fn tell(stage: Stage) {
    for (name, case) in cases() {
        case(stage.clone()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
