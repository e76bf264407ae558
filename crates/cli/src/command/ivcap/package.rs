//! `pentad ivcap package`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use futures_util::StreamExt;
use pentad_ivcap::Client;
use serde_json::json;

use super::transfer::{is_pipe, write_out};
use super::{Run, pages};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::Result;
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum PackageCommand {
    /// List the container images.
    List {
        /// Only tags that begin like this.
        #[arg(long)]
        tag: Option<String>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Remove a container image.
    #[command(visible_alias = "delete")]
    Remove { tag: String },
    /// Store a part of a container image, the manifest last (platforms up to API 0.44).
    Push {
        tag: String,
        file: PathBuf,
        #[command(flatten)]
        part: Part,
        /// Store it although there is another one of this tag.
        #[arg(long)]
        force: bool,
    },
    /// Write a part of a container image into a file, or on standard output (platforms up to API 0.44).
    Pull {
        /// A tag, or the digest of a layer.
        reference: String,
        #[arg(default_value = "-")]
        file: PathBuf,
        #[command(flatten)]
        part: Part,
        /// From this byte on.
        #[arg(long, value_name = "BYTES", default_value_t = 0)]
        offset: u64,
    },
    /// Show how far a push is (platforms up to API 0.44).
    Status { tag: String, digest: String },
}

/// Which part of an image.
#[derive(Debug, Args)]
pub(crate) struct Part {
    /// What the part is.
    #[arg(long = "type", value_name = "TYPE", value_parser = ["manifest", "config", "layer"])]
    kind: String,
}

impl PackageCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { tag, paging } => {
                let list = |client: &Client| client.packages(tag.as_deref()).map(|tag| json!({ "tag": tag }));
                run.list(&pages(&paging), list, View::of(&["tag"])).await
            }
            Self::Remove { tag } => {
                let effect = Effect::Destroy(format!("remove package {tag}"));
                let note = format!("removed {tag}");
                run.tell(effect, |client| client.remove_package(&tag), &note).await
            }
            Self::Push { tag, file, part, force } => {
                let push = |client: &Client| client.push_package_file(&tag, &part.kind, &file, force);
                run.work(Effect::Change, push, View::ALL).await
            }
            Self::Pull { reference, file, part, offset } => {
                pull(run, &reference, &part.kind, offset, &file).await
            }
            Self::Status { tag, digest } => {
                run.call(Effect::Read, |client| client.package_status(&tag, &digest), View::ALL).await
            }
        }
    }
}

async fn pull(run: &mut Run<'_>, reference: &str, kind: &str, offset: u64, path: &Path) -> Result<Exit> {
    if run.is_shown(&Effect::Read) {
        let plan = Plan::read("ivcap.package.pull").query("ref", Some(reference)).query("type", Some(kind));
        return run.perform(plan.query("offset", Some(offset.to_string()))).await;
    }
    let mut pieces = run.client(None).await?.pull_package(reference, kind, offset).await?;
    let mut file = if is_pipe(path) { None } else { Some(std::fs::File::create(path)?) };
    while let Some(piece) = pieces.next().await {
        match &mut file {
            Some(file) => file.write_all(&piece?)?,
            None => write_out(&piece?)?,
        }
    }
    if let Some(file) = file {
        file.sync_all()?;
        run.output.note(&format!("{} is there", path.display()));
    }
    Ok(Exit::Success)
}
