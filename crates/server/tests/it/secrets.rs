//! Canaries: what is secret never shows up where others look.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pentad_server::{ListenOptions, Seed, Server, ServerOptions};
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::fixture::{get, plain, send};

const SECRETS: [&str; 4] =
    ["canary-service+token/1", "canary-operator-token", "canary-feeder-token", "canary reader ~ token"];

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn seed() -> Seed {
    Seed::from_value(json!({"ams": {
        "service_token": SECRETS[0],
        "projects": [{"name": "ARGO"}],
        "users": [
            {"name": "operator", "token": SECRETS[1], "service_roles": ["service_admin"]},
            {"name": "feeder", "token": SECRETS[2], "projects": [{"project": "ARGO", "roles": ["publisher"]}]},
            {"name": "reader", "token": SECRETS[3], "projects": [{"project": "ARGO", "roles": ["consumer"]}]},
        ],
        "topics": [{"project": "ARGO", "name": "alerts", "acl": ["feeder"]}],
    }}))
    .unwrap()
}

/// The secret in the places of requests, each a head without its end, and a body.
fn requests(secret: &str) -> Vec<(String, String)> {
    let escaped: String = secret.bytes().map(|b| format!("%{b:02X}")).collect();
    let lean = secret.replace(' ', "%20").replace('/', "%2F").replace('+', "%2B");
    let mut all = Vec::new();
    for path in [
        format!("/ams/v1/users:byToken/{lean}"),
        format!("/ams/v1/users:byToken/{escaped}/more"),
        format!("/ams/v1/projects/ARGO/topics/{lean}"),
        format!("/ams/v1/{lean}"),
        format!("/ams/v1/registrations/{lean}:accept"),
        format!("/{lean}/x"),
        format!("/ams/v1/projects/ARGO/topics/alerts?key={lean}"),
        format!("/ams/v1/projects/ARGO/topics/alerts?%6Bey={escaped}"),
        format!("/ams/v1/projects/ARGO/topics/alerts?x={lean}&{lean}=y&{escaped}"),
    ] {
        all.push((format!("GET {path} HTTP/1.1\r\nhost: h\r\n"), String::new()));
    }
    for header in [
        "x-api-key: ",
        "authorization: Bearer ",
        "x-other: ",
        "x-request-id: ",
        "cookie: a=",
        "referer: http://h/?t=",
    ] {
        let path = "/ams/v1/projects/ARGO/topics/alerts";
        all.push((format!("GET {path} HTTP/1.1\r\nhost: h\r\n{header}{secret}\r\n"), String::new()));
    }
    for body in [
        json!({"token": secret}).to_string(),
        json!({"activation_token": secret, "name": secret, secret: 1}).to_string(),
        json!({"pushConfig": {"pushEndpoint": format!("https://h.test/?code={lean}"), "mattermostUrl": format!("https://h.test/{lean}")}})
            .to_string(),
        format!("not json {secret}"),
        format!("password={lean}&a={lean}"),
        format!("{{\"messages\": \"{secret}"),
    ] {
        let head = "POST /ams/v1/users/nobody HTTP/1.1\r\nhost: h\r\nx-api-key: wrong\r\n";
        all.push((format!("{head}content-length: {}\r\n", body.len()), body));
    }
    all
}

fn leaks(place: &str, text: &str) {
    for secret in SECRETS {
        let lean = secret.replace(' ', "%20").replace('/', "%2F").replace('+', "%2B");
        for form in [secret, &lean] {
            assert!(!text.contains(form), "{form} in {place}: {text}");
        }
    }
}

fn files(dir: &Path, each: &mut dyn FnMut(&Path, &[u8])) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, each);
        } else if path.is_file() {
            each(&path, &std::fs::read(&path).unwrap());
        }
    }
}

async fn ask(addr: SocketAddr, head: &str, body: &str) {
    let answer = send(addr, &format!("{head}connection: close\r\n\r\n{body}")).await;
    // An answer that is no refusal may tell who asked what belongs to it.
    if answer.status >= 400 {
        leaks(head, &answer.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_an_installation_is_shown_or_stored_in_the_clear() {
    let written = Sink::default();
    let to = written.clone();
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(to).with_ansi(false).init();
    let dir = tempfile::tempdir().unwrap();
    let mut options = ServerOptions::dir(dir.path());
    options.seed = Some(seed());
    let server = Server::builder(options).open().await.unwrap();
    server.listen(ListenOptions::any_port()).await.unwrap();
    let addr = plain(&server);
    for secret in SECRETS {
        for (head, body) in requests(secret) {
            ask(addr, &head, &body).await;
        }
    }
    for page in ["log", "metrics", "config", "routes", "faults", "snapshots", ""] {
        leaks(page, &get(addr, &format!("/_pentad/{page}")).await.body);
    }
    let html =
        format!("GET /_pentad/ HTTP/1.1\r\nhost: {addr}\r\naccept: text/html\r\nconnection: close\r\n\r\n");
    leaks("the page", &send(addr, &html).await.body);
    assert_eq!(send(addr, &html.replace("GET", "POST")).await.status, 405);
    leaks("debug", &format!("{server:?}"));
    server.shutdown().await;
    files(dir.path(), &mut |path, bytes| leaks(&path.display().to_string(), &String::from_utf8_lossy(bytes)));
    let written = String::from_utf8_lossy(&written.0.lock().unwrap()).into_owned();
    assert!(written.contains("pentad::access"), "the log was looked at");
    leaks("tracing", &written);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_seed_is_refused_without_telling_its_secrets() {
    for section in [
        json!({"users": [{"name": "a", "token": SECRETS[1]}, {"name": "a", "token": SECRETS[2]}]}),
        json!({"users": [{"name": "a", "token": SECRETS[1]}, {"name": "b", "token": SECRETS[1]}]}),
        json!({"users": [{"name": "a", "token": [SECRETS[1]]}]}),
        json!({"users": [{"name": "a", "token": SECRETS[1], "projects": [{"project": "none"}]}]}),
    ] {
        let mut options = ServerOptions::memory();
        options.seed = Some(Seed::from_value(json!({"ams": section})).unwrap());
        let error = Server::builder(options).open().await.unwrap_err();
        leaks("the error", &format!("{error} {error:?}"));
        assert!(error.to_string().contains("ams"), "{error}");
    }
}
