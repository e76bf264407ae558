//! The server: publish and pull at 1, 8 and 64 connections and in batches, at each durability.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Uri};
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use pentad_benches::stats::{cpu, median};
use pentad_benches::{Result, say};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::arguments::Arguments;
use crate::client::PAYLOAD;

/// How long one point is measured in one round.
const SPAN: Duration = Duration::from_millis(1500);
const BATCH: usize = 100;

/// Measures every durability.
///
/// # Errors
/// When a server does not start or refuses a request.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    for durability in ["memory", "buffered", "durable"] {
        let home = tempfile::tempdir()?;
        let data = home.path().display().to_string();
        let mut flags = vec!["--durability", durability];
        if durability != "memory" {
            flags.extend(["--data", &data]);
        }
        let server = Server::start(Server::command(&arguments.binary, &flags)).await?;
        for connections in [1, 8, 64] {
            point(arguments, &server, durability, connections, 1).await?;
            point(arguments, &server, durability, connections, BATCH).await?;
        }
        server.stop().await?;
    }
    Ok(())
}

async fn point(
    arguments: &Arguments,
    server: &Server,
    durability: &str,
    connections: usize,
    batch: usize,
) -> Result<()> {
    let (mut published, mut cost, mut pulled) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        let name = format!("t-{connections}-{batch}-{round}");
        let feed = Feed::create(server, &name, connections).await?;
        let body = Bytes::from(messages(batch, PAYLOAD).to_string());
        let publish = feed.http.uri(&format!("{}:publish", feed.topic))?;
        let before = cpu(&server.pid()?.to_string())?;
        let calls = repeat(&feed.http, connections, SPAN, |_| (publish.clone(), body.clone())).await?;
        let spent = cpu(&server.pid()?.to_string())?.saturating_sub(before);
        let rate = per_second(calls, SPAN);
        published.push(rate);
        cost.push(spent.as_secs_f64() * 1e6 / (rate * SPAN.as_secs_f64()));
        let asked =
            Bytes::from(json!({"maxMessages": batch.to_string(), "returnImmediately": "true"}).to_string());
        let calls =
            repeat(&feed.http, connections, SPAN, |index| (feed.pulls[index].clone(), asked.clone())).await?;
        pulled.push(per_second(calls, SPAN));
    }
    let scale = if batch == 1 { 1.0 } else { 100.0 };
    say(&format!(
        "server, {durability:<8} {connections:>2} connections, {batch:>3} messages of {PAYLOAD} bytes a call: \
         publish {:>7.0} messages/s ({:.0} us of the server a call), pull {:>7.0} messages/s",
        median(&published) * scale,
        median(&cost),
        median(&pulled) * scale
    ));
    Ok(())
}

/// A topic with one subscription per connection: AMS keeps one outstanding batch per subscription.
pub(crate) struct Feed {
    /// Requests as the project's administrator.
    pub(crate) http: Bare,
    /// Path of the topic.
    pub(crate) topic: String,
    /// Where each subscription is pulled.
    pub(crate) pulls: Vec<Uri>,
}

impl Feed {
    /// Creates a topic and `subscriptions` subscriptions in the project of the installation.
    pub(crate) async fn create(server: &Server, name: &str, subscriptions: usize) -> Result<Self> {
        let base = format!("{}/v1", server.announced("/endpoints/ams_plain")?);
        let project = server.announced("/credentials/ams/project")?;
        let http = Bare::new(&base, server.announced("/credentials/ams/project_admin")?);
        let topic = format!("/projects/{project}/topics/{name}");
        http.call(Method::PUT, &topic, &Value::Null).await?;
        let mut pulls = Vec::new();
        for index in 0..subscriptions {
            let path = format!("/projects/{project}/subscriptions/{name}-{index}");
            http.call(Method::PUT, &path, &json!({"topic": topic.trim_start_matches('/')})).await?;
            pulls.push(http.uri(&format!("{path}:pull"))?);
        }
        Ok(Self { http, topic, pulls })
    }
}

/// The body of a publish.
pub(crate) fn messages(count: usize, size: usize) -> Value {
    let data = "eHh4".repeat(size.div_ceil(3));
    json!({"messages": vec![json!({"data": data}); count]})
}

fn per_second(calls: u64, span: Duration) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "call counts are far below 2^52")]
    let count = calls as f64;
    count / span.as_secs_f64()
}

/// Sends requests on each connection until the span is over; returns how many were answered.
async fn repeat(
    http: &Bare,
    connections: usize,
    span: Duration,
    request: impl Fn(usize) -> (Uri, Bytes),
) -> Result<u64> {
    let mut tasks = JoinSet::new();
    let end = Instant::now() + span;
    for index in 0..connections {
        let (uri, body) = request(index);
        tasks.spawn(until(end, http.clone(), uri, body));
    }
    let mut calls = 0;
    while let Some(ended) = tasks.join_next().await {
        calls += ended??;
    }
    Ok(calls)
}

async fn until(end: Instant, http: Bare, uri: Uri, body: Bytes) -> Result<u64> {
    let mut calls = 0;
    while Instant::now() < end {
        let (status, answer) = http.send(Method::POST, uri.clone(), body.clone()).await?;
        if !status.is_success() {
            return Err(format!("{uri}: {status}: {}", String::from_utf8_lossy(&answer)).into());
        }
        calls += 1;
    }
    Ok(calls)
}
