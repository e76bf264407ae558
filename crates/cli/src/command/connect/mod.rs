//! `pentad connect`: the CloudBlue Connect API, by path.

mod bulk;
mod complete;
mod filter;
mod payload;
pub(crate) mod service;
pub(crate) mod tour;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use futures_util::{StreamExt, stream};
use pentad_connect::openapi::Role;
use pentad_connect::{Answer, Client, Payload, ResourceSet};
use pentad_core::Call;
use pentad_core::message::ByteStream;
use serde_json::Value;

use self::filter::Condition;
use self::payload::Document;
pub(crate) use self::service::{Connect, TABLE};
use super::call::CallArgs;
use super::plan::{Effect, Paging};
use super::run::{self, Desk};
use super::service::Service;
use super::show::Upload;
use crate::args;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;
use crate::settings::Flags;

/// Tables leave out who created and changed a resource, and when: `--columns` has it.
const SHOWN: View = View::without(&["events"]);

/// One Connect command on its way.
type Run<'a> = run::Run<'a, Connect>;

/// Arguments of `pentad connect`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub(crate) struct ConnectArgs {
    #[command(flatten)]
    flags: Flags<Connect>,
    #[command(subcommand)]
    command: ConnectCommand,
}

#[derive(Debug, Subcommand)]
enum ConnectCommand {
    /// Show a resource: products/PRD-000-000-001.
    Get {
        /// Path of the resource.
        #[arg(add = ArgValueCompleter::new(complete::paths))]
        path: String,
        /// Show these fields only; dots lead into objects.
        #[arg(long, value_name = "FIELD", value_delimiter = ',')]
        values: Vec<String>,
    },
    /// List the resources of a collection.
    List(ListArgs),
    /// Count the resources of a collection.
    Count {
        /// Path of the collection.
        #[arg(add = ArgValueCompleter::new(complete::paths))]
        path: String,
        #[command(flatten)]
        query: QueryArgs,
    },
    /// Create a resource in a collection; a JSON list creates several, files are uploaded with the fields.
    Create {
        /// Path of the collection.
        #[arg(add = ArgValueCompleter::new(complete::paths))]
        path: String,
        #[command(flatten)]
        document: Document,
        /// Upload this file as the part NAME of a form, beside the fields.
        #[arg(long = "file", value_name = "NAME=FILE", value_parser = args::attribute, conflicts_with = "body")]
        files: Vec<(String, String)>,
    },
    /// Change a resource; a JSON list changes several of a collection.
    Update {
        /// Path of the resource, or for a list of the collection.
        #[arg(add = ArgValueCompleter::new(complete::paths))]
        path: String,
        #[command(flatten)]
        document: Document,
    },
    /// Delete a resource, or several of a collection in one request.
    Delete {
        /// Path of the resource, or with IDs of their collection.
        #[arg(add = ArgValueCompleter::new(complete::paths))]
        path: String,
        /// Delete these resources of the collection.
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Set off an action: products/PRD-000-000-001/endsale.
    Action(ActionArgs),
    /// Write all resources of a collection to a file.
    Export(bulk::ExportArgs),
    /// Create resources from a file, many at once.
    Import(bulk::ImportArgs),
    /// Say what a path is and what can be done with it, from the OpenAPI document.
    Help {
        /// Path; without one, the top.
        #[arg(add = ArgValueCompleter::new(complete::paths))]
        path: Option<String>,
        /// Say what the collection can be searched for.
        #[arg(long, requires = "path")]
        search: bool,
    },
    /// Send any operation by its id and print the answer.
    Call(CallArgs),
}

/// Which resources of a collection.
#[derive(Debug, Args)]
struct QueryArgs {
    /// RQL, or FIELD=VALUE, FIELD__ne=VALUE, FIELD__in=A,B …; repeated, all must hold.
    #[arg(long, short = 'f', value_name = "RQL|FIELD=VALUE", value_parser = filter::condition)]
    filter: Vec<Condition>,
    /// Only those in which this text is found.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Path of the collection.
    #[arg(add = ArgValueCompleter::new(complete::paths))]
    path: String,
    #[command(flatten)]
    query: QueryArgs,
    /// Fields to add, or with `-` to leave out.
    #[arg(long, value_name = "FIELD", value_delimiter = ',', allow_hyphen_values = true)]
    select: Vec<String>,
    /// Fields to order by, with `-` descending.
    #[arg(long = "order-by", visible_alias = "order", value_name = "FIELD", value_delimiter = ',')]
    #[arg(allow_hyphen_values = true)]
    order_by: Vec<String>,
    #[command(flatten)]
    paging: Paging,
    /// Read all of them, which is also what happens without --limit.
    #[arg(long, conflicts_with = "limit")]
    all: bool,
    /// Keep up to this many pages in flight.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    concurrency: usize,
}

#[derive(Debug, Args)]
struct ActionArgs {
    /// Path of the action.
    #[arg(add = ArgValueCompleter::new(complete::paths))]
    path: String,
    /// How it is sent.
    #[arg(long, value_enum, default_value_t = Method::Post)]
    method: Method,
    #[command(flatten)]
    document: Document,
    /// Send this file in place of JSON.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["body", "fields"])]
    upload: Option<PathBuf>,
    /// Content type of the file.
    #[arg(long, value_name = "TYPE", default_value = "application/octet-stream", requires = "upload")]
    content_type: String,
    /// Write the answer to this file, whatever it is.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl ConnectArgs {
    /// True if the command ends in order at a signal.
    pub(crate) const fn ends_itself(&self) -> bool {
        matches!(self.command, ConnectCommand::Export(_) | ConnectCommand::Import(_))
    }
}

/// Runs one Connect command.
pub(crate) async fn run(args: ConnectArgs, desk: Desk<'_>) -> Result<Exit> {
    let ConnectArgs { flags, command } = args;
    run::run(Connect::default(), &flags.given, desk, async |run| {
        let is_help = matches!(command, ConnectCommand::Help { .. });
        // A call that is only shown asks nobody for anything.
        if is_help || run.global.language().is_none() {
            run.service.fetch(&run.values).await?;
        }
        command.run(run).await
    })
    .await
}

impl QueryArgs {
    fn set(&self, client: &Client, path: &str) -> ResourceSet {
        let set = client.at(path).all();
        let set = self.filter.iter().fold(set, |set, condition| set.filter(&condition.0));
        match &self.search {
            Some(text) => set.search(text),
            None => set,
        }
    }
}

impl ConnectCommand {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Get { path, values } if values.is_empty() => {
                run.call(Effect::Read, |client| client.at(&path).get(), SHOWN).await
            }
            Self::Get { path, values } => {
                let of = |client: &Client| client.at(&path).as_resource().values(values.clone());
                run.call(Effect::Read, of, SHOWN).await
            }
            Self::List(args) => args.run(run).await,
            Self::Count { path, query } => {
                run.call(Effect::Read, |client| query.set(client, &path).count(), SHOWN).await
            }
            Self::Create { path, document, files } if !files.is_empty() => {
                for (name, file) in &files {
                    let missing = |error: std::io::Error| {
                        Failure::usage(format!("cannot upload {name}={file}"), error.to_string())
                    };
                    std::fs::metadata(file).map_err(missing)?;
                }
                let form = |client: &Client| client.at(&path).create(document.form(&files));
                run.upload = Some(document.upload(&files));
                run.call(Effect::Change, form, SHOWN).await
            }
            Self::Create { path, document, .. } => {
                let body = document.read()?;
                let create = |client: &Client| match body.as_ref().and_then(Value::as_array) {
                    Some(items) => client.at(&path).as_collection().bulk_create(items).map(Value::Array),
                    None => client.at(&path).create(body.clone()),
                };
                run.call(Effect::Change, create, SHOWN).await
            }
            Self::Update { path, document } => {
                let body = document.read()?;
                let update = |client: &Client| match body.as_ref().and_then(Value::as_array) {
                    Some(items) => client.at(&path).as_collection().bulk_update(items).map(Value::Array),
                    None => client.at(&path).update(body.clone()),
                };
                run.call(Effect::Change, update, SHOWN).await
            }
            Self::Delete { path, ids } => delete(run, &path, &ids).await,
            Self::Action(args) => args.run(run).await,
            Self::Export(args) => args.run(run).await,
            Self::Import(args) => args.run(run).await,
            Self::Help { path, search } => help(run, path.as_deref(), search).await,
            Self::Call(args) => {
                let plan = args.plan(Connect::ops())?;
                run.perform(plan).await
            }
        }
    }
}

/// Deletes one resource, or several by id. A collection is never sent a bare `DELETE`: a service may take that for all of it.
async fn delete(run: &mut Run<'_>, path: &str, ids: &[String]) -> Result<Exit> {
    if !ids.is_empty() {
        let gone: Vec<Value> = ids.iter().map(|id| serde_json::json!({ "id": id })).collect();
        let names = ids.join(", ");
        let effect = Effect::Destroy(format!("delete {names} of {path}"));
        let call = |client: &Client| client.at(path).as_collection().bulk_delete(&gone);
        return run.tell(effect, call, &format!("deleted {names} of {path}")).await;
    }
    let effect = Effect::Destroy(format!("delete {path}"));
    if !run.is_shown(&effect) && is_collection(&run.client(None).await?, path).await {
        return Err(Failure::usage(format!("did not delete {path}"), "it is a collection")
            .hint(format!("name resources: {path}/ID, or several: {path} ID ID")));
    }
    run.tell(effect, |client| client.at(path).delete(), &format!("deleted {path}")).await
}

/// Whether a path is that of a collection: by the document, else by what the service answers.
async fn is_collection(client: &Client, path: &str) -> bool {
    let node = client.at(path);
    match node.role() {
        Some(role) => role == Role::Collection,
        // What cannot be read may be deleted all the same.
        None => node.get().query("limit", "0").await.is_ok_and(|found| found.is_array()),
    }
}

impl ListArgs {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let list = |client: &Client| {
            let set = self.query.set(client, &self.path).select(self.select.clone());
            set.order_by(self.order_by.clone()).concurrency(self.concurrency).list()
        };
        run.list(&self.paging, list, SHOWN).await
    }
}

impl ActionArgs {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let body = self.document.read()?;
        let effect = if self.method == Method::Get { Effect::Read } else { Effect::Change };
        let call = |client: &Client| self.call(client, body.clone());
        run.upload = self.upload.as_ref().map(|file| Upload::File(file.display().to_string()));
        let Some(file) = self.save.as_ref().filter(|_| !run.is_shown(&effect)) else {
            return run.call(effect, |client| call(client).then(|answer| shown(&answer?)), SHOWN).await;
        };
        let client = run.client(None).await?;
        let length = match self.method {
            Method::Get => save(client.at(&self.path).as_action().download().await?, file).await?,
            _ => save(stream::iter([Ok(call(&client).await?.into_bytes())]).boxed(), file).await?,
        };
        run.output.note(&format!("wrote {length} bytes to {}", file.display()));
        Ok(Exit::Success)
    }

    fn call(&self, client: &Client, body: Option<Value>) -> Call<Answer> {
        let action = client.at(&self.path).as_action();
        let payload = match &self.upload {
            Some(file) => Payload::file(self.content_type.clone(), file),
            None => Payload::from(body),
        };
        match self.method {
            Method::Get => action.get(),
            Method::Post => action.post(payload),
            Method::Put => action.put(payload),
            Method::Delete => action.delete(payload),
        }
    }
}

/// Writes an answer to a file while it arrives; the file appears when it is whole.
async fn save(mut pieces: ByteStream, file: &Path) -> Result<u64> {
    let cannot = |error: std::io::Error| Failure::local(format!("cannot write {}", file.display()), error);
    let part = bulk::part(file);
    let mut out = std::fs::File::create(&part).map_err(cannot)?;
    let mut length = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        out.write_all(&piece).map_err(cannot)?;
        length += piece.len() as u64;
    }
    std::fs::rename(&part, file).map_err(cannot)?;
    Ok(length)
}

/// The answer of an action as a result: JSON as it is, text as text.
fn shown(answer: &Answer) -> pentad_core::Result<Value> {
    if answer.is_json() || answer.is_empty() {
        return answer.value();
    }
    match std::str::from_utf8(answer.bytes()) {
        Ok(text) => Ok(Value::String(text.to_owned())),
        Err(_) => {
            let kind = answer.content_type().unwrap_or("no text");
            let message = format!("the answer is {kind} of {} bytes", answer.bytes().len());
            Err(pentad_core::Error::new(pentad_core::ErrorKind::Decode, message)
                .with_hint("--save FILE keeps it"))
        }
    }
}

async fn help(run: &mut Run<'_>, path: Option<&str>, search: bool) -> Result<Exit> {
    let location = run.values.text("specs").ok_or_else(|| {
        Failure::config("no help about paths", "no OpenAPI document is configured")
            .hint(format!("--specs FILE, or --specs {}", pentad_connect::SPECS))
    })?;
    // Needs no service: only the document.
    let client = Client::new(String::new()).anonymous().specs(run.service.specs(location)?).build()?;
    let text = match path {
        None => client.help(),
        Some(path) if search => client.at(path).all().help(),
        Some(path) => client.at(path).help(),
    };
    run.output.text(&text)?;
    Ok(Exit::Success)
}
