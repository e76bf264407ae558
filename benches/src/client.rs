//! Our AMS client beside the bare HTTP stack, against the canned stub.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use pentad_ams as ams;
use pentad_benches::bare::Bare;
use pentad_benches::stats::{cpu, median};
use pentad_benches::{Result, say};
use pentad_core::auth::StaticHeader;
use pentad_core::{Api, Body, Op, Secret, Session, Target, decode};
use tokio::task::JoinSet;

use crate::arguments::Arguments;
use crate::stub::Stub;

/// Calls per measurement: enough for the 10 ms grain of processor time to vanish.
const SEQUENTIAL: usize = 20_000;
const CONCURRENT: usize = 60_000;
/// What one message carries.
pub(crate) const PAYLOAD: usize = 1024;

/// Rate and cost of a number of calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Calls per second.
    pub(crate) rate: f64,
    /// Processor microseconds per call in this process.
    pub(crate) cpu: f64,
}

/// Measures one call at a time and 64 in flight, ours beside bare, with and without encoding and decoding.
///
/// # Errors
/// When the stub does not start or a call fails.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stub = Stub::start(folder.path()).await?;
    for (flight, calls) in [(1, SEQUENTIAL), (64, CONCURRENT)] {
        let (mut prepared, mut whole) = (Beside::default(), Beside::default());
        for _ in 0..arguments.rounds {
            let bare = bare_publish(&stub, flight, calls).await?;
            prepared.add(bare, our_prepared(&stub, flight, calls).await?);
            whole.add(bare, our_publish(&stub, flight, calls).await?);
        }
        prepared.say(&format!("client, {flight:>2} in flight, without decoding"));
        whole.say(&format!("client, {flight:>2} in flight, encoding and decoding"));
        say(&format!(
            "client, {flight:>2} in flight: encoding the message and decoding the answer cost {:.1} us a call",
            median(&whole.ours) - median(&prepared.ours)
        ));
    }
    Ok(())
}

/// Ours beside the bare stack, round by round.
#[derive(Default)]
pub(crate) struct Beside {
    rates: Vec<f64>,
    costs: Vec<f64>,
    /// Processor microseconds of ours per call.
    ours: Vec<f64>,
    last: Option<(Cost, Cost)>,
}

impl Beside {
    pub(crate) fn add(&mut self, bare: Cost, ours: Cost) {
        self.rates.push(ours.rate / bare.rate);
        self.costs.push(ours.cpu / bare.cpu);
        self.ours.push(ours.cpu);
        self.last = Some((bare, ours));
    }

    pub(crate) fn say(&self, what: &str) {
        let Some((bare, ours)) = self.last else { return };
        say(&format!(
            "{what}: {:.2} of the bare stack's calls, {:.2} x its processor time \
             (last round: bare {:.0}/s {:.1} us, ours {:.0}/s {:.1} us)",
            median(&self.rates),
            median(&self.costs),
            bare.rate,
            bare.cpu,
            ours.rate,
            ours.cpu
        ));
    }
}

/// A publish with a body that was made before, its answer handed over as bytes.
static PREPARED: Op = Op {
    id: "bench.publish",
    routes: &[(Api("v1"), Method::POST, "/projects/{project}/topics/{topic}:publish")],
    idempotent: false,
    patience: Duration::ZERO,
    source: "benches",
};

/// The whole pipeline of a call, all but encoding and decoding.
async fn our_prepared(stub: &Stub, flight: usize, calls: usize) -> Result<Cost> {
    let target = Target::parse(&format!("http://{}/v1", stub.plain))?;
    let token = StaticHeader::new(http::HeaderName::from_static("x-api-key"), Secret::new("token"));
    let session =
        Session::builder(pentad_transport::shared()?, Arc::new(pentad_transport::SystemClock), target)
            .authorize(Arc::new(token))
            .build();
    let body = published(stub)?;
    let once = move || {
        let (session, body) = (session.clone(), body.clone());
        async move {
            let call = session.op(&PREPARED).arg("project", "demo").arg("topic", "t").body(Body::Bytes(body));
            Ok(call.call(decode::bytes).await.map(drop)?)
        }
    };
    many(flight, calls, once).await
}

/// The very bytes that our client sends.
fn published(stub: &Stub) -> Result<Bytes> {
    let topic = client(&format!("http://{}", stub.plain))?.topic("t");
    let call = topic.publish(ams::Message::new(vec![b'x'; PAYLOAD]));
    match &call.request().map_err(|e| e.message().to_owned())?.body {
        Body::Bytes(bytes) => Ok(bytes.clone()),
        _ => Err("a publish was expected to have its body in memory".into()),
    }
}

async fn bare_publish(stub: &Stub, flight: usize, calls: usize) -> Result<Cost> {
    let http = Bare::new(&format!("http://{}/v1", stub.plain), "token");
    let uri = http.uri("/projects/demo/topics/t:publish")?;
    let body = published(stub)?;
    let once = move || {
        let (http, uri, body): (_, _, Bytes) = (http.clone(), uri.clone(), body.clone());
        async move { http.send(Method::POST, uri, body).await.map(drop) }
    };
    many(flight, calls, once).await
}

async fn our_publish(stub: &Stub, flight: usize, calls: usize) -> Result<Cost> {
    publish_through(client(&format!("http://{}", stub.plain))?, flight, calls).await
}

/// Publishes through our client.
///
/// # Errors
/// When a call fails.
pub(crate) async fn publish_through(client: ams::Client, flight: usize, calls: usize) -> Result<Cost> {
    let topic = client.topic("t");
    let payload = Bytes::from(vec![b'x'; PAYLOAD]);
    let once = move || {
        let (topic, payload) = (topic.clone(), payload.clone());
        async move { Ok(topic.publish(ams::Message::new(payload)).await.map(drop)?) }
    };
    many(flight, calls, once).await
}

fn client(endpoint: &str) -> Result<ams::Client> {
    Ok(ams::Client::new(endpoint, "demo").token(Secret::new("token")).build()?)
}

/// Makes `calls` calls with `flight` at a time and measures them.
///
/// # Errors
/// The first call that fails.
pub(crate) async fn many<F>(
    flight: usize,
    calls: usize,
    once: impl Fn() -> F + Clone + Send + 'static,
) -> Result<Cost>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    // Connections are made before the clock runs.
    batch(flight, flight * 20, once.clone()).await?;
    let (began, cpu_before) = (Instant::now(), cpu("self")?);
    batch(flight, calls, once).await?;
    let spent = cpu("self")?.saturating_sub(cpu_before);
    #[expect(clippy::cast_precision_loss, reason = "call counts are far below 2^52")]
    let count = calls as f64;
    Ok(Cost { rate: count / began.elapsed().as_secs_f64(), cpu: spent.as_secs_f64() * 1e6 / count })
}

async fn batch<F>(flight: usize, calls: usize, once: impl Fn() -> F + Clone + Send + 'static) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let left = Arc::new(AtomicUsize::new(calls));
    let mut tasks = JoinSet::new();
    for _ in 0..flight {
        let (left, once) = (Arc::clone(&left), once.clone());
        tasks.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_ok() {
                once().await?;
            }
            Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended?.map_err(|e: Box<dyn std::error::Error + Send + Sync>| e)?;
    }
    Ok(())
}
