//! `pentad zaqar message post`: from arguments, a file or standard input, in batches.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use futures_util::stream::{self, StreamExt};
use pentad_zaqar::model::Body;
use pentad_zaqar::{Delay, NewMessage, Producer, Ttl};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{Run, complete};
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Format, Rows, View};
use crate::signal;

#[derive(Args, Debug)]
pub(crate) struct PostArgs {
    #[arg(add = ArgValueCompleter::new(complete::queues))]
    queue: String,
    /// Each is one message: JSON, or a text if it is none. A list of objects with `body` is several messages, as in the
    /// original command line. Without any, standard input is read.
    #[arg(conflicts_with = "file", value_name = "BODY")]
    bodies: Vec<String>,
    /// Read messages from this file; `-` is standard input.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Each line is a JSON object with `body`, `ttl` and `delay`, as `message list -o ndjson` writes; without this each
    /// line is a body: JSON, or a text if it is none.
    #[arg(long)]
    ndjson: bool,
    /// How long the messages live, in seconds.
    #[arg(long, value_name = "N")]
    ttl: Option<u64>,
    /// How long they stay invisible, in seconds, on delayed queues.
    #[arg(long, value_name = "N")]
    delay: Option<u64>,
}

/// Lines that wait to be posted.
const WAITING: usize = 200;

/// What every message gets unless it says otherwise.
#[derive(Clone, Copy, Debug)]
struct Common {
    ttl: Option<u64>,
    delay: Option<u64>,
}

#[derive(Deserialize)]
struct Line {
    body: Body,
    ttl: Option<u64>,
    delay: Option<u64>,
}

impl Common {
    fn message(self, body: Body, ttl: Option<u64>, delay: Option<u64>) -> NewMessage {
        let message = NewMessage::new(body);
        let message = ttl.or(self.ttl).map(Ttl::seconds).into_iter().fold(message, NewMessage::ttl);
        delay.or(self.delay).map(Delay::seconds).into_iter().fold(message, NewMessage::delay)
    }

    fn body(self, text: &str) -> NewMessage {
        self.message(Body::from_json(text).unwrap_or_else(|_| Body::from(text)), None, None)
    }

    fn line(self, text: &str) -> std::result::Result<NewMessage, serde_json::Error> {
        let Line { body, ttl, delay } = serde_json::from_str(text)?;
        Ok(self.message(body, ttl, delay))
    }

    /// One argument: a body, or the original command line's list of messages.
    fn argument(self, text: &str) -> Vec<NewMessage> {
        let listed = serde_json::from_str::<Vec<Line>>(text).unwrap_or_default();
        if listed.is_empty() {
            return vec![self.body(text)];
        }
        listed.into_iter().map(|line| self.message(line.body, line.ttl, line.delay)).collect()
    }
}

impl PostArgs {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let mut source = self.source()?;
        if run.is_shown(&Effect::Change) {
            return self.show(run, &mut source).await;
        }
        let (failed, mut failure) = mpsc::channel(1);
        let messages = stream::unfold((source, failed), |(mut source, failed)| async move {
            match source.recv().await? {
                Ok(message) => Some((message, (source, failed))),
                Err(error) => {
                    // The reader stops at its first fault: there is room for it.
                    let _ = failed.send(error).await;
                    None
                }
            }
        });
        // Dropped, `more` ends the messages; what was taken of them is posted all the same.
        let (more, enough) = oneshot::channel::<()>();
        let messages = messages.take_until(enough);
        let mut feed = run.client(None).await?.queue(self.queue.as_str()).post_all(messages, Producer::new());
        let live = self.bodies.is_empty();
        let summary = live && run.output.format == Format::Table;
        let view = View::of(&["id", "href"]);
        let mut shown = if live { Rows::live(view) } else { Rows::new(view) };
        let bar = run.output.progress("posted");
        let (mut more, mut done, mut result) = (Some(more), 0_u64, Ok(Exit::Success));
        let mut stop = std::pin::pin!(signal::stop());
        loop {
            let batch = tokio::select! {
                biased;
                exit = &mut stop, if more.is_some() => {
                    more = None;
                    result = Ok(exit);
                    continue;
                }
                batch = feed.next() => batch,
            };
            match batch {
                None => break,
                Some(Err(error)) => {
                    result = result.and(Err(error.into()));
                    break;
                }
                Some(Ok(batch)) => {
                    let resources = &batch.posted.resources;
                    done += resources.len() as u64;
                    bar.add(resources.len() as u64);
                    let ids = batch.posted.ids().zip(resources);
                    let rows = ids.map(|(id, href)| json!({"id": id, "href": href}));
                    if !summary && result.is_ok() {
                        // A reader that went away stops the posting, not the post that is under way.
                        result = wrote(run, &mut shown, rows).and(result);
                        more = more.filter(|_| result.is_ok());
                    }
                }
            }
        }
        bar.done();
        if let (Ok(_), Ok(failure)) = (&result, failure.try_recv()) {
            result = Err(failure);
        }
        shown.finish(run.output)?;
        run.sent("posted", done, summary, result)
    }

    /// The first messages as they would be sent.
    async fn show(&self, run: &mut Run<'_>, source: &mut mpsc::Receiver<Result<NewMessage>>) -> Result<Exit> {
        let mut messages = Vec::new();
        while messages.len() < 20 {
            match source.recv().await {
                Some(message) => messages.push(message?),
                None => break,
            }
        }
        let make = |client: &pentad_zaqar::Client| client.queue(self.queue.as_str()).post(messages.clone());
        run.work(Effect::Change, make, View::ALL).await
    }

    /// Starts to read the input on a thread of its own: standard input cannot be read without blocking.
    fn source(&self) -> Result<mpsc::Receiver<Result<NewMessage>>> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let common = Common { ttl: self.ttl, delay: self.delay };
        let (bodies, ndjson) = (self.bodies.clone(), self.ndjson);
        let input: Option<Box<dyn Read + Send>> = match &self.file {
            Some(path) if path.as_os_str() != "-" => {
                let file = std::fs::File::open(path);
                let cannot = |error| Failure::local(format!("cannot read {}", path.display()), error);
                Some(Box::new(file.map_err(cannot)?))
            }
            _ if !bodies.is_empty() => None,
            _ => Some(Box::new(std::io::stdin())),
        };
        let read = move || match input {
            None => {
                let messages = bodies.iter().flat_map(|body| common.argument(body));
                for message in messages {
                    if sender.blocking_send(Ok(message)).is_err() {
                        return;
                    }
                }
            }
            Some(input) => read_lines(input, ndjson, common, &sender),
        };
        let thread = std::thread::Builder::new().name("input".to_owned()).spawn(read);
        thread.map(|_| receiver).map_err(|error| Failure::local("cannot read the input", error))
    }
}

fn read_lines(
    input: Box<dyn Read + Send>,
    ndjson: bool,
    common: Common,
    sender: &mpsc::Sender<Result<NewMessage>>,
) {
    for (number, line) in (1_u64..).zip(BufReader::new(input).lines()) {
        let message = match line {
            Ok(line) if ndjson && line.trim().is_empty() => continue,
            Ok(line) if ndjson => common.line(&line).map_err(|error| {
                Failure::usage(format!("cannot read line {number} of the input"), error.to_string())
            }),
            Ok(line) => Ok(common.body(&line)),
            Err(error) => Err(Failure::local("cannot read the input", error)),
        };
        let end = message.is_err();
        if sender.blocking_send(message).is_err() || end {
            return;
        }
    }
}

/// Writes the ids of a batch, at once: others may be long in coming.
fn wrote(run: &mut Run<'_>, rows: &mut Rows, ids: impl Iterator<Item = Value>) -> Result<()> {
    for id in ids {
        rows.push(run.output, &id)?;
    }
    run.output.flush()
}

/// What a message carries, as text for people and commands: a text bare, anything else as JSON.
pub(super) fn plain(body: &Value) -> String {
    match body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
