//! Topics: the mirror of queues that the original has begun (Zaqar reference 11.6). They have metadata and nothing else:
//! its messages and subscriptions of topics end in an error in every release, and are not routed here.

use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use super::super::Zaqar;
use super::super::context::Call;
use super::super::error::{Failure, empty, located, no_content, ok};
use super::super::metadata::{self, Metadata};
use super::super::query::LinkQuery;
use super::super::settings::Settings;
use super::super::storage::queues as rows;
use super::super::validate;
use super::queue_list::{Entry, Filter, Link, search};
use super::{purge, queues, what};
use crate::http::Reply;

/// How many of the reserved keys topics show.
const SHOWN: usize = 3;
const FAILED: &str = "Topics could not be listed.";

/// Topics are kept as queues of a project that no header can name.
pub(crate) fn shelf(project: &str) -> String {
    format!("\u{1}topics of {project}")
}

/// Metadata with what is reserved for topics.
fn complete(mut metadata: Metadata, settings: &Settings) -> Metadata {
    for (key, default) in metadata::reserved(settings).into_iter().take(SHOWN) {
        if !metadata.get(key).is_some_and(validate::truthy) {
            metadata.insert(key.to_owned(), default);
        }
    }
    metadata
}

/// Creates a topic; one that exists keeps its metadata.
pub(crate) async fn create(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let metadata = queues::sent(zaqar, call).await?;
    let made = queues::make(zaqar, &shelf(&call.project), call.queue(), &metadata).await;
    let created = made.map_err(|failure| what(failure, "Topic could not be created."))?;
    let status = if created { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    Ok(located(empty(status), &call.path))
}

async fn stored(zaqar: &Zaqar, call: &Call, sentence: &str) -> Result<Option<Metadata>, Failure> {
    let (project, name) = (shelf(&call.project), call.queue().to_owned());
    let found = zaqar.read(move |tx| Ok(rows::find(tx, &project, &name)?)).await;
    let found = found.map_err(|failure| what(failure, sentence))?;
    Ok(found.map(|topic| metadata::read(&topic.metadata)))
}

/// Metadata, also of a topic that does not exist.
pub(crate) async fn show(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let metadata = stored(zaqar, call, "Topic metadata could not be retrieved.").await?;
    Ok(ok(&complete(metadata.unwrap_or_default(), &zaqar.settings())))
}

/// Changes metadata by JSON patch.
pub(crate) async fn update(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let changes = queues::changes(zaqar, call).await?;
    let (project, name) = (shelf(&call.project), call.queue().to_owned());
    let missing = format!("Topic {name} does not exist for project {}", call.project);
    let patched = queues::patched(zaqar, project, name, changes, missing).await;
    let metadata = patched.map_err(|failure| what(failure, "Topic could not be updated."))?;
    Ok(ok(&complete(metadata, &zaqar.settings())))
}

/// Removes a topic; one that does not exist, too.
pub(crate) async fn delete(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let (project, name) = (shelf(&call.project), call.queue().to_owned());
    let gone = zaqar.write(move |tx| Ok(rows::delete(tx, &project, &name)?)).await;
    gone.map_err(|failure| what(failure, "Topic could not be deleted."))?;
    Ok(no_content())
}

/// Statistics: nothing is in a topic.
pub(crate) async fn stats(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let found = stored(zaqar, call, "Topic stats could not be read.").await?;
    Ok(ok(&match found {
        Some(_) => json!({"messages": {"total": 0}}),
        None => json!({"messages": {"claimed": 0, "free": 0, "total": 0}}),
    }))
}

/// Empties a topic, which is empty.
pub(crate) async fn purge(_zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    purge::wanted(call).await?;
    Ok(no_content())
}

#[derive(Serialize)]
struct Page {
    topics: Vec<Entry>,
    links: Vec<Link>,
}

/// A page of topics in the order of their names.
pub(crate) async fn list(zaqar: &Zaqar, call: &mut Call) -> Result<Reply, Failure> {
    let settings = zaqar.settings();
    let (limit, detailed) = (call.query.int("limit")?, call.query.flag("detailed")?);
    validate::page(limit, settings.max_queues_per_page)?;
    let filter = Filter::of(&call.query, FAILED)?;
    let marker = call.query.text("marker").map(str::to_owned);
    let size = limit.unwrap_or(10).min(settings.max_queues_per_page);
    let after = marker.clone().unwrap_or_default();
    let found = search(zaqar, &shelf(&call.project), after, size, &filter, FAILED).await?;
    let link = found.last().map(|(last, _)| {
        let (early, late) =
            if marker.is_some() { (Some(last.as_str()), None) } else { (None, Some(last.as_str())) };
        let query = LinkQuery::default().text("marker", early).int("limit", limit).flag("detailed", detailed);
        let query = query.text("name", call.query.text("name")).text("marker", late);
        Link::next(format!("{}{}", call.path, query.finish()))
    });
    let entry = |(name, text): (String, String)| Entry {
        metadata: (detailed == Some(true)).then(|| complete(metadata::read(&text), &settings)),
        href: format!("{}/{name}", call.path),
        name,
    };
    let topics = found.into_iter().map(entry).collect();
    Ok(ok(&Page { topics, links: link.into_iter().collect() }))
}
