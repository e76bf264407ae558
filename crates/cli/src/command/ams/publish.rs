//! `pentad ams publish`: messages from arguments, files and standard input, streaming.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Session;
use super::plan::Plan;
use crate::args;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Format, Rows, View};

const ID: View = View::of(&["messageId"]);

/// Most messages in one request.
const BATCH: usize = 500;
/// Most data in one request, before encoding: far below the server's limit on bodies.
const BATCH_BYTES: usize = 4 << 20;

#[derive(Args, Debug)]
pub(crate) struct PublishArgs {
    topic: String,
    /// Each text is one message. Without texts, lines of standard input are.
    #[arg(conflicts_with = "file")]
    text: Vec<String>,
    /// Read messages from this file; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Each line of the input is one message (the default).
    #[arg(long, conflicts_with_all = ["ndjson", "raw"])]
    lines: bool,
    /// Each line is a JSON object: `data` (base64) or `text`, and `attributes`; what `pull -o ndjson` writes.
    #[arg(long, conflicts_with = "raw")]
    ndjson: bool,
    /// The whole input is one message, byte by byte.
    #[arg(long)]
    raw: bool,
    /// Attribute of every message.
    #[arg(short, long = "attr", value_name = "NAME=VALUE", value_parser = args::attribute)]
    attributes: Vec<(String, String)>,
}

/// One message on its way out.
#[derive(Debug)]
struct Draft {
    data: String,
    attributes: BTreeMap<String, String>,
}

impl Draft {
    fn to_json(&self) -> Value {
        match self.attributes.is_empty() {
            true => json!({"data": self.data}),
            false => json!({"attributes": self.attributes, "data": self.data}),
        }
    }
}

/// How the input is cut into messages.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Lines,
    Ndjson,
    Raw,
}

impl PublishArgs {
    pub(super) async fn run(self, session: &mut Session<'_>) -> Result<Exit> {
        let live = self.text.is_empty();
        let mut drafts = self.drafts()?;
        let progress = session.output.progress("published");
        let mut done = 0u64;
        let mut first = true;
        // A person who pipes a file in wants to know how many, not every id.
        let summary = live && session.output.format == Format::Table;
        let mut rows = if live { Rows::live(ID) } else { Rows::new(ID) };
        let result = loop {
            let batch = match next_batch(&mut drafts).await {
                Ok(Some(batch)) => batch,
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
            };
            let plan = Plan::change("ams.topic.publish")
                .arg("topic", self.topic.as_str())
                .body(json!({"messages": batch.iter().map(Draft::to_json).collect::<Vec<_>>()}));
            if std::mem::take(&mut first) && session.shown(&plan)? {
                return Ok(Exit::Success);
            }
            let ids = match session.send(&plan).await {
                Ok(answer) => answer["messageIds"].as_array().cloned().unwrap_or_default(),
                Err(failure) => break Err(failure),
            };
            done += ids.len() as u64;
            progress.add(ids.len() as u64);
            if summary {
                continue;
            }
            for id in ids {
                rows.push(session.output, &json!({"messageId": id}))?;
            }
        };
        progress.done();
        rows.finish(session.output)?;
        finish(session, summary, done, result)
    }

    /// Starts to read the input on a thread of its own: standard input cannot be read without blocking.
    fn drafts(&self) -> Result<mpsc::Receiver<Result<Draft>>> {
        let (sender, receiver) = mpsc::channel(BATCH);
        let attributes: BTreeMap<_, _> = self.attributes.iter().cloned().collect();
        if !self.text.is_empty() {
            let texts = self.text.clone();
            read_on_thread(move || {
                for text in texts {
                    let draft = Draft { data: BASE64_STANDARD.encode(text), attributes: attributes.clone() };
                    if sender.blocking_send(Ok(draft)).is_err() {
                        break;
                    }
                }
            })?;
            return Ok(receiver);
        }
        let cut = match (self.ndjson, self.raw) {
            (true, _) => Cut::Ndjson,
            (_, true) => Cut::Raw,
            _ => Cut::Lines,
        };
        let input = self.input()?;
        read_on_thread(move || read_all(input, cut, &attributes, &sender))?;
        Ok(receiver)
    }

    fn input(&self) -> Result<Box<dyn BufRead + Send>> {
        match &self.file {
            Some(path) if path != Path::new("-") => match std::fs::File::open(path) {
                Ok(file) => Ok(Box::new(BufReader::with_capacity(1 << 18, file))),
                Err(error) => {
                    Err(Failure::usage(format!("cannot read {}", path.display()), error.to_string()))
                }
            },
            None if std::io::stdin().is_terminal() => {
                Err(Failure::usage("nothing to publish", "there is neither a text nor a file")
                    .hint("give texts, or --file FILE, or `--file -` to type lines"))
            }
            _ => Ok(Box::new(BufReader::with_capacity(1 << 18, std::io::stdin()))),
        }
    }
}

fn read_on_thread(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name("pentad-input".to_owned()).spawn(work);
    thread.map(drop).map_err(|error| Failure::local("cannot read the input", error))
}

/// Cuts the input into messages until it ends, a piece is bad, or nobody listens any more.
fn read_all(
    mut input: Box<dyn BufRead + Send>,
    cut: Cut,
    attributes: &BTreeMap<String, String>,
    out: &mpsc::Sender<Result<Draft>>,
) {
    let mut number = 0u64;
    let mut piece = Vec::new();
    loop {
        piece.clear();
        number += 1;
        let read = match cut {
            Cut::Raw if number > 1 => return,
            Cut::Raw => input.read_to_end(&mut piece),
            Cut::Lines | Cut::Ndjson => input.read_until(b'\n', &mut piece),
        };
        let item = match (read, cut) {
            (Err(error), _) => Err(error.into()),
            (Ok(0), Cut::Lines | Cut::Ndjson) => return,
            (Ok(_), Cut::Raw) => {
                Ok(Draft { data: BASE64_STANDARD.encode(&piece), attributes: attributes.clone() })
            }
            (Ok(_), Cut::Lines) => Ok(Draft {
                data: BASE64_STANDARD.encode(without_end(&piece)),
                attributes: attributes.clone(),
            }),
            (Ok(_), Cut::Ndjson) if piece.trim_ascii().is_empty() => continue,
            (Ok(_), Cut::Ndjson) => from_json(&piece, attributes)
                .map_err(|why| Failure::usage(format!("cannot publish line {number} of the input"), why)),
        };
        let last = item.is_err();
        if out.blocking_send(item).is_err() || last {
            return;
        }
    }
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// One line of NDJSON. Attributes of the line win over those of the command.
fn from_json(line: &[u8], attributes: &BTreeMap<String, String>) -> std::result::Result<Draft, String> {
    #[derive(serde::Deserialize)]
    struct Line {
        data: Option<String>,
        text: Option<String>,
        #[serde(default)]
        attributes: BTreeMap<String, String>,
    }
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let data = match (line.data, line.text) {
        (Some(data), _) => {
            BASE64_STANDARD.decode(&data).map_err(|error| format!("`data` is not base64: {error}"))?;
            data
        }
        (None, Some(text)) => BASE64_STANDARD.encode(text),
        (None, None) if line.attributes.is_empty() => {
            return Err("neither `data`, `text` nor `attributes`".to_owned());
        }
        (None, None) => String::new(),
    };
    let mut all = attributes.clone();
    all.extend(line.attributes);
    Ok(Draft { data, attributes: all })
}

/// What has arrived by now, at least one message, within the limits of one request. None at the end.
async fn next_batch(drafts: &mut mpsc::Receiver<Result<Draft>>) -> Result<Option<Vec<Draft>>> {
    let Some(first) = drafts.recv().await else { return Ok(None) };
    let mut batch = vec![first?];
    let mut bytes = batch[0].data.len();
    while batch.len() < BATCH && bytes < BATCH_BYTES {
        match drafts.try_recv() {
            Ok(draft) => {
                let draft = draft?;
                bytes += draft.data.len();
                batch.push(draft);
            }
            Err(_) => break,
        }
    }
    Ok(Some(batch))
}

/// Says what was published, also when not all of it was.
fn finish(session: &mut Session<'_>, summary: bool, done: u64, result: Result<()>) -> Result<Exit> {
    if summary && done > 0 {
        session.output.record(&json!({"published": done}), View::ALL)?;
    }
    match result {
        Ok(()) => Ok(Exit::Success),
        Err(failure) if done == 0 => Err(failure),
        Err(failure) => {
            failure.report(session.output.is_json());
            session.output.note(&format!("{done} messages were published before that"));
            Ok(Exit::Partial)
        }
    }
}
