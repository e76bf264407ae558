//! OpenStack: an authenticated GET beside the bare stack and beside keystoneauth, and tokens per second of the server.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, Method};
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use pentad_benches::stats::{cpu, median};
use pentad_benches::{Result, say};
use pentad_core::auth::Token;
use pentad_core::{Api, Op, Secret, decode};
use pentad_openstack::auth::{Domain, Scope, User};
use pentad_openstack::{Client, CloudAuth, HttpClient, Keystone};
use serde_json::json;
use tokio::process::Command;

use crate::arguments::Arguments;
use crate::client::{Beside, Cost, many};
use crate::stub::Stub;

const CALLS: usize = 40_000;
const PYTHON_CALLS: usize = 300;
/// Tokens per measurement: a password costs a hash that is slow on purpose.
const PASSWORDS: usize = 200;
const TOKENS: usize = 10_000;

/// A GET whose answer is handed over as bytes.
static GET: Op = Op {
    id: "bench.get",
    routes: &[(Api("v1"), Method::GET, "/instances")],
    idempotent: true,
    patience: std::time::Duration::ZERO,
    source: "benches",
};

/// Gets with a token in hand, through a session of the original library.
const SCRIPT: &str = r#"
import resource, sys, time
from keystoneauth1 import session, token_endpoint
sess = session.Session(auth=token_endpoint.Token(sys.argv[1], "token"))
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
def once():
    sess.get("/instances", endpoint_filter={"service_type": "database"})
for _ in range(5):
    once()
calls = int(sys.argv[2])
began, before = time.perf_counter(), cpu()
for _ in range(calls):
    once()
print(calls / (time.perf_counter() - began), (cpu() - before) * 1e6 / calls)
"#;

/// Measures the client, then the server.
///
/// # Errors
/// When the stub or the server does not start, or a call fails.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    client(arguments).await?;
    server(arguments).await
}

/// A client with a token in hand whose catalog leads to the stub.
fn http(stub: &Stub) -> Result<HttpClient> {
    let url = format!("http://{}/v1", stub.plain);
    let catalog =
        json!([{"type": "database", "name": "trove", "endpoints": [{"interface": "public", "url": url}]}]);
    let token = Token::new(Secret::new("token"), jiff::Timestamp::UNIX_EPOCH)
        .data(json!({"identity": url, "api": "v3", "token": {"project": {"id": "p"}, "catalog": catalog}}));
    let keystone = Keystone::password(&url, User::id("u"), "secret")?;
    Ok(HttpClient::builder(CloudAuth::new(keystone).token(token)).build()?)
}

async fn client(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stub = Stub::start(folder.path()).await?;
    let http = http(&stub)?;
    for flight in [1, 64] {
        let (mut prepared, mut whole) = (Beside::default(), Beside::default());
        for _ in 0..arguments.rounds {
            let bare = bare(&stub, flight).await?;
            prepared.add(bare, ours(&http, flight).await?);
            whole.add(bare, decoded(&http, flight).await?);
        }
        prepared.say(&format!("openstack GET, {flight:>2} in flight, without decoding"));
        whole.say(&format!("openstack GET, {flight:>2} in flight, decoding"));
    }
    if !arguments.python.is_file() {
        say("keystoneauth: skipped, the conformance environment was not made yet (cargo xtask conformance)");
        return Ok(());
    }
    let mut ratios = Vec::new();
    for _ in 0..arguments.rounds {
        let theirs = python(&arguments.python, &stub).await?;
        ratios.push(theirs.cpu / decoded(&http, 64).await?.cpu);
    }
    say(&format!(
        "openstack GET beside keystoneauth: {:.0} x its calls per processor second",
        median(&ratios)
    ));
    Ok(())
}

async fn bare(stub: &Stub, flight: usize) -> Result<Cost> {
    let http = Bare::new(&format!("http://{}/v1", stub.plain), "token");
    let uri = http.uri("/instances")?;
    let once = move || {
        let (http, uri) = (http.clone(), uri.clone());
        async move { http.send(Method::GET, uri, Bytes::new()).await.map(drop) }
    };
    many(flight, CALLS, once).await
}

async fn ours(http: &HttpClient, flight: usize) -> Result<Cost> {
    let session = http.session_for("database");
    let once = move || {
        let session = session.clone();
        async move { Ok(session.op(&GET).call(decode::bytes).await.map(drop)?) }
    };
    many(flight, CALLS, once).await
}

async fn decoded(http: &HttpClient, flight: usize) -> Result<Cost> {
    let database = http.raw("database");
    let once = move || {
        let database = database.clone();
        async move { Ok(database.get("/instances").await.map(drop)?) }
    };
    many(flight, CALLS, once).await
}

async fn python(program: &Path, stub: &Stub) -> Result<Cost> {
    let output = Command::new(program)
        .args(["-c", SCRIPT, &format!("http://{}/v1", stub.plain), &PYTHON_CALLS.to_string()])
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .await?;
    crate::python::cost(&output)
}

/// Tokens by password, tokens by token, and validations.
async fn server(arguments: &Arguments) -> Result<()> {
    let server = Server::start(Server::command(&arguments.binary, &["--durability", "memory"])).await?;
    let text = |name: &str| server.announced(&format!("/credentials/openstack/{name}"));
    let (url, user, project) = (text("auth_url")?, text("username")?, text("project_name")?);
    let user = User::name(user).of(Domain::id("default"));
    let scope = Scope::project(project, Domain::id("default"));
    let login = Keystone::password(url, user, text("password")?)?.scope(scope.clone());
    let by_password = Client::new(login).build()?;
    let secret = by_password.issue().await?.secret;
    let by_token = Client::new(Keystone::token(url, secret.clone())?.scope(scope)).build()?;
    let pid = server.pid()?.to_string();
    for flight in [1, 16] {
        let owner = by_password.clone();
        let issue = move || {
            let owner = owner.clone();
            async move { Ok(owner.issue_new().await.map(drop)?) }
        };
        told("tokens by password", flight, PASSWORDS, &pid, issue).await?;
        let owner = by_token.clone();
        let rescope = move || {
            let owner = owner.clone();
            async move { Ok(owner.issue_new().await.map(drop)?) }
        };
        told("tokens by token", flight, TOKENS, &pid, rescope).await?;
        let bare = Arc::new(Bare::new(url, secret.expose()).named(&HeaderName::from_static("x-auth-token")));
        let uri = bare.uri("/auth/projects")?;
        let ask = move || {
            let (bare, uri) = (Arc::clone(&bare), uri.clone());
            async move { bare.send(Method::GET, uri, Bytes::new()).await.map(drop) }
        };
        told("calls with a token", flight, TOKENS, &pid, ask).await?;
        let (owner, secret) = (by_password.clone(), secret.clone());
        let validate = move || {
            let (owner, secret) = (owner.clone(), secret.clone());
            async move { Ok(owner.validate(&secret).await.map(drop)?) }
        };
        told("validations", flight, TOKENS, &pid, validate).await?;
    }
    server.stop().await
}

async fn told<F>(
    what: &str,
    flight: usize,
    calls: usize,
    pid: &str,
    once: impl Fn() -> F + Clone + Send + 'static,
) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let before = cpu(pid)?;
    let cost = many(flight, calls, once).await?;
    let spent = cpu(pid)?.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "call counts are far below 2^52")]
    let each = spent.as_secs_f64() * 1e6 / (calls + flight * 20) as f64;
    say(&format!(
        "identity server, {what}, {flight:>2} in flight: {:.0}/s, {each:.0} us of its processor",
        cost.rate
    ));
    Ok(())
}
