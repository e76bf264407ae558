//! Search (IVCAP reference 7.9).

use std::ops::ControlFlow;
use std::sync::Arc;

use pentad_store::Tx;
use serde_json::{Value, json};

use crate::http::Reply;
use crate::ivcap::auth::Caller;
use crate::ivcap::call::Call;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Entry, Query};
use crate::ivcap::rule::{Base, Program, Row, Want, answer};
use crate::ivcap::storage::aspects::{self, Schemas};
use crate::ivcap::storage::stamps::Stamps;
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::urn::Kind;

const LIST: list::Kind = list::Kind { filters: false, desc: Some(false), ..list::Kind::new("search") };
/// The type of a query.
const MANGLE: &str = "application/datalog+mangle";
/// Rows of a predicate that are looked at.
const MOST: usize = 100_000;
/// Rows that are read at once.
const BATCH: usize = 1000;
/// Bytes of contents that one search reads.
const MOST_BYTES: usize = 32 << 20;

/// `POST /1/search`
pub(crate) async fn search(mut call: Call) -> Answer<Reply> {
    let said = call.header("content-type").unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != MANGLE {
        return Err(Failure::wrong_type(format_args!("the query must be {MANGLE}")));
    }
    let body = call.bytes().await?;
    if body.len() > crate::ivcap::rule::LONGEST {
        let why = format_args!("a query may have at most {} bytes", crate::ivcap::rule::LONGEST);
        return Err(Failure::invalid("query", "", why));
    }
    let text = std::str::from_utf8(&body).map_err(|_| Failure::invalid("query", "", "must be UTF-8"))?;
    let query = Query::of_text(&call, LIST, "query", text)?;
    let text = query.key("query").unwrap_or_default().to_owned();
    let program = Program::parse(&text).map_err(|why| Failure::invalid("query", &text, why))?;
    let (caller, at, stamps) = (call.caller.clone(), query.at(), Arc::clone(&call.core.stamps));
    let found = call.core.read(move |tx| {
        let mut reader = Reader { caller: &caller, at, stamps: &stamps, bytes: MOST_BYTES };
        answer(&program, |want| reader.rows(tx, want))
    });
    let found = found.await?.map_err(|why| Failure::invalid("query", &text, why))?;
    let entries = found.into_iter().enumerate().map(|(number, item)| Entry {
        id: number.to_string(),
        record: Value::Null,
        item,
    });
    let page = list::slice(&call, &query, entries.collect())?;
    Ok(page.reply(&call, "items"))
}

/// Reads what the caller may know of a time.
struct Reader<'r> {
    caller: &'r Caller,
    at: i64,
    stamps: &'r Arc<Stamps>,
    /// Bytes that may still be read.
    bytes: usize,
}

impl Reader<'_> {
    /// The rows of a predicate.
    fn rows(&mut self, tx: &mut Tx<'_>, want: &Want) -> Answer<Vec<Row>> {
        match want.base {
            Base::Aspect => self.aspects(tx, want),
            Base::Service => self.things(tx, Kind::Service, |held| vec![json!(held.id), json!(held.name)]),
            Base::Artifact => self.things(tx, Kind::Artifact, |held| {
                vec![json!(held.id), json!(held.name), member(held, "mime-type")]
            }),
            Base::ProducedBy => {
                let row = |held: &Held<Value>| vec![json!(held.id), member(held, "produced-by")];
                let rows = self.things(tx, Kind::Artifact, row)?;
                Ok(rows.into_iter().filter(|row| row.get(1).is_some_and(|by| by.is_string())).collect())
            }
            Base::Job => {
                let row = |held: &Held<Value>| {
                    vec![json!(held.id), member(held, "status"), member(held, "service")]
                };
                let mut rows = self.things(tx, Kind::Job, row)?;
                rows.extend(self.things(tx, Kind::Order, row)?);
                Ok(rows)
            }
        }
    }

    fn things(
        &mut self,
        tx: &mut Tx<'_>,
        kind: Kind,
        row: impl Fn(&Held<Value>) -> Vec<Value>,
    ) -> Answer<Vec<Row>> {
        let select = things::Selection {
            parent: None,
            caller: Some(self.caller.clone()),
            at: self.at,
            stamps: Arc::clone(self.stamps),
            desc: false,
        };
        let mut rows = Vec::new();
        let mut mark = None;
        loop {
            let last = things::list::<Value>(tx, kind, &select, mark.as_ref(), BATCH, &mut |held, _| {
                rows.push(row(&held).into_iter().map(Arc::new).collect());
                Ok(ControlFlow::Continue(()))
            })?;
            bounded(rows.len())?;
            mark = Some(match last {
                None => return Ok(rows),
                Some(last) => last,
            });
        }
    }

    fn aspects(&mut self, tx: &mut Tx<'_>, want: &Want) -> Answer<Vec<Row>> {
        let text = |at: usize| match want.given.get(at).and_then(Option::as_ref) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(()),
        };
        // What is no text is no entity and no schema.
        let (Ok(entity), Ok(schema)) = (text(0), text(1)) else { return Ok(Vec::new()) };
        let select = aspects::Selection {
            entity,
            schemas: schema.map_or_else(Schemas::default, Schemas::only),
            caller: Some(self.caller.clone()),
            at: self.at,
            stamps: Arc::clone(self.stamps),
            desc: false,
            content: want.used.get(2).copied().unwrap_or(true),
        };
        let (mut rows, mut mark) = (Vec::new(), None);
        loop {
            let left = &mut self.bytes;
            let mut is_enough = false;
            let last = aspects::list(tx, &select, mark, BATCH, &mut |one, bytes| {
                let rest = left.checked_sub(bytes);
                *left = rest.unwrap_or(0);
                is_enough = rest.is_none();
                rows.push([json!(one.entity), json!(one.schema), one.content].map(Arc::new).to_vec());
                Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
            if is_enough {
                let why = format_args!("it looks at more than {MOST_BYTES} bytes: say more about them");
                return Err(Failure::invalid("query", "", why));
            }
            bounded(rows.len())?;
            mark = Some(match last {
                None => return Ok(rows),
                Some(last) => last,
            });
        }
    }
}

fn member(held: &Held<Value>, name: &str) -> Value {
    held.doc.get(name).cloned().unwrap_or(Value::Null)
}

fn bounded(rows: usize) -> Answer<()> {
    if rows <= MOST {
        return Ok(());
    }
    let why = format_args!("it looks at more than {MOST} records: say more about them");
    Err(Failure::invalid("query", "", why))
}
