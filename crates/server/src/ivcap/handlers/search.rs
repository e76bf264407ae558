//! Search (IVCAP reference 7.9).

use pentad_store::Tx;
use serde_json::{Value, json};

use crate::http::Reply;
use crate::ivcap::auth::Caller;
use crate::ivcap::call::Call;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Entry, Query};
use crate::ivcap::rule::{Base, Program, Want, answer};
use crate::ivcap::storage::aspects::{self, Schemas};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::urn::Kind;

const LIST: list::Kind = list::Kind { filters: false, desc: Some(false), ..list::Kind::new("search") };
/// The type of a query.
const MANGLE: &str = "application/datalog+mangle";
/// Rows of a predicate that are looked at.
const MOST: usize = 100_000;
/// Rows that are read at once.
const BATCH: i64 = 1000;

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
    let (caller, at) = (call.caller.clone(), query.at());
    let found = call.core.read(move |tx| answer(&program, |want| rows(tx, &caller, at, want)));
    let found = found.await?.map_err(|why| Failure::invalid("query", &text, why))?;
    let entries = found.into_iter().enumerate().map(|(number, item)| Entry {
        id: number.to_string(),
        record: Value::Null,
        item,
        content: None,
    });
    let page = list::slice(&call, &query, entries.collect())?;
    Ok(page.reply(&call, "items"))
}

/// The rows of a predicate at a time, as far as the caller may read what they are about.
fn rows(tx: &mut Tx<'_>, caller: &Caller, at: i64, want: &Want) -> Answer<Vec<Vec<Value>>> {
    match want.base {
        Base::Aspect => aspect_rows(tx, caller, at, want),
        Base::Service => {
            things_rows(tx, caller, at, Kind::Service, |held| vec![json!(held.id), json!(held.name)])
        }
        Base::Artifact => things_rows(tx, caller, at, Kind::Artifact, |held| {
            vec![json!(held.id), json!(held.name), member(held, "mime-type")]
        }),
        Base::ProducedBy => {
            let rows = things_rows(tx, caller, at, Kind::Artifact, |held| {
                vec![json!(held.id), member(held, "produced-by")]
            })?;
            Ok(rows.into_iter().filter(|row| row.get(1).is_some_and(Value::is_string)).collect())
        }
        Base::Job => {
            let row =
                |held: &Held<Value>| vec![json!(held.id), member(held, "status"), member(held, "service")];
            let mut rows = things_rows(tx, caller, at, Kind::Job, row)?;
            rows.extend(things_rows(tx, caller, at, Kind::Order, row)?);
            Ok(rows)
        }
    }
}

fn member(held: &Held<Value>, name: &str) -> Value {
    held.doc.get(name).cloned().unwrap_or(Value::Null)
}

fn things_rows(
    tx: &mut Tx<'_>,
    caller: &Caller,
    at: i64,
    kind: Kind,
    row: impl Fn(&Held<Value>) -> Vec<Value>,
) -> Answer<Vec<Vec<Value>>> {
    let select = things::Selection { caller: Some(caller.clone()), at, ..things::Selection::default() };
    let (mut rows, mut mark) = (Vec::new(), None);
    loop {
        let some = things::list_kind::<Value>(tx, kind, &select, mark.as_ref(), BATCH)?;
        rows.extend(some.iter().map(&row));
        mark = some.last().map(things::mark);
        if (some.len() as i64) < BATCH {
            return Ok(rows);
        }
        bounded(rows.len())?;
    }
}

fn aspect_rows(tx: &mut Tx<'_>, caller: &Caller, at: i64, want: &Want) -> Answer<Vec<Vec<Value>>> {
    let given = |at: usize| want.given.get(at).and_then(Option::as_ref);
    let schema = match given(1) {
        None => None,
        Some(Value::String(schema)) => Some(schema.clone()),
        Some(_) => return Ok(Vec::new()),
    };
    let entity = match given(0) {
        None => None,
        Some(Value::String(entity)) => Some(entity.clone()),
        Some(_) => return Ok(Vec::new()),
    };
    let select = aspects::Selection {
        entity,
        schemas: schema.map_or_else(Schemas::default, Schemas::only),
        caller: Some(caller.clone()),
        at,
        desc: false,
        content: true,
    };
    let (mut rows, mut mark) = (Vec::new(), None);
    loop {
        let some = aspects::list(tx, &select, mark.as_ref(), BATCH)?;
        mark = some.last().map(aspects::mark_of);
        let all = (some.len() as i64) < BATCH;
        rows.extend(some.into_iter().map(|one| vec![json!(one.entity), json!(one.schema), one.content]));
        if all {
            return Ok(rows);
        }
        bounded(rows.len())?;
    }
}

fn bounded(rows: usize) -> Answer<()> {
    if rows < MOST {
        return Ok(());
    }
    let why = format_args!("it looks at more than {MOST} records: say more about them");
    Err(Failure::invalid("query", "", why))
}
