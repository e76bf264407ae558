//! Dashboards (IVCAP reference 7.13): those that the seed names.

use serde_json::json;

use crate::http::Reply;
use crate::ivcap::call::{self, Call};
use crate::ivcap::error::Answer;
use crate::ivcap::list::{self, Entry, Query};

const LIST: list::Kind = list::Kind { desc: Some(false), ..list::Kind::new("dashboards") };

/// `GET /1/dashboards`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    let query = Query::of(&call, LIST)?;
    let directory = call.core.tokens.directory();
    let entries = directory.dashboards.iter().map(|board| {
        let item = json!({"id": board.id, "uid": board.uid, "title": board.title, "url": board.url});
        Entry { id: board.uid.clone(), record: item.clone(), item }
    });
    let page = list::slice(&call, &query, entries.collect())?;
    Ok(call::ok(&json!({"items": page.items})))
}
