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

/// Who adds nine of ten records, and who adds the rest.
const TOKENS: [&str; 2] = ["token-of-much", "token-of-little"];
/// Two accounts, each with a user.
const SEED: &str = r#"{"ivcap": {
    "accounts": [{"id": "0a000000-0000-4000-8000-000000000001"}, {"id": "0b000000-0000-4000-8000-000000000001"}],
    "users": [
        {"name": "much", "account": "0a000000-0000-4000-8000-000000000001", "token": "token-of-much"},
        {"name": "little", "account": "0b000000-0000-4000-8000-000000000001", "token": "token-of-little"}
    ]
}}"#;

/// The server, and how the two call it.
struct Site {
    server: Server,
    callers: [Bare; 2],
}

/// Adds the records, retracts half of them, replaces one many times, and asks before and after.
///
/// # Errors
/// When the server does not start or refuses a request.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let home = tempfile::tempdir()?;
    let (data, seed) = (home.path().join("data").display().to_string(), home.path().join("seed.json"));
    std::fs::write(&seed, SEED)?;
    let seed = seed.display().to_string();
    let flags = ["--durability", "buffered", "--data", &data, "--seed", &seed];
    let server = Server::start(Server::command(&arguments.binary, &flags)).await?;
    let url = server.announced("/endpoints/ivcap")?.to_owned();
    let callers = TOKENS.map(|token| Bare::new(&url, "").authorization(&format!("Bearer {token}")));
    let site = Site { server, callers };
    let (half, rest) = (arguments.stored / 2, arguments.stored - arguments.stored / 2);
    let mut ids = add(&site, 0, half).await?;
    let then = site.moment().await?;
    ids.extend(add(&site, half, rest).await?);
    ask(arguments, &site, half, &then, "added").await?;
    retract(&site, ids.into_iter().step_by(2).collect()).await?;
    let before = site.moment().await?;
    replace(&site, arguments.stored / 10).await?;
    ask(arguments, &site, half, &then, "half of them retracted").await?;
    let often = "entity=urn:bench:often&schema=urn:bench:schema:0&limit=1";
    for (what, query) in [
        ("the one that was replaced often", often.to_owned()),
        ("the same at a past time", format!("{often}&at-time={before}")),
        ("all at the time before it was", format!("at-time={before}&limit=50")),
    ] {
        question(arguments, &site.callers[0], what, &query, 5 * MILLI).await?;
    }
    nothing(&site).await?;
    site.server.stop().await
}

impl Site {
    /// The moment of a list that is asked for now.
    async fn moment(&self) -> Result<String> {
        let http = &self.callers[0];
        let (_, page) = http.send(Method::GET, http.uri("/1/aspects?limit=1")?, Bytes::new()).await?;
        let page: serde_json::Value = serde_json::from_slice(&page)?;
        Ok(page["at-time"].as_str().ok_or("a list without a time")?.to_owned())
    }
}

async fn ask(arguments: &Arguments, site: &Site, half: u64, then: &str, state: &str) -> Result<()> {
    let middle = half / 2 / PER_ENTITY;
    let questions = [
        (
            0,
            "by entity and schema",
            format!("entity=urn:bench:entity:{middle}&schema=urn:bench:schema:1"),
            2 * MILLI,
        ),
        (0, "by entity", format!("entity=urn:bench:entity:{middle}"), 2 * MILLI),
        (0, "by schema, first page", "schema=urn:bench:schema:1&limit=50".to_owned(), 5 * MILLI),
        (0, "all, first page", "limit=50".to_owned(), 5 * MILLI),
        (1, "all of who owns little", "limit=50".to_owned(), 5 * MILLI),
        (1, "by schema, of who owns little", "schema=urn:bench:schema:1&limit=50".to_owned(), 5 * MILLI),
        (0, "all at a past time, first page", format!("at-time={then}&limit=50"), 5 * MILLI),
        (
            0,
            "by schema at a past time",
            format!("at-time={then}&schema=urn:bench:schema:2&limit=50"),
            5 * MILLI,
        ),
        (1, "all of who owns little at a past time", format!("at-time={then}&limit=50"), 5 * MILLI),
    ];
    for (who, what, query, limit) in questions {
        question(arguments, &site.callers[who], &format!("{state}, {what}"), &query, limit).await?;
    }
    Ok(())
}

/// Adds records; gives their ids.
async fn add(site: &Site, first: u64, count: u64) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    let (next, end) = (Arc::new(AtomicU64::new(first)), first + count);
    let callers = || site.callers.clone();
    let made = timed(site, "added", count, RATE, || adding(callers(), Arc::clone(&next), end)).await?;
    made.into_iter().for_each(|some| ids.extend(some));
    Ok(ids)
}

/// Adds one record after the other.
async fn adding(callers: [Bare; 2], next: Arc<AtomicU64>, end: u64) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= end {
            return Ok(ids);
        }
        let (entity, schema) = (number / PER_ENTITY, number % SCHEMAS);
        let path = format!("/1/aspects?entity=urn:bench:entity:{entity}&schema=urn:bench:schema:{schema}");
        let caller = &callers[usize::from(number % 10 == 9)];
        let made = caller.call(Method::POST, &path, &json!({"n": number, "label": "cat"})).await?;
        // What the second one owns stays.
        if number % 10 != 9 {
            ids.push(made["id"].as_str().ok_or("a record without an id")?.to_owned());
        }
    }
}

async fn retract(site: &Site, ids: Vec<String>) -> Result<()> {
    let (next, ids) = (Arc::new(AtomicU64::new(0)), Arc::new(ids));
    let count = ids.len() as u64;
    let retracting = |http: Bare, next: Arc<AtomicU64>, ids: Arc<Vec<String>>| async move {
        while let Some(id) = ids.get(usize::try_from(next.fetch_add(1, Ordering::Relaxed))?) {
            http.call(Method::DELETE, &format!("/1/aspects/{id}"), &json!(null)).await?;
        }
        Ok(())
    };
    let http = &site.callers[0];
    timed(site, "retracted", count, 0.0, || retracting(http.clone(), Arc::clone(&next), Arc::clone(&ids)))
        .await?;
    Ok(())
}

/// Replaces one record again and again.
async fn replace(site: &Site, count: u64) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let replacing = |http: Bare, next: Arc<AtomicU64>| async move {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(());
            }
            let path = "/1/aspects?entity=urn:bench:often&schema=urn:bench:schema:0";
            http.call(Method::PUT, path, &json!({"n": number})).await?;
        }
    };
    let http = &site.callers[0];
    timed(site, "replaced, always the same one", count, 0.0, || replacing(http.clone(), Arc::clone(&next)))
        .await?;
    Ok(())
}

/// Runs workers to their end, and says how many things they did in a second.
async fn timed<T, F>(site: &Site, what: &str, count: u64, least: f64, work: impl Fn() -> F) -> Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let pid = site.server.pid()?.to_string();
    let (began, before) = (Instant::now(), cpu(&pid)?);
    let (mut tasks, mut results) = (JoinSet::new(), Vec::new());
    for _ in 0..CALLS {
        tasks.spawn(work());
    }
    while let Some(ended) = tasks.join_next().await {
        results.push(ended??);
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let done = count as f64;
    let (rate, spent) = (done / began.elapsed().as_secs_f64(), cpu(&pid)?.saturating_sub(before));
    let verdict = if rate >= least { "" } else { ", MISSED" };
    let cost = spent.as_secs_f64() * 1e6 / done;
    say(&format!("ivcap, {count} records {what}: {rate:.0}/s, {cost:.0} us of the server each{verdict}"));
    Ok(results)
}

/// A filter that fits nothing looks at everything, or is refused in time.
async fn nothing(site: &Site) -> Result<()> {
    let http = &site.callers[0];
    let began = Instant::now();
    let uri = http.uri("/1/aspects?filter=label%20==%20'none'")?;
    let (status, _) = http.send(Method::GET, uri, Bytes::new()).await?;
    say(&format!(
        "ivcap, a filter that fits nothing: {:.1} s, status {status}",
        began.elapsed().as_secs_f64()
    ));
    Ok(())
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
