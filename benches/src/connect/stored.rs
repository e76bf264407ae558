//! A collection of a million resources on the local server: pages, filters, and writes beside them.
#![expect(clippy::disallowed_methods, reason = "a measurement is about real time")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use pentad_benches::bare::Bare;
use pentad_benches::server::Server;
use pentad_benches::stats::{at_most, cpu, median};
use pentad_benches::{Result, say};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::arguments::Arguments;

/// Resources of one bulk request.
const BULK: u64 = 1000;
const THINGS: &str = "/things";

/// The collection is declared with the indexes that a user would want.
const SEED: &str = r#"
connect:
  api_keys: [{key: "ApiKey SU-111-222-333:bench", name: Bench}]
  collections: [{path: things, prefix: THG, indexes: [bucket, status]}]
"#;

/// What is asked, with the most that it may take.
const QUESTIONS: &[(&str, &str, Duration)] = &[
    ("first page, no filter", "limit=100", Duration::from_millis(5)),
    ("an indexed field with 1,000 hits", "eq(bucket,B-00321)&limit=100", Duration::from_millis(5)),
    ("the same and another field", "eq(bucket,B-00321)&gt(size,5000)&limit=100", Duration::from_millis(5)),
    ("ordered by id", "ordering(-id)&limit=100", Duration::from_millis(5)),
    (
        "three terms, two thirds match",
        "like(name,*shelf*)&ne(status,draft)&ilike(note,*LAZY*)&limit=100",
        Duration::from_secs(3),
    ),
    (
        "three terms, all match",
        "like(name,*disk*)&ge(size,0)&ne(owner.id,null())&limit=100",
        Duration::from_secs(3),
    ),
    (
        "three terms, one of them a search",
        "search=lazy&ge(size,0)&ne(status,none)&limit=100",
        Duration::from_secs(3),
    ),
    (
        "one of three terms, none matches",
        "or(eq(size,-1),like(name,none*),eq(owner.name,none))&limit=100",
        Duration::from_secs(3),
    ),
    (
        "three terms on missing fields",
        "eq(a.b,null())&eq(c,null())&ne(d,1)&limit=100",
        Duration::from_secs(3),
    ),
    (
        "three terms, ordered by a field",
        "like(name,*shelf*)&ne(status,draft)&ilike(note,*LAZY*)&ordering(-size)&limit=100",
        Duration::from_secs(3),
    ),
];

/// Fills the collection, then asks and writes at once.
///
/// # Errors
/// When the server does not start or refuses a request.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let home = tempfile::tempdir()?;
    let seed = home.path().join("seed.yml");
    std::fs::write(&seed, SEED)?;
    let (data, seed) = (home.path().join("data").display().to_string(), seed.display().to_string());
    let flags = ["--durability", "buffered", "--data", &data, "--seed", &seed];
    let server = Server::start(Server::command(&arguments.binary, &flags)).await?;
    let http =
        Bare::new(server.announced("/endpoints/connect")?, "").authorization("ApiKey SU-111-222-333:bench");
    let began = Instant::now();
    for first in (0..arguments.stored).step_by(usize::try_from(BULK)?) {
        http.call(Method::POST, THINGS, &things(first, BULK.min(arguments.stored - first))).await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = arguments.stored as f64 / began.elapsed().as_secs_f64();
    say(&format!("connect, {} resources stored, {rate:.0}/s", arguments.stored));
    let alone = writes(&http, Duration::from_secs(3)).await?;
    for (what, query, limit) in QUESTIONS {
        question(arguments, &server, &http, (what, query, *limit), alone).await?;
    }
    server.stop().await
}

/// Asks in rounds, then once more beside a writer.
async fn question(
    arguments: &Arguments,
    server: &Server,
    http: &Bare,
    (what, query, limit): (&str, &str, Duration),
    alone: f64,
) -> Result<()> {
    let uri = http.uri(&format!("{THINGS}?{query}"))?;
    let pid = server.pid()?.to_string();
    let (mut times, mut spent) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let before = cpu(&pid)?;
        let began = Instant::now();
        let (status, body) = http.send(Method::GET, uri.clone(), Bytes::new()).await?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        spent.push(cpu(&pid)?.saturating_sub(before).as_secs_f64() * 1e3);
        if !status.is_success() {
            return Err(format!("{query}: {status}: {}", String::from_utf8_lossy(&body)).into());
        }
    }
    let time = median(&times);
    let verdict = at_most(time, limit.as_secs_f64() * 1e3);
    let mut beside = String::new();
    if limit >= Duration::from_secs(1) {
        let (reader, reading) = (http.clone(), Arc::new(AtomicBool::new(true)));
        let until = Arc::clone(&reading);
        let reads: JoinHandle<Result<()>> = tokio::spawn(async move {
            while until.load(Ordering::Relaxed) {
                reader.send(Method::GET, uri.clone(), Bytes::new()).await?;
            }
            Ok(())
        });
        let written = writes(http, Duration::from_secs(3)).await?;
        reading.store(false, Ordering::Relaxed);
        reads.await??;
        // A reader takes a core of its own, and the disk is shared: a write may wait for its turn, not for a question.
        let held = at_most(written, (alone * 3.0).max(20.0));
        beside =
            format!("; writes beside it take {written:.2} ms, alone {alone:.2} ms (not delayed: {held})");
    }
    let (limit, spent) = (limit.as_millis(), median(&spent));
    say(&format!(
        "connect, {what}: {time:.2} ms, {spent:.0} ms of a core (limit {limit} ms: {verdict}){beside}"
    ));
    Ok(())
}

/// Creates and removes resources for a while; the median of a write in milliseconds.
async fn writes(http: &Bare, span: Duration) -> Result<f64> {
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < span {
        let start = Instant::now();
        let made = http.call(Method::POST, "/others", &json!({"name": "x", "status": "draft"})).await?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
        let id = made["id"].as_str().ok_or("no id")?;
        http.call(Method::DELETE, &format!("/others/{id}"), &Value::Null).await?;
    }
    Ok(median(&times))
}

fn things(first: u64, count: u64) -> Value {
    let thing = |n: u64| {
        let status = match n % 3 {
            0 => "draft",
            1 => "published",
            _ => "retired",
        };
        json!({
            "name": format!("disk number {n} of shelf {}", n % 977),
            "status": status,
            "bucket": format!("B-{:05}", n / 1000),
            "size": n * 7919 % 10007,
            "note": format!("the quick brown fox {} jumps over the lazy dog number {}", n % 13, n % 101),
            "owner": {"id": format!("ACC-{}", n % 500), "name": format!("Company {}", n % 500)},
            "tags": [format!("x{}", n % 7), format!("y{}", n % 11)],
        })
    };
    (first..first + count).map(thing).collect()
}
