//! `pentad connect import`: a file into a collection.

use std::fs::File;
use std::io::{BufRead, BufReader, Error, Read, Result as Reading};
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_connect::Client;
use pentad_core::{Call, ErrorKind, Sent};
use serde_json::Value;

use super::super::{Run, SHOWN, complete};
use super::cell::{self, Column};
use super::{Stop, cannot, is_csv};
use crate::args;
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Path of the collection.
    #[arg(add = ArgValueCompleter::new(complete::paths))]
    path: String,
    /// File to read: CSV if it is called so, else NDJSON; `-` reads NDJSON from standard input.
    file: PathBuf,
    /// Change resources that exist: each has its `id`.
    #[arg(long)]
    update: bool,
    /// Resources per request.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    batch: u16,
    /// Leave out the first of them, to go on with an import that stopped.
    #[arg(long, value_name = "N", default_value_t = 0)]
    skip: usize,
}

/// Resources as they are read.
type Source = Box<dyn Iterator<Item = Reading<Value>>>;

impl ImportArgs {
    pub(crate) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let wrong = |error: &Error| cannot("read", &self.file, error);
        let mut source = self.open().map_err(|error| wrong(&error))?;
        for _ in 0..self.skip {
            source.next().transpose().map_err(|error| wrong(&error))?;
        }
        let mut next = || source.by_ref().take(usize::from(self.batch)).collect::<Reading<Vec<Value>>>();
        // What is wrong at once is told before anything is opened.
        let mut items = next().map_err(|error| wrong(&error))?;
        if run.is_shown(&Effect::Change) {
            return run.call(Effect::Change, |client| self.send(client, &items), SHOWN).await;
        }
        let client = run.client(None).await?;
        let bar = run.output.progress("imported");
        let mut stop = Stop::new();
        let mut done = self.skip;
        while !items.is_empty() {
            let heard =
                || run.output.note("stopping after the batch that is on its way; once more stops at once");
            let sent = stop.after(async { self.send(&client, &items).await }, heard).await;
            sent.map_err(|error| self.goes_on(&error, done, items.len()))?;
            done += items.len();
            bar.add(items.len() as u64);
            if let Some(exit) = stop.asked() {
                run.output.note(&format!("stopped: {done} are done; --skip {done} goes on"));
                return Ok(exit);
            }
            items = next()
                .map_err(|error| wrong(&error).hint(format!("{done} are done; --skip {done} goes on")))?;
        }
        bar.done();
        run.output.note(&format!("{} into {}", done.saturating_sub(self.skip), self.path));
        Ok(Exit::Success)
    }

    fn send(&self, client: &Client, items: &[Value]) -> Call<Vec<Value>> {
        let collection = client.at(&self.path).as_collection();
        if self.update { collection.bulk_update(items) } else { collection.bulk_create(items) }
    }

    /// A failure with how to go on: what was refused is not there, but an answer that never came leaves that open.
    fn goes_on(&self, error: &pentad_core::Error, done: usize, batch: usize) -> Failure {
        let failure = Failure::from(error);
        if self.update || !is_open(error) {
            return failure.hint(format!("{done} are done; --skip {done} goes on"));
        }
        let (first, last) = (done + 1, done + batch);
        failure.hint(format!(
            "{done} are done; whether {first} to {last} are, too, is not known: `pentad connect count {}` tells. \
             --skip {last} goes on if they are, --skip {done} if they are not",
            self.path
        ))
    }

    fn open(&self) -> Reading<Source> {
        if self.file == Path::new("-") {
            return Ok(Box::new(lines(BufReader::new(std::io::stdin()))));
        }
        let file = File::open(&self.file)?;
        if is_csv(&self.file) { Ok(Box::new(rows(file)?)) } else { Ok(Box::new(lines(BufReader::new(file)))) }
    }
}

/// Whether the service may have done what it was asked although the call failed.
fn is_open(error: &pentad_core::Error) -> bool {
    let unread = error.kind() == ErrorKind::Decode && error.sent() == Sent::Answered;
    unread || error.may_have_applied() || (error.status().is_none() && error.sent() != Sent::No)
}

fn lines(source: impl BufRead) -> impl Iterator<Item = Reading<Value>> {
    let numbered = source.lines().enumerate();
    numbered.filter_map(|(number, line)| match line {
        Ok(line) if line.trim().is_empty() => None,
        Ok(line) => {
            Some(args::exact(&line).map_err(|why| Error::other(format!("line {}: {why}", number + 1))))
        }
        Err(error) => Some(Err(error)),
    })
}

/// Rows as objects: the header names the fields.
fn rows(source: impl Read) -> Reading<impl Iterator<Item = Reading<Value>>> {
    let mut reader = csv::Reader::from_reader(source);
    let columns: Vec<Column> = reader.headers()?.iter().map(Column::named).collect();
    if let Some(twice) = columns.iter().enumerate().find(|(at, column)| columns[..*at].contains(column)) {
        return Err(Error::other(format!("the column {} is there twice", twice.1.title)));
    }
    Ok(reader.into_records().map(move |record| Ok(cell::row(&columns, record?.iter()))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_and_lines_become_objects() {
        let items = rows("name,owner.id,size\nDisks,A,10\n\"a, b\",,\n".as_bytes()).unwrap();
        let items: Vec<Value> = items.map(Result::unwrap).collect();
        assert_eq!(
            items,
            [json!({"name": "Disks", "owner": {"id": "A"}, "size": 10}), json!({"name": "a, b"})]
        );
        assert_eq!(lines("{\"a\":1}\n\n{\"a\":2}".as_bytes()).filter_map(Result::ok).count(), 2);
        assert!(
            rows("a,b,a\n1,2,3\n".as_bytes()).map(drop).unwrap_err().to_string().contains("a is there twice")
        );
        let wrong = lines("{\"a\":1}\n{".as_bytes()).find_map(Result::err).unwrap();
        assert!(wrong.to_string().starts_with("line 2"));
    }
}
