//! Zaqar: posts, claims with deletion, and lists at 1, 8 and 64 connections, beside a real Zaqar where one is given; and
//! what a claim costs while the queue grows.
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

/// How long one point is measured in one round.
const SPAN: Duration = Duration::from_millis(1500);
/// Bytes of a body.
const BODY: usize = 100;
const CLIENT: &str = "5b0f6c1e4f0a4d0e9a550c1d2e3f4a5b";
/// Claims that one measurement of their cost makes.
const CLAIMS: u32 = 400;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Messages of this number in one request.
    Post(usize),
    /// Ten messages claimed and deleted in one call.
    Claim,
    /// Pages of ten.
    List,
}

impl Work {
    const ALL: [Self; 4] = [Self::Post(1), Self::Post(10), Self::Claim, Self::List];

    const fn name(self) -> &'static str {
        match self {
            Self::Post(1) => "post 1",
            Self::Post(_) => "post 10",
            Self::Claim => "claim 10 + delete",
            Self::List => "list 10",
        }
    }
}

/// Measures every durability, each beside the peer in the same rounds.
///
/// # Errors
/// When a server does not start or refuses a request.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    for durability in ["buffered", "durable"] {
        let home = tempfile::tempdir()?;
        let data = home.path().display().to_string();
        let server =
            Server::start(Server::command(&arguments.binary, &["--durability", durability, "--data", &data]))
                .await?;
        let ours = server.announced("/endpoints/zaqar")?.to_owned();
        for connections in [1, 8, 64] {
            for work in Work::ALL {
                compare(arguments, &ours, durability, connections, work).await?;
            }
        }
        if durability == "buffered" {
            grow(arguments, &server, &ours).await?;
        }
        server.stop().await?;
    }
    Ok(())
}

async fn compare(
    arguments: &Arguments,
    ours: &str,
    durability: &str,
    connections: usize,
    work: Work,
) -> Result<()> {
    let (mut own, mut peer, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        let queue = format!("/v2/queues/bench-{durability}-{connections}-{round}");
        let rate = point(ours, &queue, connections, work).await?;
        own.push(rate);
        if let Some(url) = &arguments.zaqar {
            let other = point(url, &queue, connections, work).await?;
            peer.push(other);
            ratios.push(rate / other.max(f64::EPSILON));
        }
    }
    let beside = match ratios.is_empty() {
        true => String::new(),
        false => format!(", the real one {:>6.0}: {:.1} times", median(&peer), median(&ratios)),
    };
    say(&format!(
        "zaqar, {durability:<8} {connections:>2} connections, {:<17}: {:>7.0} messages/s{beside}",
        work.name(),
        median(&own)
    ));
    Ok(())
}

fn http(base: &str) -> Bare {
    Bare::project(base, "bench", CLIENT)
}

fn posted(count: usize) -> Bytes {
    let message = json!({"ttl": 3600, "body": "x".repeat(BODY)});
    json!({"messages": vec![message; count]}).to_string().into()
}

/// Messages in a second.
async fn point(base: &str, queue: &str, connections: usize, work: Work) -> Result<f64> {
    let http = http(base);
    http.call(Method::DELETE, queue, &Value::Null).await?;
    http.call(Method::PUT, queue, &Value::Null).await?;
    if work == Work::List {
        http.send(Method::POST, http.uri(&format!("{queue}/messages"))?, posted(20)).await?;
    }
    if work == Work::Claim {
        stock(&http, queue, connections).await?;
    }
    let (mut tasks, begin) = (JoinSet::new(), Instant::now());
    for _ in 0..connections {
        tasks.spawn(until(begin + SPAN, http.clone(), queue.to_owned(), work));
    }
    let mut messages = 0;
    while let Some(ended) = tasks.join_next().await {
        messages += ended??;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let rate = messages as f64 / begin.elapsed().as_secs_f64();
    Ok(rate)
}

/// Fills a queue with what the claimers of one round can take, at most.
async fn stock(http: &Bare, queue: &str, connections: usize) -> Result<()> {
    let (uri, body) = (http.uri(&format!("{queue}/messages"))?, posted(20));
    let (mut tasks, end) = (JoinSet::new(), Instant::now() + SPAN * 2);
    for _ in 0..connections.clamp(4, 16) {
        let (http, uri, body) = (http.clone(), uri.clone(), body.clone());
        tasks.spawn(async move {
            while Instant::now() < end {
                send(&http, Method::POST, uri.clone(), body.clone()).await?;
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

async fn send(http: &Bare, method: Method, uri: Uri, body: Bytes) -> Result<Bytes> {
    let (status, answer) = http.send(method, uri.clone(), body).await?;
    if status.is_success() {
        return Ok(answer);
    }
    Err(format!("{uri}: {status}: {}", String::from_utf8_lossy(&answer)).into())
}

async fn until(end: Instant, http: Bare, queue: String, work: Work) -> Result<u64> {
    let mut messages = 0;
    let claims = http.uri(&format!("{queue}/claims?limit=10"))?;
    let posts = http.uri(&format!("{queue}/messages"))?;
    let lists = http.uri(&format!("{queue}/messages?echo=true&limit=10"))?;
    let terms = Bytes::from_static(b"{\"ttl\": 300, \"grace\": 60}");
    while Instant::now() < end {
        messages += match work {
            Work::Post(count) => {
                send(&http, Method::POST, posts.clone(), posted(count)).await?;
                count as u64
            }
            Work::List => {
                send(&http, Method::GET, lists.clone(), Bytes::new()).await?;
                10
            }
            Work::Claim => {
                let answer = send(&http, Method::POST, claims.clone(), terms.clone()).await?;
                let ids = ids(&answer)?;
                if ids.is_empty() {
                    // The stock is gone: what was done until then counts.
                    return Ok(messages);
                }
                let uri = http.uri(&format!("{queue}/messages?ids={}", ids.join(",")))?;
                send(&http, Method::DELETE, uri, Bytes::new()).await?;
                ids.len() as u64
            }
        };
    }
    Ok(messages)
}

fn ids(answer: &[u8]) -> Result<Vec<String>> {
    if answer.is_empty() {
        return Ok(Vec::new());
    }
    let answer: Value = serde_json::from_slice(answer)?;
    let messages = answer["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(messages.iter().filter_map(|message| message["id"].as_str().map(str::to_owned)).collect())
}

/// The processor time of the server per claim while the queue grows tenfold each step.
async fn grow(arguments: &Arguments, server: &Server, base: &str) -> Result<()> {
    let http = http(base);
    let queue = "/v2/queues/bench-grows";
    http.call(Method::PUT, queue, &Value::Null).await?;
    let (posts, claims) = (http.uri(&format!("{queue}/messages"))?, format!("{queue}/claims?limit=1"));
    let (mut there, mut size) = (0, 1000_u64);
    while size <= arguments.stored {
        while there < size {
            send(&http, Method::POST, posts.clone(), posted(20)).await?;
            there += 20;
        }
        let before = cpu(&server.pid()?.to_string())?;
        for _ in 0..CLAIMS {
            http.call(Method::POST, &claims, &json!({"ttl": 43_200, "grace": 60})).await?;
        }
        let spent = cpu(&server.pid()?.to_string())?.saturating_sub(before);
        say(&format!(
            "zaqar, {size:>8} messages in the queue: {:.0} us of the server a claim",
            spent.as_secs_f64() * 1e6 / f64::from(CLAIMS)
        ));
        size *= 10;
    }
    Ok(())
}
