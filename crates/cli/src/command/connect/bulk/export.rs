//! `pentad connect export`: a collection to a file.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use pentad_connect::rql::Value as Operand;
use pentad_connect::{Client, ResourceSet, field};
use pentad_core::Page;
use pentad_core::list::Pages;
use serde_json::Value;

use super::super::{QueryArgs, Run, SHOWN, complete};
use super::sheet::{self, Left, Sheet, part};
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
    /// File to write: CSV if it is called so, else NDJSON. It appears when it is whole; until then FILE.part grows. `-` is
    /// standard output.
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
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    page_size: u32,
    /// Keep up to this many pages in flight, in another order than by id: by id each page begins behind the last one.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    concurrency: usize,
    /// Go on with what an earlier export of the same left in FILE.part: behind its last id, or with another order than by id
    /// behind so many.
    #[arg(long)]
    resume: bool,
}

/// How the rest of a set is walked.
enum Walk {
    /// Behind the last id each time: nothing is missing or twice, whatever is created or removed meanwhile.
    ById(Box<ResourceSet>, Option<Operand>),
    /// Page after page; nothing more after an end.
    ByPosition(Box<Pages<Value>>),
    End,
}

impl Walk {
    async fn next(&mut self) -> Option<pentad_core::Result<Page<Value>>> {
        match self {
            Self::End => None,
            Self::ByPosition(pages) => pages.next().await,
            Self::ById(set, last) => {
                let rest = match last {
                    Some(last) => (**set).clone().filter(field("id").gt(last.clone())),
                    None => (**set).clone(),
                };
                let page = rest.list().await;
                *self = match &page {
                    Ok(page) if page.next.is_some() => Self::behind(set, last.as_ref(), page),
                    _ => Self::End,
                };
                Some(page)
            }
        }
    }

    /// How it goes on behind a page: by position from there if its last resource has no id of use.
    fn behind(set: &ResourceSet, before: Option<&Operand>, page: &Page<Value>) -> Self {
        match page.items.last().and_then(id) {
            Some(last) if before != Some(&last) => Self::ById(Box::new(set.clone()), Some(last)),
            _ => {
                let rest = match before {
                    Some(before) => set.clone().filter(field("id").gt(before.clone())),
                    None => set.clone(),
                };
                Self::ByPosition(Box::new(rest.slice(page.items.len() as u64..).pages()))
            }
        }
    }
}

/// The id of a resource, if it has one that can stand in a condition.
fn id(item: &Value) -> Option<Operand> {
    let id = item.get("id").filter(|id| !id.is_null())?;
    Operand::from_json(id).ok()
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
        let mut walk = self.rest(run, set, left.as_ref());
        let bar = run.output.progress("exported");
        let (by_id, before) = (self.is_by_id(), left.as_ref().map_or(0, |left| left.count));
        // What there was stays until the service has answered.
        let mut sheet: Option<Sheet> = None;
        let mut left = Some(left);
        loop {
            let count = sheet.as_ref().map_or(before, |sheet| sheet.count);
            let Some(next) = stop.or(walk.next()).await else { return Ok(self.stopped(run, &stop, count)) };
            let Some(page) = next else { break };
            let page = page.map_err(|error| self.goes_on(error.into(), count))?;
            let sheet = match &mut sheet {
                Some(sheet) => sheet,
                None => {
                    let opened = Sheet::open(&self.file, &question, left.take().flatten(), &self.values);
                    sheet.insert(opened.map_err(|error| cannot("write", &self.file, &error))?)
                }
            };
            match sheet.write(&page.items) {
                // Whoever reads has enough.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(Exit::Success),
                written => {
                    written.map_err(|error| self.goes_on(failed("write", &self.file, &error), sheet.count))?
                }
            }
            tell(&bar, &page, by_id, count);
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
        if sheet::is_stream(&self.file) {
            return Err(Failure::usage("cannot resume", "what went into a stream is gone"));
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

    fn is_by_id(&self) -> bool {
        self.order_by == ["id"]
    }

    /// What of the set is still to be read.
    fn rest(&self, run: &Run<'_>, set: ResourceSet, left: Option<&Left>) -> Walk {
        let by_id = self.is_by_id();
        match left.map(|left| (id(&left.last), left.count)) {
            None if by_id => Walk::ById(Box::new(set), None),
            None => Walk::ByPosition(Box::new(set.pages())),
            Some((Some(last), _)) if by_id => Walk::ById(Box::new(set), Some(last)),
            Some((_, count)) => {
                run.output.note(
                    "going on by position: resources created or deleted meanwhile may be missing or twice (an order by id \
                     with the ids in the file knows no such gap)",
                );
                Walk::ByPosition(Box::new(set.slice(count..).pages()))
            }
        }
    }

    fn goes_on(&self, failure: Failure, count: u64) -> Failure {
        if count == 0 || sheet::is_stream(&self.file) {
            return failure;
        }
        failure.hint(format!("{count} are in {}; --resume goes on", part(&self.file).display()))
    }

    fn stopped(&self, run: &Run<'_>, stop: &Stop, count: u64) -> Exit {
        let exit = stop.asked().unwrap_or(Exit::Interrupted);
        if sheet::is_stream(&self.file) {
            return exit;
        }
        run.output.note(&format!("stopped: {count} are in {}; --resume goes on", part(&self.file).display()));
        exit
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

/// Shows how far it is; `before` had been written when the page was asked for.
fn tell(bar: &Progress, page: &Page<Value>, by_id: bool, before: u64) {
    // By position the service counts all of the set, by id what was still to come.
    let total = page.total.map(|total| if by_id { total.saturating_add(before) } else { total });
    bar.step("exported", Some(before + page.items.len() as u64), total);
}
