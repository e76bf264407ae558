//! `pentad zaqar message follow`.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_zaqar::{Follow, NewSubscription};
use serde_json::json;

use super::message::{MESSAGE, Which};
use super::{Run, complete};
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::{Rows, View};
use crate::signal;

#[derive(Args, Debug)]
pub(crate) struct FollowArgs {
    #[arg(add = ArgValueCompleter::new(complete::queues))]
    queue: String,
    #[command(flatten)]
    which: Which,
    /// Stop after this many.
    #[arg(short = 'n', long, value_name = "N")]
    max: Option<u64>,
}

impl FollowArgs {
    /// Shows messages as they come: by asking again and again, or as notifications where the endpoint is a websocket.
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        if run.is_shown(&Effect::Read) {
            let make = |client: &pentad_zaqar::Client| {
                client.queue(self.queue.as_str()).messages(self.which.query())
            };
            return run
                .list(&crate::command::plan::Paging { limit: None, page_size: 20 }, make, MESSAGE)
                .await;
        }
        let client = run.client(None).await?;
        let queue = client.queue(self.queue.as_str());
        let most = self.max.unwrap_or(u64::MAX);
        if client.websocket().is_some() {
            let feed = queue.listen(&NewSubscription::to_this_connection());
            let view = View::of(&["queue_name", "body", "ttl"]);
            return write(run, feed, view, most, |item| json!(item)).await;
        }
        let feed = queue.follow(Follow::new().query(self.which.query()));
        write(run, feed, MESSAGE, most, |item| json!(item)).await
    }
}

async fn write<T>(
    run: &mut Run<'_>,
    mut feed: pentad_core::Feed<T>,
    view: View,
    most: u64,
    row: impl Fn(&T) -> serde_json::Value,
) -> Result<Exit> {
    let mut rows = Rows::live(view);
    let mut stop = std::pin::pin!(signal::stop());
    let mut seen = 0;
    let exit = loop {
        if seen == most {
            break Exit::Success;
        }
        let item = tokio::select! {
            biased;
            exit = &mut stop => break exit,
            item = feed.next() => item,
        };
        let Some(item) = item else { break Exit::Success };
        rows.push(run.output, &row(&item?))?;
        run.output.flush()?;
        seen += 1;
    };
    feed.close().await?;
    rows.finish(run.output)?;
    Ok(exit)
}
