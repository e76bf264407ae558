//! A million metadata records on the local server: adding them, finding them, and looking into the past.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use pentad_benches::stats::{cpu, median};
use pentad_benches::{Result, say};
use serde_json::json;
use tokio::task::JoinSet;

use crate::arguments::Arguments;

/// Calls in flight while records are added.
const CALLS: u64 = 256;
/// Records of one entity.
const PER_ENTITY: u64 = 10;
/// Schemas in use.
const SCHEMAS: u64 = 4;
/// Records a second that must be added.
const RATE: f64 = 20_000.0;
const MILLI: Duration = Duration::from_millis(1);

/// Adds the records, then asks.
///
/// # Errors
/// When the server does not start or refuses a request.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let home = tempfile::tempdir()?;
    let data = home.path().join("data").display().to_string();
    let flags = ["--durability", "buffered", "--data", &data];
    let server = Server::start(Server::command(&arguments.binary, &flags)).await?;
    let token = format!("Bearer {}", server.announced("/credentials/ivcap/jwt")?);
    let http = Bare::new(server.announced("/endpoints/ivcap")?, "").authorization(&token);
    let (half, rest) = (arguments.stored / 2, arguments.stored - arguments.stored / 2);
    add(&server, &http, 0, half).await?;
    let (_, page) = http.send(Method::GET, http.uri("/1/aspects?limit=1")?, Bytes::new()).await?;
    let page: serde_json::Value = serde_json::from_slice(&page)?;
    let then = page["at-time"].as_str().ok_or("a list without a time")?.to_owned();
    add(&server, &http, half, rest).await?;
    let middle = half / 2 / PER_ENTITY;
    let questions = [
        (
            "by entity and schema",
            format!("entity=urn:bench:entity:{middle}&schema=urn:bench:schema:1"),
            2 * MILLI,
        ),
        ("by entity", format!("entity=urn:bench:entity:{middle}"), 2 * MILLI),
        ("by schema, first page", "schema=urn:bench:schema:1&limit=50".to_owned(), 5 * MILLI),
        ("all, first page", "limit=50".to_owned(), 5 * MILLI),
        ("all at a past time, first page", format!("at-time={then}&limit=50"), 5 * MILLI),
        ("by schema at a past time", format!("at-time={then}&schema=urn:bench:schema:2&limit=50"), 5 * MILLI),
    ];
    for (what, query, limit) in questions {
        question(arguments, &http, what, &query, limit).await?;
    }
    server.stop().await
}

async fn add(server: &Server, http: &Bare, first: u64, count: u64) -> Result<()> {
    let pid = server.pid()?.to_string();
    let (next, end) = (Arc::new(AtomicU64::new(first)), first + count);
    let (began, before) = (Instant::now(), cpu(&pid)?);
    let mut tasks = JoinSet::new();
    for _ in 0..CALLS {
        let (http, next) = (http.clone(), Arc::clone(&next));
        tasks.spawn(worker(http, next, end));
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let count = count as f64;
    let (rate, spent) = (count / began.elapsed().as_secs_f64(), cpu(&pid)?.saturating_sub(before));
    let verdict = if rate >= RATE { "" } else { ", MISSED" };
    let cost = spent.as_secs_f64() * 1e6 / count;
    say(&format!("ivcap, {end} records: {rate:.0}/s added, {cost:.0} us of the server each{verdict}"));
    Ok(())
}

/// Adds one record after the other.
async fn worker(http: Bare, next: Arc<AtomicU64>, end: u64) -> Result<()> {
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok(());
        }
        let (entity, schema) = (number / PER_ENTITY, number % SCHEMAS);
        let path = format!("/1/aspects?entity=urn:bench:entity:{entity}&schema=urn:bench:schema:{schema}");
        http.call(Method::POST, &path, &json!({"n": number, "label": "cat"})).await?;
    }
}

async fn question(
    arguments: &Arguments,
    http: &Bare,
    what: &str,
    query: &str,
    limit: Duration,
) -> Result<()> {
    let uri = http.uri(&format!("/1/aspects?{query}"))?;
    let mut times = Vec::new();
    for _ in 0..arguments.rounds * 10 {
        let began = Instant::now();
        let (status, body) = http.send(Method::GET, uri.clone(), Bytes::new()).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        if !status.is_success() {
            return Err(format!("{query}: {status}: {}", String::from_utf8_lossy(&body)).into());
        }
    }
    let time = median(&times);
    let verdict = if time <= limit.as_secs_f64() * 1e3 { "" } else { ", MISSED" };
    say(&format!("ivcap, {} records, {what}: {time:.2} ms (at most {limit:?}){verdict}", arguments.stored));
    Ok(())
}
