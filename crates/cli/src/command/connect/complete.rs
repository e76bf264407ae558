//! Completion of paths: names from the document, ids from the service.

use std::ffi::OsStr;

use clap_complete::engine::CompletionCandidate;
use pentad_connect::{Client, R, field};
use serde_json::Value;

use super::Connect;
use crate::command::complete::{asked, beginning};

/// Nobody chooses from more ids.
const MOST: u64 = 50;

/// Paths that begin as what was typed, one step further.
pub(super) fn paths(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else { return Vec::new() };
    let (above, last) = current.rsplit_once('/').unwrap_or(("", current));
    let found = asked::<Connect>(async |client| {
        let mut steps = described(client, above);
        if !above.is_empty() {
            steps.extend(ids(client, above, last).await);
        }
        Ok(steps)
    });
    let whole = |step: String| if above.is_empty() { step } else { format!("{above}/{step}") };
    beginning(found.into_iter().map(whole).collect(), current)
}

/// What the document has below a path.
fn described(client: &Client, above: &str) -> Vec<String> {
    let Some(document) = client.document() else { return Vec::new() };
    let place = if above.is_empty() { Ok(document.top()) } else { document.place(above) };
    let Ok(place) = place else { return Vec::new() };
    let named = [place.namespaces(), place.collections(), place.actions()];
    named.iter().flatten().map(|named| named.name.to_owned()).collect()
}

/// Ids of a collection; none if it is no collection.
async fn ids(client: &Client, above: &str, last: &str) -> Vec<String> {
    let begins = if last.is_empty() { R::new() } else { field("id").like(format!("{last}*")) };
    let page = client.at(above).all().filter(begins).slice(..MOST).list().await;
    let items = page.map(|page| page.items).unwrap_or_default();
    items.iter().filter_map(|item| item.get("id").and_then(Value::as_str)).map(str::to_owned).collect()
}
