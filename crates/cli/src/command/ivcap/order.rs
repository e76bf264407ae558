//! `pentad ivcap order`.

use std::io::Write;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use futures_util::StreamExt;
use jiff::Timestamp;
use pentad_core::Work;
use pentad_ivcap::model::Order;
use pentad_ivcap::ops::ORDER_LOGS;
use pentad_ivcap::{Arguments, Client, NewOrder};

use super::query::Query;
use super::wait::{self, polling};
use super::{Run, complete, services};
use crate::args;
use crate::command::plan::{Effect, Paging, Plan};
use crate::command::run::value;
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// List the orders.
    List {
        #[command(flatten)]
        query: Query,
    },
    /// Place an order: its values are checked against the service's parameters first.
    Create(Create),
    /// Show an order.
    #[command(alias = "status")]
    Get {
        #[arg(add = ArgValueCompleter::new(complete::orders))]
        order: String,
    },
    /// Wait until an order has come to its end.
    Wait {
        #[arg(add = ArgValueCompleter::new(complete::orders))]
        order: String,
        /// Write what it writes (on stderr) meanwhile.
        #[arg(long)]
        follow_logs: bool,
    },
    /// Show what an order has written.
    Logs {
        #[arg(add = ArgValueCompleter::new(complete::orders))]
        order: String,
        /// Go on until the order has come to its end.
        #[arg(long, short)]
        follow: bool,
        /// Only what was written from this moment on, e.g. 2024-05-01T12:00.
        #[arg(long, value_name = "TIME", value_parser = super::time, conflicts_with = "follow")]
        from: Option<Timestamp>,
        /// Only what was written up to this moment.
        #[arg(long, value_name = "TIME", value_parser = super::time, conflicts_with = "follow")]
        to: Option<Timestamp>,
    },
    /// List what an order has produced.
    Products {
        #[arg(add = ArgValueCompleter::new(complete::orders))]
        order: String,
    },
    /// List what is said about an order.
    Metadata {
        #[arg(add = ArgValueCompleter::new(complete::orders))]
        order: String,
    },
    /// Show what the containers of an order use.
    Top {
        #[arg(add = ArgValueCompleter::new(complete::orders))]
        order: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The service.
    #[arg(add = ArgValueCompleter::new(complete::services))]
    service: String,
    /// Values for its parameters.
    #[arg(value_name = "NAME=VALUE", value_parser = args::attribute)]
    values: Vec<(String, String)>,
    /// What people call the order.
    #[arg(long)]
    name: Option<String>,
    /// Words to find it by.
    #[arg(long = "tag", value_name = "WORD")]
    tags: Vec<String>,
    /// Who may see it.
    #[arg(long, value_name = "URN")]
    policy: Option<String>,
    /// Wait until it has come to its end.
    #[arg(long)]
    wait: bool,
    /// Write what it writes (on stderr) meanwhile; implies --wait.
    #[arg(long)]
    follow_logs: bool,
}

const ORDER: View = View::of(&["id", "name", "status", "service", "ordered-at", "finished-at"]);
const PRODUCT: View = View::of(&["id", "name", "status", "mime-type", "size"]);

impl OrderCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { query } => {
                let asked = query.list();
                run.list(&query.paging(), |client| client.orders(asked.clone()), ORDER).await
            }
            Self::Create(create) => create.run(run).await,
            Self::Get { order } => {
                run.call(Effect::Read, |client| client.order(order.as_str()).get(), View::ALL).await
            }
            Self::Wait { order, follow_logs } => {
                if run.is_shown(&Effect::Read) {
                    return run.call(Effect::Read, |client| client.order(order.as_str()).get(), ORDER).await;
                }
                wait(run, &order, follow_logs).await
            }
            Self::Logs { order, follow: true, .. } => follow(run, &order).await,
            Self::Logs { order, from, to, .. } => logs(run, &order, from, to).await,
            Self::Products { order } => products(run, &order).await,
            Self::Metadata { order } => {
                let paging = super::pages(&Paging { limit: None, page_size: 50 });
                let list = |client: &Client| client.order(order.as_str()).metadata();
                run.list(&paging, list, super::metadata::RECORD).await
            }
            Self::Top { order } => {
                let plan = Plan::read("ivcap.order.top").arg("id", order);
                let view = View::of(&["container", "cpu", "memory", "storage", "ephemeral-storage"]);
                run.perform(plan.items("", view)).await
            }
        }
    }
}

impl Create {
    fn order(&self) -> NewOrder {
        let values = self.values.iter().fold(Arguments::new(), |all, (name, text)| all.text(name, text));
        let order = NewOrder::new(values);
        let order = self.name.iter().fold(order, |order, name| order.name(name));
        let order = self.policy.iter().fold(order, |order, urn| order.policy(urn));
        self.tags.iter().fold(order, |order, tag| order.tag(tag))
    }

    fn place(&self, client: &Client) -> Work<Order> {
        client.service(self.service.as_str()).place(self.order())
    }

    /// Shows what would be sent. Where reads may pass, the values are checked first, and sent as the service has them.
    async fn show(self, run: &mut Run<'_>) -> Result<Exit> {
        let (mut service, mut order) = (self.service.clone(), self.order());
        if run.global.language().is_none() {
            let client = run.client(None).await?;
            if !services::is_id(&service) {
                service = client.service_by_name(&service).await?.id;
            }
            order = order.checked(&client.service(service.as_str()).get().await?)?;
        }
        run.call(Effect::Change, |client| client.create_order(&service, order.clone()), ORDER).await
    }

    async fn run(mut self, run: &mut Run<'_>) -> Result<Exit> {
        if run.is_shown(&Effect::Change) {
            return self.show(run).await;
        }
        self.service = services::id(run, self.service).await?;
        if !(self.wait || self.follow_logs) {
            return run.work(Effect::Change, |client| self.place(client), ORDER).await;
        }
        let client = run.client(None).await?;
        if self.follow_logs {
            // Before anything is ordered: a dialect without logs cannot show them.
            ORDER_LOGS.route(client.dialect().api())?;
        }
        let placed = self.place(&client).await?;
        run.output.note(&format!("order {} is placed", placed.id));
        wait(run, &placed.id, self.follow_logs).await
    }
}

/// Waits, shows the order, and fails if the order did.
async fn wait(run: &mut Run<'_>, id: &str, follow_logs: bool) -> Result<Exit> {
    let order = run.client(None).await?.order(id);
    if follow_logs {
        let mut lines = order.follow_logs(polling());
        while let Some(line) = lines.next().await {
            writeln!(anstream::stderr(), "{}", line?)?;
        }
    }
    let ended = run.watched(run.output.progress("waiting"), order.finished(polling())).await?;
    let shown = wait::shown(run, &format!("order {id}"), &ended, &ended.status, None);
    shown.map_err(|failure| failure.hint(format!("pentad ivcap order logs {id}")))
}

fn log_plan(id: &str) -> Plan {
    Plan::read(ORDER_LOGS.id).arg("id", id)
}

async fn follow(run: &mut Run<'_>, id: &str) -> Result<Exit> {
    if run.is_shown(&Effect::Read) {
        return run.perform(log_plan(id)).await;
    }
    let mut lines = run.client(None).await?.order(id).follow_logs(polling());
    while let Some(line) = lines.next().await {
        run.output.text(&format!("{}\n", line?))?;
        run.output.flush()?;
    }
    Ok(Exit::Success)
}

async fn logs(run: &mut Run<'_>, id: &str, from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Exit> {
    if run.is_shown(&Effect::Read) {
        let second = |at: Option<Timestamp>| at.map(|at| at.as_second().to_string());
        return run.perform(log_plan(id).query("from", second(from)).query("to", second(to))).await;
    }
    let mut pieces = run.client(None).await?.order(id).logs(from, to).await?;
    while let Some(piece) = pieces.next().await {
        super::transfer::write_out(&piece?)?;
    }
    Ok(Exit::Success)
}

/// The old dialects say it with the order itself.
async fn products(run: &mut Run<'_>, id: &str) -> Result<Exit> {
    let client = run.client(None).await?;
    if client.dialect().is_old() {
        let order = client.order(id).get().await?;
        let rows = order.products.iter().map(value).collect::<Result<Vec<_>>>()?;
        run.output.list(&rows, PRODUCT)?;
        return Ok(Exit::Success);
    }
    let paging = super::pages(&Paging { limit: None, page_size: 50 });
    run.list(&paging, |client| client.order(id).products(pentad_ivcap::ListQuery::new()), PRODUCT).await
}
