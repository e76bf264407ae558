//! Our AMS client beside the bare HTTP stack, against the canned stub.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::Method;
use pentad_ams as ams;
use pentad_benches::bare::Bare;
use pentad_benches::stats::{cpu, median};
use pentad_benches::{Result, say};
use pentad_core::Secret;
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

/// Measures one call at a time and 64 in flight, ours beside bare.
///
/// # Errors
/// When the stub does not start or a call fails.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let stub = Stub::start(folder.path()).await?;
    for (flight, calls) in [(1, SEQUENTIAL), (64, CONCURRENT)] {
        let (mut rate, mut cost, mut last) = (Vec::new(), Vec::new(), None);
        for _ in 0..arguments.rounds {
            let bare = bare_publish(&stub, flight, calls).await?;
            let ours = our_publish(&stub, flight, calls).await?;
            rate.push(ours.rate / bare.rate);
            cost.push(ours.cpu / bare.cpu);
            last = Some((bare, ours));
        }
        if let Some((bare, ours)) = last {
            say(&format!(
                "client, {flight:>2} in flight: {:.2} of the bare stack's calls, {:.2} x its processor time \
                 (last round: bare {:.0}/s {:.1} us, ours {:.0}/s {:.1} us, decoding included)",
                median(&rate),
                median(&cost),
                bare.rate,
                bare.cpu,
                ours.rate,
                ours.cpu
            ));
        }
    }
    Ok(())
}

async fn bare_publish(stub: &Stub, flight: usize, calls: usize) -> Result<Cost> {
    let http = Bare::new(&format!("http://{}/v1", stub.plain), "token");
    let uri = http.uri("/projects/demo/topics/t:publish")?;
    let message = ams::Message::new(vec![b'x'; PAYLOAD]);
    // The very bytes that our client sends, made once.
    let topic = client(&format!("http://{}", stub.plain))?.topic("t");
    let body = match &topic.publish(message).request().map_err(|e| e.message().to_owned())?.body {
        pentad_core::Body::Bytes(bytes) => bytes.clone(),
        _ => return Err("a publish was expected to have its body in memory".into()),
    };
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
