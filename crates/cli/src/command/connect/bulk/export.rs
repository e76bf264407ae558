//! `pentad connect export`: a collection to a file.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_connect::rql::Value as Operand;
use pentad_connect::{Client, ResourceSet, field};
use pentad_core::Page;
use serde_json::Value;

use super::super::{QueryArgs, Run, SHOWN, complete};
use super::sheet::{Left, Sheet, part};
use super::{Stop, cannot, failed, is_csv};
use crate::command::plan::{Effect, Paging};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Progress;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Path of the collection.
    #[arg(add = ArgValueCompleter::new(complete::paths))]
    path: String,
    /// File to write: CSV if it is called so, else NDJSON. It appears when it is whole; until then FILE.part grows.
    file: PathBuf,
    #[command(flatten)]
    query: QueryArgs,
    /// Fields to order by, with `-` descending.
    #[arg(long = "order-by", value_name = "FIELD", value_delimiter = ',', default_value = "id")]
    #[arg(allow_hyphen_values = true)]
    order_by: Vec<String>,
    /// Columns of a CSV file; dots lead into objects. Default: the fields of the first page's resources.
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    values: Vec<String>,
    /// Ask for pages of this size.
    #[arg(long, value_name = "N", default_value_t = 100)]
    page_size: u32,
    /// Keep up to this many pages in flight.
    #[arg(long, value_name = "N", default_value_t = 4)]
    concurrency: usize,
    /// Go on with what an earlier export of the same left in FILE.part: behind its last id, or with another order than by id
    /// behind so many.
    #[arg(long)]
    resume: bool,
}

impl ExportArgs {
    pub(crate) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        if run.is_shown(&Effect::Read) {
            let paging = Paging { limit: None, page_size: self.page_size };
            return run.list(&paging, |client| self.set(client).list(), SHOWN).await;
        }
        let client = run.client(None).await?;
        let set = self.set(&client);
        let question = self.question(&set)?;
        let left = self.left(&question)?;
        let mut stop = Stop::new();
        let mut pages = self.rest(run, set, left.as_ref())?.pages();
        let bar = run.output.progress("exported");
        let before = left.as_ref().map_or(0, |left| left.count);
        // What there was stays until the service has answered.
        let mut sheet: Option<Sheet> = None;
        let mut left = Some(left);
        loop {
            let count = sheet.as_ref().map_or(before, |sheet| sheet.count);
            let Some(next) = stop.or(pages.next()).await else { return Ok(self.stopped(run, &stop, count)) };
            let Some(page) = next else { break };
            let page = page.map_err(|error| self.goes_on(error.into(), count))?;
            let sheet = match &mut sheet {
                Some(sheet) => sheet,
                None => {
                    let opened = Sheet::open(&self.file, &question, left.take().flatten(), &self.values);
                    sheet.insert(opened.map_err(|error| cannot("write", &self.file, &error))?)
                }
            };
            sheet
                .write(&page.items)
                .map_err(|error| self.goes_on(failed("write", &self.file, &error), sheet.count))?;
            tell(&bar, &page, sheet.count, before);
        }
        bar.done();
        self.finish(run, sheet)
    }

    fn set(&self, client: &Client) -> ResourceSet {
        let set = self.query.set(client, &self.path).order_by(self.order_by.clone());
        set.limit(self.page_size.max(1)).concurrency(self.concurrency)
    }

    /// What is asked, as one line: an earlier export can be gone on with if it asked the same.
    fn question(&self, set: &ResourceSet) -> Result<String> {
        let rql = set.to_rql().map_err(|error| Failure::usage("cannot ask that", error.to_string()))?;
        let search = self.query.search.as_deref().unwrap_or_default();
        Ok(serde_json::json!([self.path.trim_matches('/'), rql, search, self.values]).to_string())
    }

    fn left(&self, question: &str) -> Result<Option<Left>> {
        if !self.resume {
            return Ok(None);
        }
        match Left::look(&self.file).map_err(|error| cannot("resume", &self.file, &error))? {
            Some((_, other)) if other != question => {
                let what = format!("cannot go on with {}", part(&self.file).display());
                Err(Failure::usage(what, "it has another collection, filter, order or other columns")
                    .hint("ask for the same again, or leave --resume out to begin anew"))
            }
            found => Ok(found.map(|(left, _)| left)),
        }
    }

    /// What of the set is still to be read.
    fn rest(&self, run: &Run<'_>, set: ResourceSet, left: Option<&Left>) -> Result<ResourceSet> {
        let Some(left) = left else { return Ok(set) };
        let id = left.last.get("id").and_then(|id| Operand::from_json(id).ok());
        match id.filter(|_| self.order_by == ["id"] && !left.last["id"].is_null()) {
            Some(id) => Ok(set.filter(field("id").gt(id))),
            None => {
                run.output.note(
                    "going on by position: resources created or deleted meanwhile may be missing or twice (an order by id \
                     with the ids in the file knows no such gap)",
                );
                Ok(set.slice(left.count..))
            }
        }
    }

    fn goes_on(&self, failure: Failure, count: u64) -> Failure {
        if count == 0 {
            return failure;
        }
        failure.hint(format!("{count} are in {}; --resume goes on", part(&self.file).display()))
    }

    fn stopped(&self, run: &Run<'_>, stop: &Stop, count: u64) -> Exit {
        run.output.note(&format!("stopped: {count} are in {}; --resume goes on", part(&self.file).display()));
        stop.asked().unwrap_or(Exit::Interrupted)
    }

    fn finish(&self, run: &mut Run<'_>, sheet: Option<Sheet>) -> Result<Exit> {
        let Some(sheet) = sheet else { return Ok(Exit::Success) };
        let count = sheet.count;
        let left_out = sheet.left_out();
        if is_csv(&self.file) && !left_out.is_empty() {
            let names = left_out.join(", ");
            run.output.note(&format!("not in the file, for want of a column (--values names them): {names}"));
        }
        sheet.finish().map_err(|error| failed("write", &self.file, &error))?;
        run.output.note(&format!("{count} in {}", self.file.display()));
        Ok(Exit::Success)
    }
}

/// Shows how far it is: the service counts what the rest of the set has.
fn tell(bar: &Progress, page: &Page<Value>, count: u64, before: u64) {
    let total = page.total.map(|total| total.max(count - before) + before);
    bar.step("exported", Some(count), total);
}
