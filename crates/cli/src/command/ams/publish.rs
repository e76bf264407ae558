//! `pentad ams publish`: messages from arguments, files and standard input, streaming.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use futures_util::stream::{FuturesOrdered, StreamExt};
use pentad_ams::{Message, Publisher, PublisherOptions, Receipt};
use serde_json::json;
use tokio::sync::mpsc;

use super::{Run, complete};
use crate::args;
use crate::command::plan::Plan;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Format, Rows, View};
use crate::signal;

const ID: View = View::of(&["messageId"]);

/// Most messages in one request.
const BATCH: usize = 500;
/// Most data in one request, as stored: far below the server's limit on bodies.
const BATCH_BYTES: usize = 4 << 20;
/// Most messages on their way.
const IN_FLIGHT: usize = 2 * BATCH;
/// How long a message waits for others: who types lines sees each of them leave.
const DELAY: Duration = Duration::from_millis(2);

#[derive(Args, Debug)]
pub(crate) struct PublishArgs {
    #[arg(add = ArgValueCompleter::new(complete::topics))]
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

/// How the input is cut into messages.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Lines,
    Ndjson,
    Raw,
}

impl PublishArgs {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let mut drafts = self.drafts()?;
        if run.is_shown(&crate::command::plan::Effect::Change) {
            let messages = gather(&mut drafts).await?;
            run.shown(
                &Plan::change("ams.topic.publish")
                    .arg("topic", self.topic.as_str())
                    .body(json!({"messages": messages})),
            )?;
            return Ok(Exit::Success);
        }
        run.ready_for("ams.topic.publish")?;
        let mut options = PublisherOptions::new()
            .batch_messages(BATCH)
            .batch_bytes(BATCH_BYTES)
            .delay(if self.text.is_empty() { DELAY } else { Duration::ZERO })
            .capacity(IN_FLIGHT);
        if let Some(limit) = run.time_limit() {
            options = options.timeout(limit);
        }
        let publisher = run.client(None).await?.topic(&self.topic).publisher(options);
        let live = self.text.is_empty();
        // A person who pipes a file in wants to know how many, not every id.
        let summary = live && run.output.format == Format::Table;
        let mut rows = if live { Rows::live(ID) } else { Rows::new(ID) };
        let shown = (!summary).then_some(&mut rows);
        let (done, result) = stream(&publisher, &mut drafts, run, shown).await;
        rows.finish(run.output)?;
        run.sent("published", done, summary, result)
    }

    /// Starts to read the input on a thread of its own: standard input cannot be read without blocking.
    fn drafts(&self) -> Result<mpsc::Receiver<Result<Message>>> {
        let (sender, receiver) = mpsc::channel(BATCH);
        let attributes: BTreeMap<_, _> = self.attributes.iter().cloned().collect();
        if !self.text.is_empty() {
            let texts = self.text.clone();
            read_on_thread(move || {
                for text in texts {
                    let message = Message::from(text).attribute_pairs(attributes.clone());
                    if sender.blocking_send(Ok(message)).is_err() {
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
    out: &mpsc::Sender<Result<Message>>,
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
            (Ok(_), Cut::Raw) => Ok(Message::new(piece.clone()).attribute_pairs(attributes.clone())),
            (Ok(_), Cut::Lines) => {
                Ok(Message::new(without_end(&piece).to_vec()).attribute_pairs(attributes.clone()))
            }
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
fn from_json(line: &[u8], attributes: &BTreeMap<String, String>) -> std::result::Result<Message, String> {
    #[derive(serde::Deserialize)]
    struct Line {
        data: Option<String>,
        text: Option<String>,
        #[serde(default)]
        attributes: BTreeMap<String, String>,
    }
    let line: Line = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let message = match (line.data, line.text) {
        (Some(data), _) => Message::from_base64(&data).map_err(|_| "`data` is not base64".to_owned())?,
        (None, Some(text)) => Message::from(text),
        (None, None) if line.attributes.is_empty() => {
            return Err("neither `data`, `text` nor `attributes`".to_owned());
        }
        (None, None) => Message::default(),
    };
    let mut all = attributes.clone();
    all.extend(line.attributes);
    Ok(message.attribute_pairs(all))
}

/// Publishes what comes until the input ends, a message fails or a signal says stop, and writes ids as they arrive.
/// Says how many were stored.
async fn stream(
    publisher: &Publisher,
    drafts: &mut mpsc::Receiver<Result<Message>>,
    run: &mut Run<'_>,
    mut rows: Option<&mut Rows>,
) -> (u64, Result<Exit>) {
    let bar = run.output.progress("published");
    let mut stop = pin!(signal::stop());
    let mut receipts = FuturesOrdered::<Receipt>::new();
    let (mut done, mut open, mut result) = (0u64, true, Ok(Exit::Success));
    while open || !receipts.is_empty() {
        tokio::select! {
            biased;
            exit = &mut stop, if open => {
                // What was read is sent; nothing more is read.
                open = false;
                result = Ok(exit);
            }
            Some(receipt) = receipts.next(), if !receipts.is_empty() => match receipt {
                Ok(id) => {
                    done += 1;
                    bar.add(1);
                    if let Err(failure) = wrote(&id, run, rows.as_deref_mut()) {
                        open = false;
                        result = Err(failure);
                    }
                }
                Err(error) => {
                    open = false;
                    if result.is_ok() {
                        result = Err(error.into());
                    }
                }
            },
            draft = drafts.recv(), if open && receipts.len() < IN_FLIGHT => match draft {
                None => open = false,
                Some(message) => match sent(publisher, message).await {
                    Ok(receipt) => receipts.push_back(receipt),
                    Err(failure) => {
                        open = false;
                        result = Err(failure);
                    }
                },
            },
        }
    }
    bar.done();
    (done, result)
}

async fn sent(publisher: &Publisher, message: Result<Message>) -> Result<Receipt> {
    Ok(publisher.send(message?).await?)
}

/// Writes an id where ids are wanted, at once: others may be long in coming.
fn wrote(id: &str, run: &mut Run<'_>, rows: Option<&mut Rows>) -> Result<()> {
    let Some(rows) = rows else { return Ok(()) };
    rows.push(run.output, &json!({"messageId": id}))?;
    run.output.flush()
}

/// The first messages of the input, as they would be sent.
async fn gather(drafts: &mut mpsc::Receiver<Result<Message>>) -> Result<Vec<Message>> {
    let mut messages = Vec::new();
    while messages.len() < BATCH {
        match drafts.recv().await {
            Some(message) => messages.push(message?),
            None => break,
        }
    }
    Ok(messages)
}
