//! Every resource of a collection of 100,000 in pages of 100.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::Method;
use pentad_benches::bare::Bare;
use pentad_benches::stats::{at_least, median, memory};
use pentad_benches::{Result, say};
use pentad_connect::{Client, ResourceSet};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use super::peer::{self, Peer};
use super::{client, endpoint};
use crate::arguments::Arguments;
use crate::stub::{PAGE, RESOURCES, Stub};

/// Pages in flight.
const FLIGHT: usize = 8;

/// Five fields of a resource.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
struct Product {
    id: String,
    name: String,
    status: String,
    version: u32,
    owner: Owner,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
struct Owner {
    id: String,
}

/// What was reached in each round, in resources per second.
#[derive(Default)]
struct Rates {
    bare: Vec<f64>,
    raw: Vec<f64>,
    fields: Vec<f64>,
    generic: Vec<f64>,
    blocking: Vec<f64>,
    asynchronous: Vec<f64>,
    /// Most memory of each, in KiB: ours more than before, theirs in all.
    memory: Vec<f64>,
    their_memory: Vec<f64>,
}

/// Measures bare, ours three ways, and both original clients.
///
/// # Errors
/// When a call fails.
pub(crate) async fn measure(arguments: &Arguments, stub: &Stub) -> Result<()> {
    let mut rates = Rates::default();
    for _ in 0..arguments.rounds {
        rates.bare.push(bare(stub).await?);
        let client = client(stub)?;
        peak_restarts();
        let before = memory("self", "VmRSS")?;
        rates.raw.push(ours::<Box<RawValue>>(&client).await?);
        rates.memory.push(memory("self", "VmHWM")? - before);
        rates.fields.push(ours::<Product>(&client).await?);
        rates.generic.push(ours::<Value>(&client).await?);
        if arguments.python.is_file() {
            let (rate, memory) =
                peer::measure(&arguments.python, Peer::Walk, &endpoint(stub), RESOURCES).await?;
            rates.blocking.push(rate);
            rates.their_memory.push(memory);
            let (rate, _) =
                peer::measure(&arguments.python, Peer::AsyncWalk, &endpoint(stub), RESOURCES).await?;
            rates.asynchronous.push(rate);
        }
    }
    rates.say();
    Ok(())
}

impl Rates {
    fn say(&self) {
        let ratio = |ours: &[f64], theirs: &[f64]| {
            median(&ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>())
        };
        for (what, ours, least) in [
            ("raw", &self.raw, 30.0),
            ("five fields", &self.fields, 30.0),
            ("generic values", &self.generic, 10.0),
        ] {
            let of_theirs = ratio(ours, &self.blocking);
            say(&format!(
                "connect, {RESOURCES} resources as {what}, {FLIGHT} pages in flight: {:.0}/s, {:.2} of the bare \
                 stack, {of_theirs:.0} x the blocking (at least {least} x: {}) and {:.0} x the async Python client",
                median(ours),
                ratio(ours, &self.bare),
                at_least(of_theirs, least),
                ratio(ours, &self.asynchronous),
            ));
        }
        say(&format!(
            "connect, memory: {:.1} MiB more than before; the blocking Python client {:.0} MiB in all; bare {:.0}/s, \
             Python {:.0}/s and {:.0}/s",
            median(&self.memory) / 1024.0,
            median(&self.their_memory) / 1024.0,
            median(&self.bare),
            median(&self.blocking),
            median(&self.asynchronous),
        ));
    }
}

async fn ours<T: DeserializeOwned + Send + 'static>(client: &Client) -> Result<f64> {
    let set: ResourceSet<T> = client.collection("products").all().typed();
    let mut items = set.limit(u32::try_from(PAGE)?).concurrency(FLIGHT).items();
    let (began, mut seen) = (Instant::now(), 0_u64);
    while let Some(item) = items.next().await {
        std::hint::black_box(item?);
        seen += 1;
    }
    rate(seen, began)
}

async fn bare(stub: &Stub) -> Result<f64> {
    let http = Bare::new(&endpoint(stub), "key");
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..FLIGHT {
        let (http, next) = (http.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let offset = next.fetch_add(PAGE, Ordering::Relaxed);
                if offset >= RESOURCES {
                    return Ok(());
                }
                let uri = http.uri(&format!("/products?limit={PAGE}&offset={offset}"))?;
                http.send(Method::GET, uri, Bytes::new()).await?;
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended?.map_err(|e: Box<dyn std::error::Error + Send + Sync>| e)?;
    }
    rate(RESOURCES, began)
}

fn rate(seen: u64, began: Instant) -> Result<f64> {
    if seen != RESOURCES {
        return Err(format!("{seen} resources came instead of {RESOURCES}").into());
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(seen as f64 / began.elapsed().as_secs_f64())
}

/// Lets the system count the peak of memory from here.
fn peak_restarts() {
    // Without it the peak is that of the whole life: more, never less.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}
