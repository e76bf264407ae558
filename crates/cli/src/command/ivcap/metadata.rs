//! `pentad ivcap metadata` and `pentad ivcap aspect`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use pentad_ivcap::{Client, NewRecord, RecordChange, RecordQuery};
use serde_json::Value;

use super::{Run, time};
use crate::args;
use crate::command::plan::{Effect, Paging};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum MetadataCommand {
    /// Find what is said about things, now or at a past moment.
    #[command(visible_alias = "list")]
    Search(Search),
    /// Say something about a thing.
    Add(Said),
    /// Say something about a thing in place of what was said with the same schema.
    Update(Said),
    /// Show one record, also one that was taken back.
    Get { record: String },
    /// Take one record back and say something else.
    Replace {
        record: String,
        #[command(flatten)]
        aspect: Aspect,
        /// Another thing that it is about.
        #[arg(long, value_name = "URN")]
        entity: Option<String>,
        /// Another schema.
        #[arg(long, value_name = "URN")]
        schema: Option<String>,
    },
    /// Take one record back: from now on it does not hold.
    #[command(visible_alias = "delete")]
    Retract { record: String },
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// Only what is about this.
    #[arg(long, short, value_name = "URN")]
    entity: Option<String>,
    /// Only schemas that begin like this; % stands for anything.
    #[arg(long, short, value_name = "PREFIX")]
    schema: Option<String>,
    /// Only what this JSON path finds something in, e.g. '$.images[*] ? (@.size > 10000)'.
    #[arg(long, short, value_name = "PATH")]
    path: Option<String>,
    /// Only what fits this expression.
    #[arg(long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// In the order of this field.
    #[arg(long, value_name = "FIELD")]
    order_by: Option<String>,
    /// From large to small (the newest first without --order-by).
    #[arg(long, conflicts_with = "asc")]
    desc: bool,
    /// From small to large.
    #[arg(long)]
    asc: bool,
    /// What held at this moment, e.g. 2024-05-01.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    #[command(flatten)]
    paging: Paging,
}

/// Something that is said.
#[derive(Debug, Args)]
pub(crate) struct Aspect {
    /// What is said.
    #[arg(value_name = "JSON", required_unless_present = "file")]
    aspect: Option<String>,
    /// Read it from this file, or from standard input for `-`.
    #[arg(short, long, value_name = "FILE", conflicts_with = "aspect")]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Said {
    /// What it is about.
    entity: String,
    #[command(flatten)]
    aspect: Aspect,
    /// The schema; what "$schema" in it says without this.
    #[arg(long, short, value_name = "URN")]
    schema: Option<String>,
    /// Who may see it.
    #[arg(long, value_name = "URN")]
    policy: Option<String>,
}

pub(super) const RECORD: View = View::of(&["id", "entity", "schema", "valid-from", "content"]);
const ADDED: View = View::of(&["id", "entity", "schema"]);

impl Aspect {
    fn read(self) -> Result<Value> {
        match (self.aspect, self.file) {
            (Some(text), _) => serde_json::from_str(&text)
                .map_err(|error| Failure::usage("cannot read what is said", error.to_string())),
            (None, Some(file)) => args::json_source(&file),
            (None, None) => Err(Failure::usage("nothing is said", "give a JSON document, or --file")),
        }
    }
}

impl Said {
    fn record(self) -> Result<NewRecord> {
        let record = NewRecord::new(self.entity, self.aspect.read()?);
        let record = self.schema.into_iter().fold(record, NewRecord::schema);
        Ok(self.policy.into_iter().fold(record, NewRecord::policy))
    }
}

impl Search {
    fn query(&self) -> RecordQuery {
        let query = RecordQuery::new();
        let query = self.entity.iter().fold(query, |query, urn| query.entity(urn));
        let query = self.schema.iter().fold(query, |query, prefix| query.schema(prefix));
        let query = self.path.iter().fold(query, |query, path| query.path(path));
        let query = self.filter.iter().fold(query, |query, filter| query.filter(filter));
        let query = self.order_by.iter().fold(query, |query, field| query.order_by(field));
        let query = self.at.into_iter().fold(query, RecordQuery::at);
        if self.desc || self.asc { query.descending(self.desc) } else { query }
    }
}

impl MetadataCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Search(search) => {
                let query = search.query();
                let list = |client: &Client| client.metadata(query.clone());
                run.list(&super::pages(&search.paging), list, RECORD).await
            }
            Self::Add(said) => {
                let record = said.record()?;
                run.call(Effect::Change, |client| client.add_metadata(record.clone()), ADDED).await
            }
            Self::Update(said) => {
                let record = said.record()?;
                run.call(Effect::Change, |client| client.update_metadata(record.clone()), ADDED).await
            }
            Self::Get { record } => {
                run.call(Effect::Read, |client| client.record(record.as_str()).get(), View::ALL).await
            }
            Self::Replace { record, aspect, entity, schema } => {
                let aspect = aspect.read()?;
                let change = entity.into_iter().fold(RecordChange::new(), RecordChange::entity);
                let change = schema.into_iter().fold(change, RecordChange::schema);
                let make = |client: &Client| client.record(record.as_str()).update(&aspect, change.clone());
                run.call(Effect::Change, make, View::of(&["id"])).await
            }
            Self::Retract { record } => {
                let effect = Effect::Destroy(format!("retract {record}"));
                let note = format!("retracted {record}");
                run.tell(effect, |client| client.record(record.as_str()).retract(), &note).await
            }
        }
    }
}
