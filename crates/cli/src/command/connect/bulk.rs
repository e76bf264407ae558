//! Whole collections to files and back: NDJSON or CSV, in batches, to be gone on with where they stopped.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_connect::Client;
use serde_json::{Map, Value};

use super::payload::{put, read};
use super::{QueryArgs, Run, SHOWN, complete};
use crate::command::plan::{Effect, Paging};
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// Path of the collection.
    #[arg(add = ArgValueCompleter::new(complete::paths))]
    path: String,
    /// File to write: CSV if it is called so, else NDJSON.
    file: PathBuf,
    #[command(flatten)]
    query: QueryArgs,
    /// Fields to order by, with `-` descending.
    #[arg(long = "order-by", value_name = "FIELD", value_delimiter = ',', default_value = "id")]
    #[arg(allow_hyphen_values = true)]
    order_by: Vec<String>,
    /// Columns of a CSV file; dots lead into objects. Default: the fields of the first resource.
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    values: Vec<String>,
    /// Ask for pages of this size.
    #[arg(long, value_name = "N", default_value_t = 100)]
    page_size: u32,
    /// Keep up to this many pages in flight.
    #[arg(long, value_name = "N", default_value_t = 4)]
    concurrency: usize,
    /// Go on behind what the file has already.
    #[arg(long)]
    resume: bool,
}

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
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

fn cannot(what: &str, path: &Path, error: &dyn std::error::Error) -> Failure {
    Failure::usage(format!("cannot {what} {}", path.display()), error.to_string())
}

fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
}

impl ExportArgs {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let set = |client: &Client| {
            let set = self.query.set(client, &self.path).order_by(self.order_by.clone());
            set.limit(self.page_size.max(1)).concurrency(self.concurrency)
        };
        if run.is_shown(&Effect::Read) {
            let paging = Paging { limit: None, page_size: self.page_size };
            return run.list(&paging, |client| set(client).list(), SHOWN).await;
        }
        let mut sheet = Sheet::open(&self)?;
        let client = run.client(None).await?;
        let bar = run.output.progress("exported");
        let mut pages = set(&client).slice(sheet.count..).pages();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                Failure::from(error).hint(format!("{} are written; --resume goes on", sheet.count))
            })?;
            bar.add(page.items.len() as u64);
            sheet.write(&page.items).map_err(|error| cannot("write", &self.file, &error))?;
        }
        bar.done();
        run.output.note(&format!("{} in {}", sheet.count, self.file.display()));
        Ok(Exit::Success)
    }
}

/// A file that resources are written to.
struct Sheet {
    file: BufWriter<File>,
    /// How many it has.
    count: u64,
    /// Columns of a CSV file, once they are known.
    columns: Option<Vec<String>>,
    csv: bool,
}

impl Sheet {
    fn open(args: &ExportArgs) -> Result<Self> {
        let path = &args.file;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(!args.resume);
        let mut file = options.open(path).map_err(|error| cannot("write", path, &error))?;
        let mut sheet = Self {
            file: BufWriter::new(file.try_clone().map_err(|error| cannot("write", path, &error))?),
            count: 0,
            columns: None,
            csv: is_csv(path),
        };
        if !args.values.is_empty() {
            sheet.columns = Some(args.values.clone());
        }
        if args.resume {
            let kept = sheet.look(&mut file).map_err(|error| cannot("resume", path, &error))?;
            file.set_len(kept)
                .and_then(|()| file.seek(SeekFrom::End(0)))
                .map_err(|error| cannot("resume", path, &error))?;
        }
        if sheet.csv && sheet.count == 0 && sheet.columns.is_some() {
            sheet.head().map_err(|error| cannot("write", path, &error))?;
        }
        Ok(sheet)
    }

    /// Counts what is there; gives the length of what is whole.
    fn look(&mut self, file: &mut File) -> std::io::Result<u64> {
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        // A line that was cut off is written anew.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if !self.csv {
            self.count = text[..whole].lines().count() as u64;
            return Ok(whole as u64);
        }
        let mut reader = csv::Reader::from_reader(&text.as_bytes()[..whole]);
        self.columns = Some(reader.headers()?.iter().map(str::to_owned).collect())
            .filter(|columns: &Vec<String>| !columns.is_empty());
        self.count = reader.records().filter(Result::is_ok).count() as u64;
        // The header is written anew if nothing is below it.
        Ok(if self.count == 0 { 0 } else { whole as u64 })
    }

    fn head(&mut self) -> std::io::Result<()> {
        let columns = self.columns.clone().unwrap_or_default();
        self.row(&columns)
    }

    fn row(&mut self, cells: &[String]) -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(cells)?;
        let line = writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
        self.file.write_all(&line)
    }

    fn write(&mut self, items: &[Value]) -> std::io::Result<()> {
        for item in items {
            if self.csv {
                if self.columns.is_none() {
                    let fields = item.as_object().into_iter().flat_map(Map::keys).cloned().collect();
                    self.columns = Some(fields);
                    self.head()?;
                }
                let cells: Vec<String> =
                    self.columns.iter().flatten().map(|column| cell(item, column)).collect();
                self.row(&cells)?;
            } else {
                writeln!(self.file, "{item}")?;
            }
            self.count += 1;
        }
        self.file.flush()
    }
}

/// A field as the text of a cell.
fn cell(item: &Value, column: &str) -> String {
    let found = column.split('.').try_fold(item, |here, name| here.get(name));
    match found.or_else(|| item.get(column)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Resources as they are read.
type Source = Box<dyn Iterator<Item = std::io::Result<Value>>>;

impl ImportArgs {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let wrong = |error: &std::io::Error| cannot("read", &self.file, error);
        let mut source = self.open().map_err(|error| wrong(&error))?;
        for _ in 0..self.skip {
            source.next().transpose().map_err(|error| wrong(&error))?;
        }
        let mut next =
            || source.by_ref().take(usize::from(self.batch)).collect::<std::io::Result<Vec<Value>>>();
        let send = |client: &Client, items: &[Value]| {
            let collection = client.at(&self.path).as_collection();
            if self.update { collection.bulk_update(items) } else { collection.bulk_create(items) }
        };
        // What is wrong at once is told before anything is opened.
        let mut items = next().map_err(|error| wrong(&error))?;
        if run.is_shown(&Effect::Change) {
            return run.call(Effect::Change, |client| send(client, &items), SHOWN).await;
        }
        let client = run.client(None).await?;
        let bar = run.output.progress("imported");
        let mut done = self.skip;
        let goes_on =
            |failure: Failure, done: usize| failure.hint(format!("{done} are done; --skip {done} goes on"));
        while !items.is_empty() {
            send(&client, &items).await.map_err(|error| goes_on(error.into(), done))?;
            done += items.len();
            bar.add(items.len() as u64);
            items = next().map_err(|error| goes_on(wrong(&error), done))?;
        }
        bar.done();
        run.output.note(&format!("{} into {}", done.saturating_sub(self.skip), self.path));
        Ok(Exit::Success)
    }

    fn open(&self) -> std::io::Result<Source> {
        if self.file == Path::new("-") {
            return Ok(Box::new(lines(BufReader::new(std::io::stdin()))));
        }
        let file = File::open(&self.file)?;
        if is_csv(&self.file) { Ok(Box::new(rows(file)?)) } else { Ok(Box::new(lines(BufReader::new(file)))) }
    }
}

fn lines(source: impl BufRead) -> impl Iterator<Item = std::io::Result<Value>> {
    let numbered = source.lines().enumerate();
    numbered.filter_map(|(number, line)| match line {
        Ok(line) if line.trim().is_empty() => None,
        Ok(line) => Some(
            serde_json::from_str(&line)
                .map_err(|error| std::io::Error::other(format!("line {}: {error}", number + 1))),
        ),
        Err(error) => Some(Err(error)),
    })
}

/// Rows as objects: the header names the fields, dots lead into objects, an empty cell is no field.
fn rows(source: impl Read) -> std::io::Result<impl Iterator<Item = std::io::Result<Value>>> {
    let mut reader = csv::Reader::from_reader(source);
    let names: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    Ok(reader.into_records().map(move |record| {
        let mut item = Value::Object(Map::new());
        for (name, text) in names.iter().zip(record?.iter()).filter(|(_, text)| !text.is_empty()) {
            put(&mut item, name, read(text));
        }
        Ok(item)
    }))
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
        let wrong = lines("{\"a\":1}\n{".as_bytes()).find_map(Result::err).unwrap();
        assert!(wrong.to_string().starts_with("line 2"));
    }

    #[test]
    fn cells_are_texts() {
        let item = json!({"a": {"b": [1]}, "c": null, "d": "x"});
        assert_eq!(["a.b", "c", "d", "none"].map(|column| cell(&item, column)), ["[1]", "", "x", ""]);
    }
}
