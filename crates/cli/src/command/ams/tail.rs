//! `pentad ams tail`: the service reads through subscriptions only, so one is made and removed again.

use std::hash::{BuildHasher, Hasher};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use serde_json::json;

use super::receive::{self, MESSAGE};
use super::{Run, complete, project};
use crate::command::exec::ExecArgs;
use crate::command::flow::Reach;
use crate::command::plan::Plan;
use crate::exit::Exit;
use crate::failure::Result;

#[derive(Args, Debug)]
pub(crate) struct TailArgs {
    #[arg(add = ArgValueCompleter::new(complete::topics))]
    topic: String,
    /// So many of the last messages.
    #[arg(short = 'n', long, default_value_t = 10, value_name = "N")]
    lines: u64,
    /// Go on with new messages, until Ctrl-C.
    #[arg(short, long)]
    follow: bool,
}

/// Shows the last messages of a topic, and with `--follow` the next ones.
pub(super) async fn run(args: TailArgs, run: &mut Run<'_>) -> Result<Exit> {
    let name = format!("pentad-tail-{:016x}", std::hash::RandomState::new().build_hasher().finish());
    let create = Plan::change("ams.subscription.create")
        .arg("subscription", &*name)
        .body(json!({"topic": format!("projects/{}/topics/{}", project(run), args.topic)}));
    if run.shown(&create)? {
        return Ok(Exit::Success);
    }
    run.send(&create).await?;
    let result = read(&args, &name, run).await;
    let delete = Plan::delete("ams.subscription.delete", &name).arg("subscription", &*name);
    let removed = run.send(&delete).await;
    let exit = result?;
    removed.map(|_| exit)
}

async fn read(args: &TailArgs, name: &str, run: &mut Run<'_>) -> Result<Exit> {
    let subscription = run.client(None).await?.subscription(name);
    let offsets = subscription.offsets().await?;
    let back = i64::try_from(args.lines).unwrap_or(i64::MAX);
    let from = offsets.max.saturating_sub(back).max(offsets.min);
    subscription.modify_offset(from).await?;
    let there = u64::try_from(offsets.max - from).unwrap_or(0);
    let max = (!args.follow).then_some(there);
    let reach = Reach { view: MESSAGE, max, follow: args.follow, exec: ExecArgs::default() };
    receive::receive(run, name, 100, reach).await
}
