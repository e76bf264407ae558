//! `pentad bench ams`.

use std::hash::{BuildHasher, Hasher};

use clap::Args;
use pentad_ams::{Client, Message, NewSubscription, Pull};

use super::{Ams, Role, Run};
use crate::command::bench::{Load, Measured, Moved, VIEW, measure};
use crate::command::run::{self, Desk};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::Rows;
use crate::settings::Flags;

#[derive(Args, Debug)]
pub(crate) struct AmsBenchArgs {
    #[command(flatten)]
    flags: Flags<Ams>,
    #[command(flatten)]
    load: Load,
    /// Bytes of a message.
    #[arg(short, long, value_name = "BYTES", default_value_t = 1_000)]
    size: usize,
    /// Messages of a call.
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    batch: u32,
}

/// Publishes for the given time, then pulls and acknowledges for the given time or until nothing is left.
pub(crate) async fn run(args: AmsBenchArgs, desk: Desk<'_>) -> Result<Exit> {
    let given = args.flags.given.clone();
    run::run(Ams { role: None::<Role> }, &given, desk, async |run| bench(&args, run).await).await
}

async fn bench(args: &AmsBenchArgs, run: &mut Run<'_>) -> Result<Exit> {
    run.ready_for("ams.topic.create")?;
    let client = run.client(None).await?;
    let name = format!("pentad-bench-{:016x}", std::hash::RandomState::new().build_hasher().finish());
    run.output.note(&format!(
        "{} calls at a time, {} B x {} per call, against {}",
        args.load.concurrency,
        args.size,
        args.batch,
        run.values.endpoint().unwrap_or("the embedded server in this process")
    ));
    client.topic(&name).create().await?;
    let result = phases(args, &client, &name, run).await;
    // What was made for the measurement goes, whatever came of it.
    let subscription = client.subscription(&name).find().await;
    if matches!(subscription, Ok(Some(_))) {
        client.subscription(&name).delete().await?;
    }
    client.topic(&name).delete().await?;
    result
}

async fn phases(args: &AmsBenchArgs, client: &Client, name: &str, run: &mut Run<'_>) -> Result<Exit> {
    client.subscription(name).create(&NewSubscription::new(name)).await?;
    let mut published = publish(args, client, name).await?;
    if let Some(failure) = published.failed() {
        return Err(failure);
    }
    let mut rows = Rows::new(VIEW);
    rows.push(run.output, &published.row("publish"))?;
    let mut pulled = pull(args, client, name).await?;
    if let Some(failure) = pulled.failed() {
        return Err(failure);
    }
    rows.push(run.output, &pulled.row("pull+ack"))?;
    rows.finish(run.output)?;
    Ok(match published.exit() {
        Exit::Success => pulled.exit(),
        exit => exit,
    })
}

async fn publish(args: &AmsBenchArgs, client: &Client, name: &str) -> Result<Measured> {
    let topic = client.topic(name);
    // Bytes that neither compress nor repeat would cost time of their own; the service stores them as they are.
    let message = Message::new(vec![b'x'; args.size.max(1)]);
    let batch = vec![message; args.batch.max(1) as usize];
    measure(&args.load, async |_| {
        let sent = topic.publish(batch.clone()).await;
        Some(sent.map_err(Into::into).map(|ids| {
            let items = ids.len() as u64;
            Moved { items, bytes: items * args.size as u64 }
        }))
    })
    .await
}

/// A subscription has one delivery window, so one worker pulls; a call here is a pull and its acknowledgement.
async fn pull(args: &AmsBenchArgs, client: &Client, name: &str) -> Result<Measured> {
    let subscription = client.subscription(name);
    let load = Load { concurrency: 1, ..args.load.clone() };
    let most = args.batch.max(100);
    measure(&load, async |_| {
        let received = match subscription.pull(Pull::new(most)).await {
            Ok(received) => received,
            Err(error) => return Some(Err(error.into())),
        };
        let last = received.last()?.ack_id.clone();
        let acknowledged = subscription.ack(&[last]).await;
        let bytes = received.iter().map(|one| one.message.data().map_or(0, |data| data.len() as u64)).sum();
        Some(acknowledged.map_err(Into::into).map(|()| Moved { items: received.len() as u64, bytes }))
    })
    .await
}
