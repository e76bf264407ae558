//! `pentad SERVICE call`: any operation by its id.

use std::path::PathBuf;

use clap::Args;
use pentad_core::Op;

use super::plan::Plan;
use crate::args;
use crate::failure::{Failure, Result};
use crate::settings::nearest;

/// Any operation by its id.
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// Id of the operation, e.g. ams.topic.get, or without the service and with underscores: topic_get.
    op: String,
    /// Variables of the path.
    #[arg(value_name = "NAME=VALUE", value_parser = args::attribute)]
    args: Vec<(String, String)>,
    /// Query parameters of the request.
    #[arg(id = "param", long = "param", value_name = "NAME=VALUE", value_parser = args::attribute)]
    query: Vec<(String, String)>,
    /// JSON document to send; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
}

/// Names with underscores are those of Zaqar's original client.
fn is_called(op: &Op, name: &str) -> bool {
    op.id == name || op.id.split_once('.').is_some_and(|(_, rest)| rest.replace('.', "_") == name)
}

impl CallArgs {
    /// What to send.
    ///
    /// # Errors
    /// A usage failure that names the nearest operation if there is none of this id.
    pub(crate) fn plan(self, ops: &'static [&'static Op]) -> Result<Plan> {
        let op = ops.iter().find(|op| is_called(op, &self.op)).ok_or_else(|| {
            let ids: Vec<_> = ops.iter().map(|op| op.id).collect();
            let failure = Failure::usage(
                format!("there is no operation `{}`", self.op),
                format!("known: {}", ids.join(", ")),
            );
            match nearest(&self.op, ids.iter().copied()) {
                Some(near) => failure.hint(format!("`{near}`")),
                None => failure,
            }
        })?;
        let body = self.body.as_deref().map(args::json_source).transpose()?;
        let reads = op.routes.iter().all(|(_, method, _)| *method == http::Method::GET);
        let plan = if reads { Plan::read(op.id) } else { Plan::change(op.id) };
        Ok(Plan { args: self.args, query: self.query, body, ..plan })
    }
}
