//! `pentad ivcap artifact`.

use std::collections::HashSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use futures_util::{Stream, StreamExt};
use pentad_ivcap::{Client, Download, Saved, Source, Upload};
use serde::Serialize;
use serde_json::{Value, json};

use super::query::Query;
use super::{Run, complete, transfer};
use crate::args;
use crate::command::plan::{Effect, Paging};
use crate::command::run::value;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Rows, View};
use crate::settings::paths;

#[derive(Debug, Subcommand)]
pub(crate) enum ArtifactCommand {
    /// List the artifacts.
    List {
        #[command(flatten)]
        query: Query,
    },
    /// Show an artifact's record.
    #[command(alias = "status")]
    Get {
        #[arg(add = ArgValueCompleter::new(complete::artifacts))]
        artifact: String,
    },
    /// Make an artifact of each file, or of standard input for `-`. An upload that was cut off goes on with the same command.
    Upload(UploadArgs),
    /// Write the content of an artifact into a file, or on standard output for `-`; with `--into` those of several.
    Download(DownloadArgs),
    /// End an artifact: it is in no list any more. Its content stays for who looks back in time.
    Delete {
        #[arg(add = ArgValueCompleter::new(complete::artifacts))]
        artifact: String,
        /// Remove the content, too; an upload that is under way is cut short.
        #[arg(long)]
        content: bool,
    },
    /// List what is said about an artifact.
    Metadata {
        #[arg(add = ArgValueCompleter::new(complete::artifacts))]
        artifact: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct UploadArgs {
    /// The files, or `-`.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How many files are sent at a time.
    #[arg(long, value_name = "N", default_value_t = 4)]
    parallel: usize,
    /// What people call it; a file's own name without it.
    #[arg(long)]
    name: Option<String>,
    /// Type of the content; guessed from the name of a file.
    #[arg(long, short = 't', value_name = "MIME")]
    content_type: Option<String>,
    /// Size of what is piped in, if it is known.
    #[arg(long, value_name = "BYTES")]
    content_size: Option<u64>,
    /// Most bytes per request.
    #[arg(long, value_name = "BYTES")]
    chunk_size: Option<u64>,
    /// How often a piece is tried again.
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// The same pause before each retry, in place of growing ones.
    #[arg(long, value_name = "TIME", value_parser = args::timeout)]
    retry_delay: Option<Duration>,
    /// The collection that it becomes part of.
    #[arg(long, value_name = "URN")]
    collection: Option<String>,
    /// Who may read it.
    #[arg(long, value_name = "URN")]
    policy: Option<String>,
    /// Let the platform verify a checksum of each piece.
    #[arg(long)]
    checksum: bool,
    /// The SHA-256 that the content must have.
    #[arg(long, value_name = "HEX", value_parser = sum)]
    sha256: Option<String>,
    /// Keep the marker of the Python client beside the file, and send a marked file not again.
    #[arg(long)]
    marker: bool,
    /// Begin anew whatever was begun or marked.
    #[arg(long)]
    force: bool,
    /// Remember nothing of an upload that is cut off.
    #[arg(long)]
    no_resume: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    #[arg(add = ArgValueCompleter::new(complete::artifacts))]
    artifact: String,
    /// The file, or `-`; the artifact's own name without it. With --into more artifacts.
    #[arg(value_name = "FILE")]
    rest: Vec<PathBuf>,
    /// Save the artifacts under their own names in this folder.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["range", "sha256"])]
    into: Option<PathBuf>,
    /// How many artifacts are saved at a time.
    #[arg(long, value_name = "N", default_value_t = 4)]
    parallel: usize,
    /// Also give the SHA-256 of what is saved.
    #[arg(long)]
    digest: bool,
    /// Only these bytes, e.g. 0-1023 (standard output only).
    #[arg(long, value_name = "FIRST-LAST", value_parser = range)]
    range: Option<Range<u64>>,
    /// The SHA-256 that the content must have.
    #[arg(long, value_name = "HEX", value_parser = sum)]
    sha256: Option<String>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// How often a connection that broke is opened again.
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
}

const ARTIFACT: View = View::of(&["id", "name", "status", "mime-type", "size", "created-at"]);

/// A SHA-256 in hex.
fn sum(text: &str) -> std::result::Result<String, String> {
    let right = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if right { Ok(text.to_owned()) } else { Err("expected the 64 hex digits of a SHA-256".to_owned()) }
}

fn range(text: &str) -> std::result::Result<Range<u64>, String> {
    let parsed = text.split_once('-').and_then(|(first, last)| {
        let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
        Some(first..last.checked_add(1)?)
    });
    parsed.filter(|range| !range.is_empty()).ok_or_else(|| "expected FIRST-LAST, e.g. 0-1023".to_owned())
}

impl ArtifactCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { query } => {
                let asked = query.list();
                run.list(&query.paging(), |client| client.artifacts(asked.clone()), ARTIFACT).await
            }
            Self::Get { artifact } => {
                run.call(Effect::Read, |client| client.artifact(artifact.as_str()).get(), View::ALL).await
            }
            Self::Upload(args) => args.run(run).await,
            Self::Download(args) => args.run(run).await,
            Self::Delete { artifact, content } => {
                let effect = Effect::Destroy(format!("delete artifact {artifact}"));
                let one = |client: &Client| client.artifact(artifact.as_str());
                let note = format!("deleted {artifact}");
                if content {
                    return run.tell_work(effect, |client| one(client).terminate(), |()| note.clone()).await;
                }
                run.tell(effect, |client| one(client).delete(), &note).await
            }
            Self::Metadata { artifact } => {
                let list = |client: &Client| client.artifact(artifact.as_str()).metadata();
                let paging = super::pages(&Paging { limit: None, page_size: 50 });
                run.list(&paging, list, super::metadata::RECORD).await
            }
        }
    }
}

impl UploadArgs {
    fn upload(&self, file: &Path) -> Result<Upload> {
        let own = (!transfer::is_pipe(file)).then(|| file.file_name()).flatten();
        let name = self.name.clone().or_else(|| Some(own?.to_str()?.to_owned()));
        let upload = Upload::new().retries(self.retries).checksum(self.checksum);
        let upload = upload.marker(self.marker).force(self.force);
        let upload = name.into_iter().fold(upload, Upload::name);
        let upload = self.content_type.iter().fold(upload, |upload, mime| upload.content_type(mime));
        let upload = self.content_size.into_iter().fold(upload, Upload::content_size);
        let upload = self.chunk_size.into_iter().fold(upload, Upload::chunk_size);
        let upload = self.retry_delay.into_iter().fold(upload, Upload::retry_delay);
        let upload = self.collection.iter().fold(upload, |upload, urn| upload.collection(urn));
        let upload = self.policy.iter().fold(upload, |upload, urn| upload.policy(urn));
        let upload = self.sha256.iter().fold(upload, |upload, sum| upload.sha256(sum));
        if self.no_resume {
            return Ok(upload);
        }
        Ok(upload.resumable(paths::upload_dir()?))
    }

    async fn source(&self, file: &Path) -> Result<(Source, Upload)> {
        transfer::source(file, self.upload(file)?, self.content_type.is_some()).await
    }

    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self.files.as_slice() {
            [file] => self.one(run, file).await,
            files => self.several(run, files).await,
        }
    }

    async fn one(&self, run: &mut Run<'_>, file: &Path) -> Result<Exit> {
        if run.is_shown(&Effect::Change) {
            return self.preview(run, file).await;
        }
        let (source, upload) = self.source(file).await?;
        let work = run.client(None).await?.upload(source, upload);
        let done = run.watched(run.output.bytes("uploading"), work).await?;
        if done.resumed_at > 0 && !done.reused {
            run.output.note(&format!("went on at byte {}", done.resumed_at));
        }
        run.output.record(&value(&done.artifact)?, ARTIFACT)?;
        Ok(Exit::Success)
    }

    async fn preview(&self, run: &mut Run<'_>, file: &Path) -> Result<Exit> {
        let upload = self.upload(file)?;
        let make = |client: &Client| {
            let (source, upload) = transfer::unopened(file, upload.clone(), self.content_type.is_some());
            client.upload(source, upload).map(|done| done.artifact)
        };
        run.work(Effect::Change, make, ARTIFACT).await
    }

    async fn several(&self, run: &mut Run<'_>, files: &[PathBuf]) -> Result<Exit> {
        let of_one = [("--name", self.name.is_some()), ("--sha256", self.sha256.is_some())];
        let of_one = of_one.into_iter().chain([("--content-size", self.content_size.is_some())]);
        if let Some((flag, _)) = of_one.into_iter().find(|(_, given)| *given) {
            return Err(Failure::usage(
                format!("cannot use {flag}"),
                "it is of one file, and there are several",
            ));
        }
        if files.iter().any(|file| transfer::is_pipe(file)) {
            return Err(Failure::usage("cannot upload", "standard input goes alone"));
        }
        if run.is_shown(&Effect::Change) {
            for file in files {
                self.preview(run, file).await?;
            }
            return Ok(Exit::Success);
        }
        let mut sources = Vec::new();
        for file in files {
            sources.push(self.source(file).await?);
        }
        let done = run.client(None).await?.upload_many(sources, self.parallel);
        let named = |place: usize| files.get(place).map(|file| file.display().to_string());
        each(run, done.map(|(place, done)| (named(place), done.map(|done| done.artifact))), ARTIFACT).await
    }
}

/// Shows what comes of many transfers as it comes; one that fails does not stop the others.
async fn each<T: Serialize>(
    run: &mut Run<'_>,
    mut done: impl Stream<Item = (Option<String>, pentad_core::Result<T>)> + Unpin,
    view: View,
) -> Result<Exit> {
    let (mut rows, mut some, mut failed) = (Rows::new(view), false, 0);
    while let Some((name, result)) = done.next().await {
        match result {
            Ok(thing) => {
                some = true;
                rows.push(run.output, &value(&thing)?)?;
            }
            Err(error) => {
                failed += 1;
                run.output.note(&format!("{} failed:", name.unwrap_or_default()));
                run.explained(Failure::from(error)).report(run.output.is_json());
            }
        }
    }
    rows.finish(run.output)?;
    Ok(match (failed, some) {
        (0, _) => Exit::Success,
        (_, true) => Exit::Partial,
        (_, false) => Exit::Failure,
    })
}

impl DownloadArgs {
    async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        if run.is_shown(&Effect::Read) {
            return run
                .call(Effect::Read, |client| client.artifact(self.artifact.as_str()).get(), ARTIFACT)
                .await;
        }
        let download = Download::new().retries(self.retries).overwrite(self.force).digest(self.digest);
        let download = self.sha256.iter().fold(download, |download, sum| download.sha256(sum));
        let download = self.range.iter().cloned().fold(download, Download::range);
        if let Some(folder) = &self.into {
            return self.several(run, folder, download).await;
        }
        if self.rest.len() > 1 {
            return Err(Failure::usage("cannot save several artifacts", "there is no folder for them")
                .hint("give one with --into"));
        }
        let artifact = run.client(None).await?.artifact(self.artifact.as_str());
        let file = self.rest.first();
        if self.range.is_some() || file.is_some_and(|file| transfer::is_pipe(file)) {
            if file.is_some_and(|file| !transfer::is_pipe(file)) {
                return Err(Failure::usage("cannot save a part", "--range writes on standard output"));
            }
            if self.sha256.is_some() {
                let why = "what was written on standard output cannot be taken back";
                return Err(Failure::usage("cannot use --sha256", why).hint("save it into a file"));
            }
            transfer::pipe(run, &artifact, download).await?;
            return Ok(Exit::Success);
        }
        let path = match file {
            Some(path) => path.clone(),
            None => own_name(&artifact.get().await?),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
        if let Some(folder) = folder {
            let why = format!("there is no folder {}", folder.display());
            return Err(Failure::usage(format!("cannot save {}", path.display()), why));
        }
        let work = artifact.save(&path, download);
        let saved = run.watched(run.output.bytes("downloading"), work).await?;
        run.output.record(&shown(&saved), View::ALL)?;
        Ok(Exit::Success)
    }

    async fn several(&self, run: &mut Run<'_>, folder: &Path, download: Download) -> Result<Exit> {
        let client = run.client(None).await?;
        let (mut taken, mut artifacts) = (HashSet::new(), Vec::new());
        for id in std::iter::once(Some(self.artifact.as_str())).chain(self.rest.iter().map(|id| id.to_str()))
        {
            let id = id.ok_or_else(|| Failure::usage("cannot read an artifact's name", "it is not text"))?;
            if artifacts.iter().any(|(known, _)| known == id) {
                continue;
            }
            let name = own_name(&client.artifact(id).get().await?);
            let path = if taken.insert(name.clone()) {
                folder.join(name)
            } else {
                // Two of one name must not take each other's place.
                folder.join(format!("{}-{}", id.rsplit(':').next().unwrap_or(id), name.display()))
            };
            artifacts.push((id.to_owned(), path));
        }
        std::fs::create_dir_all(folder)?;
        let names: Vec<_> = artifacts.iter().map(|(id, _)| id.clone()).collect();
        let done = client.save_many(artifacts, download, self.parallel);
        let named = |place: usize| names.get(place).cloned();
        let done = done.map(|(place, saved)| (named(place), saved.map(|saved| shown(&saved))));
        let columns: &[&str] = if self.digest { &["path", "bytes", "sha256"] } else { &["path", "bytes"] };
        each(run, done, View::of(columns)).await
    }
}

fn shown(saved: &Saved) -> Value {
    let mut record = json!({"path": saved.path, "bytes": saved.bytes});
    if let Some(sum) = &saved.sha256 {
        record["sha256"] = json!(sum);
    }
    record
}

/// The file that an artifact is saved in when none is named: never outside of this folder.
fn own_name(record: &pentad_ivcap::model::Artifact) -> PathBuf {
    let name = record.name.as_deref().and_then(|name| Path::new(name).file_name()?.to_str());
    let name = name.filter(|name| !name.starts_with('.') && !name.contains(['\\', '\0']));
    PathBuf::from(
        name.map_or_else(|| record.id.rsplit(':').next().unwrap_or("artifact").to_owned(), str::to_owned),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_with_their_last_byte() {
        assert_eq!(range("0-1023"), Ok(0..1024));
        assert_eq!(range("5-5"), Ok(5..6));
        for bad in ["", "5", "6-5", "a-b", "-5", "1-18446744073709551615"] {
            assert!(range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sum_is_64_hex_digits() {
        assert!(sum(&"0aF9".repeat(16)).is_ok());
        for bad in ["", "00", &"g".repeat(64), &"0".repeat(65)] {
            assert!(sum(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_artifact_is_saved_in_this_folder_whatever_it_is_called() {
        let named = |name: &str| {
            let record = json!({"id": "urn:ivcap:artifact:9a", "name": name});
            own_name(&serde_json::from_value(record).unwrap())
        };
        assert_eq!(named("map.tiff"), Path::new("map.tiff"));
        assert_eq!(named("../../etc/passwd"), Path::new("passwd"));
        for hostile in ["..", "/", "", ".bashrc", "a\\b"] {
            assert_eq!(named(hostile), Path::new("9a"), "{hostile}");
        }
    }
}
