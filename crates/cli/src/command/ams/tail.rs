//! `pentad ams tail`: the service reads through subscriptions only, so one is made and removed again.

use std::hash::{BuildHasher, Hasher};

use serde_json::json;

use super::Session;
use super::plan::Plan;
use super::receive::{self, Flow, TailArgs};
use crate::exit::Exit;
use crate::failure::Result;

/// Shows the last messages of a topic, and with `--follow` the next ones.
pub(super) async fn run(args: TailArgs, session: &mut Session<'_>) -> Result<Exit> {
    let name = format!("pentad-tail-{:016x}", std::hash::RandomState::new().build_hasher().finish());
    let project = session.project_name();
    let create = Plan::change("ams.subscription.create")
        .arg("subscription", &*name)
        .body(json!({"topic": format!("projects/{project}/topics/{}", args.topic)}));
    if session.shown(&create)? {
        return Ok(Exit::Success);
    }
    session.send(&create).await?;
    let result = read(&args, &name, session).await;
    let delete = Plan::delete("ams.subscription.delete", &name).arg("subscription", &*name);
    let removed = session.send(&delete).await;
    let exit = result?;
    removed.map(|_| exit)
}

async fn read(args: &TailArgs, name: &str, session: &mut Session<'_>) -> Result<Exit> {
    let offsets = session.send(&Plan::read("ams.subscription.offsets").arg("subscription", name)).await?;
    let (min, max) = (offsets["min"].as_i64().unwrap_or(0), offsets["max"].as_i64().unwrap_or(0));
    let back = i64::try_from(args.lines).unwrap_or(i64::MAX);
    let from = max.saturating_sub(back).max(min);
    session.send(&receive::seek_plan(name, from)).await?;
    let there = u64::try_from(max - from).unwrap_or(0);
    let left = if args.follow { u64::MAX } else { there };
    receive::flow(session, name, Flow { left, follow: args.follow, batch: 100 }).await
}
