//! The cost of a pulled message while the topic grows: it must stay flat.

use bytes::Bytes;
use http::Method;
use pentad_benches::server::Server;
use pentad_benches::stats::{cpu, median};
use pentad_benches::{Result, say};
use serde_json::json;

use crate::arguments::Arguments;
use crate::serving::{Feed, messages};

const SIZE: usize = 100;
const FILL: usize = 1000;
const PULLS: usize = 300;
const PER_PULL: usize = 100;

/// Fills a topic step by step, ten times as much each time, and pulls from its middle after each step.
///
/// # Errors
/// When the server does not start or refuses a request.
pub(crate) async fn measure(arguments: &Arguments) -> Result<()> {
    let home = tempfile::tempdir()?;
    let data = home.path().display().to_string();
    let flags = ["--durability", "buffered", "--data", &data];
    let server = Server::start(Server::command(&arguments.binary, &flags)).await?;
    let feed = Feed::create(&server, "stored", 1).await?;
    let body = Bytes::from(messages(FILL, SIZE).to_string());
    let publish = feed.http.uri(&format!("{}:publish", feed.topic))?;
    let (mut stored, mut target, mut first) = (0_u64, 1000_u64, None);
    while target <= arguments.stored {
        while stored < target {
            let (status, _) = feed.http.send(Method::POST, publish.clone(), body.clone()).await?;
            if !status.is_success() {
                return Err(format!("a publish was answered {status}").into());
            }
            stored += FILL as u64;
        }
        let mut rounds = Vec::new();
        for _ in 0..arguments.rounds {
            rounds.push(pull_cost(&server, &feed, stored).await?);
        }
        let cost = median(&rounds);
        let base = *first.get_or_insert(cost);
        say(&format!(
            "server, {stored:>9} messages of {SIZE} bytes stored: {cost:.2} us a pulled message, {:.2} x the first",
            cost / base
        ));
        target *= 10;
    }
    server.stop().await
}

async fn pull_cost(server: &Server, feed: &Feed, stored: u64) -> Result<f64> {
    let pull = feed.pulls.first().ok_or("no subscription")?.clone();
    let move_to = pull.to_string().replace(":pull", ":modifyOffset").parse()?;
    let middle = Bytes::from(json!({"offset": stored / 2}).to_string());
    feed.http.send(Method::POST, move_to, middle).await?;
    let asked = json!({"maxMessages": PER_PULL.to_string(), "returnImmediately": "true"});
    let asked = Bytes::from(asked.to_string());
    let pid = server.pid()?.to_string();
    let before = cpu(&pid)?;
    for _ in 0..PULLS {
        feed.http.send(Method::POST, pull.clone(), asked.clone()).await?;
    }
    let spent = cpu(&pid)?.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "small constants")]
    let pulled = (PULLS * PER_PULL) as f64;
    Ok(spent.as_secs_f64() * 1e6 / pulled)
}
