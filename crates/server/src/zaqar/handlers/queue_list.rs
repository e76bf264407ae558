//! The list of queues (Zaqar reference 6.6).

use regex::{Regex, RegexBuilder};
use serde::Serialize;
use serde_json::Value;

use super::super::Zaqar;
use super::super::context::{Call, Version};
use super::super::error::{Failure, no_content, ok};
use super::super::metadata::{self, Metadata};
use super::super::query::{LinkQuery, Query, integer};
use super::super::storage::queues;
use super::super::validate;
use super::{placed, what};
use crate::http::Reply;

#[derive(Serialize)]
pub(super) struct Entry {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Metadata>,
    pub(super) href: String,
}

#[derive(Serialize)]
pub(super) struct Link {
    pub(super) rel: &'static str,
    pub(super) href: String,
}

impl Link {
    /// The next page.
    pub(super) fn next(href: String) -> Self {
        Self { rel: "next", href }
    }
}

#[derive(Serialize)]
struct Page {
    queues: Vec<Entry>,
    links: Vec<Link>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
}

/// Queues that a filtered list looks at in one transaction.
const BATCH: i64 = 200;
const FAILED: &str = "Queues could not be listed.";

/// What a queue must have to be listed.
pub(super) struct Filter {
    name: Option<Regex>,
    keys: Vec<(String, Wanted)>,
}

/// A value of a metadata key.
enum Wanted {
    Number(i64),
    Text(String),
}

impl Filter {
    /// The filter of a v2 request: `name`, and every parameter that is not known.
    pub(super) fn of(query: &Query, failed: &str) -> Result<Self, Failure> {
        let compile = |text: &str| RegexBuilder::new(text).size_limit(1 << 20).build();
        let name = query.text("name").map(compile).transpose().map_err(|_| Failure::unavailable(failed))?;
        let known = ["marker", "limit", "detailed", "name", "with_count"];
        let keys = query
            .pairs()
            .filter(|(key, _)| !known.contains(key))
            .map(|(key, values)| {
                let value = values.last().map(String::as_str).unwrap_or_default();
                let wanted = integer(value).map_or_else(|| Wanted::Text(value.to_owned()), Wanted::Number);
                (key.to_owned(), wanted)
            })
            .collect();
        Ok(Self { name, keys })
    }

    fn none() -> Self {
        Self { name: None, keys: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.name.is_none() && self.keys.is_empty()
    }

    fn fits(&self, name: &str, text: &str) -> bool {
        if !self.name.as_ref().is_none_or(|wanted| wanted.is_match(name)) {
            return false;
        }
        if self.keys.is_empty() {
            return true;
        }
        let metadata = metadata::read(text);
        self.keys.iter().all(|(key, wanted)| match (wanted, metadata.get(key)) {
            (Wanted::Number(wanted), Some(Value::Number(own))) => own.as_i64() == Some(*wanted),
            (Wanted::Text(wanted), Some(Value::String(own))) => own == wanted,
            _ => false,
        })
    }
}

/// A page of queues in the order of their names.
pub(crate) async fn list(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    let is_v2 = call.version == Version::V2;
    let (limit, detailed) = (call.query.int("limit")?, call.query.flag("detailed")?);
    let with_count = if is_v2 { call.query.flag("with_count")? } else { None };
    validate::page(limit, settings.max_queues_per_page)?;
    let filter = if is_v2 { Filter::of(&call.query, FAILED)? } else { Filter::none() };
    let marker = call.query.text("marker").map(str::to_owned);
    let size = limit.unwrap_or(10).min(settings.max_queues_per_page);
    let found =
        search(zaqar, &call.project, marker.clone().unwrap_or_default(), size, &filter, FAILED).await?;
    let count = match with_count {
        Some(true) => number(zaqar, call).await?,
        _ => None,
    };
    let Some((last, _)) = found.last() else {
        if call.version == Version::V1 {
            return Ok(no_content());
        }
        return Ok(ok(&Page { queues: Vec::new(), links: Vec::new(), count }));
    };
    let early = marker.is_some().then_some(last.as_str());
    let late = marker.is_none().then_some(last.as_str());
    let name = call.query.text("name").filter(|_| is_v2);
    let query = LinkQuery::default().text("marker", early).int("limit", limit).flag("detailed", detailed);
    let query = query.text("name", name).flag("with_count", with_count).text("marker", late).finish();
    let links = vec![Link::next(format!("{}{query}", call.path))];
    let entry = |(name, text): (String, String)| {
        let metadata = (detailed == Some(true)).then(|| {
            let metadata = metadata::read(&text);
            if is_v2 { metadata::complete(metadata, &settings) } else { metadata }
        });
        Entry { href: format!("{}/{name}", call.path), name, metadata }
    };
    let queues = found.into_iter().map(entry).collect();
    Ok(placed(call, ok(&Page { queues, links, count })))
}

/// Looks for queues after a name until a page is full, in bounded transactions.
pub(super) async fn search(
    zaqar: &Zaqar,
    project: &str,
    mut after: String,
    size: i64,
    filter: &Filter,
    failed: &str,
) -> Result<Vec<(String, String)>, Failure> {
    let wanted = usize::try_from(size).unwrap_or_default();
    let batch = if filter.is_empty() { size } else { BATCH };
    let mut found = Vec::new();
    loop {
        let (project, from) = (project.to_owned(), after.clone());
        let rows = zaqar.read(move |tx| Ok(queues::list(tx, &project, &from, batch)?)).await;
        let rows = rows.map_err(|failure| what(failure, failed))?;
        let is_last = i64::try_from(rows.len()).unwrap_or(batch) < batch;
        if let Some((name, _)) = rows.last() {
            after.clone_from(name);
        }
        found.extend(rows.into_iter().filter(|(name, text)| filter.fits(name, text)));
        if is_last || found.len() >= wanted {
            found.truncate(wanted);
            return Ok(found);
        }
    }
}

/// The number of queues of the project; none is not told.
async fn number(zaqar: &Zaqar, call: &Call) -> Result<Option<i64>, Failure> {
    let project = call.project.clone();
    let number = zaqar.read(move |tx| Ok(queues::number(tx, &project)?)).await;
    let number = number.map_err(|failure| what(failure, FAILED))?;
    Ok(Some(number).filter(|number| *number > 0))
}
