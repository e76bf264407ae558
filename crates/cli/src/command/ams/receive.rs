//! `pentad ams pull`, `consume`, `ack` and `seek`.

use std::io::BufRead;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use pentad_core::Clock;
use pentad_transport::SystemClock;
use serde_json::{Value, json};

use super::Session;
use super::plan::Plan;
use super::subscription::zulu;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Rows, View};
use crate::signal;

#[derive(Args, Debug)]
pub(crate) struct PullArgs {
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
}

#[derive(Args, Debug)]
pub(crate) struct AckArgs {
    subscription: String,
    /// Ids as `pull` writes them, or bare offsets; `-` reads them from standard input. The highest one counts.
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SeekArgs {
    subscription: String,
    /// An offset, `begin`, `end`, or a time such as 2026-05-06T07:08:09Z.
    #[arg(value_parser = destination)]
    to: Destination,
}

#[derive(Args, Debug)]
pub(crate) struct TailArgs {
    pub(super) topic: String,
    /// So many of the last messages.
    #[arg(short = 'n', long, default_value_t = 10, value_name = "N")]
    pub(super) lines: u64,
    /// Go on with new messages, until Ctrl-C.
    #[arg(short, long)]
    pub(super) follow: bool,
}

/// Where to move a subscription.
#[derive(Clone, Copy, Debug)]
pub(super) enum Destination {
    Begin,
    End,
    Offset(i64),
    Time(jiff::Timestamp),
}

fn destination(text: &str) -> std::result::Result<Destination, String> {
    match text {
        "begin" => return Ok(Destination::Begin),
        "end" => return Ok(Destination::End),
        _ => {}
    }
    if let Ok(offset) = text.parse() {
        return Ok(Destination::Offset(offset));
    }
    text.parse().map(Destination::Time).map_err(|_| "expected an offset, `begin`, `end` or a time".to_owned())
}

/// Columns of a message.
pub(super) const MESSAGE: View =
    View { columns: &["messageId", "publishTime", "attributes", "text"], value: "text" };

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
pub(super) async fn pull(args: PullArgs, session: &mut Session<'_>) -> Result<Exit> {
    let plan = pull_plan(&args.subscription, args.max, args.wait);
    if session.shown(&plan)? {
        return Ok(Exit::Success);
    }
    let messages = received(session.send(&plan).await?);
    let rows: Vec<_> = messages.iter().map(flat).collect();
    session.output.list(&rows, MESSAGE)?;
    if args.ack {
        acknowledge(session, &args.subscription, &messages).await?;
    }
    Ok(Exit::Success)
}

/// The messages of a pull.
pub(super) fn received(mut answer: Value) -> Vec<Value> {
    answer["receivedMessages"].as_array_mut().map(std::mem::take).unwrap_or_default()
}

/// Acknowledges messages that were written: the last one stands for all.
async fn acknowledge(session: &mut Session<'_>, subscription: &str, messages: &[Value]) -> Result<()> {
    let Some(last) = messages.last() else { return Ok(()) };
    session.send(&ack_plan(subscription, &json!([last["ackId"]]))).await.map(drop)
}

/// Receives, writes and acknowledges, in that order: what was not written comes again.
pub(super) async fn consume(args: ConsumeArgs, session: &mut Session<'_>) -> Result<Exit> {
    let plan = pull_plan(&args.subscription, args.batch, false);
    if session.shown(&plan)? {
        return Ok(Exit::Success);
    }
    let left = args.max.unwrap_or(u64::MAX);
    flow(session, &args.subscription, Flow { left, follow: args.follow, batch: args.batch }).await
}

/// How far a flow of messages goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    pub(super) left: u64,
    pub(super) follow: bool,
    pub(super) batch: u32,
}

/// Writes messages as they come. A signal ends it between two batches, so that what was written is acknowledged.
pub(super) async fn flow(session: &mut Session<'_>, subscription: &str, flow: Flow) -> Result<Exit> {
    let mut left = flow.left;
    let mut pause = Pause::new();
    let stop = signal::stop();
    let mut stop = std::pin::pin!(stop);
    let progress = session.output.progress("received");
    let mut rows = Rows::live(MESSAGE);
    let exit = loop {
        let batch = u32::try_from(left).unwrap_or(u32::MAX).min(flow.batch);
        if batch == 0 {
            break Exit::Success;
        }
        let plan = pull_plan(subscription, batch, false);
        let answer = tokio::select! {
            biased;
            exit = &mut stop => break exit,
            answer = session.send(&plan) => answer?,
        };
        let messages = received(answer);
        for message in &messages {
            rows.push(session.output, &flat(message))?;
        }
        acknowledge(session, subscription, &messages).await?;
        progress.add(messages.len() as u64);
        left -= messages.len() as u64;
        if !messages.is_empty() {
            pause.reset();
        } else if !flow.follow {
            break Exit::Success;
        } else {
            tokio::select! {
                biased;
                exit = &mut stop => break exit,
                () = pause.wait() => {}
            }
        }
    };
    progress.done();
    rows.finish(session.output)?;
    Ok(exit)
}

/// Pauses between pulls that found nothing: short at first, never long.
#[derive(Debug)]
struct Pause(Duration);

impl Pause {
    const fn new() -> Self {
        Self(Duration::from_millis(50))
    }

    fn reset(&mut self) {
        *self = Self::new();
    }

    async fn wait(&mut self) {
        let time = self.0;
        self.0 = (time * 2).min(Duration::from_secs(1));
        SystemClock.sleep(time).await;
    }
}

/// Acknowledges ids.
pub(super) async fn ack(args: AckArgs, session: &mut Session<'_>) -> Result<Exit> {
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
    let full = format!("projects/{}/subscriptions/{}:", session.project_name(), args.subscription);
    let ids: Vec<_> = ids
        .into_iter()
        .map(|id| if id.parse::<i64>().is_ok() { format!("{full}{id}") } else { id })
        .collect();
    let note = format!("acknowledged {}", args.subscription);
    session.perform(ack_plan(&args.subscription, &json!(ids)).done(note)).await?;
    Ok(Exit::Success)
}

/// Moves a subscription.
pub(super) async fn seek(args: SeekArgs, session: &mut Session<'_>) -> Result<Exit> {
    let name = args.subscription;
    let lookup = match args.to {
        Destination::Offset(offset) => return to_offset(session, &name, offset).await,
        Destination::Begin | Destination::End => {
            Plan::read("ams.subscription.offsets").arg("subscription", &*name)
        }
        Destination::Time(time) => Plan::read("ams.subscription.time_to_offset")
            .arg("subscription", &*name)
            .query("time", Some(zulu(time))),
    };
    if session.shown(&lookup)? {
        return Ok(Exit::Success);
    }
    let answer = session.send(&lookup).await?;
    let key = match args.to {
        Destination::Begin => "min",
        Destination::End => "max",
        _ => "offset",
    };
    let offset = answer[key].as_i64().ok_or_else(|| {
        Failure::new(
            Exit::Server,
            "decode",
            format!("cannot move {name}"),
            format!("the answer has no `{key}`"),
        )
    })?;
    to_offset(session, &name, offset).await
}

async fn to_offset(session: &mut Session<'_>, name: &str, offset: i64) -> Result<Exit> {
    session.perform(seek_plan(name, offset)).await.map(|()| Exit::Success)
}

/// Moves a subscription to an offset.
pub(super) fn seek_plan(name: &str, offset: i64) -> Plan {
    Plan::change("ams.subscription.modify_offset")
        .arg("subscription", name)
        .body(json!({"offset": offset}))
        .done(format!("{name} is at {offset}"))
}
