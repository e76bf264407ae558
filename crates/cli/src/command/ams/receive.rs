//! `pentad ams pull`, `consume`, `ack` and `seek`.

use std::io::BufRead;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_ams::{Consume, Delivery, Message, Seek, Subscription};
use pentad_core::BoxFuture;
use serde_json::{Value, json};

use super::{Run, complete, project};
use crate::command::exec::ExecArgs;
use crate::command::flow::{Messages, Reach, flow};
use crate::command::plan::{Effect, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Args, Debug)]
pub(crate) struct PullArgs {
    #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
    subscription: String,
    /// Most messages to receive.
    #[arg(short = 'n', long, default_value_t = 1, value_name = "N")]
    max: u32,
    /// Wait up to 300 s until that many are there.
    #[arg(long)]
    wait: bool,
    /// Acknowledge them when they are written.
    #[arg(long)]
    ack: bool,
}

#[derive(Args, Debug)]
pub(crate) struct ConsumeArgs {
    #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
    subscription: String,
    /// Wait for more when none is left, until Ctrl-C.
    #[arg(short, long)]
    follow: bool,
    /// Stop after this many.
    #[arg(short = 'n', long, value_name = "N")]
    max: Option<u64>,
    /// Receive so many at a time.
    #[arg(long, default_value_t = 100, value_name = "N")]
    batch: u32,
    #[command(flatten)]
    exec: ExecArgs,
}

#[derive(Args, Debug)]
pub(crate) struct AckArgs {
    #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
    subscription: String,
    /// Ids as `pull` writes them, or bare offsets; `-` reads them from standard input. The highest one counts.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SeekArgs {
    #[arg(add = ArgValueCompleter::new(complete::subscriptions))]
    subscription: String,
    /// An offset, `begin`, `end`, or a time such as 2026-05-06T07:08:09Z.
    #[arg(value_parser = destination)]
    to: Seek,
}

fn destination(text: &str) -> std::result::Result<Seek, String> {
    match text {
        "begin" => return Ok(Seek::Begin),
        "end" => return Ok(Seek::End),
        _ => {}
    }
    if let Ok(offset) = text.parse() {
        return Ok(Seek::Offset(offset));
    }
    text.parse().map(Seek::Time).map_err(|_| "expected an offset, `begin`, `end` or a time".to_owned())
}

/// Columns of a message.
pub(super) const MESSAGE: View =
    View { columns: &["messageId", "publishTime", "attributes", "text"], value: "text", ..View::ALL };

/// One received message, flat: what the service sent, and the text where the data is text.
fn flat(received: &Value) -> Value {
    let message = &received["message"];
    let data = message["data"].as_str().unwrap_or_default();
    let text = BASE64_STANDARD.decode(data).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let mut flat = json!({
        "ackId": received["ackId"],
        "messageId": message["messageId"],
        "publishTime": message["publishTime"],
        "attributes": message.get("attributes").cloned().unwrap_or_else(|| json!({})),
        "data": data,
    });
    if let Some(text) = text {
        flat["text"] = json!(text);
    }
    flat
}

fn pull_plan(subscription: &str, max: u32, wait: bool) -> Plan {
    let body = json!({"maxMessages": max.to_string(), "returnImmediately": (!wait).to_string()});
    // Not a change of what the service keeps, and `--dry-run` should not open a delivery either.
    Plan::change("ams.subscription.pull").arg("subscription", subscription).body(body)
}

fn ack_plan(subscription: &str, ids: &Value) -> Plan {
    Plan::change("ams.subscription.ack").arg("subscription", subscription).body(json!({"ackIds": ids}))
}

/// Receives once.
pub(super) async fn pull(args: PullArgs, run: &mut Run<'_>) -> Result<Exit> {
    let plan = pull_plan(&args.subscription, args.max, args.wait);
    if run.shown(&plan)? {
        return Ok(Exit::Success);
    }
    let mut answer = run.send(&plan).await?;
    let messages = answer["receivedMessages"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let rows: Vec<_> = messages.iter().map(flat).collect();
    run.output.list(&rows, MESSAGE)?;
    if let (true, Some(last)) = (args.ack, messages.last()) {
        // The last one stands for all.
        run.send(&ack_plan(&args.subscription, &json!([last["ackId"]]))).await?;
    }
    Ok(Exit::Success)
}

/// Receives, writes or hands on, and acknowledges, in that order: what was not handled comes again.
pub(super) async fn consume(args: ConsumeArgs, run: &mut Run<'_>) -> Result<Exit> {
    if run.shown(&pull_plan(&args.subscription, args.batch, false))? {
        return Ok(Exit::Success);
    }
    let reach = Reach { view: MESSAGE, max: args.max, follow: args.follow, exec: args.exec };
    receive(run, &args.subscription, args.batch, reach).await
}

/// Lets the messages of a subscription flow.
pub(super) async fn receive(run: &mut Run<'_>, subscription: &str, batch: u32, reach: Reach) -> Result<Exit> {
    let subscription = run.client(None).await?.subscription(subscription);
    let most = reach.max.and_then(|max| u32::try_from(max).ok()).unwrap_or(u32::MAX);
    let mut options = Consume::new().batch(batch.min(most));
    if reach.exec.exec.is_some() {
        // Commands are slow: what waits for them should not wait longer than it must.
        options = options.max_in_flight(reach.exec.parallel.max(1) * 2);
    }
    let messages = Received { subscription: subscription.clone() };
    let feed = subscription.consume(options);
    flow(messages, feed, reach, run.output, async |seen| {
        let offsets = subscription.offsets().await?;
        Ok(offsets.max <= offsets.current.max(seen.map_or(0, |seen| seen + 1)))
    })
    .await
}

/// Messages of one subscription.
struct Received {
    subscription: Subscription,
}

impl Received {
    fn ack_id(&self, offset: i64) -> String {
        self.subscription.ack_id(offset).map(|id| id.to_string()).unwrap_or_default()
    }
}

fn bytes(message: &Message) -> Bytes {
    message.data_lenient().unwrap_or_else(|_| Bytes::from(message.wire_data()))
}

impl Messages for Received {
    type Item = Delivery;

    fn row(&self, item: &Delivery) -> Value {
        let message = item.message();
        let mut row = json!({
            "ackId": self.ack_id(item.offset()),
            "messageId": message.id(),
            "publishTime": message.publish_time().map(|time| time.to_string()),
            "attributes": message.attributes(),
            "data": message.wire_data(),
        });
        if let Ok(text) = std::str::from_utf8(&bytes(message)) {
            row["text"] = json!(text);
        }
        row
    }

    fn data(&self, item: &Delivery) -> Bytes {
        bytes(item.message())
    }

    fn variables(&self, item: &Delivery) -> Vec<(String, String)> {
        let message = item.message();
        let time = message.publish_time().map_or_else(String::new, |time| time.to_string());
        let mut variables = vec![
            ("PENTAD_MESSAGE_ID".to_owned(), message.id().unwrap_or_default().to_owned()),
            ("PENTAD_MESSAGE_ACK_ID".to_owned(), self.ack_id(item.offset())),
            ("PENTAD_MESSAGE_TIME".to_owned(), time),
            ("PENTAD_MESSAGE_ATTEMPT".to_owned(), item.attempt().to_string()),
            ("PENTAD_MESSAGE_ATTRIBUTES".to_owned(), json!(message.attributes()).to_string()),
        ];
        // Neither name nor value may hold a zero byte, and a name no equals sign.
        variables.retain(|(_, value)| !value.contains('\0'));
        variables
    }

    fn position(&self, item: &Delivery) -> Option<i64> {
        Some(item.offset())
    }

    fn finish(&self, item: Delivery) -> BoxFuture<'static, pentad_core::Result<()>> {
        Box::pin(item.ack())
    }

    fn give_back(&self, item: Delivery) -> BoxFuture<'static, pentad_core::Result<()>> {
        Box::pin(item.release())
    }

    fn leave(&self, item: Delivery) -> BoxFuture<'static, pentad_core::Result<()>> {
        item.set_aside();
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Acknowledges ids.
pub(super) async fn ack(args: AckArgs, run: &mut Run<'_>) -> Result<Exit> {
    let mut ids = Vec::new();
    for id in &args.ids {
        if id == "-" {
            for line in std::io::stdin().lock().lines() {
                ids.extend(line?.split_whitespace().map(str::to_owned));
            }
        } else {
            ids.push(id.clone());
        }
    }
    if ids.is_empty() {
        return Err(Failure::usage("nothing to acknowledge", "standard input holds no id"));
    }
    let full = format!("projects/{}/subscriptions/{}:", project(run), args.subscription);
    let ids: Vec<_> = ids
        .into_iter()
        .map(|id| if id.parse::<i64>().is_ok() { format!("{full}{id}") } else { id })
        .collect();
    let note = format!("acknowledged {}", args.subscription);
    run.perform(ack_plan(&args.subscription, &json!(ids)).done(note)).await
}

/// Moves a subscription.
pub(super) async fn seek(args: SeekArgs, run: &mut Run<'_>) -> Result<Exit> {
    let SeekArgs { subscription: name, to } = args;
    let note = |position: &i64| format!("{name} is at {position}");
    run.tell_work(Effect::Change, |client| client.subscription(&name).seek(to), note).await
}
